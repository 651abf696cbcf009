/** The real binary, `brickyard serve`, in a process of its own: what can be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { waitFor } from './wait-for.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Storage nodes that a controller is to be told of. */
export interface StorageToServe {
  /** In heketi's format. */
  readonly topology: object;
  /** How they are reached: `nodes` of the configuration. */
  readonly access: Readonly<Record<string, unknown>>;
}

export interface BrickyardOptions {
  /** Folder for state, sockets, configuration and log; kept between restarts. */
  readonly directory: string;
  readonly kubeconfigPath: string;
  readonly storage: StorageToServe;
  readonly provisioner?: string;
  readonly namespace?: string;
  readonly leaderElection?: boolean;
  /** More of the configuration file. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Words for Node before the command. Default: the sources. */
  readonly program?: readonly string[];
  /** Words before Node, of programs that become the next one and fork nothing: what is killed is the last one. */
  readonly under?: readonly string[];
}

export interface BrickyardProcess {
  readonly pid: number;
  readonly running: boolean;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  log(): Promise<string>;
}

/** Starts it and resolves as soon as the process runs. Until `loadTopology` has been called, claims wait for storage. */
export async function startBrickyard(options: BrickyardOptions): Promise<BrickyardProcess> {
  const { directory } = options;
  const configPath = join(directory, 'config.yaml');
  const logPath = join(directory, 'brickyard.log');
  await writeFile(configPath, JSON.stringify(configOf(options)));
  const output = createWriteStream(logPath, { flags: 'a' });
  await once(output, 'open');
  const under = options.under ?? [];
  const argv = [...under, process.execPath, ...(options.program ?? [main]), 'serve', '--config', configPath];
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    stdio: ['ignore', output, output],
    env: { PATH: process.env['PATH'] ?? '' },
  });
  await once(child, 'spawn');
  output.close();
  return handle(child, logPath);
}

/** Loads the storage's topology through the running controller with the real command, as soon as that leads. */
export async function loadTopology({ directory, storage }: BrickyardOptions): Promise<void> {
  const topologyPath = join(directory, 'topology.json');
  await writeFile(topologyPath, JSON.stringify(storage.topology));
  const socket = join(directory, 'state', 'admin.sock');
  // Without a server to ask, the command would work on the state file itself.
  try {
    await waitFor('the controller listens', () => existsSync(socket), 120_000);
  } catch (error) {
    const log = await readFile(join(directory, 'brickyard.log'), 'utf8');
    throw new Error(`the controller does not listen; it says: ${log.slice(-4000)}`, { cause: error });
  }
  const argv = [main, 'topology', 'load', topologyPath, '--state-dir', join(directory, 'state'), '--yes'];
  await waitFor(
    'the topology is loaded',
    async () => {
      const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'], env: {} });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await once(child, 'close');
      if (child.exitCode !== 0) {
        throw new Error(`topology load ended with ${child.exitCode}: ${said}`);
      }
      return true;
    },
    120_000,
  );
}

function configOf({ directory, kubeconfigPath, storage, ...options }: BrickyardOptions): object {
  return {
    kubeconfig: kubeconfigPath,
    stateDir: join(directory, 'state'),
    nodes: storage.access,
    leaderElection: { enabled: options.leaderElection ?? false },
    ops: { address: '127.0.0.1', port: 0 },
    log: { level: 'info', format: 'json' },
    ...(options.provisioner === undefined ? {} : { provisioner: options.provisioner }),
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...options.config,
  };
}

function handle(child: ChildProcess, logPath: string): BrickyardProcess {
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const gone = (): Promise<boolean> => waitFor('the controller has ended', () => !running());
  return {
    pid: child.pid ?? -1,
    get running() {
      return running();
    },
    stop: async () => {
      child.kill('SIGTERM');
      await gone();
      return child.exitCode;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await gone();
    },
    log: () => readFile(logPath, 'utf8'),
  };
}
