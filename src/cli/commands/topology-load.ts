import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseDocument } from 'yaml';
import { messageOf } from '../../domain/error-message.ts';
import type { Admin } from '../../api/admin.ts';
import type { ProgressView } from '../../api/topology-plan.ts';
import { UsageError, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { applyPlanned, type ApplyOptions } from './apply-plan.ts';

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
