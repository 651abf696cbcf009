/** Where the bricks of a volume go: a function of the pool's contents and the request alone. */
import { durabilityProblem } from '../durability.ts';
import { brickIdFor } from '../names.ts';
import { bytes, type Bytes } from '../quantity.ts';
import type { ZoneSpread } from '../placement-rules.ts';
import type { BrickRecord } from '../volume.ts';
import type { Spread } from './company.ts';
import { laySets } from './lay.ts';
import type { PlacementPool } from './pool.ts';
import { refuse, type Refusal } from './refusal.ts';
import type { PlacementRequest } from './request.ts';
import type { BrickShape } from './shape.ts';
import type { Seat } from './seat.ts';
import { taskOf, type LaidSet } from './task.ts';

export interface Placed {
  readonly kind: 'placed';
  /** In gluster's order, as a volume's record keeps them. */
  readonly brickSets: BrickRecord[][];
  /** Usable bytes, really allocated: at least what was asked for. */
  readonly size: Bytes;
}

/**
 * Plans a new volume. Zones come before the number of sets: with `prefer`, a volume that fits with every brick of a set
 * in its own zone is placed so, cut into more sets if need be, and only otherwise as evenly over the zones as they have
 * room. Never throws for anything that a request can ask.
 */
export function placeVolume(pool: PlacementPool, request: PlacementRequest): Placed | Refusal {
  const mayAdd = pool.hasVolume(request.volume) || pool.volumeCount < request.limits.maxVolumesPerCluster;
  const sets = mayAdd ? findSets(pool, request) : undefined;
  return sets === undefined
    ? refuse(pool, withoutWishes(request), (other) => findSets(pool, other) !== undefined)
    : placedAs(request, sets, 0);
}

/** The sets of the plan, without a proof when there is none. */
export function findSets(
  pool: PlacementPool,
  request: PlacementRequest,
  bricksThere = 0,
): readonly LaidSet[] | undefined {
  if (durabilityProblem(request.durability) !== undefined) {
    return undefined;
  }
  const all = taskOf(pool, request, bricksThere);
  const preferredZones = request.preferredZones.filter((zone) => all.data.zones.has(zone));
  const task = { ...all, request: { ...request, preferredZones } };
  // A brick in a preferred zone may cost another set its place. How sets are spread counts for more than where they are.
  const wishes = preferredZones.length > 0;
  const plain = { ...task, request: withoutWishes(request) };
  for (const spread of spreadsOf(request.zoneSpread)) {
    const sets = laySets(task, spread) ?? (wishes ? laySets(plain, spread) : undefined);
    if (sets !== undefined) {
      return sets;
    }
  }
  return undefined;
}

/** The same request as far as refusals go. */
export function withoutWishes(request: PlacementRequest): PlacementRequest {
  return { ...request, preferredZones: [] };
}

/** The spreads to try, best first. */
export function spreadsOf(zoneSpread: ZoneSpread): readonly Spread[] {
  switch (zoneSpread) {
    case 'prefer':
      return ['distinct', 'even'];
    case 'require':
      return ['distinct'];
    case 'off':
      return ['off'];
  }
}

/** The plan as records, numbered from `firstSet`. */
export function placedAs(request: PlacementRequest, sets: readonly LaidSet[], firstSet: number): Placed {
  const brickSets = sets.map(({ shape, data, arbiter }, index) => {
    const brick = (seat: Seat, { size, footprint }: BrickShape, position: number, isArbiter: boolean): BrickRecord => ({
      id: brickIdFor(request.volume, firstSet + index, position),
      node: seat.node,
      device: seat.device,
      size,
      footprint,
      arbiter: isArbiter,
    });
    const bricks = data.map((seat, position) => brick(seat, shape.data, position, false));
    if (arbiter !== undefined && shape.arbiter !== undefined) {
      bricks.push(brick(arbiter, shape.arbiter, bricks.length, true));
    }
    return bricks;
  });
  return { kind: 'placed', brickSets, size: bytes(sets.reduce((sum, { shape }) => sum + shape.usable, 0)) };
}
