/**
 * What a process's end says about the command in it: did the command end, or one of the programs around it (see
 * node-command.ts)? Those have few ways to fail, each with one exit code and one line of text, while the commands
 * themselves say something else or exit otherwise.
 */
import { basename } from 'node:path';
import type { LaneBusy } from './lane.ts';
import { laneBusyCode } from './node-command.ts';
import type { CommandResult, Exited, NotStarted } from './runner.ts';

export interface Around {
  readonly lane: boolean;
  /** The program that stood before all others, such as `sudo` or `nsenter`. */
  readonly prefix?: string;
}

export function answerOf(exited: Exited, { lane, prefix }: Around): CommandResult | LaneBusy {
  const { exitCode, stdout, stderr } = exited;
  if (lane && exitCode === laneBusyCode && stdout === '' && stderr === '') {
    return { kind: 'lane-busy' };
  }
  const failure = stdout === '' && exitCode !== 0 ? failureAround(exitCode, stderr.trim(), prefix) : undefined;
  if (failure !== undefined) {
    return failure;
  }
  // flock says like a shell which signal ended its child; without it the process itself dies of the signal.
  return lane && exitCode > 128 && exitCode <= 192
    ? { kind: 'lost', reason: `the process was killed (signal ${exitCode - 128})` }
    : exited;
}

/** timeout exits 125 to 127 for reasons of its own, env 125 to 127, flock with codes of sysexits.h. */
const wrapperFailure = /^(?:timeout|env|flock): [^\n]*$/;
const wrapperCodes: ReadonlySet<number> = new Set([64, 65, 66, 69, 71, 73, 74, 125, 126, 127]);

/** A login shell that did not find `sudo` or `env`. */
const shellFailure = /^\S*sh: [^\n]*not found$/;

/** sudo also prints warnings and goes on ("unable to resolve host"): only these lines mean that it did not. */
const sudoFailure =
  /^sudo: (?:a password is required|a terminal is required\b.*|sorry, you must have a tty\b.*|.*command not found|account validation failure\b.*|PAM .*)$|^(?:sudo: )?(?:Sorry, user )?\S+ (?:is not allowed to execute|is not in the sudoers file|may not run sudo|is not allowed to run sudo)\b/m;

function failureAround(exitCode: number, text: string, prefix: string | undefined): NotStarted | undefined {
  if (wrapperCodes.has(exitCode) && wrapperFailure.test(text)) {
    return text.endsWith(': No such file or directory') && !text.includes('cannot open lock file')
      ? notStarted('no-such-program', text)
      : notStarted('refused', text);
  }
  if (prefix === undefined) {
    return undefined;
  }
  const program = basename(prefix);
  if (program === 'sudo') {
    return exitCode === 127 && shellFailure.test(text)
      ? notStarted('no-such-program', text)
      : exitCode === 1 && sudoFailure.test(text)
        ? notStarted('refused', text)
        : undefined;
  }
  if (!prefixFailed(program, text)) {
    return undefined;
  }
  return programMissing.test(text)
    ? notStarted('no-such-program', text)
    : notStarted(/: No such (?:file or directory|process)$/.test(text) ? 'unreachable' : 'refused', text);
}

/** nsenter, setpriv, chroot and their like begin each message with their name; `ip netns exec` is the exception. */
const prefixFailed = (program: string, text: string): boolean =>
  text.startsWith(`${program}: `) || (program === 'ip' && /network namespace "|^exec of /.test(text));

/** It did what it is for, and then found nothing to run. */
const programMissing = /(?:failed to (?:execute|run command) |^exec of ).*: No such file or directory$/;

const notStarted = (cause: NotStarted['cause'], reason: string): NotStarted => ({ kind: 'not-started', cause, reason });
