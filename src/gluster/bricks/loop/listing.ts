/** Looks into directories that may not be there. */
import type { Setback } from '../../../domain/outcome.ts';
import type { Errand } from '../../errand.ts';
import { listDirectory } from './argv.ts';
import { readEntries, type Entry } from './report.ts';

/** A directory and what is in it; nothing where there is no such thing. */
export async function listing(
  errand: Errand,
  path: string,
): Promise<{ readonly kind: 'read'; readonly value: readonly Entry[] } | Setback> {
  const command = listDirectory(path);
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  const missing = exited.stdout === '' && /: (?:No such file or directory|Not a directory)$/.test(exited.stderr.trim());
  return exited.exitCode === 0 || missing
    ? errand.read(() => readEntries(exited.stdout))
    : errand.failure(command, exited);
}
