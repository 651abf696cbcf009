import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bricksPerSet } from '../../../src/domain/durability.ts';
import { nodeId } from '../../../src/domain/names.ts';
import { placeVolume, type Placed } from '../../../src/domain/placement/place.ts';
import { unreachable } from '../../../src/domain/placement/seat.ts';
import type { PlacementPool } from '../../../src/domain/placement/pool.ts';
import { defaultLimits, type PlacementRequest } from '../../../src/domain/placement/request.ts';
import { bytes, GiB, TiB } from '../../../src/domain/quantity.ts';
import type { NodeRecord } from '../../../src/domain/topology.ts';
import {
  node,
  nodesArbitrary,
  occupyAll,
  plainNodesArbitrary,
  poolOf,
  request,
  requestArbitrary,
  volumeNumbered,
} from './arbitraries.ts';
import { crowding, gibibytes, holders, leastCrowding, setsFit } from './brute-force.ts';

function placed(pool: PlacementPool, wanted: PlacementRequest): Placed {
  const answer = placeVolume(pool, wanted);
  if (answer.kind !== 'placed') {
    throw new Error(`expected a place, got: ${answer.shortfall}`);
  }
  return answer;
}

const zonesOf = (pool: PlacementPool, set: Placed['brickSets'][number]): string[] =>
  set.map((brick) => pool.node(brick.node)?.zone ?? '');

