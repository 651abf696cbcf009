/** Zones that a request prefers, and zones that it keeps to. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planGrowth } from '../../../src/domain/placement/in-place.ts';
import { findSets, placedAs, placeVolume, type Placed } from '../../../src/domain/placement/place.ts';
import { roleAllows, type PlacementPool } from '../../../src/domain/placement/pool.ts';
import { describeRefusal } from '../../../src/domain/placement/refusal.ts';
import type { PlacementRequest } from '../../../src/domain/placement/request.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { BrickRecord } from '../../../src/domain/volume.ts';
import { node, nodesArbitrary, occupyAll, poolOf, request, requestArbitrary, volumeNumbered } from './arbitraries.ts';

const zoneOf = (pool: PlacementPool, brick: BrickRecord): string => pool.node(brick.node)?.zone ?? '';

function placed(pool: PlacementPool, wanted: PlacementRequest): Placed {
  const answer = placeVolume(pool, wanted);
  if (answer.kind !== 'placed') {
    throw new Error(`expected a place, got: ${describeRefusal(answer)}`);
  }
  return answer;
}

/** The plan without the proof that a refusal takes, which costs many times as much. */
function brickSetsOf(pool: PlacementPool, wanted: PlacementRequest): BrickRecord[][] | undefined {
  const sets = findSets(pool, wanted);
  return sets === undefined ? undefined : placedAs(wanted, sets, 0).brickSets;
}

function refusal(pool: PlacementPool, wanted: PlacementRequest): string {
  const answer = placeVolume(pool, wanted);
  return answer.kind === 'refused' ? describeRefusal(answer) : 'it was placed';
}

/** Whether a brick like that would have fitted into the zone. An arbiter's place may be the only one that it has. */
function hadRoom(pool: PlacementPool, zone: string, { footprint }: BrickRecord): boolean {
  return pool
    .seats()
    .some(
      (seat) =>
        seat.standing.zone === zone &&
        seat.standing.unusable === undefined &&
        roleAllows('data', seat.standing.tags) &&
        seat.fits(footprint),
    );
}

const zone = fc.constantFrom('z1', 'z2', 'z3');

