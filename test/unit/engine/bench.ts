/** An engine on fake nodes, with a clock that tests turn. */
import { expect } from 'vitest';
import type { DesiredTopology } from '../../../src/domain/desired-topology.ts';
import { silentLog } from '../../../src/domain/log.ts';
import {
  clusterId,
  deviceName,
  hostName,
  nodeId,
  volumeId,
  volumeNameFor,
  type VolumeId,
} from '../../../src/domain/names.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { VolumeRecord, VolumeRequest } from '../../../src/domain/volume.ts';
import type { VolumeEngine } from '../../../src/engine/api.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { identityOptions } from '../../../src/engine/identity.ts';
import type { EngineOptions } from '../../../src/engine/options.ts';
import { MemoryDisk, MemoryStore } from '../../../src/store/memory.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import type { Judge } from '../../support/fake-storage/calls.ts';
import { FakeStorage } from '../../support/fake-storage/fake-storage.ts';

export interface BenchOptions extends Omit<Partial<EngineOptions>, 'nodes' | 'store'> {
  /** Storage nodes: n1, n2, ... each in a zone of its own. */
  readonly nodes?: number;
  /** Bytes of the one device of each node. */
  readonly deviceSize?: number;
  readonly judge?: Judge;
}

export interface Bench {
  readonly engine: VolumeEngine;
  readonly storage: FakeStorage;
  readonly disk: MemoryDisk;
  readonly clock: FakeClock;
  readonly options: EngineOptions;
}

export const realm = 'test-realm';
export const forever = new AbortController().signal;
export const device = deviceName('/dev/vdb');

/** The nth volume id. */
export function idOf(index: number): VolumeId {
  return volumeId(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
}

export function requestOf(index: number, changes: Partial<VolumeRequest> = {}): VolumeRequest {
  const id = idOf(index);
  return {
    id,
    name: volumeNameFor(id),
    clusters: [],
    size: bytes(GiB),
    durability: { kind: 'replicate', count: 3 },
    options: [],
    snapshotFactor: 1,
    zoneSpread: 'prefer',
    owner: { uid: id, namespace: 'apps', name: `claim-${index}`, className: 'fast' },
    preferredZones: [],
    ...changes,
  };
}

export function topologyOf(count: number): DesiredTopology {
  return {
    clusters: [
      {
        id: clusterId('east'),
        nodes: Array.from({ length: count }, (_, index) => ({
          id: nodeId(`n${index + 1}`),
          zone: `z${index + 1}`,
          manage: hostName(`n${index + 1}`),
          storage: hostName(`10.0.0.${index + 1}`),
          tags: {},
          devices: [{ name: device, tags: {}, wipe: false }],
        })),
      },
    ],
  };
}

/** An engine on the same medium and the same nodes as `bench`, as after a restart. Kills the one before. */
export async function restart(bench: Bench, judge?: Judge): Promise<Bench> {
  bench.disk.kill();
  const options = { ...bench.options, store: new MemoryStore(bench.disk), nodes: bench.storage.port(judge) };
  const engine = createEngine(options);
  await engine.open(realm);
  return { ...bench, engine, options };
}

export async function benchOf({
  nodes = 3,
  deviceSize = 100 * GiB,
  judge,
  ...changes
}: BenchOptions = {}): Promise<Bench> {
  const storage = new FakeStorage();
  for (let index = 1; index <= nodes; index += 1) {
    storage.addNode(nodeId(`n${index}`), `10.0.0.${index}`, { [device]: deviceSize });
  }
  const disk = new MemoryDisk();
  const clock = new FakeClock();
  const options: EngineOptions = {
    store: new MemoryStore(disk),
    nodes: storage.port(),
    clock,
    random: () => 0.5,
    log: silentLog,
    observer: { stepFinished: () => undefined, laneChanged: () => undefined },
    ...changes,
  };
  const engine = createEngine(options);
  await engine.open(realm);
  const applied = await engine.applyTopology(topologyOf(nodes), { signal: forever });
  expect(applied.kind).toBe('done');
  storage.log.length = 0;
  const bench = { engine, storage, disk, clock, options };
  return judge === undefined ? bench : restart(bench, judge);
}

/** Takes off a volume what it says of itself, on every brick or on all but those. */
export function silence({ storage }: Bench, { name, brickSets }: VolumeRecord, but: readonly string[] = []): void {
  for (const { node, id } of brickSets.flat().filter((brick) => !but.includes(brick.id))) {
    storage.tamperBrickState(node, id, { identity: undefined });
  }
  const options = storage.volumes().find((volume) => volume.name === name)?.options ?? new Map<string, string>();
  storage.tamperVolume(name, { options: Object.fromEntries([...options.keys()].map((key) => [key, undefined])) });
}

/** Makes a volume as earlier versions have: it speaks by its options, and its bricks say nothing. */
export function asBefore(bench: Bench, record: VolumeRecord): void {
  silence(bench, record);
  const options = Object.fromEntries(
    [...record.options, ...identityOptions(record)].map(({ key, value }) => [key, value]),
  );
  bench.storage.tamperVolume(record.name, { options });
}

/** The value of a `done`; fails the test with the reason of anything else. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'done') {
    throw new Error(`expected done, got ${outcome.kind}: ${outcome.reason}`);
  }
  return outcome.value;
}

/** Turns the clock until `promise` settles. Fails when it does not within an hour of the fake clock. */
export async function turning<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const watch = promise.finally(() => {
    settled = true;
  });
  watch.catch(() => undefined);
  for (let second = 0; second < 3600; second += 1) {
    await clock.advance(0);
    if (settled) {
      return promise;
    }
    await clock.advance(1000);
  }
  throw new Error('it did not end within an hour');
}
