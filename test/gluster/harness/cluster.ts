/** A real gluster cluster on this machine, for one test file: see cluster.sh. Needs root. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GiB } from '../../../src/domain/quantity.ts';
import { createLocalRunner } from '../../../src/gluster/local-runner.ts';
import type { CommandRunner } from '../../../src/gluster/runner.ts';
import { realClock } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait-for.ts';
import { Client } from './client.ts';
import { childOf, wholly } from './namespaces.ts';
import { RealNode } from './real-node.ts';
import { withinRoot } from './root.ts';

export { RealNode } from './real-node.ts';

const script = fileURLToPath(new URL('cluster.sh', import.meta.url));
const prefix = '10.77.0';

export interface RealClusterOptions {
  /**
   * GiB that the test will write to the machine's disk. An XFS brick takes 64 MiB for its journal, whatever its size.
   * @default 2
   */
  readonly diskGiB?: number;
  /** The nodes stay strangers: each a glusterd alone. */
  readonly unjoined?: boolean;
}

export interface RealCluster {
  readonly nodes: readonly RealNode[];
  /** Runs commands in the namespaces of whichever node it is given. */
  readonly runner: CommandRunner;
  /** Where volumes are mounted. */
  readonly client: Client;
  /** Folder of the nodes' file trees, and for the test's own files; goes with the cluster. */
  readonly directory: string;
  /** A process in the cluster's network that is on no node. It knows the nodes by name. */
  readonly outer: number;
  /** A node that was killed comes back, glusterd included. */
  revive(node: RealNode): Promise<void>;
  close(): Promise<void>;
}

/**
 * Resolves when every node sees every other one. Each node has empty brick directories /run/bricks/{1,2}/brick, and two
 * empty folders on the machine's disk (`devices`).
 */
export async function startRealCluster(count: number, options: RealClusterOptions = {}): Promise<RealCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'brickyard-gluster-'));
  await ensureRoom(directory, options.diskGiB ?? 2);
  const network = await startNetwork(directory, count);
  const close = async (): Promise<void> => {
    network.child.stdin?.end();
    if (network.child.exitCode === null && network.child.signalCode === null) {
      await once(network.child, 'close');
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const { outer } = network;
    const place = { directory, prefix, outer };
    const nodes = Array.from(
      { length: count },
      (_, index) => new RealNode({ ...place, name: `node-${index + 1}`, number: index + 1 }),
    );
    const client = new Client({ ...place, name: 'client', number: 200 });
    await Promise.all([...nodes, client].map((node) => node.boot()));
    await Promise.all(nodes.map((node) => node.startGlusterd()));
    if (options.unjoined !== true) {
      await joinPool(nodes);
    }
    const revive = async (node: RealNode): Promise<void> => {
      await node.boot();
      await node.startGlusterd();
    };
    return { nodes, runner: runnerFor(nodes), client, directory, outer, revive, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Throws before anything is made rather than in the middle of a test. */
async function ensureRoom(directory: string, gib: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < gib * GiB) {
    await rm(directory, { recursive: true });
    throw new Error(`expected ${gib} GiB free in ${tmpdir()}, got ${((bavail * bsize) / GiB).toFixed(1)} GiB`);
  }
}

async function startNetwork(
  directory: string,
  count: number,
): Promise<{ readonly child: ChildProcess; readonly outer: number }> {
  const argv = ['--net', '--mount', '--pid', '--fork', ...withinRoot, script, directory, String(count), prefix];
  const child = spawn('unshare', argv, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const [said] = (await Promise.race([once(child.stdout, 'data'), once(child, 'close')])) as unknown[];
  if (String(said).trim() !== 'ready' || child.pid === undefined) {
    throw new Error(`the network of the gluster cluster did not start: ${complaints}`);
  }
  return { child, outer: await childOf(child.pid) };
}

async function joinPool(nodes: readonly RealNode[]): Promise<void> {
  const [first, ...others] = nodes;
  for (const other of others) {
    await waitFor(
      `${other.id} is a peer`,
      async () => (await first?.run('gluster', '--mode=script', 'peer', 'probe', other.storage))?.exitCode === 0,
      120_000,
    );
  }
  await Promise.all(nodes.map((node) => seesAll(node, nodes.length)));
}

/** Resolves when the node sees that many members of its pool, itself included. */
export async function seesAll(node: RealNode, members: number): Promise<void> {
  await waitFor(
    `${node.id} sees all ${members} members`,
    async () =>
      (await node.must('gluster', '--mode=script', 'pool', 'list')).match(/\bConnected\b/g)?.length === members,
    120_000,
  );
}

function runnerFor(nodes: readonly RealNode[]): CommandRunner {
  const runners = new Map<number, CommandRunner>();
  return {
    run: (node, command, context) => {
      const known = nodes.find(({ id }) => id === node.id);
      if (known === undefined) {
        throw new RangeError(`no node ${node.id} in this cluster`);
      }
      // A node has another first process after each boot.
      const runner = runners.get(known.pid) ?? createLocalRunner({ clock: realClock, prefix: wholly(known.pid) });
      runners.set(known.pid, runner);
      return runner.run(node, command, context);
    },
  };
}
