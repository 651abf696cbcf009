/** Devices of about the same capacity, ordered so that the emptiest is at the front: by zone, in a zone by node. */
import type { NodeId } from '../names.ts';
import { hashText } from './hash.ts';
import { Ranking, type Ranked } from './ranking.ts';
import type { Seat } from './seat.ts';

export interface NodeShelf extends Ranked {
  readonly node: NodeId;
  readonly seats: Seat[];
}

export interface ZoneShelf extends Ranked {
  readonly nodes: Ranking<NodeShelf>;
  readonly byNode: Map<NodeId, NodeShelf>;
}

export interface Shelf {
  /** Bytes. No device of the shelf has more. */
  readonly ceiling: number;
  readonly zones: Ranking<ZoneShelf>;
  readonly byZone: Map<string, ZoneShelf>;
}

/** Which seats may be looked at. */
export interface Scope {
  readonly zone?: string;
  readonly allowsZone?: (zone: string) => boolean;
  readonly allowsNode: (node: NodeId) => boolean;
  readonly allowsSeat?: ((seat: Seat) => boolean) | undefined;
}

/** Capacities within a sixteenth of an octave (4.4 %) share a shelf. */
const shelvesPerOctave = 16;

export function zoneShelfOn(shelf: Shelf, zone: string): ZoneShelf {
  let found = shelf.byZone.get(zone);
  if (found === undefined) {
    found = { id: zone, tie: hashText(zone), key: Infinity, nodes: new Ranking(), byNode: new Map() };
    shelf.byZone.set(zone, found);
    shelf.zones.add(found);
  }
  return found;
}

/** The shelf that devices of that many bytes stand on, by number. */
export function shelfNumber(capacity: number): number {
  return Math.ceil(Math.log2(capacity) * shelvesPerOctave);
}

export function newShelf(number: number): Shelf {
  // A little above, so that no rounding of the power puts a device over it.
  return { ceiling: 2 ** (number / shelvesPerOctave) * 1.001, zones: new Ranking(), byZone: new Map() };
}

/** The emptiest seat of the shelf within `scope` that holds `footprint` bytes. */
export function emptiestOn(shelf: Shelf, footprint: number, tie: number, scope: Scope): Seat | undefined {
  let best: Seat | undefined;
  let lowest = Infinity;
  /** Nothing from here on can be emptier than what was found, or hold the footprint. */
  const spent = (key: number): boolean => key >= lowest || (1 - key) * shelf.ceiling < footprint;
  const visitZone = (zone: ZoneShelf): boolean => {
    if (spent(zone.key)) {
      return true;
    }
    if (scope.allowsZone?.(zone.id) !== false) {
      zone.nodes.walk(tie, (node) => {
        if (spent(node.key)) {
          return true;
        }
        const seat = scope.allowsNode(node.node) ? emptiestOf(node.seats, footprint, tie, scope.allowsSeat) : undefined;
        if (seat !== undefined && seat.level < lowest) {
          best = seat;
          lowest = seat.level;
        }
        return false;
      });
    }
    return false;
  };
  if (scope.zone === undefined) {
    shelf.zones.walk(tie, visitZone);
  } else {
    const zone = shelf.byZone.get(scope.zone);
    if (zone !== undefined) {
      visitZone(zone);
    }
  }
  return best;
}

function emptiestOf(
  seats: readonly Seat[],
  footprint: number,
  tie: number,
  allows: ((seat: Seat) => boolean) | undefined,
): Seat | undefined {
  let best: Seat | undefined;
  let lowest = Infinity;
  for (const seat of seats) {
    const { level } = seat;
    const isLower = level < lowest || (level === lowest && best !== undefined && isBefore(seat, 0, best, 0, tie));
    if (isLower && seat.fits(footprint) && allows?.(seat) !== false) {
      best = seat;
      lowest = level;
    }
  }
  return best;
}

/** Lower `key` first; equal ones in an order that is different for each `tie` and the same on every machine. */
export function isBefore(a: Seat, keyOfA: number, b: Seat, keyOfB: number, tie: number): boolean {
  if (keyOfA !== keyOfB) {
    return keyOfA < keyOfB;
  }
  const [left, right] = [(a.hash ^ tie) >>> 0, (b.hash ^ tie) >>> 0];
  if (left !== right) {
    return left < right;
  }
  return a.node !== b.node ? a.node < b.node : a.device < b.device;
}
