import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseDocument } from 'yaml';
import { messageOf } from '../../domain/error-message.ts';
import type { Admin, ProgressView } from '../../api/admin.ts';
import { agreed } from './agreed.ts';
import { CommandError, exitCode, UsageError, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { json } from '../output/table.ts';
import { planTable, progressLine, refusalLines } from '../output/topology.ts';

export interface LoadOptions {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** Reads JSON or YAML from a file, or from standard input when its name is `-`. Throws UsageError. */
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
  return document.toJS() as unknown;
}

/**
 * Shows the difference, asks, applies. Throws CommandError when something in the file is refused; 1 when not everything
 * could be done, which a second run carries on with.
 */
export async function loadTopology(
  admin: Pick<Admin, 'planTopology' | 'applyTopology'>,
  document: unknown,
  io: Io,
  options: LoadOptions,
): Promise<ExitCode> {
  const plan = await admin.planTopology(document);
  const say = options.json ? io.err : io.out;
  if (plan.changes.length > 0 || plan.refusals.length === 0) {
    say(planTable(plan));
  }
  if (plan.refusals.length > 0) {
    throw new CommandError(
      `nothing was changed, because the file asks for what must not be done:\n${refusalLines(plan).join('\n')}`,
    );
  }
  if (options.dryRun) {
    if (options.json) {
      io.out(json({ plan }));
    }
    return exitCode.done;
  }
  if (plan.changes.length > 0 && !options.yes && !(await agreed(io, 'Apply this?'))) {
    io.err('Nothing was changed.');
    return exitCode.failed;
  }
  // Also without changes: an earlier load may have left a device unprepared.
  const steps: ProgressView[] = [];
  const outcome = await admin.applyTopology(
    document,
    (progress) => {
      steps.push(progress);
      say(progressLine(progress));
    },
    new AbortController().signal,
  );
  if (options.json) {
    io.out(json({ plan, steps, outcome }));
  }
  if (outcome.kind === 'done') {
    say('The topology is as the file says.');
    return exitCode.done;
  }
  throw new CommandError(
    `not everything could be done (${outcome.kind}): ${outcome.reason ?? ''}; run it again to carry on`,
  );
}
