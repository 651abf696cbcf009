/**
 * The bricks of one set, where they even the pool out. The rule for one brick of `f` bytes on a device of capacity `c`
 * that uses `u`, while the mean use is `l`: the sum of the squared distances from `l` changes by
 * 2 (f/c) ((u + f/2)/c - l), so the device with the least of that is taken. Small bricks go to small devices, large ones
 * to large devices, and every device swings about the mean instead of staying under it.
 */
import type { NodeId } from '../names.ts';
import type { Company, Spread } from './company.ts';
import { levelOf, type DeviceIndex } from './device-index.ts';
import type { Seat } from './seat.ts';
import { isBefore, type Scope } from './shelf.ts';
import { nodesWithTooMuch, zoneOutlook, type ZoneOutlook } from './zone-outlook.ts';

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

/** One set being chosen. The pool does not change meanwhile. */
interface Choice {
  readonly index: DeviceIndex;
  readonly query: SetQuery;
  /** Nodes that the set cannot do without, or space is lost. */
  readonly criticalNodes: readonly NodeId[];
  /** Absent when zones do not count. */
  readonly outlook: ZoneOutlook | undefined;
}

/** Seats for the bricks, beside `company`; `undefined` when there are not enough. Exact for a single set. */
export function chooseBalanced(index: DeviceIndex, query: SetQuery, company: Company): Seat[] | undefined {
  const { footprint, bricks, spread } = query;
  const choice: Choice = {
    index,
    query,
    criticalNodes: index.criticalNodes(footprint, bricks),
    outlook: spread === 'off' ? undefined : zoneOutlook(index, bricks, footprint),
  };
  const chosen: Seat[] = [];
  const present = company.with(chosen);
  while (chosen.length < bricks) {
    const seat = nextSeat(choice, present);
    if (seat === undefined) {
      return undefined;
    }
    chosen.push(seat);
    present.add(seat);
  }
  return chosen;
}

function nextSeat(choice: Choice, company: Company): Seat | undefined {
  const { query, criticalNodes, outlook } = choice;
  const wished = wishedSeat(choice, company);
  if (wished !== undefined) {
    return wished;
  }
  for (const count of query.spread === 'even' ? company.counts : [0]) {
    const scope: Scope = {
      allowsZone: (zone) => query.spread === 'off' || company.inZone(zone) === count,
      allowsNode: (node) => !company.hasNode(node),
      allowsSeat: query.allowsSeat,
    };
    const seat =
      bestOfNodes(choice, criticalNodes, scope) ??
      bestOfZones(choice, count === 0 ? (outlook?.critical ?? []) : [], scope) ??
      bestOf(choice, scope);
    if (seat !== undefined) {
      return seat;
    }
  }
  return undefined;
}

/** In a preferred zone that has no brick of the set yet. One is enough: the rest of the set is there to be spread. */
function wishedSeat(choice: Choice, company: Company): Seat | undefined {
  return bestOfZones(choice, choice.query.preferredZones, {
    allowsZone: (zone) => company.inZone(zone) === 0,
    allowsNode: (node) => !company.hasNode(node),
    allowsSeat: choice.query.allowsSeat,
  });
}

function bestOfNodes(choice: Choice, nodes: readonly NodeId[], scope: Scope): Seat | undefined {
  for (const id of nodes) {
    const node = choice.index.node(id);
    if (node !== undefined && scope.allowsNode(id) && scope.allowsZone?.(node.zone) !== false) {
      const seat = bestAmong(choice, node.seats, node.zone, scope);
      if (seat !== undefined) {
        return seat;
      }
    }
  }
  return undefined;
}

function bestOfZones(choice: Choice, zones: readonly string[], scope: Scope): Seat | undefined {
  for (const zone of zones) {
    const seat = scope.allowsZone?.(zone) === false ? undefined : bestInZone(choice, zone, scope);
    if (seat !== undefined) {
      return seat;
    }
  }
  return undefined;
}

/** A quarter of a point of use. */
const sameLevel = 0.0025;

/** First the zone, measured against the pool, then the device, measured against its zone. */
function bestOf(choice: Choice, scope: Scope): Seat | undefined {
  const { index, query } = choice;
  const level = levelOf(index.totals);
  const best = mostSettling(index.emptiest(query.footprint, query.tie, scope), query, level);
  if (best === undefined || query.spread === 'off') {
    return best;
  }
  const { zone } = best.standing;
  const isOwed = choice.outlook !== undefined && choice.outlook.shared > 0;
  // Measured against the same level the best of all is the best of its zone.
  return !isOwed && Math.abs(levelIn(choice, zone) - level) < sameLevel ? best : bestInZone(choice, zone, scope);
}

function bestInZone(choice: Choice, zone: string, scope: Scope): Seat | undefined {
  const { index, query, outlook } = choice;
  const owed = outlook === undefined ? [] : nodesWithTooMuch(index, zone, outlook, query.footprint);
  const seats = owed.flatMap(({ node, seats }) => (scope.allowsNode(node) ? seats : []));
  const seat = seats.length === 0 ? undefined : bestAmong(choice, seats, zone, scope);
  if (seat !== undefined) {
    return seat;
  }
  return mostSettling(index.emptiest(query.footprint, query.tie, { ...scope, zone }), query, levelIn(choice, zone));
}

function bestAmong(choice: Choice, seats: readonly Seat[], zone: string, scope: Scope): Seat | undefined {
  const { query } = choice;
  const fitting = seats.filter((seat) => seat.fits(query.footprint) && scope.allowsSeat?.(seat) !== false);
  return mostSettling(fitting, query, levelIn(choice, zone));
}

function levelIn({ index, query }: Choice, zone: string): number {
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
