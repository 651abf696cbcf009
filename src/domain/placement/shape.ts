/** How large the bricks of a set are, and into how many sets a volume may be cut. */
import { bricksPerSet, dataBricksPerSet } from '../durability.ts';
import { bytes, GiB, KiB, MiB, roundUp, type Bytes } from '../quantity.ts';
import { brickFootprint, extentSize } from './footprint.ts';
import type { PlacementRequest } from './request.ts';

/** One brick of a set, before it has a place. Bytes. */
export interface BrickShape {
  readonly size: Bytes;
  readonly footprint: Bytes;
}

export interface SetShape {
  /** Data bricks of equal size: gluster gives a set no more room than its smallest brick has. */
  readonly data: BrickShape;
  readonly dataBricks: number;
  /** The third brick of `replicate 3 arbiter 1`. */
  readonly arbiter?: BrickShape;
  /** Bytes that a client can use of the set. */
  readonly usable: Bytes;
}

/** The size of file that an arbiter is cut for when nobody says otherwise. */
const defaultAverageFileSize = bytes(64 * KiB);
/** Of an arbiter brick a file takes one inode with gluster's attributes and its name. */
const arbiterBytesPerFile = 4 * KiB;
/** mkfs.xfs makes no file system below 300 MiB. */
const smallestArbiter = bytes(512 * MiB);

/**
 * No volume is cut into sets smaller than this for the sake of the pool, only when it has no room otherwise: every brick
 * is one more process and one more connection of each client.
 */
export const smallestPiece = bytes(64 * GiB);

/** A set whose data bricks have `size` bytes of file system. */
export function setShape(request: PlacementRequest, size: Bytes): SetShape {
  const data = brickShape(request, size);
  const usable = bytes(size * dataBricksPerSet(request.durability));
  if (request.durability.kind !== 'arbiter') {
    return { data, dataBricks: bricksPerSet(request.durability), usable };
  }
  const files = Math.ceil(size / Math.max(1, request.averageFileSize ?? defaultAverageFileSize));
  const arbiterSize = Math.min(size, Math.max(smallestArbiter, files * arbiterBytesPerFile));
  return { data, dataBricks: 2, arbiter: brickShape(request, roundUp(arbiterSize, extentSize)), usable };
}

function brickShape(request: PlacementRequest, size: Bytes): BrickShape {
  return { size, footprint: brickFootprint({ size, snapshotFactor: request.snapshotFactor }).total };
}

/** Bytes of file system that all data bricks in one position hold together: the request's size, undone of `disperse`. */
export function columnSize(request: PlacementRequest): number {
  return Math.max(1, Math.ceil(request.size / dataBricksPerSet(request.durability)));
}

/** Data brick size of `sets` equal sets, in whole extents and never under the smallest brick. */
export function equalBrickSize(request: PlacementRequest, sets: number): Bytes {
  return roundUp(Math.max(columnSize(request) / sets, request.limits.minBrickSize), extentSize);
}

/** How many sets the limits allow. `least` above `most`: none will do. */
export function setCounts(
  request: PlacementRequest,
  bricksThere = 0,
): { readonly least: number; readonly most: number } {
  const { minBrickSize, maxBrickSize, maxBricksPerVolume } = request.limits;
  const column = columnSize(request);
  const perSet = bricksPerSet(request.durability);
  const byBricks = Math.floor((maxBricksPerVolume - bricksThere) / perSet);
  const bySize = Math.max(1, Math.floor(column / minBrickSize));
  return { least: Math.ceil(roundUp(column, extentSize) / maxBrickSize), most: Math.min(byBricks, bySize) };
}
