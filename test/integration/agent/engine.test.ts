/** The engine on agents whose lines and lives end at any moment comes to the same as the engine on commands. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterId, hostName, volumeId, volumeNameFor, type VolumeId } from '../../../src/domain/names.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { NodeRef } from '../../../src/domain/topology.ts';
import type { VolumeRequest } from '../../../src/domain/volume.ts';
import type { VolumeEngine } from '../../../src/engine/api.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import type { StorageNodes } from '../../../src/engine/ports.ts';
import type { Agent } from '../../../src/agent/server/agent.ts';
import type { Simulation } from '../../../src/gluster/simulated/simulation.ts';
import { MemoryDisk, MemoryStore } from '../../../src/store/memory.ts';
import { mulberry32 } from '../../support/random.ts';
import { nodeSpecs, simulatedCluster, type SimulatedCluster } from '../../support/simulated-cluster.ts';
import { startStorage, type TestStorage } from '../../support/storage.ts';
import { realClock } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait-for.ts';
import { clientTo, disk, forever, portOf, Proxy, startTestAgent, TestCertificates, valueOf } from './bench.ts';

const ids = ['node-1', 'node-2', 'node-3', 'node-4'];
const idOf = (index: number): VolumeId => volumeId(`5f6d1f2e-0c1a-4a53-9b0e-${String(index).padStart(12, '0')}`);

const requestFor = (index: number): VolumeRequest => ({
  id: idOf(index),
  name: volumeNameFor(idOf(index)),
  clusters: [],
  size: bytes((1 + (index % 3)) * GiB),
  durability: { kind: 'replicate', count: 3 },
  options: [],
  gidRange: { min: 2000, max: 2999 },
  snapshotFactor: 1,
  zoneSpread: 'prefer',
  owner: { uid: idOf(index), namespace: 'default', name: `claim-${index}`, className: 'fast' },
  preferredZones: [],
});

/** How much faster the engine's time goes by: it leaves silent nodes alone for seconds. */
const speed = 40;
const hurried: Clock = {
  now: () => realClock.now(),
  monotonic: () => realClock.monotonic() * speed,
  sleep: (ms, signal) => realClock.sleep(ms / speed, signal),
};

async function engineOn(nodes: StorageNodes, refs: readonly NodeRef[]): Promise<VolumeEngine> {
  const engine = createEngine({
    store: new MemoryStore(new MemoryDisk()),
    nodes,
    clock: hurried,
    random: mulberry32(9),
    log: silentLog,
    observer: { stepFinished: () => undefined, laneChanged: () => undefined },
  });
  await engine.open('test');
  const desired = refs.map(({ id, manage, storage }, index) => ({
    id,
    manage,
    storage,
    zone: `z${index % 3}`,
    tags: {},
    devices: [{ name: disk, tags: {}, wipe: false }],
  }));
  await waitFor('the topology is applied', async () =>
    valueOf(await engine.applyTopology({ clusters: [{ id: clusterId('main'), nodes: desired }] }, forever)),
  );
  return engine;
}

/** Asks until it is done, as the controller does. */
const insist = (what: string, ask: () => Promise<{ readonly kind: string }>): Promise<unknown> =>
  waitFor(what, async () => (await ask()).kind === 'done', 120_000);

async function live(engine: VolumeEngine, index: number): Promise<void> {
  const { signal } = forever;
  await insist(`volume ${index} is made`, () => engine.ensureVolume(requestFor(index), signal));
  await insist(`volume ${index} is confirmed`, () => engine.confirmVolume(idOf(index)));
  if (index % 3 === 1) {
    await insist(`volume ${index} is grown`, () => engine.growVolume(idOf(index), bytes(5 * GiB), signal));
  }
  if (index % 3 === 2) {
    await insist(`volume ${index} is deleted`, () => engine.deleteVolume(idOf(index), signal));
  }
}

