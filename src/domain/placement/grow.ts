/** More room for a volume that exists, and another place for one of its bricks. */
import { brickIdFor, type NodeId } from '../names.ts';
import { describeSize } from '../quantity.ts';
import type { BrickRecord } from '../volume.ts';
import { chooseBalanced, type SetQuery } from './balanced.ts';
import { Company, type Spread } from './company.ts';
import { hashText } from './hash.ts';
import { findSets, placedAs, spreadsOf, withoutWishes, type Placed } from './place.ts';
import type { PlacementPool, Role } from './pool.ts';
import { refuse, type Refusal } from './refusal.ts';
import { newNode, returning, supposing } from './remedies.ts';
import type { Remedy } from './remedy.ts';
import type { PlacementRequest } from './request.ts';
import type { Seat } from './seat.ts';
import { describeNode, verdictsOf } from './verdict.ts';

/**
 * Plans additional brick sets for a volume that has `brickSets`. `request.size` is what is to be added, in bytes; the
 * bricks that are there count towards the limit. The plan holds the new sets only.
 */
export function placeGrowth(
  pool: PlacementPool,
  request: PlacementRequest,
  brickSets: readonly (readonly BrickRecord[])[],
): Placed | Refusal {
  const there = brickSets.flat();
  const sets = findSets(pool, request, there.length);
  if (sets === undefined) {
    return refuse(
      pool,
      withoutWishes(request),
      (other) => findSets(pool, other, there.length) !== undefined,
      there.length,
    );
  }
  const firstSet = Math.max(-1, ...there.map(({ id }) => numbersOf(id).set)) + 1;
  return placedAs(request, sets, firstSet);
}

export interface Replacement {
  readonly kind: 'replaced';
  /** Same set, position and size, the next generation. */
  readonly brick: BrickRecord;
}

/**
 * Plans another place for one brick of a set. It is never on the device it leaves, nor on a node with another brick of
 * the set; with `away: 'node'` not on the node it leaves either. Of `request` the size is not looked at.
 */
export function placeReplacement(
  pool: PlacementPool,
  request: PlacementRequest,
  set: readonly BrickRecord[],
  leaving: BrickRecord,
  away: 'device' | 'node',
): Replacement | Refusal {
  const find = (): Seat | undefined => findSeat(pool, request, set, leaving, away);
  const seat = find();
  if (seat === undefined) {
    return refuseReplacement(pool, request, set, leaving, away, () => find() !== undefined);
  }
  const numbers = numbersOf(leaving.id);
  const id = brickIdFor(request.volume, numbers.set, numbers.position, numbers.generation + 1);
  return { kind: 'replaced', brick: { ...leaving, id, node: seat.node, device: seat.device } };
}

/** Where `placeReplacement` puts the brick, without a proof when there is no such place. */
export function findSeat(
  pool: PlacementPool,
  request: PlacementRequest,
  set: readonly BrickRecord[],
  leaving: BrickRecord,
  away: 'device' | 'node',
): Seat | undefined {
  const company = companyOf(pool, set, leaving, away);
  const roles: readonly Role[] = leaving.arbiter ? ['arbiter-only', 'arbiter'] : ['data'];
  for (const spread of spreadsOf(request.zoneSpread)) {
    for (const role of roles) {
      const query: SetQuery = {
        footprint: leaving.footprint,
        bricks: 1,
        spread,
        tie: hashText(leaving.id),
        preferredZones: request.preferredZones,
        allowsSeat: (seat) => !isWhere(leaving, seat),
      };
      const [seat] = chooseBalanced(pool.index(role, request.tagMatch, request.allowedZones), query, company) ?? [];
      if (seat !== undefined) {
        return seat;
      }
    }
  }
  return undefined;
}

function companyOf(
  pool: PlacementPool,
  set: readonly BrickRecord[],
  leaving: BrickRecord,
  away: 'device' | 'node',
): Company {
  const others = set.filter(({ id }) => id !== leaving.id);
  const avoid: readonly NodeId[] = away === 'node' ? [leaving.node] : [];
  return Company.of(
    others.map(({ node, device }) => ({ node, zone: pool.seat(node, device)?.standing.zone ?? '' })),
    avoid,
  );
}

function isWhere(brick: BrickRecord, seat: Seat): boolean {
  return seat.node === brick.node && seat.device === brick.device;
}

function refuseReplacement(
  pool: PlacementPool,
  request: PlacementRequest,
  set: readonly BrickRecord[],
  leaving: BrickRecord,
  away: 'device' | 'node',
  fits: () => boolean,
): Refusal {
  const spread: Spread = request.zoneSpread === 'require' ? 'distinct' : 'off';
  const zones = verdictsOf(pool, {
    role: leaving.arbiter ? 'arbiter' : 'data',
    footprint: leaving.footprint,
    rules: request.tagMatch ?? [],
    allowedZones: request.allowedZones,
    spread,
    company: companyOf(pool, set, leaving, away),
    leaving: (seat) => isWhere(leaving, seat),
  });
  const size = leaving.footprint;
  const remedies: Remedy[] = [...returning(pool, fits)];
  if (supposing(pool, [newNode(request, 1, size)], fits)) {
    const { allowedZones: zones = [] } = request;
    remedies.push({ kind: 'more nodes', count: 1, size, ...(zones.length === 0 ? {} : { zones }) });
  }
  const reasons = zones.flatMap(({ nodes }) => nodes.flatMap((node) => describeNode(node) ?? []));
  return {
    kind: 'refused',
    permanent: false,
    shortfall: [
      `no other device can take brick ${leaving.id}, which needs ${describeSize(leaving.footprint)} on a node without a brick of its set`,
      ...reasons.slice(0, 6),
    ].join('; '),
    attempts: [],
    zones,
    wouldFit: remedies,
  };
}

/** What stands behind the volume's UUID in a brick's id. */
function numbersOf(id: BrickRecord['id']): { set: number; position: number; generation: number } {
  const [set = 0, position = 0, generation = 0] = id.slice(37).split('-').map(Number);
  return { set, position, generation };
}
