/** Processes in the namespaces of others. All process ids are this machine's, never a namespace's own. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { waitFor } from '../../support/wait-for.ts';

/** What a command of a test's own gave. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * glusterd starts Python some two dozen times as it begins, and gluster once a command, for geo-replication, which no test needs. With
 * `echo` in its place both are content: it prints the name that they look for.
 */
const environment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  PYTHON: 'echo',
};

/** Words that put a command into every namespace of that process. It becomes a child of nsenter's. */
export const wholly = (pid: number): readonly string[] => [
  'nsenter',
  '-t',
  String(pid),
  '-m',
  '-u',
  '-p',
  '-n',
  '-i',
  '--',
];

/** Words that put a command into the network of that process, under the host names that hold there. It becomes nsenter itself. */
export const onNetwork = (pid: number): readonly string[] => ['nsenter', '-t', String(pid), '-m', '-n', '--'];

/** Runs a command to its end, at most three minutes unless said otherwise; a command that fails is an answer, not an error. */
export function run(argv: readonly string[], timeout = 180_000): Promise<Ran> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { env: environment, timeout, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null || typeof error.code === 'number') {
          resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
        } else {
          reject(new Error(`${argv.join(' ')}: ${error.message}: ${stderr}`, { cause: error }));
        }
      },
    );
  });
}

/** As `run`; a command that fails is an error. */
export async function must(argv: readonly string[], timeout?: number): Promise<string> {
  const { exitCode, stdout, stderr } = await run(argv, timeout);
  if (exitCode !== 0) {
    throw new Error(`${argv.join(' ')}: exit code ${exitCode}: ${stderr}${stdout}`);
  }
  return stdout;
}

/** Starts a process that ends, at the latest, with the test that started it. */
export async function start(
  argv: readonly string[],
  stdio: readonly ('ignore' | 'inherit' | 'pipe' | 'ipc' | number)[],
  more: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
    stdio: [...stdio],
    env: { ...environment, ...more },
  });
  await once(child, 'spawn');
  return child;
}

/** The only child of a process, once it has one. */
export async function childOf(pid: number): Promise<number> {
  return waitFor(`process ${pid} has a child`, async () => {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children === '' ? undefined : Number(children.split(' ', 1)[0]);
  });
}

/** SIGKILL; one that is gone already is fine. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) {
      throw error;
    }
  }
}
