/**
 * Zones of unequal size. While every set is spread over zones the small ones run out first, and what is left of the
 * large ones is then filled by sets that share a zone. Those sets too need distinct nodes, so the nodes of a large zone
 * must be left with amounts that go together. The outlook says, before that comes, which nodes have too much.
 */
import type { DeviceIndex, NodeTotals } from './device-index.ts';
import { compareText } from './hash.ts';

export interface ZoneOutlook {
  /** Zones that every set over distinct zones has to use from now on, or space in them is left for sets that share. */
  readonly critical: readonly string[];
  /** Bytes that sets over distinct zones will yet take, in each brick position. */
  readonly spread: number;
  /** The same for the sets after them, which share zones; 0 when the zones run out together. A node gives no more. */
  readonly shared: number;
}

/** For sets of that many bricks, the next of which takes `footprint` bytes each. Holds until the pool changes. */
export function zoneOutlook(index: DeviceIndex, bricks: number, footprint: number): ZoneOutlook {
  const total = index.totals.capacity - index.totals.used;
  let largest = 0;
  for (const { capacity, used } of index.zones.values()) {
    largest = Math.max(largest, capacity - used);
  }
  const isUneven = index.zones.size >= bricks && largest * bricks > total;
  const spread = isUneven ? spreadOver(index, bricks, total) : total / bricks;
  const shared = Math.max(0, total / bricks - spread);
  const hasCritical = index.zones.size >= bricks && largest > spread - footprint;
  return { critical: hasCritical ? zonesAbove(index, spread - footprint, bricks) : [], spread, shared };
}

/** By name; none when there are more of them than a set has bricks: then no choice loses less than another. */
function zonesAbove(index: DeviceIndex, free: number, most: number): readonly string[] {
  const above = [...index.zones].flatMap(([zone, { capacity, used }]) => (capacity - used > free ? zone : []));
  return above.length > most ? [] : above.sort(compareText);
}

/** The `t` that solves sum(min(zone's free bytes, t)) = bricks * t. */
function spreadOver(index: DeviceIndex, bricks: number, total: number): number {
  const free = [...index.zones.values()].map(({ capacity, used }) => capacity - used).sort((a, b) => b - a);
  let rest = total;
  let spread = 0;
  for (const [place, zone] of free.slice(0, bricks).entries()) {
    spread = rest / (bricks - place);
    if (zone <= spread) {
      break;
    }
    rest -= zone;
  }
  return spread;
}

/**
 * The nodes of the zone one of which this set has to take; empty when any will do. What a node has above `shared` can
 * only go to sets that are spread. While the zone's nodes together have less than that above it than there are such sets
 * to come, any choice is free. From then on every one of these sets takes from the nodes that are above the level which
 * the sets to come can bring the zone down to.
 */
export function nodesWithTooMuch(
  index: DeviceIndex,
  zone: string,
  { spread, shared }: ZoneOutlook,
  footprint: number,
): readonly NodeTotals[] {
  const totals = shared > 0 ? index.zones.get(zone) : undefined;
  if (totals === undefined || totals.capacity - totals.used <= spread) {
    return [];
  }
  const remains = totals.capacity - totals.used - spread + footprint;
  let absorbed = 0;
  for (const node of totals.nodes) {
    absorbed += Math.min(-node.key, shared);
    if (absorbed >= remains) {
      return [];
    }
  }
  const level = levelAfter(
    [...totals.nodes].map(({ key }) => -key),
    spread,
  );
  return [...totals.nodes].filter((node) => -node.key > level);
}

/** The level to which `amount` bytes bring the amounts down when they are always taken from the largest. */
function levelAfter(amounts: readonly number[], amount: number): number {
  const falling = amounts.toSorted((a, b) => b - a);
  let sum = 0;
  let level = 0;
  for (const [place, each] of falling.entries()) {
    sum += each;
    level = (sum - amount) / (place + 1);
    if (level >= (falling[place + 1] ?? 0)) {
      break;
    }
  }
  return Math.max(0, level);
}
