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
