/**
 * Our rate on a real gluster beside the least that can be done (gluster-floor.ts): the same bricks, and bare
 * `gluster volume create` and `start`, with as many under way. Both make and then delete the same number of volumes, in
 * turns and in one cluster, so that they see the same machine; what counts is the median of the rounds' ratios.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { silentLog } from '../src/domain/log.ts';
import { clusterId, volumeId, volumeNameFor } from '../src/domain/names.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import { bytes, MiB } from '../src/domain/quantity.ts';
import type { VolumeRequest } from '../src/domain/volume.ts';
import type { VolumeEngine } from '../src/engine/api.ts';
import { createEngine } from '../src/engine/engine.ts';
import type { StorageNodes } from '../src/engine/ports.ts';
import { createCommandStorageNodes } from '../src/gluster/storage-nodes.ts';
import { SqliteStore } from '../src/store/sqlite.ts';
import { startRealCluster, type RealCluster } from '../test/gluster/harness/cluster.ts';
import { realClock } from '../test/support/test-api.ts';
import { Floor } from './gluster-floor.ts';

const budget = 0.95;
const rounds = 5;
const size = bytes(320 * MiB);
const forever = new AbortController().signal;

/** Whoever makes and deletes volumes, by a name of the bench's. */
interface Contender {
  create(name: string): Promise<void>;
  delete(name: string): Promise<void>;
}

/** Seconds of one round. */
interface Lap {
  readonly create: number;
  readonly delete: number;
}

/** Usage: `gluster [VOLUMES A ROUND] [UNDER WAY]`; 12 and 8 unless said otherwise. Needs root and glusterd. */
export async function run(args: readonly string[]): Promise<void> {
  const count = wholeNumber(args[0], 12);
  const atOnce = wholeNumber(args[1], 8);
  const cluster = await startRealCluster(3, { diskGiB: 2 + count });
  const steps = new Steps();
  try {
    const engine = await openEngine(cluster, createCommandStorageNodes({ runner: cluster.runner }), atOnce, steps);
    const ours = contenderOf(engine);
    const floor = new Floor(cluster, size);
    // The first replicated volume of a cluster starts the self-heal daemons, and the last one's end would stop them.
    await floor.create('first');
    await lap(ours, 'warm-up', atOnce, atOnce);
    steps.forget();
    const laps: { readonly ours: Lap; readonly bare: Lap }[] = [];
    console.log(`${count} volumes a round, ${atOnce} under way, replicate 3, bricks of 320 MiB; seconds`);
    for (let round = 1; round <= rounds; round += 1) {
      // Who goes first takes turns as well.
      const early = round % 2 === 0 ? await lap(floor, `bare-${round}`, count, atOnce) : undefined;
      const mine = await lap(ours, `ours-${round}`, count, atOnce);
      const bare = early ?? (await lap(floor, `bare-${round}`, count, atOnce));
      laps.push({ ours: mine, bare });
      console.log(`round ${round}: create ${pair(mine.create, bare.create)}  delete ${pair(mine.delete, bare.delete)}`);
    }
    report(
      'create',
      laps.map(({ ours, bare }) => bare.create / ours.create),
    );
    report(
      'delete',
      laps.map(({ ours, bare }) => bare.delete / ours.delete),
    );
    steps.print();
    await engine.close();
  } finally {
    await cluster.close();
  }
}

const pair = (mine: number, bare: number): string => `ours ${mine.toFixed(2)}, bare ${bare.toFixed(2)}`;

function report(what: string, ratios: readonly number[]): void {
  const median = quantile(ratios, 0.5);
  const verdict = median >= budget ? 'within budget' : 'MISSED';
  console.log(`${what}: our rate is ${median.toFixed(3)} of the bare one (median; budget ${budget}): ${verdict}`);
  if (median < budget) {
    process.exitCode = 1;
  }
}

/** Creates that many, then deletes them. */
async function lap(who: Contender, stem: string, count: number, atOnce: number): Promise<Lap> {
  const names = Array.from({ length: count }, (_, index) => `${stem}-${index}`);
  return {
    create: await timed(names, atOnce, (name) => who.create(name)),
    delete: await timed(names, atOnce, (name) => who.delete(name)),
  };
}

async function timed(names: readonly string[], atOnce: number, work: (name: string) => Promise<void>): Promise<number> {
  const left = [...names];
  const began = performance.now();
  const worker = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      await work(name);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (performance.now() - began) / 1000;
}

async function openEngine(
  { nodes, directory }: RealCluster,
  storage: StorageNodes,
  atOnce: number,
  steps: Steps,
): Promise<VolumeEngine> {
  const engine = createEngine({
    store: new SqliteStore({ path: join(directory, 'state.db') }),
    nodes: storage,
    clock: realClock,
    random: Math.random,
    log: silentLog,
    observer: {
      stepFinished: (step, _outcome, milliseconds) => steps.add(step, milliseconds),
      laneChanged: () => undefined,
    },
    limits: { minBrickSize: bytes(300 * MiB) },
    lanes: { cluster: atOnce },
  });
  await engine.open('bench');
  const wanted = nodes.map(({ id, manage, storage: host, devices: [name] }) => ({
    id,
    manage,
    storage: host,
    zone: id,
    tags: {},
    devices: name === undefined ? [] : [{ name, tags: {}, wipe: false }],
  }));
  expectDone(
    await engine.applyTopology({ clusters: [{ id: clusterId('bench'), nodes: wanted }] }, { signal: forever }),
  );
  return engine;
}

/** As the controller goes about it: ensure, confirm; delete. */
function contenderOf(engine: VolumeEngine): Contender {
  const ids = new Map<string, VolumeRequest['id']>();
  return {
    create: async (name) => {
      const id = volumeId(randomUUID());
      ids.set(name, id);
      expectDone(await engine.ensureVolume(requestFor(id), forever));
      expectDone(await engine.confirmVolume(id));
    },
    delete: async (name) => {
      const id = ids.get(name);
      if (id !== undefined) {
        expectDone(await engine.deleteVolume(id, forever));
      }
    },
  };
}

const requestFor = (id: VolumeRequest['id']): VolumeRequest => ({
  id,
  name: volumeNameFor(id),
  clusters: [],
  size,
  durability: { kind: 'replicate', count: 3 },
  options: [],
  snapshotFactor: 1,
  zoneSpread: 'prefer',
  owner: { uid: id, namespace: 'bench', name: 'bench', className: 'bench' },
  preferredZones: [],
});

function expectDone(outcome: Outcome<unknown>): void {
  if (outcome.kind !== 'done') {
    throw new Error(`${outcome.kind}: ${outcome.reason}`);
  }
}

/** How long each step of the engine took, in milliseconds. */
class Steps {
  readonly #times = new Map<string, number[]>();

  add(step: string, milliseconds: number): void {
    const times = this.#times.get(step) ?? [];
    times.push(milliseconds);
    this.#times.set(step, times);
  }

  forget(): void {
    this.#times.clear();
  }

  print(): void {
    console.log('\nstep              times   p50 ms   p99 ms');
    for (const [step, times] of this.#times) {
      const cells = [times.length, quantile(times, 0.5).toFixed(1), quantile(times, 0.99).toFixed(1)];
      console.log(`${step.padEnd(14)} ${cells.map((cell) => String(cell).padStart(8)).join(' ')}`);
    }
  }
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

function wholeNumber(text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`expected a whole number from 1, got ${JSON.stringify(text)}`);
  }
  return value;
}
