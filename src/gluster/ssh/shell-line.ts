import { remoteWords, type Place } from '../node-command.ts';
import { quoteWords } from '../quote.ts';
import type { Command } from '../runner.ts';

/** How commands stand on the nodes. */
export interface LoginPlace extends Place {
  /** Become root by `sudo` for every command. */
  readonly sudo: boolean;
}

/**
 * What the login's shell reads. `exec`: the shell is replaced, so that a signal through ssh reaches the process group of
 * the command.
 */
export const shellLine = (command: Command, { sudo, ...place }: LoginPlace): string =>
  `exec ${quoteWords(remoteWords(command, { sudo }, place))} </dev/null`;

/** The exit code that stands for a command that came too late. Nothing that we run has a use for it. */
export const lateCode = 218;

/**
 * The same, unless the node has been up for more than so many seconds when it arrives: then it is not begun, and the
 * shell says so by `lateCode`.
 */
export function shellLineUntil(uptime: number, command: Command, place: LoginPlace): string {
  if (!Number.isSafeInteger(uptime)) {
    throw new TypeError(`expected whole seconds of uptime, got ${uptime}`);
  }
  const inTime = 'read -r up rest </proc/uptime && [ "${up%.*}" -le ' + uptime + ' ]';
  return `${inTime} || exit ${lateCode}; ${shellLine(command, place)}`;
}
