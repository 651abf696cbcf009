import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeGrowth, placeReplacement } from '../../../src/domain/placement/grow.ts';
import { placeVolume } from '../../../src/domain/placement/place.ts';
import type { PlacementPool } from '../../../src/domain/placement/pool.ts';
import { defaultLimits, type PlacementRequest } from '../../../src/domain/placement/request.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { BrickRecord } from '../../../src/domain/volume.ts';
import { node, nodesArbitrary, occupyAll, poolOf, request, requestArbitrary } from './arbitraries.ts';

function filled(pool: PlacementPool, wanted: PlacementRequest): BrickRecord[][] {
  const answer = placeVolume(pool, wanted);
  if (answer.kind !== 'placed') {
    throw new Error(`expected a place, got: ${answer.shortfall}`);
  }
  occupyAll(pool, answer.brickSets);
  return answer.brickSets;
}

describe('growth', () => {
  it('adds sets that are numbered after those that are there', () => {
    const pool = poolOf(node(1, 'z', [30]), node(2, 'z', [30]), node(3, 'z', [30]));
    const sets = filled(pool, request());
    const answer = placeGrowth(pool, request({ size: bytes(5 * GiB) }), sets);
    expect(answer.kind === 'placed' ? answer.brickSets.flat().map(({ id }) => id.slice(37)) : []).toEqual([
      '1-0-0',
      '1-1-0',
      '1-2-0',
    ]);
  });

  it('counts the bricks that are there towards the limit', () => {
    const pool = poolOf(node(1, 'z', [30]), node(2, 'z', [30]), node(3, 'z', [30]));
    const limits = { ...defaultLimits, maxBricksPerVolume: 5 };
    const sets = filled(pool, request({ limits }));
    expect(placeGrowth(pool, request({ limits }), sets)).toMatchObject({ kind: 'refused', permanent: true });
  });
});

describe('a replacement', () => {
  it('keeps size, set and position, takes the next generation and the zone that the brick leaves', () => {
    const pool = poolOf(
      node(1, 'z1', [30]),
      node(2, 'z2', [30]),
      node(3, 'z3', [30]),
      node(4, 'z3', [30]),
      node(5, 'z1', [90]),
    );
    const [set = []] = filled(pool, request());
    const leaving = set.find(({ node: on }) => pool.node(on)?.zone === 'z3') ?? set[0];
    const answer = leaving === undefined ? undefined : placeReplacement(pool, request(), set, leaving, 'node');
    const brick = answer?.kind === 'replaced' ? answer.brick : undefined;
    expect(brick).toMatchObject({ size: leaving?.size, footprint: leaving?.footprint, arbiter: false });
    expect(brick?.id).toBe(leaving?.id.replace(/-0$/, '-1'));
    expect(brick === undefined ? undefined : pool.node(brick.node)?.zone).toBe('z3');
    expect(brick?.node).not.toBe(leaving?.node);
  });

  it('may stay on the node when only the device is left', () => {
    const pool = poolOf(node(1, 'z', [30, 30]), node(2, 'z', [30]), node(3, 'z', [30]));
    const [set = []] = filled(pool, request());
    const leaving = set.find(({ node: on }) => on === 'n1') ?? set[0];
    const stay = leaving === undefined ? undefined : placeReplacement(pool, request(), set, leaving, 'device');
    expect(stay?.kind === 'replaced' ? stay.brick.node : undefined).toBe('n1');
    expect(stay?.kind === 'replaced' ? stay.brick.device : undefined).not.toBe(leaving?.device);
    const go = leaving === undefined ? undefined : placeReplacement(pool, request(), set, leaving, 'node');
    expect(go).toMatchObject({ kind: 'refused', permanent: false });
    expect(go?.kind === 'refused' ? go.wouldFit.map(({ kind }) => kind) : []).toContain('more nodes');
    expect(go?.kind === 'refused' ? go.shortfall : '').toContain('on a node without a brick of its set');
  });

  it('is never on the node of another brick of the set, and is found whenever there is one', () => {
    fc.assert(
      fc.property(nodesArbitrary, requestArbitrary, fc.nat(), (nodes, wanted, which) => {
        const pool = poolOf(...nodes);
        const answer = placeVolume(pool, wanted);
        const sets = answer.kind === 'placed' ? answer.brickSets : [];
        occupyAll(pool, sets);
        const [set] = sets;
        const leaving = set?.[which % set.length];
        if (set === undefined || leaving === undefined) {
          return;
        }
        const others = new Set(set.filter((each) => each !== leaving).map((each) => each.node));
        const otherZones = new Set([...others].map((each) => pool.node(each)?.zone));
        const open = pool
          .devices()
          .filter(
            ({ node: on, device, zone, tags, unusable }) =>
              unusable === undefined &&
              !others.has(on) &&
              on !== leaving.node &&
              (wanted.zoneSpread !== 'require' || !otherZones.has(zone)) &&
              (tags['arbiter'] ?? '') !== (leaving.arbiter ? 'disabled' : 'required') &&
              pool.seat(on, device)?.fits(leaving.footprint) === true,
          )
          .map(({ node: on, device }) => `${on} ${device}`);
        const replaced = placeReplacement(pool, wanted, set, leaving, 'node');
        const got = replaced.kind === 'replaced' ? [`${replaced.brick.node} ${replaced.brick.device}`] : [];
        expect(got.length).toBe(Math.min(1, open.length));
        expect(open).toEqual(expect.arrayContaining(got));
      }),
      { numRuns: 1000 },
    );
  });
});
