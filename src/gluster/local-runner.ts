/** Runs commands on this host, in a process group of their own, so that a deadline ends them with all their children. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '../domain/clock.ts';
import { outputLimit, type Command, type CommandResult, type CommandRunner } from './runner.ts';

export interface LocalRunnerOptions {
  readonly clock: Clock;
  /** Words that go before every command, such as `nsenter --target 1 --mount --`. Default: none. */
  readonly prefix?: readonly string[];
  /** Where programs are looked for. Nothing else of this process's environment reaches a command. */
  readonly path?: string;
}

const standardPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function createLocalRunner({ clock, prefix = [], path = standardPath }: LocalRunnerOptions): CommandRunner {
  return {
    run: async (_node, command, { signal }) =>
      signal.aborted
        ? { kind: 'not-started', cause: 'aborted', reason: 'the caller gave up' }
        : runHere([...prefix, ...command.argv], command, { clock, path, signal }),
  };
}

interface Surroundings {
  readonly clock: Clock;
  readonly path: string;
  readonly signal: AbortSignal;
}

async function runHere(
  [program = '', ...args]: readonly string[],
  { deadlineMs }: Command,
  { clock, path, signal }: Surroundings,
): Promise<CommandResult> {
  const child = spawn(program, args, {
    // A group of its own: its number is the child's process id.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: path, LC_ALL: 'C' },
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const over = new AbortController();
  const ended = endOf(child);
  const givenUp = clock.sleep(deadlineMs, AbortSignal.any([signal, over.signal])).then(
    () => 'deadline passed',
    () => 'the caller gave up',
  );
  const first = await Promise.race([ended, givenUp]);
  over.abort();
  if (typeof first === 'string') {
    killGroup(child);
    // Not waited for: a process in the middle of a system call on a dead disk does not die.
    child.stdout.destroy();
    child.stderr.destroy();
    return { kind: 'lost', reason: first };
  }
  if (first.error !== undefined) {
    return notStarted(first.error);
  }
  // Ended by a signal from outside (out of memory, an administrator): how far it got is not known.
  return first.code === null
    ? { kind: 'lost', reason: 'the process was killed' }
    : { kind: 'exited', exitCode: first.code, stdout: stdout(), stderr: stderr() };
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

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself in this very moment.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw error;
    }
  }
}

/** Keeps what fits under the limit and reads on, so that the program never waits for a reader. */
function collect(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  let kept = 0;
  stream.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, outputLimit - kept);
    if (part.length > 0) {
      chunks.push(part);
      kept += part.length;
    }
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
