/**
 * What a brick takes from its device. A brick is one thin volume in a thin pool of its own, so it costs the pool, the
 * pool's metadata and the rounding of both up to LVM's extents. Exact, because a plan that is one extent short fails on
 * the node.
 */
import { bytes, GiB, MiB, roundUp, type Bytes } from '../quantity.ts';

/** LVM's extent on a prepared device: everything that a brick takes is a whole multiple of it. */
export const extentSize = bytes(4 * MiB);

/** A thin pool's metadata is 0.5 % of the pool, and never more than LVM can use. */
const dataPerMetadata = 200;
const largestMetadata = bytes(16 * GiB);

/** All in bytes, and whole extents. */
export interface BrickFootprint {
  /** The thin pool: brick size times snapshot factor. */
  readonly pool: Bytes;
  readonly metadata: Bytes;
  /** Pool and metadata. What the record of the brick keeps. */
  readonly total: Bytes;
}

/** `size`: bytes of file system. `snapshotFactor`: the pool as a multiple of it, at least 1. */
export function brickFootprint(brick: { readonly size: Bytes; readonly snapshotFactor: number }): BrickFootprint {
  const pool = roundUp(brick.size * brick.snapshotFactor, extentSize);
  const metadata = roundUp(Math.min(pool / dataPerMetadata, largestMetadata), extentSize);
  return { pool, metadata, total: bytes(pool + metadata) };
}

/**
 * The metadata part of a footprint, from its total alone (all that a record keeps). With `p` extents of pool the total
 * is `p + ceil(p / 200)` extents, which makes the metadata one extent in 201, rounded up.
 */
export function metadataOf(total: number): number {
  const extents = Math.ceil(total / extentSize);
  return Math.min(Math.ceil(extents / (dataPerMetadata + 1)) * extentSize, largestMetadata);
}
