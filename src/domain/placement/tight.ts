/**
 * Filling what is left. Near the end of a pool balance is no longer the point: even use of every device leaves a hole
 * on each that is too small for the next volume. So each set takes the smallest holes that it can use and is cut to the
 * size of the least of them, which closes that device. Sets of one volume then differ in size; gluster weighs the hash
 * range of each set by its size (option cluster.weighted-rebalance, on by default), so it uses them evenly.
 */
import type { NodeId } from '../names.ts';
import { bytes, roundUp, type Bytes } from '../quantity.ts';
import { chooseWithArbiter } from './arbiter.ts';
import { Company, type Spread } from './company.ts';
import type { DeviceIndex } from './device-index.ts';
import { isBefore } from './shelf.ts';
import { extentSize } from './footprint.ts';
import type { Seat } from './seat.ts';
import { columnSize, setShape, type SetShape } from './shape.ts';
import type { LaidSet, Task } from './task.ts';
import type { Trial } from './trial.ts';
import { nodesWithTooMuch, zoneOutlook } from './zone-outlook.ts';

/** At most `sets` sets that hold the request together; `undefined` when that does not come out. */
export function layTightly(task: Task, trial: Trial, sets: number, spread: Spread): LaidSet[] | undefined {
  const laid: LaidSet[] = [];
  let left = columnSize(task.request);
  while (left > 0) {
    const remaining = sets - laid.length;
    const { minBrickSize, maxBrickSize } = task.request.limits;
    const least = roundUp(Math.max(minBrickSize, left / Math.max(1, remaining)), extentSize);
    if (remaining <= 0 || least > maxBrickSize) {
      return undefined;
    }
    const set = laySet(task, setShape(task.request, least), left, spread);
    if (set === undefined) {
      return undefined;
    }
    takeSet(trial, set);
    laid.push(set);
    left -= set.shape.data.size;
  }
  return laid;
}

export function takeSet(trial: Trial, { shape, data, arbiter }: LaidSet): void {
  for (const seat of data) {
    trial.take(seat, shape.data.footprint);
  }
  if (arbiter !== undefined && shape.arbiter !== undefined) {
    trial.take(arbiter, shape.arbiter.footprint);
  }
}

function laySet(task: Task, least: SetShape, left: number, spread: Spread): LaidSet | undefined {
  const chooseData = (company: Company): Seat[] | undefined =>
    smallestHoles(task.data, least.data.footprint, {
      bricks: least.dataBricks,
      spread,
      tie: task.tie,
      company,
      preferredZones: task.request.preferredZones,
    });
  if (least.arbiter === undefined) {
    const data = chooseData(new Company());
    return data === undefined ? undefined : { shape: grown(task, least, left, data), data };
  }
  const found = chooseWithArbiter(task, { footprint: least.arbiter.footprint, spread }, chooseData);
  if (found === undefined) {
    return undefined;
  }
  const shape = grown(task, least, left, found.data);
  const arbiterFits = shape.arbiter === undefined || found.arbiter.fits(shape.arbiter.footprint);
  return { shape: arbiterFits ? shape : least, ...found };
}

/** The set at the size of the smallest of its holes, but no larger than what is left to lay. */
function grown(task: Task, least: SetShape, left: number, seats: readonly Seat[]): SetShape {
  const { minBrickSize, maxBrickSize } = task.request.limits;
  const holes = seats.map((seat) => seat.largestBrick(task.request.snapshotFactor));
  let size: number = Math.min(roundUp(left, extentSize), maxBrickSize, ...holes);
  if (left - size > 0 && left - size < minBrickSize) {
    // What stays must be large enough for a brick of its own.
    size = Math.floor((left - minBrickSize) / extentSize) * extentSize;
  }
  const chosen: Bytes = bytes(Math.max(least.data.size, size));
  return setShape(task.request, chosen);
}

interface HoleQuery {
  readonly bricks: number;
  readonly spread: Spread;
  readonly tie: number;
  readonly company: Company;
  readonly preferredZones: readonly string[];
}

/** Looks at every device: this happens at the end of a pool only. */
function smallestHoles(index: DeviceIndex, footprint: number, query: HoleQuery): Seat[] | undefined {
  const open = smallestOfEachNode(index, footprint, query);
  const rank = ranking(index, footprint, query);
  const chosen: Seat[] = [];
  const present = query.company.with(chosen);
  while (chosen.length < query.bricks) {
    let best: Seat | undefined;
    let least = Infinity;
    for (const seat of open) {
      if (!present.admits(seat.node, seat.standing.zone, query.spread)) {
        continue;
      }
      const { zone } = seat.standing;
      const crowd = query.spread === 'off' ? 0 : present.inZone(zone);
      const isWished = query.preferredZones.includes(zone) && present.inZone(zone) === 0;
      const key = isWished ? -1 : crowd * worstRank + rank(seat);
      const isSmaller = best === undefined || isBefore(seat, seat.room, best, best.room, query.tie);
      if (key < least || (key === least && isSmaller)) {
        best = seat;
        least = key;
      }
    }
    if (best === undefined) {
      return undefined;
    }
    chosen.push(best);
    present.add(best);
  }
  return chosen;
}

const worstRank = 8;

/** Below `worstRank`: what space is lost without comes first (see `criticalNodes` and zone-outlook.ts). */
function ranking(index: DeviceIndex, footprint: number, { bricks, spread }: HoleQuery): (seat: Seat) => number {
  const nodes = new Set(index.criticalNodes(footprint, bricks));
  if (spread === 'off') {
    return ({ node }) => (nodes.has(node) ? 0 : 4);
  }
  const outlook = zoneOutlook(index, bricks, footprint);
  const zones = new Set(outlook.critical);
  const wrong = new Set<NodeId>();
  for (const [zone, totals] of index.zones) {
    const owed = new Set(nodesWithTooMuch(index, zone, outlook, footprint));
    for (const node of owed.size > 0 ? totals.nodes : []) {
      if (!owed.has(node)) {
        wrong.add(node.node);
      }
    }
  }
  return ({ node, standing }) =>
    (nodes.has(node) ? 0 : 4) + (zones.has(standing.zone) ? 0 : 2) + (wrong.has(node) ? 1 : 0);
}

function smallestOfEachNode(index: DeviceIndex, footprint: number, query: HoleQuery): Seat[] {
  const open: Seat[] = [];
  for (const node of index.nodes()) {
    let best: Seat | undefined;
    for (const seat of node.seats) {
      if (seat.fits(footprint) && (best === undefined || isBefore(seat, seat.room, best, best.room, query.tie))) {
        best = seat;
      }
    }
    if (best !== undefined) {
      open.push(best);
    }
  }
  return open;
}
