/**
 * A restart with many volumes, on each store: the time from opening the store until the engine plans and answers, and the
 * memory that the process has then. Each store is opened by a process of its own that knows nothing but where the records
 * are; the kubernetes store reads them from the sandbox's API in this process, over HTTP.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { brickIdFor, clusterId, deviceName, hostName, nodeId, volumeId, volumeNameFor } from '../src/domain/names.ts';
import { silentLog } from '../src/domain/log.ts';
import { brickFootprint } from '../src/domain/placement/footprint.ts';
import { bytes, GiB, TiB } from '../src/domain/quantity.ts';
import type { NodeRecord } from '../src/domain/topology.ts';
import type { VolumeRecord } from '../src/domain/volume.ts';
import type { StateStore, StoredDocument } from '../src/engine/ports.ts';
import { createEngine } from '../src/engine/engine.ts';
import { createSimulation } from '../src/gluster/simulated/simulation.ts';
import { createCommandStorageNodes } from '../src/gluster/storage-nodes.ts';
import { KubeClient } from '../src/kube/client.ts';
import { kubeRecordApi } from '../src/cli/serve/record-api.ts';
import { KubernetesStore } from '../src/store/kubernetes/kubernetes.ts';
import { MemoryStore } from '../src/store/memory.ts';
import { SqliteStore } from '../src/store/sqlite.ts';
import { mulberry32 } from '../test/support/random.ts';
import { applyRecordKinds } from '../test/support/record-kinds.ts';
import { realClock, startTestApi } from '../test/support/test-api.ts';

const realm = 'bench';
const budgetSeconds = 2;
const servers = 24;

type Kind = 'memory' | 'sqlite' | 'kubernetes';
/** Where the records are: nowhere, a file, or a kubeconfig. */
interface Place {
  readonly kind: Kind;
  readonly volumes: number;
  readonly at: string;
}

const result = z.object({
  seconds: z.number(),
  volumes: z.number(),
  rssMiB: z.number(),
  beforeMiB: z.number(),
});

