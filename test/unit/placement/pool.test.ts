import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BrickLoad } from '../../../src/domain/placement/pool.ts';
import { unreachable } from '../../../src/domain/placement/seat.ts';
import { PlacementPool } from '../../../src/domain/placement/pool.ts';
import { placeVolume } from '../../../src/domain/placement/place.ts';
import { deviceName, nodeId } from '../../../src/domain/names.ts';
import { bytes, GiB, MiB } from '../../../src/domain/quantity.ts';
import { nodeRecord } from '../../../src/domain/topology.ts';
import { load, node, nodesArbitrary, observe, poolOf, request, requestArbitrary } from './arbitraries.ts';

describe('a pool', () => {
  it('derives what is free from size, reserve and bricks', () => {
    const here = node(1, 'z1', [100]);
    const reserved = { ...here, devices: here.devices.map((device) => ({ ...device, reserved: bytes(10 * GiB) })) };
    const pool = poolOf(reserved);
    pool.occupy(load(1, here, 0, 2 * GiB));
    const [usage] = pool.devices();
    expect(usage).toMatchObject({ size: 100 * GiB, reserved: 10 * GiB, bricks: 1, zone: 'z1' });
    expect(usage?.used).toBe(2 * GiB);
    expect(usage?.free).toBe(88 * GiB);
  });

  it('keeps bricks of unknown nodes and devices, and finds their space taken when those come', () => {
    const here = node(1, 'z1', [10]);
    const pool = new PlacementPool();
    pool.occupy(load(1, here, 0, GiB));
    pool.occupy({ ...load(2, here, 0, GiB), device: deviceName('/dev/gone') });
    expect(pool.volumeCount).toBe(2);
    expect(pool.devices().map(({ unusable, bricks }) => [unusable, bricks])).toEqual([
      ['node unknown', 1],
      ['node unknown', 1],
    ]);
    pool.upsertNode(here);
    expect(pool.devices().map(({ device, unusable, bricks }) => [device, unusable, bricks])).toEqual([
      ['/dev/d0', undefined, 1],
      ['/dev/gone', 'device unknown', 1],
    ]);
    pool.removeNode(here.id);
    expect(pool.devices().map(({ unusable, bricks }) => [unusable, bricks])).toEqual([
      ['node unknown', 1],
      ['node unknown', 1],
    ]);
  });

  it('says why a device takes nothing, what lasts longest first', () => {
    const offline = node(1, 'z1', [10], { state: 'offline' });
    const failed = node(2, 'z1', [10], { state: 'failed' });
    const bare = node(3, 'z1', [10]);
    const unprepared = nodeRecord.parse({ ...bare, devices: [{ name: deviceName('/dev/d0') }] });
    const pool = poolOf(offline, failed, unprepared, node(4, 'z1', [10]));
    for (const number of [1, 2, 3, 4]) {
      pool.hinder(nodeId(`n${number}`), unreachable);
    }
    expect(pool.devices().map(({ unusable }) => unusable)).toEqual([
      'node offline',
      'node failed',
      'not prepared',
      'node unreachable',
    ]);
    pool.hinder(nodeId('n4'), undefined);
    expect(pool.devices()[3]?.unusable).toBeUndefined();
  });

  it('counts the same brick once, however often it is told', () => {
    const here = node(1, 'z1', [10]);
    const pool = poolOf(here);
    pool.occupy(load(1, here, 0, GiB));
    pool.occupy(load(1, here, 0, GiB));
    expect(pool.devices()[0]?.bricks).toBe(1);
    pool.vacate(load(1, here, 0, GiB));
    pool.vacate(load(1, here, 0, GiB));
    expect(pool.devices()[0]).toMatchObject({ bricks: 0, used: 0 });
    expect(pool.volumeCount).toBe(0);
  });
});

type Step =
  | { readonly what: 'occupy' | 'vacate'; readonly brick: BrickLoad }
  | { readonly what: 'reach'; readonly node: number; readonly reachable: boolean };

const loads = fc
  .record({
    number: fc.integer({ min: 1, max: 12 }),
    on: fc.integer({ min: 0, max: 6 }),
    device: fc.integer({ min: 0, max: 3 }),
    mebibytes: fc.integer({ min: 1, max: 3000 }),
  })
  .map(({ number, on, device, mebibytes }) => load(number, node(on, 'z', [1, 1, 1]), device, mebibytes * MiB));

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ what: fc.constantFrom('occupy' as const, 'vacate' as const), brick: loads }),
    fc.record({ what: fc.constant('reach' as const), node: fc.integer({ min: 0, max: 6 }), reachable: fc.boolean() }),
  ),
  { maxLength: 40 },
);

describe('the accounts of a pool', () => {
  it('equal the sum of its bricks after any sequence of changes, and place as a pool made anew does', () => {
    fc.assert(
      fc.property(nodesArbitrary, steps, requestArbitrary, (nodes, sequence, wanted) => {
        const pool = poolOf(...nodes);
        const standing = new Map<string, BrickLoad>();
        const silent = new Set<number>();
        // Indexes exist before the changes, so that they have to follow them.
        placeVolume(pool, wanted);
        for (const step of sequence) {
          if (step.what === 'reach') {
            pool.hinder(nodeId(`n${step.node}`), step.reachable ? undefined : unreachable);
            silent[step.reachable ? 'delete' : 'add'](step.node);
            continue;
          }
          const key = `${step.brick.node} ${step.brick.device} ${step.brick.id}`;
          pool[step.what](step.brick);
          if (step.what === 'vacate') {
            standing.delete(key);
          } else if (!standing.has(key)) {
            standing.set(key, step.brick);
          }
        }
        for (const { node: on, device, used } of pool.devices()) {
          const here = [...standing.values()].filter((brick) => brick.node === on && brick.device === device);
          expect(used).toBe(here.reduce((total, { footprint }) => total + footprint, 0));
        }
        const anew = new PlacementPool();
        for (const brick of [...standing.values()].reverse()) {
          anew.occupy(brick);
        }
        for (const number of silent) {
          anew.hinder(nodeId(`n${number}`), unreachable);
        }
        for (const each of nodes.toReversed()) {
          anew.upsertNode(each);
        }
        expect(observe(pool)).toEqual(observe(anew));
        expect(placeVolume(pool, wanted)).toEqual(placeVolume(anew, wanted));
      }),
      { numRuns: 1500 },
    );
  });

  it('are as they were after a plan, placed or refused', () => {
    fc.assert(
      fc.property(nodesArbitrary, requestArbitrary, (nodes, wanted) => {
        const pool = poolOf(...nodes);
        const before = observe(pool);
        placeVolume(pool, wanted);
        placeVolume(pool, request({ ...wanted, size: bytes(wanted.size * 10) }));
        expect(observe(pool)).toEqual(before);
      }),
      { numRuns: 1000 },
    );
  });
});