describe('a plan', () => {
  it('puts the bricks of a set on distinct nodes in distinct zones, with ids in order', () => {
    const pool = poolOf(node(1, 'z1', [20]), node(2, 'z2', [20]), node(3, 'z2', [90]), node(4, 'z3', [20]));
    const { brickSets, size } = placed(pool, request());
    expect(size).toBe(10 * GiB);
    expect(brickSets).toHaveLength(1);
    expect(new Set(zonesOf(pool, brickSets[0] ?? []))).toEqual(new Set(['z1', 'z2', 'z3']));
    expect(brickSets[0]?.map(({ id }) => id.slice(37))).toEqual(['0-0-0', '0-1-0', '0-2-0']);
  });

  it('gives a volume below the smallest brick a whole smallest brick, and says so', () => {
    const pool = poolOf(node(1, 'z1', [20]));
    const answer = placed(pool, request({ size: bytes(1), durability: { kind: 'distribute' } }));
    expect(answer.size).toBe(defaultLimits.minBrickSize);
  });

  it('cuts a volume that no device holds into three sets, if three is what fits', () => {
    const pool = poolOf(node(1, 'z1', [11, 11, 11]), node(2, 'z1', [11, 11, 11]), node(3, 'z1', [11, 11, 11]));
    const { brickSets } = placed(pool, request({ size: bytes(30 * GiB) }));
    expect(brickSets.map((set) => set.map(({ size }) => size))).toEqual(
      Array.from({ length: 3 }, () => Array.from({ length: 3 }, () => 10 * GiB)),
    );
  });

  it('cuts a volume into sets of different size when no equal ones fit', () => {
    const limits = { ...defaultLimits, maxBricksPerVolume: 2 };
    const pool = poolOf(node(1, 'z1', [21, 6]));
    const { brickSets, size } = placed(
      pool,
      request({ size: bytes(26 * GiB), durability: { kind: 'distribute' }, limits }),
    );
    expect(brickSets).toHaveLength(2);
    expect(size).toBeGreaterThanOrEqual(26 * GiB);
  });

  it('looks ahead: the first set does not take what the second one needs', () => {
    // Two sets of replicate 2 fit only when each has one brick on n1.
    const pool = poolOf(node(1, 'z', [11, 11]), node(2, 'z', [11]), node(3, 'z', [11]));
    const { brickSets } = placed(pool, request({ size: bytes(20 * GiB), durability: { kind: 'replicate', count: 2 } }));
    expect(brickSets.map((set) => set.some((brick) => brick.node === 'n1'))).toEqual([true, true]);
  });

  it('keeps bricks under the largest size', () => {
    const pool = poolOf(node(1, 'z1', [9000]), node(2, 'z1', [9000]), node(3, 'z1', [9000]));
    const { brickSets } = placed(pool, request({ size: bytes(6 * TiB) }));
    expect(brickSets.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...brickSets.flat().map(({ size }) => size))).toBeLessThanOrEqual(4 * TiB);
  });

  it('leaves a volume in one set when cutting it would not help the balance', () => {
    const pool = poolOf(node(1, 'z1', [200]), node(2, 'z2', [200]), node(3, 'z3', [200]));
    expect(placed(pool, request({ size: bytes(150 * GiB) })).brickSets).toHaveLength(1);
  });

  it('takes preferred zones first, and others when those have no room', () => {
    const pool = poolOf(...['z1', 'z2', 'z3', 'z4'].map((zone, index) => node(index, zone, [index === 3 ? 5 : 20])));
    const wanted = request({ durability: { kind: 'replicate', count: 2 }, preferredZones: ['z4', 'z3', 'z2'] });
    const zones = zonesOf(pool, placed(pool, wanted).brickSets[0] ?? []);
    expect(new Set(zones)).toEqual(new Set(['z3', 'z2']));
  });

  it('avoids what does not answer', () => {
    const pool = poolOf(...[1, 2, 3, 4].map((number) => node(number, 'z', [20])));
    pool.hinder(nodeId('n2'), unreachable);
    const { brickSets } = placed(pool, request());
    expect(new Set(brickSets.flat().map(({ node }) => node))).toEqual(new Set(['n1', 'n3', 'n4']));
  });

  it('keeps to tag rules, a device tag over that of its node', () => {
    const ssd = (number: number): NodeRecord => node(number, 'z', [20, 20], { tags: { media: 'ssd' } });
    const [first, ...rest] = [ssd(1), ssd(2), ssd(3)];
    const devices = (first?.devices ?? []).map((device, index) =>
      index === 0 ? Object.assign({}, device, { tags: { media: 'disk' } }) : device,
    );
    const pool = poolOf({ ...(first ?? ssd(1)), devices }, ...rest, node(4, 'z', [90]));
    const wanted = request({ tagMatch: [{ key: 'media', op: '=', value: 'ssd' }] });
    const { brickSets } = placed(pool, wanted);
    expect(brickSets.flat().find(({ node }) => node === 'n1')?.device).toBe('/dev/d1');
    expect(brickSets.flat().some(({ node }) => node === 'n4')).toBe(false);
    const without = placed(pool, {
      ...wanted,
      durability: { kind: 'distribute' },
      tagMatch: [{ key: 'media', op: '!=', value: 'ssd' }],
    });
    expect(['n4', 'n1']).toContain(without.brickSets[0]?.[0]?.node);
  });

  it('leaves the nodes of a large zone with amounts that go together once the other zone is full', () => {
    // z2 has 20 GiB more than z1. Sets that share it need as much on n2 as on n3, so n2 must not be touched before.
    const pool = poolOf(node(1, 'z1', [20]), node(2, 'z2', [10]), node(3, 'z2', [30]));
    const durability = { kind: 'replicate', count: 2 } as const;
    const wanted = (number: number): PlacementRequest =>
      request({ volume: volumeNumbered(number), size: bytes(GiB), durability });
    let volumes = 0;
    for (
      let answer = placeVolume(pool, wanted(0));
      answer.kind === 'placed';
      answer = placeVolume(pool, wanted(volumes))
    ) {
      occupyAll(pool, answer.brickSets);
      volumes += 1;
    }
    // 60 GiB hold 29 volumes of twice 1 GiB and 8 MiB.
    expect(volumes).toBeGreaterThanOrEqual(28);
  });

  it('spreads equal volumes over equal devices by the hash of their ids', () => {
    const pool = poolOf(...Array.from({ length: 30 }, (_, number) => node(number, 'z', [100])));
    const first = Array.from({ length: 40 }, (_, number) => placed(pool, request({ volume: volumeNumbered(number) })));
    expect(new Set(first.map(({ brickSets }) => brickSets[0]?.[0]?.node)).size).toBeGreaterThan(10);
  });
});