describe('a preferred zone', () => {
  it('never leads to a refusal', () => {
    fc.assert(
      fc.property(
        nodesArbitrary,
        fc.array(requestArbitrary, { minLength: 1, maxLength: 5 }),
        zone,
        (nodes, all, wish) => {
          const pool = poolOf(...nodes);
          const other: number[] = [];
          for (const [index, each] of all.entries()) {
            const wanted = { ...each, volume: volumeNumbered(index) };
            const plain = brickSetsOf(pool, { ...wanted, preferredZones: [] });
            const wished = brickSetsOf(pool, { ...wanted, preferredZones: [wish] });
            if ((plain === undefined) !== (wished === undefined)) {
              other.push(index);
            }
            occupyAll(pool, wished ?? []);
          }
          expect(other).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gets a data brick of a set whenever it has room for one', () => {
    let got = 0;
    fc.assert(
      fc.property(nodesArbitrary, requestArbitrary, requestArbitrary, zone, (nodes, first, second, wish) => {
        const pool = poolOf(...nodes);
        const before = brickSetsOf(pool, { ...first, volume: volumeNumbered(2000) });
        occupyAll(pool, before ?? []);
        const [set, ...others] =
          brickSetsOf(pool, { ...second, size: bytes(Math.min(second.size, 4 * GiB)), preferredZones: [wish] }) ?? [];
        // What a later set takes from an earlier one depends on both: one set is where the rule is exact.
        const data = set?.find(({ arbiter }) => !arbiter);
        if (set === undefined || data === undefined || others.length > 0) {
          return;
        }
        const arbiter = set.find((brick) => brick.arbiter);
        if (arbiter !== undefined && zoneOf(pool, arbiter) === wish) {
          return;
        }
        const has = set.some((brick) => !brick.arbiter && zoneOf(pool, brick) === wish);
        got += has ? 1 : 0;
        expect(has).toBe(hadRoom(pool, wish, data));
      }),
      { numRuns: 800 },
    );
    expect(got).toBeGreaterThan(30);
  });

  it('gets one data brick of each set and no more, however roomy it is', () => {
    const roomy = [1, 2, 3].map((number) => node(number, 'near', [500]));
    const others = [4, 5, 6, 7].map((number) => node(number, number < 6 ? 'b' : 'c', [20]));
    for (const zoneSpread of ['prefer', 'require', 'off'] as const) {
      const pool = poolOf(...roomy, ...others);
      const durability = { kind: 'replicate', count: 2 } as const;
      const { brickSets } = placed(pool, request({ zoneSpread, durability, preferredZones: ['c'] }));
      expect(brickSets.map((set) => set.filter((brick) => zoneOf(pool, brick) === 'c').length)).toEqual([1]);
    }
  });

  it('gets data, and the arbiter goes elsewhere', () => {
    const pool = poolOf(
      node(1, 'near', [30], { tags: { arbiter: 'required' } }),
      ...[2, 3, 4].map((number) => node(number, ['near', 'b', 'c'][number - 2] ?? '', [20])),
    );
    const wanted = request({ durability: { kind: 'arbiter' }, preferredZones: ['near'] });
    const [set = []] = placed(pool, wanted).brickSets;
    expect(set.map((brick) => [zoneOf(pool, brick), brick.arbiter]).filter(([where]) => where === 'near')).toEqual([
      ['near', false],
    ]);
  });

  it('without devices for data costs an arbiter volume nothing', () => {
    const pool = poolOf(
      node(1, 'near', [30], { tags: { arbiter: 'required' } }),
      node(2, 'b', [20]),
      node(3, 'c', [20]),
    );
    const wanted = request({ durability: { kind: 'arbiter' }, preferredZones: ['near'], zoneSpread: 'require' });
    const [set = []] = placed(pool, wanted).brickSets;
    expect(set.filter(({ arbiter }) => arbiter).map((brick) => zoneOf(pool, brick))).toEqual(['near']);
  });

  it('gets a brick while the pool fills to the brim, where space would otherwise be kept for later', () => {
    const pool = poolOf(node(1, 'near', [60]), ...[2, 3, 4].map((number) => node(number, `z${number}`, [100])));
    for (let number = 0; number < 5; number += 1) {
      const wanted = request({
        volume: volumeNumbered(number),
        preferredZones: ['near'],
        durability: { kind: 'replicate', count: 2 },
      });
      const { brickSets } = placed(pool, wanted);
      expect(brickSets.flat().map((brick) => zoneOf(pool, brick))).toContain('near');
      occupyAll(pool, brickSets);
    }
  });
});

describe('allowed zones', () => {
  it('give the plan that a pool of those zones alone would give', () => {
    fc.assert(
      fc.property(
        nodesArbitrary,
        requestArbitrary,
        fc.subarray(['z1', 'z2', 'z3'], { minLength: 1 }),
        (nodes, wanted, allowedZones) => {
          const within = placeVolume(poolOf(...nodes), { ...wanted, allowedZones });
          const alone = placeVolume(poolOf(...nodes.filter((each) => allowedZones.includes(each.zone))), wanted);
          expect(within.kind === 'placed' ? within : 'refused').toEqual(alone.kind === 'placed' ? alone : 'refused');
        },
      ),
      { numRuns: 500 },
    );
  });

  const pool = (): PlacementPool => poolOf(...[1, 2, 3].map((number) => node(number, `z${number}`, [20])));

  it('that are too few are refused, with what is missing and what would help', () => {
    const line = refusal(pool(), request({ allowedZones: ['z1', 'z2'] }));
    expect(line).toContain('2 have it (n1, n2); node n3 is in zone z3, which is not allowed');
    expect(line).toContain(
      'It would fit with one more node in zones z1, z2 with a device of 10.05 GiB; or with zone z3 allowed as well',
    );
  });

  it('that have no storage are named, with those that have', () => {
    const line = refusal(pool(), request({ allowedZones: ['eu-1a', 'z2'], zoneSpread: 'require' }));
    expect(line).toContain('no storage node is in zone eu-1a: those that are known are in zones z1, z2, z3');
    expect(line).toContain('It would fit with zones z1, z3 allowed as well');
    // No node in two zones makes three.
    expect(line).not.toContain('more node');
  });

  it('hold for sets that growth adds', () => {
    const grown = poolOf(...[1, 2, 3, 4].map((number) => node(number, `z${number}`, [number === 4 ? 900 : 30])));
    const durability = { kind: 'replicate', count: 2 } as const;
    const wanted = request({ durability, allowedZones: ['z1', 'z2', 'z3'], size: bytes(25 * GiB) });
    const { brickSets } = placed(grown, wanted);
    occupyAll(grown, brickSets);
    const more = planGrowth(grown, { ...wanted, size: bytes(40 * GiB) }, brickSets);
    expect(more).toMatchObject({ kind: 'refused' });
    expect(planGrowth(grown, { ...wanted, size: bytes(40 * GiB), allowedZones: [] }, brickSets).kind).toBe('grown');
  });
});
