/**
 * Whether equal sets fit, exactly, and where. A set takes at most one brick from each group (a node; with `distinct`
 * zones, a zone). `sets` sets of `bricks` bricks fit if and only if
 *
 *     sum over the groups of min(sets, slots) >= sets * bricks
 *
 * where a group's slots are the bricks that its devices hold one after another. They are laid set by set. With `m` sets
 * still to lay, a group with `m` slots or more is full: left out of a set it loses a slot that no later set can use. What
 * the left side has more than the right is the slack: as many full groups may be left out, and no more. So each set
 * takes the full groups that slack does not spare, and is free to balance in the rest.
 */
import type { NodeId } from '../names.ts';
import { mostSettling, type SetQuery } from './balanced.ts';
import { Company } from './company.ts';
import { levelOf, type DeviceIndex } from './device-index.ts';
import type { Seat } from './seat.ts';

interface Group {
  readonly name: string;
  readonly zone: string;
  readonly nodes: Map<NodeId, readonly Seat[]>;
  slots: number;
}

/** Bricks that the sets need, and how many the groups can give them: enough when `found` is at least `needed`. */
export interface Feasibility {
  readonly needed: number;
  readonly found: number;
}

function groupsOf(index: DeviceIndex, query: SetQuery, company: Company): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const node of index.nodes()) {
    if (!company.admits(node.node, node.zone, query.spread)) {
      continue;
    }
    const seats = node.seats.filter((seat) => seat.fits(query.footprint));
    const slots = seats.reduce((sum, seat) => sum + seat.slots(query.footprint), 0);
    if (slots === 0) {
      continue;
    }
    const name = query.spread === 'distinct' ? node.zone : node.node;
    const group = groups.get(name) ?? { name, zone: node.zone, nodes: new Map(), slots: 0 };
    group.nodes.set(node.node, seats);
    group.slots += slots;
    groups.set(name, group);
  }
  return groups;
}

function count(groups: Iterable<Group>, sets: number): number {
  let sum = 0;
  for (const { slots } of groups) {
    sum += Math.min(sets, slots);
  }
  return sum;
}

/** The test above, for `sets` sets that are still to be laid. */
export function feasibility(index: DeviceIndex, query: SetQuery, sets: number): Feasibility {
  return { needed: sets * query.bricks, found: count(groupsOf(index, query, new Company()).values(), sets) };
}

/**
 * Seats for one set, with `sets` sets (this one counted) still to be laid, such that the others fit afterwards.
 * `company` may already hold an arbiter. `undefined`: there is no such set.
 */
export function chooseExactly(index: DeviceIndex, query: SetQuery, sets: number, company: Company): Seat[] | undefined {
  const all = groupsOf(index, query, new Company());
  const slack = count(all.values(), sets) - sets * query.bricks;
  if (slack < 0) {
    return undefined;
  }
  const isFull = (group: Group): boolean => group.slots >= sets;
  const full = [...all.values()].filter(isFull).length;
  const owed = Math.max(0, full - slack);
  const open = groupsOf(index, query, company);
  if (owed > query.bricks || owed > [...open.values()].filter(isFull).length) {
    return undefined;
  }
  return chooseFrom(index, query, open, { isFull, owed, company });
}

function chooseFrom(
  index: DeviceIndex,
  query: SetQuery,
  open: Map<string, Group>,
  rules: { readonly isFull: (group: Group) => boolean; readonly owed: number; readonly company: Company },
): Seat[] | undefined {
  const chosen: Seat[] = [];
  let { owed } = rules;
  const present = rules.company.with(chosen);
  while (chosen.length < query.bricks) {
    const mustBeFull = owed === query.bricks - chosen.length;
    const groups = [...open.values()].filter((group) => !mustBeFull || rules.isFull(group));
    const wished = query.preferredZones.find(
      (zone) => present.inZone(zone) === 0 && groups.some((group) => group.zone === zone),
    );
    const best = wished === undefined ? groups : groups.filter(({ zone }) => zone === wished);
    const seat = leastCrowded(index, query, best, present);
    if (seat === undefined) {
      return undefined;
    }
    const name = query.spread === 'distinct' ? seat.standing.zone : seat.node;
    const group = open.get(name);
    if (group !== undefined && rules.isFull(group)) {
      owed = Math.max(0, owed - 1);
    }
    open.delete(name);
    chosen.push(seat);
    present.add(seat);
  }
  return chosen;
}

function leastCrowded(
  index: DeviceIndex,
  query: SetQuery,
  groups: readonly Group[],
  company: Company,
): Seat | undefined {
  const crowd = (group: Group): number => (query.spread === 'even' ? company.inZone(group.zone) : 0);
  const least = Math.min(...groups.map(crowd));
  const seats = groups.filter((group) => crowd(group) === least).flatMap(({ nodes }) => [...nodes.values()].flat());
  return mostSettling(seats, query, levelOf(index.totals));
}
