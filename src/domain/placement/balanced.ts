/**
 * The bricks of one set, where they even the pool out. The rule for one brick of `f` bytes on a device of capacity `c`
 * that uses `u`, while the mean use is `l`: the sum of the squared distances from `l` changes by
 * 2 (f/c) ((u + f/2)/c - l), so the device with the least of that is taken. Small bricks go to small devices, large ones
 * to large devices, and every device swings about the mean instead of staying under it.
 */
import type { NodeId } from '../names.ts';
import type { Company, Spread } from './company.ts';
import { isBefore, levelOf, type DeviceIndex, type Scope } from './device-index.ts';
import type { Seat } from './seat.ts';
import { criticalZones, nodesWithTooMuch } from './zone-outlook.ts';

export interface SetQuery {
  /** Bytes that each of the bricks takes. */
  readonly footprint: number;
  readonly bricks: number;
  readonly spread: Spread;
  /** Decides between equals. */
  readonly tie: number;
  readonly preferredZones: readonly string[];
  /** Absent: every seat of the index. */
  readonly allowsSeat?: (seat: Seat) => boolean;
}

/** What a set cannot do without, or space is lost. */
interface Critical {
  readonly nodes: readonly NodeId[];
  readonly zones: readonly string[];
}

/** Seats for the bricks, beside `company`; `undefined` when there are not enough. Exact for a single set. */
export function chooseBalanced(index: DeviceIndex, query: SetQuery, company: Company): Seat[] | undefined {
  const { footprint, bricks, spread } = query;
  const critical: Critical = {
    nodes: index.criticalNodes(footprint, bricks),
    zones: spread === 'off' ? [] : criticalZones(index, bricks, footprint),
  };
  const chosen: Seat[] = [];
  const present = company.with(chosen);
  while (chosen.length < query.bricks) {
    const seat = nextSeat(index, query, present, critical);
    if (seat === undefined) {
      return undefined;
    }
    chosen.push(seat);
    present.add(seat);
  }
  return chosen;
}

function nextSeat(index: DeviceIndex, query: SetQuery, company: Company, critical: Critical): Seat | undefined {
  const counts = query.spread === 'even' ? company.counts : [0];
  for (const count of counts) {
    const allowsZone = (zone: string): boolean => query.spread === 'off' || company.inZone(zone) === count;
    const scope: Scope = {
      allowsZone,
      allowsNode: (node) => !company.hasNode(node),
      allowsSeat: query.allowsSeat,
    };
    const seat =
      bestOfNodes(index, query, critical.nodes, (node, zone) => scope.allowsNode(node) && allowsZone(zone)) ??
      bestOfZones(index, query, critical.zones, scope) ??
      bestOfZones(index, query, query.preferredZones, scope) ??
      bestOf(index, query, scope);
    if (seat !== undefined) {
      return seat;
    }
  }
  return undefined;
}

function bestOfNodes(
  index: DeviceIndex,
  query: SetQuery,
  nodes: readonly NodeId[],
  allows: (node: NodeId, zone: string) => boolean,
): Seat | undefined {
  for (const id of nodes) {
    const node = index.node(id);
    if (node !== undefined && allows(id, node.zone)) {
      const seat = mostSettling(
        node.seats.filter((each) => each.fits(query.footprint) && query.allowsSeat?.(each) !== false),
        query,
        levelIn(index, node.zone, query),
      );
      if (seat !== undefined) {
        return seat;
      }
    }
  }
  return undefined;
}

function bestOfZones(index: DeviceIndex, query: SetQuery, zones: readonly string[], scope: Scope): Seat | undefined {
  for (const zone of zones) {
    if (scope.allowsZone?.(zone) !== false) {
      const seat = bestInZone(index, query, zone, scope);
      if (seat !== undefined) {
        return seat;
      }
    }
  }
  return undefined;
}

/** First the zone, measured against the pool, then the device, measured against its zone. */
function bestOf(index: DeviceIndex, query: SetQuery, scope: Scope): Seat | undefined {
  const seats = index.emptiest(query.footprint, query.tie, scope);
  const best = mostSettling(seats, query, levelOf(index.totals));
  if (best === undefined || query.spread === 'off') {
    return best;
  }
  return bestInZone(index, query, best.standing.zone, scope);
}

function bestInZone(index: DeviceIndex, query: SetQuery, zone: string, scope: Scope): Seat | undefined {
  const owed = nodesWithTooMuch(index, zone, query.bricks, query.footprint).filter(({ node }) =>
    scope.allowsNode(node),
  );
  const seat = mostSettling(
    owed.flatMap(({ seats }) =>
      seats.filter((each) => each.fits(query.footprint) && scope.allowsSeat?.(each) !== false),
    ),
    query,
    levelIn(index, zone, query),
  );
  if (seat !== undefined) {
    return seat;
  }
  const seats = index.emptiest(query.footprint, query.tie, { ...scope, zone });
  return mostSettling(seats, query, levelIn(index, zone, query));
}

function levelIn(index: DeviceIndex, zone: string, query: SetQuery): number {
  const totals = query.spread === 'off' ? undefined : index.zones.get(zone);
  return levelOf(totals ?? index.totals);
}

/** The seat on which a brick brings the uses closest together. */
export function mostSettling(seats: readonly Seat[], query: SetQuery, level: number): Seat | undefined {
  let best: Seat | undefined;
  let least = Infinity;
  for (const seat of seats) {
    const share = query.footprint / seat.capacity;
    const key = share * (seat.used / seat.capacity + share / 2 - level);
    if (best === undefined || isBefore(seat, key, best, least, query.tie)) {
      best = seat;
      least = key;
    }
  }
  return best;
}
