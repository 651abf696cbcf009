/**
 * Our rate on a real gluster beside bare `gluster volume create` and `start` (gluster-bare.ts) on bricks that are made by the
 * same verbs, with as many under way: what records, lanes and identity cost. Both make and then delete the same number of
 * volumes, in turns and in one cluster, so that they see the same machine; what counts is the median of the rounds' ratios.
 * Beside it, for information, what a shell script a brick makes of it, on which a crash would leave anything.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { silentLog } from '../src/domain/log.ts';
import { clusterId, volumeId, volumeNameFor } from '../src/domain/names.ts';
import { bytes, MiB } from '../src/domain/quantity.ts';
import type { VolumeRequest } from '../src/domain/volume.ts';
import type { VolumeEngine } from '../src/engine/api.ts';
import { createEngine } from '../src/engine/engine.ts';
import type { StorageNodes } from '../src/engine/ports.ts';
import { createCommandStorageNodes } from '../src/gluster/storage-nodes.ts';
import { SqliteStore } from '../src/store/sqlite.ts';
import { startRealCluster, type RealCluster } from '../test/gluster/harness/cluster.ts';
import { realClock } from '../test/support/test-api.ts';
import { wholeNumber } from './support/arguments.ts';
import { quantile } from './support/report.ts';
import { bare, bricksByShell, bricksByVerbs, valueOf, type Contender } from './gluster-bare.ts';

const budget = 0.95;
const rounds = 5;
/** The shell script takes part in the first ones of them. */
const shellRounds = 1;
const size = bytes(320 * MiB);
const forever = new AbortController().signal;

/** Seconds of one round. */
interface Lap {
  readonly create: number;
  readonly delete: number;
}

/** Usage: `gluster [VOLUMES A ROUND] [UNDER WAY]`; 10 and 8 unless said otherwise, which take about five minutes. Needs root and glusterd. */
export async function run(args: readonly string[]): Promise<void> {
  const count = wholeNumber(args[0], 10, 1);
  const atOnce = wholeNumber(args[1], 8, 1);
  const cluster = await startRealCluster(3, { diskGiB: 2 + count });
  const steps = new Steps();
  try {
    const storage = createCommandStorageNodes({ runner: cluster.runner });
    const engine = await openEngine(cluster, storage, atOnce, steps);
    const ours = contenderOf(engine);
    const verbs = bare(cluster, await bricksByVerbs(cluster, storage, size, { signal: forever }));
    const shell = bare(cluster, bricksByShell(size));
    // The first replicated volume of a cluster starts the self-heal daemons, and the last one's end would stop them.
    await verbs.create('first');
    await lap(ours, 'warm-up', atOnce, atOnce);
    steps.forget();
    const laps: { readonly ours: Lap; readonly bare: Lap; readonly shell?: Lap }[] = [];
    console.log(`${count} volumes a round, ${atOnce} under way, replicate 3, bricks of 320 MiB; seconds`);
    for (let round = 1; round <= rounds; round += 1) {
      // Who goes first takes turns as well.
      const early = round % 2 === 0 ? await lap(verbs, `bare-${round}`, count, atOnce) : undefined;
      const mine = await lap(ours, `ours-${round}`, count, atOnce);
      const theirs = early ?? (await lap(verbs, `bare-${round}`, count, atOnce));
      const least = round <= shellRounds ? await lap(shell, `shell-${round}`, count, atOnce) : undefined;
      laps.push({ ours: mine, bare: theirs, ...(least === undefined ? {} : { shell: least }) });
      const line = (what: keyof Lap): string => `${what} ${times(mine[what], theirs[what], least?.[what])}`;
      console.log(`round ${round}: ${line('create')}  ${line('delete')}`);
    }
    for (const what of ['create', 'delete'] as const) {
      judge(
        what,
        laps.map((each) => each.bare[what] / each.ours[what]),
      );
    }
    for (const what of ['create', 'delete'] as const) {
      const ratios = laps.flatMap((each) => (each.shell === undefined ? [] : [each.shell[what] / each.ours[what]]));
      console.log(`${what}: ${quantile(ratios, 0.5).toFixed(3)} of the rate with a shell script a brick (no budget)`);
    }
    steps.print();
    await engine.close();
  } finally {
    await cluster.close();
  }
}

const times = (mine: number, theirs: number, shell: number | undefined): string =>
  `ours ${mine.toFixed(2)}, bare ${theirs.toFixed(2)}${shell === undefined ? '' : `, shell ${shell.toFixed(2)}`}`;

function judge(what: string, ratios: readonly number[]): void {
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
  valueOf(await engine.applyTopology({ clusters: [{ id: clusterId('bench'), nodes: wanted }] }, { signal: forever }));
  return engine;
}

/** As the controller goes about it: ensure, confirm; delete. */
function contenderOf(engine: VolumeEngine): Contender {
  const ids = new Map<string, VolumeRequest['id']>();
  return {
    create: async (name) => {
      const id = volumeId(randomUUID());
      ids.set(name, id);
      valueOf(await engine.ensureVolume(requestFor(id), forever));
      valueOf(await engine.confirmVolume(id));
    },
    delete: async (name) => {
      const id = ids.get(name);
      if (id !== undefined) {
        valueOf(await engine.deleteVolume(id, forever));
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
