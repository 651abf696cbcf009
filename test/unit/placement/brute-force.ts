/** The slow and plain way to decide what placement decides, for pools of a few empty devices. */
import { brickFootprint } from '../../../src/domain/placement/footprint.ts';
import { bytes, type Bytes } from '../../../src/domain/quantity.ts';
import type { NodeRecord } from '../../../src/domain/topology.ts';

export interface Holder {
  readonly zone: string;
  readonly slots: number;
}

/** Bricks of that size that each empty node holds. */
export function holders(nodes: readonly NodeRecord[], size: Bytes): Holder[] {
  const { total } = brickFootprint({ size, snapshotFactor: 1 });
  return nodes.map(({ zone, devices }) => ({
    zone,
    slots: devices.reduce((sum, device) => sum + Math.floor((device.size ?? 0) / total), 0),
  }));
}

/** Every way to take `count` of the items. */
function* combinations<T>(items: readonly T[], count: number): Generator<T[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (const [index, item] of items.entries()) {
    for (const rest of combinations(items.slice(index + 1), count - 1)) {
      yield [item, ...rest];
    }
  }
}

/** Whether `sets` sets of `bricks` bricks fit, by trying every choice of nodes for every set. */
export function setsFit(nodes: readonly Holder[], sets: number, bricks: number, distinctZones: boolean): boolean {
  if (sets === 0) {
    return true;
  }
  const open = nodes.flatMap(({ slots }, index) => (slots > 0 ? [index] : []));
  for (const chosen of combinations(open, bricks)) {
    const zones = new Set(chosen.map((index) => nodes[index]?.zone));
    if (distinctZones && zones.size < bricks) {
      continue;
    }
    const left = nodes.map(({ zone, slots }, index) => ({ zone, slots: chosen.includes(index) ? slots - 1 : slots }));
    if (setsFit(left, sets - 1, bricks, distinctZones)) {
      return true;
    }
  }
  return false;
}

/** The least that the fullest zones of one set can hold, as counts from the highest down, over all choices. */
export function leastCrowding(nodes: readonly Holder[], bricks: number): number[] | undefined {
  let best: number[] | undefined;
  for (const chosen of combinations(
    nodes.filter(({ slots }) => slots > 0),
    bricks,
  )) {
    const counts = crowding(chosen.map(({ zone }) => zone));
    if (best === undefined || compareCounts(counts, best) < 0) {
      best = counts;
    }
  }
  return best;
}

/** Bricks in each zone, highest first. */
export function crowding(zones: readonly string[]): number[] {
  return [...Map.groupBy(zones, (zone) => zone).values()].map(({ length }) => length).sort((a, b) => b - a);
}

function compareCounts(a: readonly number[], b: readonly number[]): number {
  const different = a.findIndex((count, index) => count !== b[index]);
  return different < 0 ? 0 : (a[different] ?? 0) - (b[different] ?? 0);
}

export const gibibytes = (count: number): Bytes => bytes(Math.round(count * 2 ** 30));
