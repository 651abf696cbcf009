/** The one way to make a Command: the last check before words leave for a node. */
import type { Command } from './runner.ts';

/** Control characters have no business in any word of ours: they could break a log line or a remote parser. */
// eslint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u001f\u007f]/;

/** Throws TypeError when a word is empty or holds a control character: no name of ours ever is or does. */
export function command(deadlineMs: number, ...argv: readonly string[]): Command {
  const bad = argv.find((word) => word === '' || unprintable.test(word));
  if (argv.length === 0 || bad !== undefined) {
    throw new TypeError(`expected words without control characters, got ${JSON.stringify(bad ?? argv)}`);
  }
  return { argv, deadlineMs };
}
