/** Steps of random sequences: verbs as the engine calls them, faults and reboots, and what must hold throughout. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Outcome } from '../../../../src/domain/outcome.ts';
import type { VolumeSpec } from '../../../../src/engine/ports.ts';
import type { DeviceName } from '../../../../src/domain/names.ts';
import { brickFilesOf } from '../../../../src/gluster/bricks/loop/names.ts';
import { brickPlaceOf } from '../../../../src/gluster/bricks/lvm-thin/names.ts';
import { deviceKeyOf, mountPlaceOf } from '../../../../src/gluster/bricks/place.ts';
import type { FaultSpec, NodeCondition } from '../../../../src/gluster/simulated/faults.ts';
import type { SimulatedCluster } from '../../../support/simulated-cluster.ts';
import { brickOf, nameOf } from '../verbs/volume-fixture.ts';

/** A cluster, and the device of each node that its bricks are cut from. */
export interface Ground extends SimulatedCluster {
  readonly device: DeviceName;
}

const locked = 'Another transaction is in progress. Please try again after some time.';

const effect: fc.Arbitrary<Exclude<FaultSpec['effect'], { kind: NodeCondition }>> = fc.oneof(
  fc.constant({ kind: 'lose-answer' as const }),
  fc.constant({ kind: 'half-done' as const }),
  fc.constant({ kind: 'unreachable' as const }),
  fc.constant({ kind: 'fail' as const, exitCode: 1, stderr: 'no luck' }),
);
const fault: fc.Arbitrary<FaultSpec> = fc.oneof(
  fc.record({
    effect,
    argv: fc.constantFrom(
      '^lv',
      '^mkfs',
      '^mount',
      '^umount',
      '^mkdir',
      '^rmdir',
      '^(truncate|find|df|ln)',
      '^(rm|losetup)',
      'volume',
      'create',
      '.',
    ),
    times: fc.integer({ min: 1, max: 3 }),
    probability: fc.constantFrom(0.3, 1),
  }),
  fc.constant({
    effect: { kind: 'refuse' as const, opErrno: 107, opErrstr: locked },
    argv: 'volume (set|start|stop)',
    times: 1,
  }),
);

export type Step =
  | { readonly do: 'bricks' | 'create' | 'start' | 'stop' | 'delete' | 'destroy'; readonly volume: number }
  | { readonly do: 'fault'; readonly fault: FaultSpec }
  | { readonly do: 'reboot'; readonly node: number };

export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('bricks', 'create', 'start', 'stop', 'delete', 'destroy'),
      volume: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('fault' as const), fault }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reboot' as const), node: fc.integer({ min: 1, max: 3 }) }) },
);

const specOf = ({ nodes, device }: Ground, number: number): VolumeSpec => ({
  name: nameOf(number),
  durability: { kind: 'replicate', count: 3 },
  bricks: nodes.map(({ id, storage }, position) => ({
    host: storage,
    path: mountPlaceOf(deviceKeyOf(id, device), brickOf(number, position).id).path,
    arbiter: false,
  })),
});

/** Does one step by the rules that the engine keeps, and checks that what it says is true. */
export async function take(cluster: Ground, next: Step): Promise<readonly Outcome<unknown>[]> {
  const { storage, nodes, context, simulation, device } = cluster;
  const [via] = nodes;
  if (via === undefined) {
    throw new Error('the cluster has no node');
  }
  const find = (number: number) =>
    simulation
      .inspect()
      .pools.flatMap(({ volumes }) => volumes)
      .find(({ name }) => name === nameOf(number));
  switch (next.do) {
    case 'fault':
      simulation.faults.add(next.fault);
      return [];
    case 'reboot':
      simulation.faults.remove(simulation.faults.add({ effect: { kind: 'power-off' }, node: `node-${next.node}` }));
      return [];
    case 'bricks': {
      const seen = await storage.volumeInfo(via, nameOf(next.volume), context);
      if (seen.kind !== 'done') {
        return [seen];
      }
      const pristine = seen.value === undefined;
      return Promise.all(
        nodes.map(async (node, position) => {
          const outcome = await storage.ensureBrick(
            node,
            brickOf(next.volume, position, { device }),
            { pristine },
            context,
          );
          if (outcome.kind === 'done') {
            assert.deepEqual(standing(cluster, next.volume, position), { pool: true, volume: true, mounted: true });
          }
          return outcome;
        }),
      );
    }
    case 'create': {
      const outcome = await storage.createVolume(via, specOf(cluster, next.volume), context);
      if (outcome.kind === 'done') {
        assert.deepEqual(find(next.volume)?.bricks, specOf(cluster, next.volume).bricks);
      }
      return [outcome];
    }
    case 'start': {
      const outcome = await storage.startVolume(via, nameOf(next.volume), context);
      assert.ok(outcome.kind !== 'done' || find(next.volume)?.status === 'started');
      return [outcome];
    }
    case 'stop': {
      const outcome = await storage.stopVolume(via, nameOf(next.volume), context);
      assert.ok(outcome.kind !== 'done' || find(next.volume)?.status !== 'started');
      return [outcome];
    }
    case 'delete': {
      const outcome = await storage.deleteVolume(via, nameOf(next.volume), context);
      assert.ok(outcome.kind !== 'done' || find(next.volume) === undefined);
      return [outcome];
    }
    case 'destroy': {
      // Bricks go only once gluster says that the volume is gone.
      const seen = await storage.volumeInfo(via, nameOf(next.volume), context);
      if (seen.kind !== 'done' || seen.value !== undefined) {
        return [];
      }
      return Promise.all(
        nodes.map(async (node, position) => {
          const outcome = await storage.destroyBrick(node, brickOf(next.volume, position, { device }), context);
          if (outcome.kind === 'done') {
            assert.deepEqual(standing(cluster, next.volume, position), { pool: false, volume: false, mounted: false });
          }
          return outcome;
        }),
      );
    }
  }
}