describe('disperse', () => {
  it('sizes bricks by the data bricks, and puts six on six nodes', () => {
    const pool = poolOf(...[1, 2, 3, 4, 5, 6].map((number) => node(number, `z${number % 3}`, [20])));
    const wanted = request({ size: bytes(40 * GiB), durability: { kind: 'disperse', data: 4, redundancy: 2 } });
    const { brickSets, size } = placed(pool, wanted);
    expect(size).toBe(40 * GiB);
    expect(brickSets[0]?.map((brick) => brick.size)).toEqual(Array.from({ length: 6 }, () => 10 * GiB));
    expect(crowding(zonesOf(pool, brickSets[0] ?? []))).toEqual([2, 2, 2]);
  });

  it('is refused for good when it could lose as many bricks as it has data', () => {
    const pool = poolOf(...[1, 2, 3, 4].map((number) => node(number, 'z', [20])));
    const answer = placeVolume(pool, request({ durability: { kind: 'disperse', data: 2, redundancy: 2 } }));
    expect(answer).toMatchObject({ kind: 'refused', permanent: true });
  });
});

/** What is wrong with a plan, whatever it was made for. */
function problemsOf(pool: PlacementPool, wanted: PlacementRequest, { brickSets, size }: Placed): string[] {
  const perSet = bricksPerSet(wanted.durability);
  const bricks = brickSets.flat();
  const tagOf = (brick: (typeof bricks)[number]): string =>
    pool.seat(brick.node, brick.device)?.standing.tags['arbiter'] ?? 'supported';
  const rules: Readonly<Record<string, boolean>> = {
    'is smaller than wanted': size < wanted.size,
    'has too many bricks': bricks.length > wanted.limits.maxBricksPerVolume,
    'uses an id twice': new Set(bricks.map(({ id }) => id)).size < brickSets.length * perSet,
    'has a set with a brick too few or too many': brickSets.some((set) => set.length !== perSet),
    'has two bricks of a set on a node': brickSets.some((set) => new Set(set.map(({ node }) => node)).size < perSet),
    'has unequal data bricks in a set': brickSets.some(
      (set) => new Set(set.filter(({ arbiter }) => !arbiter).map((brick) => brick.size)).size > 1,
    ),
    'shares a zone':
      wanted.zoneSpread === 'require' && brickSets.some((set) => new Set(zonesOf(pool, set)).size < perSet),
    'has a brick on a device of the other role': bricks.some(
      (brick) => tagOf(brick) === (brick.arbiter ? 'disabled' : 'required'),
    ),
    'has a brick below the limits': bricks.some(({ arbiter, size }) => !arbiter && size < wanted.limits.minBrickSize),
    'has a brick above the limits': bricks.some((brick) => brick.size > wanted.limits.maxBrickSize),
    'has a brick on what is not usable': bricks.some(
      (brick) => pool.seat(brick.node, brick.device)?.standing.unusable !== undefined,
    ),
  };
  return Object.keys(rules).filter((problem) => rules[problem]);
}

