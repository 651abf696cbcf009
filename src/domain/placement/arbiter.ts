/**
 * A set with an arbiter. The arbiter gets its place first, and another one when the data bricks then find none: so the
 * only node that could have held the last data brick is never spent on it. Every node is tried before it is given up.
 */
import { mostSettling, type SetQuery } from './balanced.ts';
import { Company, type Spread } from './company.ts';
import { levelOf, type DeviceIndex } from './device-index.ts';
import { isBefore } from './shelf.ts';
import type { Seat } from './seat.ts';
import type { Task } from './task.ts';

export interface ArbiterQuery {
  readonly footprint: number;
  readonly spread: Spread;
}

export interface WithArbiter {
  readonly data: Seat[];
  readonly arbiter: Seat;
}

/** `chooseData` finds the data bricks of the set beside a company that holds the arbiter. */
export function chooseWithArbiter(
  task: Task,
  query: ArbiterQuery,
  chooseData: (company: Company) => Seat[] | undefined,
): WithArbiter | undefined {
  const zones = new Set([...task.data.zones.keys(), ...task.arbiter.zones.keys()]).size;
  const unavoidable = query.spread === 'even' ? Math.ceil(3 / Math.max(1, zones)) : 3;
  let best: WithArbiter | undefined;
  let least = Infinity;
  for (const arbiter of candidates(task, query)) {
    const company = new Company().with([arbiter]);
    const data = chooseData(company);
    const crowding = data === undefined ? Infinity : company.with(data).crowding;
    if (data !== undefined && crowding < least) {
      best = { data, arbiter };
      least = crowding;
    }
    if (least <= unavoidable) {
      break;
    }
  }
  return best;
}

/** The likely ones first, and one of every node in the end. */
function* candidates(task: Task, query: ArbiterQuery): Generator<Seat> {
  const { tie, request } = task;
  const balance: SetQuery = { ...query, bricks: 1, tie, preferredZones: [] };
  const { preferredZones } = request;
  // In a preferred zone it would stand where a data brick is wanted.
  const elsewhere = (zone: string): boolean => !preferredZones.includes(zone);
  for (const allowsZone of preferredZones.length === 0 ? [undefined] : [elsewhere, undefined]) {
    for (const index of [task.arbiterOnly, task.arbiter]) {
      const seats = index.emptiest(query.footprint, tie, { allowsNode: () => true, allowsZone });
      const seat = mostSettling(seats, balance, levelOf(index.totals));
      if (seat !== undefined) {
        yield seat;
      }
    }
  }
  yield* bestOfEveryNode(task, balance);
}

function bestOfEveryNode(task: Task, query: SetQuery): Seat[] {
  const bestIn = (index: DeviceIndex): Seat[] =>
    [...index.nodes()].flatMap(({ seats }) => {
      const fitting = seats.filter((seat) => seat.fits(query.footprint));
      return mostSettling(fitting, query, levelOf(index.totals)) ?? [];
    });
  const rank = (seat: Seat): number => seat.used / seat.capacity;
  const order = (a: Seat, b: Seat): number => (isBefore(a, rank(a), b, rank(b), query.tie) ? -1 : 1);
  return [...bestIn(task.arbiterOnly).sort(order), ...bestIn(task.arbiter).sort(order)];
}
