import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { messageOf } from '../../domain/error-message.ts';
import { exitCode, UsageError } from '../exit-codes.ts';
import { lint, type LintInput } from '../lint/lint.ts';
import { lintText, placeText } from '../output/lint.ts';
import { json } from '../output/table.ts';
import { addConfigOptions, configOf } from './config-options.ts';
import type { CommandContext } from './context.ts';
import { outputOption } from './output-option.ts';

const after = `
Checked are StorageClasses, PersistentVolumeClaims, GlusterNodes, GlusterClusters and topology files (heketi's too), any
number of them in one file. A claim is held to its class if that is in the input, classes and claims to the storage that
is in the input; no cluster is asked. Other kinds are passed over and counted.

Exit codes: 0 no problems; 1 problems; 2 something could not be read.

Examples:
  brickyard lint storageclass.yaml claim.yaml topology.json
  kubectl kustomize . | brickyard lint -
  brickyard lint -o json manifests/*.yaml`;

const isRuleOption = (flag: string): boolean => flag === '--provisioner' || flag.startsWith('--limits-');

export function addLintCommand(program: Command, { io, endWith }: CommandContext): void {
  const command = program
    .command('lint')
    .description('Check classes, claims and topologies in files before they reach a cluster.')
    .argument('<files...>', 'YAML or JSON files; - reads standard input')
    .addOption(outputOption())
    .addHelpText('after', after);
  addConfigOptions(command, isRuleOption);
  command.action(async (files: readonly string[], { output }: { readonly output: string }) => {
    const { provisioner, limits } = await configOf(command, io);
    const inputs = await Promise.all([...new Set(files)].map(readInput));
    const report = lint(inputs, { provisioner, limits });
    io.out(output === 'json' ? json(report) : lintText(report));
    for (const { place, message } of report.unreadable) {
      io.err(`${placeText(place)}: expected YAML or JSON: ${message}`);
    }
    if (report.unreadable.length > 0) {
      endWith(exitCode.usage);
    } else if (report.problems.length > 0) {
      endWith(exitCode.failed);
    }
  });
}

/** Throws UsageError. */
async function readInput(file: string): Promise<LintInput> {
  try {
    return { file, text: file === '-' ? await text(process.stdin) : await readFile(file, 'utf8') };
  } catch (error) {
    throw new UsageError(`${file}: expected a readable file, got ${messageOf(error)}`);
  }
}
