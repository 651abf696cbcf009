import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterId, deviceName, hostName, nodeId, volumeId } from '../../../src/domain/names.ts';
import { planGrowth, usableSize, withGrown } from '../../../src/domain/placement/in-place.ts';
import { unreachable } from '../../../src/domain/placement/seat.ts';
import { placeVolume } from '../../../src/domain/placement/place.ts';
import { PlacementPool } from '../../../src/domain/placement/pool.ts';
import { defaultLimits, type PlacementRequest } from '../../../src/domain/placement/request.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { BrickRecord } from '../../../src/domain/volume.ts';

const device = deviceName('/dev/vdb');

/** One device of that many GiB on each node, each in a zone of its own. */
function poolOf(gib: readonly number[]): PlacementPool {
  const pool = new PlacementPool();
  for (const [index, size] of gib.entries()) {
    pool.upsertNode({
      id: nodeId(`n${index}`),
      cluster: clusterId('east'),
      zone: `z${index}`,
      manage: hostName(`n${index}`),
      storage: hostName(`10.0.0.${index + 1}`),
      state: 'online',
      tags: {},
      devices: [{ name: device, state: 'online', tags: {}, size: bytes(size * GiB), reserved: bytes(0), wipe: false }],
    });
  }
  return pool;
}

const requestOf = (gib: number, changes: Partial<PlacementRequest> = {}): PlacementRequest => ({
  volume: volumeId('00000000-0000-4000-8000-000000000001'),
  size: bytes(gib * GiB),
  durability: { kind: 'replicate', count: 3 },
  snapshotFactor: 1,
  zoneSpread: 'prefer',
  preferredZones: [],
  limits: defaultLimits,
  ...changes,
});

/** Places a volume and counts it. */
function placed(pool: PlacementPool, request: PlacementRequest): BrickRecord[][] {
  const plan = placeVolume(pool, request);
  if (plan.kind === 'refused') {
    throw new Error(plan.shortfall);
  }
  plan.brickSets.flat().forEach((brick) => pool.occupy(brick));
  return plan.brickSets;
}

function grown(pool: PlacementPool, request: PlacementRequest, sets: BrickRecord[][]) {
  const before = JSON.stringify(pool.devices());
  const plan = planGrowth(pool, request, sets);
  // A plan takes nothing.
  expect(JSON.stringify(pool.devices())).toBe(before);
  if (plan.kind === 'refused') {
    throw new Error(plan.shortfall);
  }
  return plan;
}

