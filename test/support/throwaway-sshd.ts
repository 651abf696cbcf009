/** A real sshd on a free port of 127.0.0.1, with keys of its own. Whoever runs the tests is who logs in; no root needed. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from './wait-for.ts';

const run = promisify(execFile);

/** Absolute, or sshd refuses to start. `undefined`: it is not installed. */
const program = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd'].find((path) => {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
});

/** With BRICKYARD_REQUIRE=gluster a machine without sshd fails the tests that need it; elsewhere one line says that they do not run. */
export function sshdMissing(): boolean {
  if (program === undefined && !(process.env['BRICKYARD_REQUIRE'] ?? '').split(',').includes('gluster')) {
    process.stderr.write('ssh tests skipped, because this machine has no sshd\n');
    return true;
  }
  return false;
}

export interface Sshd {
  readonly user: string;
  readonly port: number;
  readonly keyFile: string;
  readonly knownHostsFile: string;
  /** Empty at the start: for lanes and whatever the test puts there. */
  readonly directory: string;
  /** Where keys are, by name: `host` and `client` (the one that it accepts), and what `newKey` makes. */
  readonly keys: string;
  /** Path of a new private key; the public one has `.pub` behind it. */
  newKey(name: string, type?: 'ed25519' | 'ecdsa' | 'rsa'): Promise<string>;
  /** As ssh-keygen shows it. */
  fingerprint(key: string): Promise<string>;
  /** Hashes the names in a file of known hosts. */
  hashNames(file: string): Promise<void>;
  /** Process ids of what serves connections now; the commands in them are not among them. */
  sessions(): Promise<number[]>;
  /** From now on it takes connections and serves none. */
  pause(): void;
  /** Kills it and all that serves connections; the commands live on. */
  kill(): Promise<void>;
  /** After `kill`: on the same port, with other settings if any. */
  start(settings?: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** `settings`: lines of sshd_config. The first value that is given of anything is the one that counts. */
export async function startSshd(settings: readonly string[] = []): Promise<Sshd> {
  if (program === undefined) {
    throw new Error('expected sshd on this machine');
  }
  const base = await mkdtemp(join(tmpdir(), 'brickyard-sshd-'));
  const directory = join(base, 'work');
  await mkdir(directory);
  const newKey = async (name: string, type: 'ed25519' | 'ecdsa' | 'rsa' = 'ed25519'): Promise<string> => {
    await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'test', '-f', join(base, name)]);
    return join(base, name);
  };
  const keyFile = await newKey('client');
  const hostKey = await newKey('host');
  const port = await freePort();
  const knownHostsFile = join(base, 'known_hosts');
  await writeFile(knownHostsFile, `[127.0.0.1]:${port} ${await readFile(`${hostKey}.pub`, 'utf8')}`);
  await chmod(`${keyFile}.pub`, 0o644);
  if (process.getuid?.() === 0) {
    // Where it shuts up its unprivileged half; the system's own service makes it at boot.
    await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  }
  let child: ChildProcess | undefined;
  const start = async (settings: readonly string[] = []): Promise<void> => {
    const config = join(base, 'sshd_config');
    await writeFile(config, [...settings, ...settingsFor(port, hostKey, `${keyFile}.pub`, directory)].join('\n'));
    child = spawn(program, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    const complaints: string[] = [];
    child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
    await waitFor(`sshd listens: ${complaints.join('')}`, () => listens(port));
  };
  const sessions = async (): Promise<number[]> => (child?.pid === undefined ? [] : descendants(child.pid, 'sshd'));
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const served = await sessions();
    child.kill('SIGKILL');
    served.forEach(end);
    await once(child, 'exit');
  };
  await start(settings);
  return {
    user: userInfo().username,
    port,
    keyFile,
    knownHostsFile,
    directory,
    keys: base,
    newKey,
    async fingerprint(key) {
      const { stdout } = await run('ssh-keygen', ['-l', '-f', join(base, `${key}.pub`)]);
      return stdout.split(' ')[1] ?? '';
    },
    async hashNames(file) {
      await run('ssh-keygen', ['-q', '-H', '-f', file]);
    },
    sessions,
    pause: () => void child?.kill('SIGSTOP'),
    kill,
    start,
    async close() {
      await kill();
      await rm(base, { recursive: true, force: true });
    },
  };
}

const settingsFor = (port: number, hostKey: string, authorizedKeys: string, home: string): readonly string[] => [
  `ListenAddress 127.0.0.1:${port}`,
  `HostKey ${hostKey}`,
  `AuthorizedKeysFile ${authorizedKeys}`,
  'PidFile none',
  'PermitRootLogin prohibit-password',
  'PasswordAuthentication no',
  'KbdInteractiveAuthentication no',
  'UsePAM no',
  'UseDNS no',
  'StrictModes no',
  'LogLevel ERROR',
  // The start-up files of whoever runs the tests are not what is tested.
  `SetEnv HOME=${home}`,
];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** All processes below `pid` whose program has that name, as long as the chain to them has it too. */
async function descendants(pid: number, name: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-e', '-o', 'pid=,ppid=,comm=']);
  const all = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , comm]) => comm === name)
    .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
  const below = (of: number): number[] =>
    all.filter(({ parent }) => parent === of).flatMap(({ pid }) => [pid, ...below(pid)]);
  return below(pid);
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went with the others.
  }
}
