/**
 * More room for a volume: first by bricks that grow where they are, which moves no file; by additional sets when a device
 * has no room for that; by both when neither is enough alone.
 */
import { dataBricksPerSet, type Durability } from '../durability.ts';
import { bytes, roundUp, type Bytes } from '../quantity.ts';
import type { BrickRecord } from '../volume.ts';
import { brickFootprint, extentSize } from './footprint.ts';
import { placeGrowth } from './grow.ts';
import type { PlacementPool } from './pool.ts';
import type { Refusal } from './refusal.ts';
import type { PlacementRequest } from './request.ts';
import { setShape } from './shape.ts';

type Sets = readonly (readonly BrickRecord[])[];

/** What a brick that stands will have. */
export type GrownBrick = Pick<BrickRecord, 'id' | 'size' | 'footprint'>;

export interface Growth {
  readonly kind: 'grown';
  /** Usable bytes of the whole volume afterwards: at least what was asked for. */
  readonly size: Bytes;
  /** Bricks that grow where they are. */
  readonly bricks: readonly GrownBrick[];
  /** Additional sets, in gluster's order. */
  readonly sets: readonly BrickRecord[][];
}

/** Usable bytes of sets that stand: of each, as much as its smallest data brick has room for. */
export function usableSize(durability: Durability, sets: Sets): Bytes {
  return bytes(sets.reduce((sum, set) => sum + columnOf(set) * dataBricksPerSet(durability), 0));
}

/** The bricks with what they will have. */
export function withGrown(sets: Sets, grown: readonly GrownBrick[]): BrickRecord[][] {
  const byId = new Map(grown.map((brick) => [brick.id, brick]));
  return sets.map((set) => set.map((brick) => Object.assign({}, brick, byId.get(brick.id))));
}

/** Plans for a volume that has `sets`. `request.size` is what it shall have in all, in usable bytes. */
export function planGrowth(pool: PlacementPool, request: PlacementRequest, sets: Sets): Growth | Refusal {
  const inPlace = growInPlace(pool, request, sets);
  const reached = usableSize(request.durability, withGrown(sets, inPlace));
  if (reached >= request.size) {
    return { kind: 'grown', size: reached, bricks: inPlace, sets: [] };
  }
  // Sets alone first: they leave the full devices what they have.
  return (
    withSets(pool, request, sets, []) ??
    withSets(pool, request, sets, inPlace) ??
    addition(pool, request, sets, usableSize(request.durability, sets))
  );
}

function withSets(
  pool: PlacementPool,
  request: PlacementRequest,
  sets: Sets,
  inPlace: readonly GrownBrick[],
): Growth | undefined {
  const there = withGrown(sets, inPlace);
  const served = usableSize(request.durability, there);
  const hold = new Enlargement(pool);
  try {
    hold.apply(sets.flat(), inPlace);
    const added = addition(pool, request, there, served);
    return added.kind === 'refused' ? undefined : { ...added, bricks: inPlace };
  } finally {
    hold.undo();
  }
}

function addition(pool: PlacementPool, request: PlacementRequest, there: Sets, served: number): Growth | Refusal {
  const placed = placeGrowth(pool, { ...request, size: bytes(request.size - served) }, there);
  return placed.kind === 'refused'
    ? placed
    : { kind: 'grown', size: bytes(served + placed.size), bricks: [], sets: placed.brickSets };
}

/** What the bricks can grow to, to give the volume that size or, where that is not to be had, as much as goes. */
function growInPlace(pool: PlacementPool, request: PlacementRequest, sets: Sets): readonly GrownBrick[] {
  const even = sets.map(() => evenColumn(request, sets));
  const evenly = enlarged(pool, request, sets, even);
  return evenly ?? greedily(pool, request, sets);
}

/** Bytes of file system that every data brick has at least when the sets are brought level. */
function evenColumn(request: PlacementRequest, sets: Sets): number {
  const needed = neededColumns(request);
  const total = (level: number): number => sets.reduce((sum, set) => sum + Math.max(columnOf(set), level), 0);
  return (
    smallest(0, roundUp(needed, extentSize) / extentSize, (extents) => total(extents * extentSize) >= needed) *
    extentSize
  );
}