describe('planGrowth', () => {
  it('lets every brick of a set grow alike where there is room', () => {
    const pool = poolOf([100, 100, 100]);
    const sets = placed(pool, requestOf(10));
    const plan = grown(pool, requestOf(25), sets);
    expect(plan).toMatchObject({ size: 25 * GiB, sets: [] });
    expect(plan.bricks.map(({ size }) => size)).toEqual([25 * GiB, 25 * GiB, 25 * GiB]);
  });

  it('brings several sets level', () => {
    const limits = { ...defaultLimits, maxBrickSize: bytes(10 * GiB) };
    const pool = poolOf([100, 100, 100]);
    const sets = placed(pool, requestOf(16, { limits }));
    expect(sets).toHaveLength(2);
    const plan = grown(pool, requestOf(20, { limits }), sets);
    expect(plan).toMatchObject({ size: 20 * GiB, sets: [] });
    expect(new Set(plan.bricks.map(({ size }) => size))).toEqual(new Set([10 * GiB]));
  });

  it('grows an arbiter by what it needs, and counts a dispersed set by its data bricks', () => {
    const arbiter = requestOf(10, { durability: { kind: 'arbiter' } });
    const pool = poolOf([100, 100, 100, 100, 100, 100]);
    const plan = grown(pool, { ...arbiter, size: bytes(40 * GiB) }, placed(pool, arbiter));
    expect(plan).toMatchObject({ size: 40 * GiB, sets: [] });
    expect(Math.min(...plan.bricks.map(({ size }) => size))).toBeLessThan(4 * GiB);
    const disperse = requestOf(20, { durability: { kind: 'disperse', data: 4, redundancy: 2 } });
    const other = poolOf([100, 100, 100, 100, 100, 100]);
    expect(grown(other, { ...disperse, size: bytes(40 * GiB) }, placed(other, disperse))).toMatchObject({
      size: 40 * GiB,
      bricks: Array.from({ length: 6 }, () => ({ size: 10 * GiB })),
    });
  });

  it('adds sets when a device is full, behind those that are there', () => {
    const pool = poolOf([12, 12, 12, 100, 100, 100]);
    const onSmall = placed(poolOf([12, 12, 12]), requestOf(10));
    onSmall.flat().forEach((brick) => pool.occupy(brick));
    const plan = grown(pool, requestOf(20), onSmall);
    expect(plan.bricks).toEqual([]);
    expect(plan.sets).toHaveLength(1);
    expect(plan.sets.flat().every(({ id }) => id.slice(37).startsWith('1-'))).toBe(true);
    expect(plan.size).toBe(20 * GiB);
  });

  it('does both when neither is enough alone', () => {
    const pool = poolOf([16, 16, 16, 8, 8, 8]);
    const sets = placed(poolOf([16, 16, 16]), requestOf(8));
    sets.flat().forEach((brick) => pool.occupy(brick));
    // One more set is all that the limit lets it have.
    const limits = { ...defaultLimits, maxBricksPerVolume: 6 };
    const plan = grown(pool, requestOf(20, { limits }), sets);
    expect(plan.bricks).toHaveLength(3);
    expect(plan.sets).toHaveLength(1);
    expect(plan.size).toBeGreaterThanOrEqual(20 * GiB);
  });

  it('waits for a node that does not answer, and takes one that is shut for full', () => {
    const pool = poolOf([100, 100, 100]);
    const sets = placed(pool, requestOf(10));
    pool.hinder(nodeId('n0'), unreachable);
    expect(grown(pool, requestOf(20), sets).bricks).toHaveLength(3);
    const [node] = pool.nodes();
    if (node === undefined) {
      throw new Error('no node');
    }
    pool.upsertNode({ ...node, state: 'failed' });
    expect(planGrowth(pool, requestOf(20), sets).kind).toBe('refused');
  });

  it('refuses with the proof of placement when there is no room at all', () => {
    const pool = poolOf([12, 12, 12]);
    const sets = placed(pool, requestOf(10));
    expect(planGrowth(pool, requestOf(20), sets)).toMatchObject({
      kind: 'refused',
      permanent: false,
      shortfall: expect.stringContaining('replicate 3 of 10 GiB') as string,
    });
  });

  it('gives at least what is asked for, never shrinks, and never overfills a device', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 4, max: 40 }), { minLength: 3, maxLength: 7 }),
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(2, 5, 40),
        (devices, first, steps, maxBrick) => {
          const limits = { ...defaultLimits, maxBrickSize: bytes(maxBrick * GiB) };
          const pool = poolOf(devices);
          const plan = placeVolume(pool, requestOf(first, { limits }));
          if (plan.kind === 'refused') {
            return;
          }
          let sets: BrickRecord[][] = plan.brickSets;
          sets.flat().forEach((brick) => pool.occupy(brick));
          for (const more of steps) {
            const before = usableSize({ kind: 'replicate', count: 3 }, sets);
            const size = bytes(before + more * GiB);
            const next = planGrowth(pool, requestOf(0, { size, limits }), sets);
            if (next.kind === 'refused') {
              continue;
            }
            sets.flat().forEach((brick) => pool.vacate(brick));
            const after = [...withGrown(sets, next.bricks), ...next.sets];
            after.flat().forEach((brick) => pool.occupy(brick));
            expect(usableSize({ kind: 'replicate', count: 3 }, after)).toBe(next.size);
            expect(next.size).toBeGreaterThanOrEqual(size);
            expect(after.flat().every((brick) => brick.size <= limits.maxBrickSize)).toBe(true);
            expect(sets.flat().every((brick, index) => (after.flat()[index]?.size ?? 0) >= brick.size)).toBe(true);
            expect(pool.devices().every(({ used, size: whole }) => used <= whole)).toBe(true);
            expect(after.every((set) => new Set(set.map(({ node }) => node)).size === set.length)).toBe(true);
            sets = after;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
