/**
 * What the process ends with; `brickyard --help` prints this table.
 *
 * 0 done · 1 it could not be done, and why is the last line on stderr (or the last log line) · 2 wrong usage or
 * configuration: nothing was started.
 */
export const exitCode = { done: 0, failed: 1, usage: 2 } as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** The command line or the configuration is wrong. One problem a line; nothing has been started. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A command could not do what was asked. Its message is all that a person needs to see: no stack is printed. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
