import { UsageError } from '../exit-codes.ts';
import type { Io } from '../io.ts';

/** Asks whether to go on. Throws UsageError where nobody can be asked and `--yes` was not given. */
export async function agreed(io: Io, question: string): Promise<boolean> {
  if (!io.interactive) {
    throw new UsageError('expected --yes (or --dry-run), because there is no terminal to ask on');
  }
  return io.confirm(question);
}
