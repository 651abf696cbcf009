import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseDocument } from 'yaml';
import { messageOf } from '../../domain/error-message.ts';
import type { Admin } from '../../api/admin.ts';
import { parseTopologyFile, TopologyFileError } from '../../api/topology-file.ts';
import type { ProgressView } from '../../api/topology-plan.ts';
import { CommandError, UsageError, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { applyPlanned, type ApplyOptions } from './apply-plan.ts';

/** Reads JSON or YAML from a file, or from standard input when its name is `-`. Throws UsageError, and CommandError when it is no topology. */
export async function readTopologyFile(name: string): Promise<unknown> {
  let content: string;
  try {
    content = name === '-' ? await text(process.stdin) : await readFile(name, 'utf8');
  } catch (error) {
    throw new UsageError(`${name}: expected a readable file, got ${messageOf(error)}`);
  }
  const document = parseDocument(content);
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw new UsageError(`${name}: expected JSON or YAML, got ${broken.message.split('\n')[0] ?? ''}`);
  }
  const topology: unknown = document.toJS();
  check(name, topology);
  return topology;
}

/** Before anything is opened: what is wrong with the file has nothing to do with where it goes. Throws CommandError. */
function check(name: string, topology: unknown): void {
  try {
    parseTopologyFile(topology);
  } catch (error) {
    if (error instanceof TopologyFileError) {
      const problems = error.message.split('\n').map((line) => `${name}: ${line}`);
      throw new CommandError(`${problems.join('\n')}\nNothing was changed. brickyard lint ${name} says on which lines`);
    }
    throw error;
  }
}

/** As applyPlanned: makes the topology what a file says, which is parsed but not yet checked. */
export function loadTopology(
  admin: Pick<Admin, 'planTopology' | 'applyTopology'>,
  document: unknown,
  io: Io,
  options: ApplyOptions,
): Promise<ExitCode> {
  const change = {
    plan: () => admin.planTopology(document),
    apply: (onProgress: (progress: ProgressView) => void, signal: AbortSignal) =>
      admin.applyTopology(document, onProgress, signal),
    who: 'the file',
    done: 'The topology is as the file says.',
  };
  return applyPlanned(change, io, options);
}