/** Usage: `restart [VOLUMES]`; 5000 unless said otherwise. Fails the process when the budget is missed. */
export async function run([count = '5000']: readonly string[]): Promise<void> {
  const volumes = Number(count);
  if (!Number.isSafeInteger(volumes) || volumes < 1) {
    throw new Error(`expected a number of volumes, got ${JSON.stringify(count)}`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'brickyard-restart-'));
  const api = await startTestApi();
  try {
    await applyRecordKinds(api.kubeconfig);
    const config = new KubeConfig();
    config.loadFromString(api.kubeconfig);
    await config.makeApiClient(CoreV1Api).createNamespace({ body: { metadata: { name: 'brickyard' } } });
    console.log(`restart with ${volumes} volumes (replicate 3, ${servers} nodes); budget ${budgetSeconds} s`);
    const places: readonly Place[] = [
      { kind: 'memory', volumes, at: '' },
      { kind: 'sqlite', volumes, at: join(folder, 'state.db') },
      { kind: 'kubernetes', volumes, at: api.kubeconfig },
    ];
    for (const place of places) {
      if (place.kind !== 'memory') {
        await fill(place);
      }
      report(place, result.parse(await inOwnProcess(place)));
    }
  } finally {
    await api.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function report({ kind, volumes }: Place, { seconds, volumes: read, rssMiB, beforeMiB }: z.infer<typeof result>): void {
  if (read !== volumes) {
    throw new Error(`${kind}: expected ${volumes} volumes after the restart, got ${read}`);
  }
  const verdict = seconds <= budgetSeconds ? 'within budget' : 'MISSED';
  console.log(
    `${kind.padEnd(12)} ${seconds.toFixed(2)} s to ready  ${rssMiB.toFixed(0)} MiB resident (${beforeMiB.toFixed(0)} before)  ${verdict}`,
  );
  if (seconds > budgetSeconds) {
    process.exitCode = 1;
  }
}

async function inOwnProcess(place: Place): Promise<unknown> {
  const child = fork(fileURLToPath(import.meta.url), {
    env: { ...process.env, BRICKYARD_BENCH: JSON.stringify(place) },
  });
  const messages = z.array(z.unknown()).parse(await once(child, 'message'));
  await once(child, 'exit');
  return messages[0];
}

interface Opened {
  readonly store: StateStore;
  readonly close: () => Promise<void>;
}

function storeAt({ kind, at }: Place): Opened {
  switch (kind) {
    case 'memory':
      return { store: new MemoryStore(), close: async () => undefined };
    case 'sqlite':
      return { store: new SqliteStore({ path: at }), close: async () => undefined };
    case 'kubernetes': {
      const config = new KubeConfig();
      config.loadFromString(at);
      const kube = new KubeClient({
        kubeConfig: () => config,
        clock: realClock,
        random: Math.random,
        log: silentLog,
        version: 'bench',
        buckets: { default: { qps: 100_000, burst: 100_000 } },
      });
      const api = kubeRecordApi({
        kube,
        namespace: 'brickyard',
        clock: realClock,
        random: Math.random,
        log: silentLog,
      });
      const possession = { take: () => true, held: () => true, release: () => undefined };
      return {
        store: new KubernetesStore({ api, possession, now: () => Date.now() }),
        close: () => kube.close(),
      };
    }
  }
}

async function fill(place: Place): Promise<void> {
  const { store, close } = storeAt(place);
  await store.open();
  await write(store, place.volumes);
  await store.close();
  await close();
}

async function write(store: StateStore, volumes: number): Promise<void> {
  for (const document of documents(volumes)) {
    await store.put(document);
  }
}

function* documents(volumes: number): Generator<StoredDocument> {
  yield { kind: 'meta', id: 'store', body: { schema: 1, realm } };
  yield { kind: 'cluster', id: 'default', body: { id: clusterId('default') } };
  for (let index = 0; index < servers; index += 1) {
    yield { kind: 'node', id: `storage-${index}`, body: nodeAt(index) };
  }
  for (let index = 0; index < volumes; index += 1) {
    const body = volumeAt(index);
    yield { kind: 'volume', id: body.id, body };
  }
}

function nodeAt(index: number): NodeRecord {
  const id = nodeId(`storage-${index}`);
  const names = ['/dev/vdb', '/dev/vdc'];
  return {
    id,
    cluster: clusterId('default'),
    zone: `zone-${index % 3}`,
    manage: hostName(id),
    storage: hostName(`198.51.100.${index + 1}`),
    state: 'online',
    tags: {},
    devices: names.map((name) => ({
      name: deviceName(name),
      state: 'online',
      tags: {},
      size: bytes(64 * TiB),
      reserved: bytes(0),
      wipe: false,
    })),
  };
}

function volumeAt(index: number): VolumeRecord {
  const id = volumeId(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
  const size = bytes((1 + (index % 20)) * GiB);
  const footprint = brickFootprint({ size, snapshotFactor: 1 }).total;
  const bricks = [0, 1, 2].map((position) => {
    const brick = brickIdFor(id, 0, position);
    const node = nodeId(`storage-${(3 * index + position) % servers}`);
    const device = deviceName(index % 2 === 0 ? '/dev/vdb' : '/dev/vdc');
    return {
      id: brick,
      node,
      device,
      size,
      footprint,
      arbiter: false,
      path: `/var/lib/brickyard/bricks/${brick}/brick`,
    };
  });
  return {
    id,
    name: volumeNameFor(id),
    cluster: clusterId('default'),
    phase: 'ready',
    size,
    durability: { kind: 'replicate', count: 3 },
    options: [],
    gid: 40_000 + index,
    snapshotFactor: 1,
    owner: { uid: id, namespace: `team-${index % 50}`, name: `data-${index}`, className: 'brickyard' },
    brickSets: [bricks],
    createdAt: '2026-01-02T03:04:05.678Z',
  };
}

/** The restarted process: opens the store, and is ready when it has planned a volume. */
async function restart(place: Place): Promise<z.infer<typeof result>> {
  const { store, close } = storeAt(place);
  if (place.kind === 'memory') {
    await store.open();
    await write(store, place.volumes);
    await store.close();
  }
  const simulation = createSimulation({ nodes: [], clock: realClock, random: mulberry32(1) });
  const engine = createEngine({
    store,
    nodes: createCommandStorageNodes({ runner: simulation.runner, log: silentLog }),
    clock: realClock,
    random: mulberry32(2),
    log: silentLog,
    observer: { stepFinished: () => undefined, laneChanged: () => undefined },
    limits: { maxVolumesPerCluster: place.volumes + 1 },
  });
  const beforeMiB = process.memoryUsage.rss() / 2 ** 20;
  const began = performance.now();
  await engine.open(realm);
  const { kind } = engine.planVolume(nextRequest(place.volumes));
  const seconds = (performance.now() - began) / 1000;
  if (kind !== 'placed') {
    throw new Error('the restarted engine cannot place a volume');
  }
  const rssMiB = process.memoryUsage.rss() / 2 ** 20;
  const volumes = engine.volumes().length;
  await engine.close();
  await close();
  return { seconds, volumes, rssMiB, beforeMiB };
}

function nextRequest(index: number): Parameters<ReturnType<typeof createEngine>['planVolume']>[0] {
  const { id, name, size, durability, options, snapshotFactor, owner } = volumeAt(index);
  const rest = { clusters: [], zoneSpread: 'prefer' as const, preferredZones: [] };
  return { id, name, size, durability, options, snapshotFactor, owner, ...rest };
}

const asked = process.env['BRICKYARD_BENCH'];
if (asked !== undefined && process.send !== undefined) {
  const place = z
    .object({ kind: z.enum(['memory', 'sqlite', 'kubernetes']), volumes: z.number(), at: z.string() })
    .parse(JSON.parse(asked));
  process.send(await restart(place));
  process.disconnect();
}