describe('any sequence of volumes', () => {
  it('never puts a device over its size, two bricks of a set on a node, or a brick on what is not usable', () => {
    fc.assert(
      fc.property(
        nodesArbitrary,
        fc.array(fc.tuple(requestArbitrary, fc.boolean()), { minLength: 1, maxLength: 8 }),
        (nodes, sequence) => {
          const pool = poolOf(...nodes);
          const problems: string[] = [];
          for (const [index, [wanted, remove]] of sequence.entries()) {
            const answer = placeVolume(pool, { ...wanted, volume: volumeNumbered(index) });
            if (answer.kind === 'placed') {
              problems.push(...problemsOf(pool, wanted, answer));
              occupyAll(pool, answer.brickSets);
              const isOver = pool
                .devices()
                .some(({ used, reserved, size, bricks }) => bricks > 0 && used + reserved > size);
              problems.push(...(isOver ? ['puts a device over its size'] : []));
              for (const brick of remove ? answer.brickSets.flat() : []) {
                pool.vacate(brick);
              }
            }
          }
          expect(problems).toEqual([]);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('against brute force', () => {
  const cases = fc.record({
    nodes: plainNodesArbitrary,
    size: fc.integer({ min: 1, max: 20 }),
    copies: fc.constantFrom(2, 3),
    most: fc.integer({ min: 1, max: 3 }),
    zoneSpread: fc.constantFrom('off' as const, 'require' as const, 'prefer' as const),
  });

  it('a volume is refused only when no number of equal sets fits', () => {
    fc.assert(
      fc.property(cases, ({ nodes, size, copies, most, zoneSpread }) => {
        const limits = { ...defaultLimits, maxBricksPerVolume: copies * most };
        const durability = { kind: 'replicate', count: copies } as const;
        const answer = placeVolume(
          poolOf(...nodes),
          request({ size: gibibytes(size), durability, limits, zoneSpread }),
        );
        const distinct = zoneSpread === 'require';
        const fitting = [1, 2, 3].filter((sets) => {
          const brick = gibibytes(Math.ceil((size * 256) / sets) / 256);
          return sets <= most && brick >= GiB && setsFit(holders(nodes, brick), sets, copies, distinct);
        });
        const sets = answer.kind === 'placed' ? answer.brickSets : [];
        const isEven = new Set(sets.flat().map((brick) => brick.size)).size === 1;
        expect({
          refusedThoughItFits: answer.kind === 'refused' && fitting.length > 0,
          placedThoughItDoesNotFit: isEven && !fitting.includes(sets.length),
        }).toEqual({ refusedThoughItFits: false, placedThoughItDoesNotFit: false });
      }),
      { numRuns: 3000 },
    );
  });

  it('zones are spread over as evenly as any choice of nodes could', () => {
    fc.assert(
      fc.property(cases, ({ nodes, size, copies }) => {
        const limits = { ...defaultLimits, maxBricksPerVolume: copies };
        const durability = { kind: 'replicate', count: copies } as const;
        const pool = poolOf(...nodes);
        const answer = placeVolume(pool, request({ size: gibibytes(size), durability, limits }));
        const best = leastCrowding(holders(nodes, gibibytes(size)), copies);
        const got = answer.kind === 'placed' ? crowding(zonesOf(pool, answer.brickSets[0] ?? [])) : undefined;
        expect(got).toEqual(best);
      }),
      { numRuns: 2000 },
    );
  });

  it('with zones preferred a set shares a zone only when zoneSpread require is refused', () => {
    fc.assert(
      fc.property(
        cases,
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 8 }),
        ({ nodes, size, copies }, before) => {
          const pool = poolOf(...nodes);
          const durability = { kind: 'replicate', count: copies } as const;
          for (const [index, each] of before.entries()) {
            const answer = placeVolume(
              pool,
              request({ volume: volumeNumbered(index), size: gibibytes(each), durability }),
            );
            occupyAll(pool, answer.kind === 'placed' ? answer.brickSets : []);
          }
          const wanted = request({ volume: volumeNumbered(99), size: gibibytes(size), durability });
          const answer = placeVolume(pool, wanted);
          const shares =
            answer.kind === 'placed' && answer.brickSets.some((set) => new Set(zonesOf(pool, set)).size < copies);
          const isAvoidable = shares && placeVolume(pool, { ...wanted, zoneSpread: 'require' }).kind === 'placed';
          expect(isAvoidable).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