/** Sizes that a volume's bricks say it has. */
function saidOf(simulation: Simulation, name: string): readonly (string | undefined)[] {
  const volumes = simulation
    .inspect()
    .nodes.flatMap(({ volumeGroups }) => volumeGroups.flatMap(({ logicalVolumes }) => logicalVolumes));
  return volumes
    .filter(({ tags }) => tags.some((tag) => tag === `brickyard.volume=${name.replace(/^[^_]*_/, '')}`))
    .map(({ tags }) => tags.flatMap((tag) => /^brickyard\.identity=.*&size=(\d+)&/.exec(tag)?.[1] ?? [])[0]);
}

/** What stands, but for where it was placed and what the time decided. */
function standing(simulation: Simulation): unknown {
  const { pools, nodes, notUnderstood } = simulation.inspect();
  return {
    notUnderstood,
    volumes: pools
      .flatMap(({ volumes }) => volumes)
      .map(({ name, status, bricks, options }) => ({
        name,
        status,
        bricks: bricks.length,
        hosts: new Set(bricks.map(({ host }) => host)).size,
        size: options['user.brickyard.size'],
        said: saidOf(simulation, name),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    thin: nodes
      .flatMap(({ volumeGroups }) => volumeGroups.flatMap(({ logicalVolumes }) => logicalVolumes))
      .filter(({ kind }) => kind === 'thin')
      .map(({ size, fileSystemSize }) => ({ size, fileSystemSize }))
      .toSorted((a, b) => a.size - b.size),
  };
}

let certificates: TestCertificates;
beforeAll(async () => {
  certificates = await TestCertificates.make([...ids, 'storage-1', 'storage-2', 'storage-3']);
});
afterAll(() => certificates.remove());

/** Agents for all nodes of a cluster, each behind a line of its own, on loopback addresses that share a port. */
class Field {
  readonly agents = new Map<string, Agent>();
  readonly lines = new Map<string, Proxy>();
  readonly refs: NodeRef[] = [];
  readonly #cluster: SimulatedCluster;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
  }

  async open(): Promise<void> {
    let port = 0;
    for (const [index, node] of this.#cluster.nodes.entries()) {
      await this.start(node.id);
      const host = `127.0.0.${index + 1}`;
      const line = await Proxy.start(() => portOf(this.agents.get(node.id)?.url ?? ''), { host, port });
      port = line.port;
      this.lines.set(node.id, line);
      this.refs.push({ ...node, manage: hostName(host) });
    }
  }

  async start(id: string): Promise<void> {
    const certDir = certificates.node(id);
    this.agents.set(id, await startTestAgent({ id, nodes: this.#cluster.storage, certDir, pollMs: 100 }));
  }

  async restart(id: string): Promise<void> {
    await this.agents.get(id)?.close(AbortSignal.abort());
    await this.start(id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.lines.values()].map((line) => line.close()));
    await Promise.all([...this.agents.values()].map((agent) => agent.close(AbortSignal.abort())));
  }
}

/** Cuts a line, or the answers on it for a while, or restarts an agent; `times` times, or until `over`. Counts in `done`. */
async function disturb(
  field: Field,
  random: () => number,
  { times, done, over }: { readonly times: number; readonly done: { faults: number }; readonly over: AbortSignal },
): Promise<void> {
  while (!over.aborted && done.faults < times) {
    const id = ids[Math.floor(random() * ids.length)] ?? '';
    const line = field.lines.get(id);
    const kind = random();
    if (kind < 0.5) {
      line?.cut();
    } else if (kind < 0.8 && line !== undefined) {
      line.cable = kind < 0.65 ? 'cut-answers' : 'refuse';
      line.cut();
      await realClock.sleep(30 * random(), over).catch(() => undefined);
      line.cable = 'whole';
    } else {
      await field.restart(id);
    }
    done.faults += 1;
    await realClock.sleep(60 * random(), over).catch(() => undefined);
  }
}

describe('the engine', () => {
  const volumes = [0, 1, 2, 3, 4, 5];

  it.each([1, 2, 3])('on agents behind bad lines ends like the engine on commands (%i)', async (seed) => {
    const plain = simulatedCluster({ nodes: nodeSpecs(4), peered: false });
    const onCommands = await engineOn(plain.storage, plain.nodes);
    await Promise.all(volumes.map((index) => live(onCommands, index)));
    await onCommands.close();

    const cluster = simulatedCluster({ nodes: nodeSpecs(4), peered: false });
    const field = new Field(cluster);
    await field.open();
    const port = field.lines.get('node-1')?.port ?? 0;
    const client = clientTo(port, certificates.controller, { silenceMs: 2_000, answerMs: 500 });
    const over = new AbortController();
    const done = { faults: 0 };
    const disturbance = disturb(field, mulberry32(seed), { times: 60, done, over: over.signal });
    try {
      const engine = await engineOn(client, field.refs);
      // One after another, however fast the machine is: else all is over before there were as many faults.
      const begin = async (index: number): Promise<void> => {
        await waitFor('the lines are bad', () => done.faults > index);
        await live(engine, index);
      };
      await Promise.all(volumes.map(begin));
      over.abort();
      await disturbance;
      expect(done.faults).toBeGreaterThan(5);
      await insist('everything is at rest', () => engine.sweep(forever.signal));
      await engine.close();
      expect(standing(cluster.simulation)).toEqual(standing(plain.simulation));
    } finally {
      over.abort();
      await disturbance;
      client.close();
      await field.close();
    }
  });
});

const program = fileURLToPath(new URL('agent-process.ts', import.meta.url));

describe('agents that are killed', () => {
  let directory: string;
  let storage: TestStorage;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'brickyard-agents-'));
    storage = await startStorage(directory, { nodes: 3, devices: 1 });
  });
  afterAll(async () => {
    for (const child of children) {
      child.kill('SIGKILL');
    }
    await storage.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function start(id: string, port: number): Promise<{ readonly child: ChildProcess; readonly port: number }> {
    const token = await readFile(storage.tokenFile, 'utf8');
    const args = [program, id, disk, String(port), certificates.node(id), storage.url, token];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: {} });
    children.push(child);
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    return { child, port: portOf(said.toString().trim()) };
  }

  it('in the middle of a brick leave one brick, and no half of one', async () => {
    const lines: Proxy[] = [];
    const agents = new Map<string, { readonly child: ChildProcess; readonly port: number }>();
    const refs: NodeRef[] = [];
    for (const [index, { id, storage: address }] of storage.nodes.entries()) {
      agents.set(id, await start(id, 0));
      const host = `127.0.0.${index + 1}`;
      const place = { host, port: lines[0]?.port ?? 0 };
      lines.push(await Proxy.start(() => agents.get(id)?.port ?? 0, place));
      refs.push({ id, manage: hostName(host), storage: address });
    }
    const client = clientTo(lines[0]?.port ?? 0, certificates.controller, { silenceMs: 10_000, answerMs: 2_000 });
    const engine = await engineOn(client, refs);
    storage.simulation.faults.add({ effect: { kind: 'slow', ms: 400 }, argv: '^(lvcreate|mkfs)' });
    const made = live(engine, 0);
    for (const { id } of storage.nodes) {
      const before = storage.commands();
      await waitFor('something is under way', () => storage.commands() > before);
      const { child, port } = agents.get(id) ?? (await start(id, 0));
      child.kill('SIGKILL');
      await once(child, 'exit');
      agents.set(id, await start(id, port));
    }
    await made;
    await engine.close();
    client.close();
    await Promise.all(lines.map((line) => line.close()));
    expect(storage.volumes()).toMatchObject([{ name: volumeNameFor(idOf(0)), status: 'started' }]);
    // A thin volume and its pool on each of the three nodes.
    expect(storage.bricks()).toHaveLength(6);
    expect(storage.simulation.inspect().notUnderstood).toEqual([]);
  });
});