/** Set by set, each as far as its devices let it. */
function greedily(pool: PlacementPool, request: PlacementRequest, sets: Sets): readonly GrownBrick[] {
  const columns = sets.map(columnOf);
  let missing = neededColumns(request) - columns.reduce((sum, column) => sum + column, 0);
  let best: readonly GrownBrick[] = [];
  for (const [index, column] of columns.entries()) {
    const most = Math.ceil(Math.max(0, missing) / extentSize);
    const tooMuch = smallest(1, most + 1, (extents) => {
      const tried = columns.with(index, column + extents * extentSize);
      return enlarged(pool, request, sets, tried) === undefined;
    });
    const gained = Math.min(most, tooMuch - 1) * extentSize;
    columns[index] = column + gained;
    missing -= gained;
    best = enlarged(pool, request, sets, columns) ?? best;
  }
  return best;
}

/** The smallest number from `low` to `high` for which it holds; `high` when it holds for none below. */
function smallest(low: number, high: number, holds: (value: number) => boolean): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (holds(middle)) {
      to = middle;
    } else {
      from = middle + 1;
    }
  }
  return from;
}

/** What bricks must have for sets with those columns; `undefined` when a device has no room for it. */
function enlarged(
  pool: PlacementPool,
  request: PlacementRequest,
  sets: Sets,
  columns: readonly number[],
): readonly GrownBrick[] | undefined {
  const grown = sets.flatMap((set, index) => targetsOf(request, set, columns[index] ?? 0));
  if (grown.some(({ size }) => size > request.limits.maxBrickSize)) {
    return undefined;
  }
  const hold = new Enlargement(pool);
  try {
    return hold.apply(sets.flat(), grown) ? grown : undefined;
  } finally {
    hold.undo();
  }
}

/** All bricks of a set grow alike; an arbiter by what the larger number of files needs. */
function targetsOf(request: PlacementRequest, set: readonly BrickRecord[], column: number): readonly GrownBrick[] {
  const shape = setShape(request, roundUp(column, extentSize));
  return set.flatMap(({ id, arbiter, size, footprint }) => {
    const wanted = (arbiter ? shape.arbiter : undefined) ?? shape.data;
    const needed = brickFootprint({ size: wanted.size, snapshotFactor: request.snapshotFactor }).total;
    return wanted.size > size ? [{ id, size: wanted.size, footprint: bytes(Math.max(footprint, needed)) }] : [];
  });
}

const neededColumns = ({ size, durability }: PlacementRequest): number =>
  Math.ceil(size / dataBricksPerSet(durability));

const columnOf = (set: readonly BrickRecord[]): number =>
  Math.min(...set.filter(({ arbiter }) => !arbiter).map(({ size }) => size));

/** Space that bricks would take if they were larger, for as long as a plan is made. */
class Enlargement {
  readonly #pool: PlacementPool;
  readonly #undo: (() => void)[] = [];

  constructor(pool: PlacementPool) {
    this.#pool = pool;
  }

  /** Whether every device has the room. A node that does not answer now is waited for; others that are shut count as full. */
  apply(bricks: readonly BrickRecord[], grown: readonly GrownBrick[]): boolean {
    const targets = new Map(grown.map(({ id, footprint }) => [id, footprint]));
    let fits = true;
    const seats = bricks.flatMap((brick) => {
      const target = targets.get(brick.id);
      const seat = this.#pool.seat(brick.node, brick.device);
      if (target === undefined || seat === undefined) {
        fits &&= target === undefined;
        return [];
      }
      fits &&= seat.standing.unusable === undefined || seat.standing.unusable === 'node unreachable';
      this.#pool.release(seat, brick.footprint);
      this.#pool.hold(seat, target);
      this.#undo.push(() => {
        this.#pool.release(seat, target);
        this.#pool.hold(seat, brick.footprint);
      });
      return [seat];
    });
    return fits && seats.every(({ room }) => room >= 0);
  }

  undo(): void {
    for (let last = this.#undo.pop(); last !== undefined; last = this.#undo.pop()) {
      last();
    }
  }
}
