/** Runs commands on this host, in a process group of their own, so that a deadline ends them with all their children. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Clock } from '../domain/clock.ts';
import { laneFile, Lanes, standardLaneDirectory, type LaneBusy } from './lane.ts';
import { answerOf } from './node-answer.ts';
import { environmentOf, localWords, standardPath, type Place } from './node-command.ts';
import { collect } from './output.ts';
import { patience, words } from './patience.ts';
import { notLeading, type Command, type CommandResult, type CommandRunner, type Permitted } from './runner.ts';

export interface LocalRunnerOptions extends Permitted {
  readonly clock: Clock;
  /**
   * Words that go before every command, such as `nsenter --target 1 --mount --ipc --`. What they start has to be in reach of
   * this process's signals and have its environment: with `sudo` it has neither. Default: none.
   */
  readonly prefix?: readonly string[];
  /** Where programs are looked for. Nothing else of this process's environment reaches a command. */
  readonly path?: string;
  /** Directory of the lanes' lock files, as seen behind the prefix. All senders have to agree on it. Default: /run. */
  readonly laneDirectory?: string;
}

export function createLocalRunner({
  clock,
  prefix = [],
  path = standardPath,
  laneDirectory = standardLaneDirectory,
  mayAct = () => true,
}: LocalRunnerOptions): CommandRunner {
  const lanes = new Lanes(clock);
  return {
    async run(_node, command, { signal }) {
      if (signal.aborted) {
        return { kind: 'not-started', cause: 'aborted', reason: 'the caller gave up' };
      }
      const attempt = async (remainingMs: number): Promise<CommandResult | LaneBusy> =>
        mayAct()
          ? runHere({ ...command, deadlineMs: remainingMs }, { clock, prefix, place: { path, laneDirectory }, signal })
          : notLeading;
      const key = command.lane === undefined ? undefined : laneFile(command.lane, laneDirectory);
      return lanes.run(key, command.deadlineMs, signal, attempt);
    },
  };
}

interface Surroundings {
  readonly clock: Clock;
  readonly prefix: readonly string[];
  readonly place: Place;
  readonly signal: AbortSignal;
}

/** `timeout` comes this much later (milliseconds) than our own clock: it is there for when this process is killed. */
const ownHeadStart = 1_000;

async function runHere(
  command: Command,
  { clock, prefix, place, signal }: Surroundings,
): Promise<CommandResult | LaneBusy> {
  const { deadlineMs } = command;
  const argv = localWords({ ...command, deadlineMs: deadlineMs + ownHeadStart }, prefix, place);
  const { child, failure } = start(argv, environmentOf(command, place));
  if (child === undefined) {
    return failure;
  }
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const caller = patience(clock, deadlineMs, signal);
  const first = await Promise.race([endOf(child), caller.over]);
  caller.release();
  if (typeof first === 'string') {
    abandon(child);
    return { kind: 'lost', reason: words[first] };
  }
  if (first.error !== undefined) {
    return notStarted(first.error);
  }
  // Ended by a signal from outside (out of memory, an administrator): how far it got is not known.
  return first.code === null
    ? { kind: 'lost', reason: 'the process was killed' }
    : answerOf(
        { kind: 'exited', exitCode: first.code, stdout: stdout(), stderr: stderr() },
        { lane: command.lane !== undefined, ...(prefix[0] === undefined ? {} : { prefix: prefix[0] }) },
      );
}

type Child = ReturnType<typeof spawnWords>;

const spawnWords = ([program = '', ...args]: readonly string[], env: Readonly<Record<string, string>>) =>
  spawn(program, args, {
    // A group of its own: its number is the child's process id.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });

/** Some errors come as events, others (too many words, no memory) are thrown. */
function start(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): { readonly child: Child; readonly failure?: never } | { readonly child?: never; readonly failure: CommandResult } {
  try {
    return { child: spawnWords(argv, env) };
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) {
      return { failure: notStarted(error as NodeJS.ErrnoException) };
    }
    throw error;
  }
}

interface Ending {
  readonly code: number | null;
  readonly error?: NodeJS.ErrnoException;
}

/** When the process is gone and its output complete. */
const endOf = (child: ChildProcess): Promise<Ending> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, error }));
    child.once('close', (code) => resolve({ code }));
  });

function notStarted(error: NodeJS.ErrnoException): CommandResult {
  return error.code === 'ENOENT'
    ? { kind: 'not-started', cause: 'no-such-program', reason: error.message }
    : { kind: 'not-started', cause: 'refused', reason: error.message };
}

/** Kills it with its group. Not waited for: a process in the middle of a system call on a dead disk does not die. */
function abandon(child: Child): void {
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  if (child.pid === undefined) {
    return;
  }
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended by itself in this very moment, or the prefix took it out of reach: then `timeout` sees to it.
  }
}
