import type { ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';

/** Given to every command: where to print, and how to end with something other than 0 without an error. */
export interface CommandContext {
  readonly io: Io;
  readonly endWith: (code: ExitCode) => void;
}