/** `pool`: what takes the room, a thin pool or an image; `volume`: what is mounted, a thin volume or a whole file system. */
function standing({ simulation, nodes, device }: Ground, number: number, position: number) {
  const id = nodes[position]?.id;
  const state = simulation.inspect().nodes[position];
  if (id === undefined || state === undefined) {
    throw new Error(`no node at ${position}`);
  }
  const brick = brickOf(number, position).id;
  const isMounted = (source: string | undefined, at: string) =>
    state.mounts.some((mount) => mount.target === at && mount.source === source);
  if (state.folders.length > 0) {
    const place = brickFilesOf(id, device, brick);
    const paths = new Set(state.folders.flatMap(({ name, entries }) => entries.map(({ path }) => `${name}/${path}`)));
    const loop = state.loops.find(({ file }) => file === place.image)?.name;
    return {
      pool: paths.has(place.image),
      volume: paths.has(place.ready),
      mounted: loop !== undefined && isMounted(loop, place.mountpoint),
    };
  }
  const place = brickPlaceOf(id, device, brick);
  const names = new Set(state.volumeGroups.flatMap(({ logicalVolumes }) => logicalVolumes.map(({ name }) => name)));
  return {
    pool: names.has(place.pool),
    volume: names.has(place.volume),
    mounted: isMounted(place.device, place.mountpoint),
  };
}

/** What holds at every moment. */
export function checkInvariants(cluster: Ground): void {
  const { nodes, pools, notUnderstood } = cluster.simulation.inspect();
  assert.deepEqual(notUnderstood, []);
  for (const { folders, loops, mounts, volumeGroups } of nodes) {
    for (const { size, entries } of folders) {
      assert.ok(entries.reduce((sum, entry) => sum + (entry.size ?? 0), 0) <= size);
    }
    assert.equal(new Set(loops.map(({ file }) => file)).size, loops.length);
    assert.ok(loops.every(({ name }) => mounts.some(({ source }) => source === name)));
    for (const { free, size, spare, logicalVolumes } of volumeGroups) {
      const pools = logicalVolumes.filter(({ kind }) => kind === 'thin-pool');
      const used = pools.reduce((sum, pool) => sum + pool.size + (pool.metadataSize ?? 0), 0);
      assert.ok(pools.every(({ metadataSize = 0 }) => spare >= metadataSize));
      assert.equal(free, size - used - spare);
      assert.ok(free >= 0);
      assert.ok(pools.every(({ tags }) => tags.some((tag) => tag.startsWith('brickyard.brick='))));
    }
  }
  for (const volume of pools.flatMap(({ volumes }) => volumes)) {
    const number = [1, 2, 3].find((each) => nameOf(each) === volume.name) ?? 0;
    for (const position of [0, 1, 2]) {
      const { pool, volume: thin } = standing(cluster, number, position);
      assert.ok(pool && thin, `${volume.name} has lost brick ${position}`);
    }
  }
}

/** Takes the steps again and again, as the engine does, until each is done. */
export async function insist(cluster: Ground, steps: readonly Step[]): Promise<void> {
  for (const next of steps) {
    let outcomes = await take(cluster, next);
    for (let turn = 0; turn < 3 && outcomes.some(({ kind }) => kind !== 'done'); turn += 1) {
      outcomes = await take(cluster, next);
    }
    assert.ok(
      outcomes.every(({ kind }) => kind === 'done'),
      JSON.stringify({ next, outcomes }),
    );
  }
}
