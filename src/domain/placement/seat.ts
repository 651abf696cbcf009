/** One device's place in the pool: what its bricks take, and what would fit beside them. */
import { bytes, roundDown, type Bytes } from '../quantity.ts';
import type { BrickId, DeviceName, NodeId } from '../names.ts';
import type { Tags } from '../topology.ts';
import { brickFootprint, extentSize } from './footprint.ts';
import { hashText } from './hash.ts';

/** Why a device takes no bricks at all, whatever is asked. */
export type Unusable =
  | 'node unknown'
  | 'node failed'
  | 'node offline'
  /** Silent just now, or for longer. */
  | 'node unreachable'
  | 'node down'
  /** It answers, and something about it is not as it should be. */
  | 'node in trouble'
  | 'device unknown'
  | 'device failed'
  | 'device offline'
  | 'device missing'
  | 'device empty'
  | 'device unreadable'
  | 'not prepared';

/** What the topology says of a device at the moment. Sizes in bytes. */
export interface Standing {
  readonly zone: string;
  readonly size: Bytes;
  readonly reserved: Bytes;
  /** The device's own tags over those of its node. */
  readonly tags: Tags;
  /** Absent: bricks may be placed here. */
  readonly unusable?: Unusable;
  /** More about `unusable`, for people. */
  readonly because?: string;
}

/** One thing that was observed and that speaks against new bricks. */
export interface Obstacle {
  readonly why: Extract<
    Unusable,
    'node unreachable' | 'node down' | 'node in trouble' | 'device missing' | 'device empty' | 'device unreadable'
  >;
  /** For people. */
  readonly because?: string;
}

/** What was observed to speak against new bricks on a node, or on some of its devices. Never recorded. */
export interface Hindrance {
  readonly node?: Obstacle;
  readonly devices?: ReadonlyMap<DeviceName, Obstacle>;
}

/** It did not answer just now. */
export const unreachable: Hindrance = { node: { why: 'node unreachable' } };

const unknown: Standing = { zone: '', size: bytes(0), reserved: bytes(0), tags: {}, unusable: 'node unknown' };

/**
 * Invariant: `used` is the sum of all footprints; it depends on what is here, never on the order in which it came. LVM's
 * spare metadata volume does not count here: it never shrinks, so the node keeps room for the largest one out of the size
 * that it reports.
 */
export class Seat {
  readonly node: NodeId;
  readonly device: DeviceName;
  /** For breaking ties alike on every machine. */
  readonly hash: number;
  #standing: Standing = unknown;
  readonly #bricks = new Map<BrickId, Bytes>();
  #capacity = 0;
  #footprints = 0;

  constructor(node: NodeId, device: DeviceName) {
    this.node = node;
    this.device = device;
    this.hash = hashText(`${node}:${device}`);
  }

  get standing(): Standing {
    return this.#standing;
  }

  set standing(standing: Standing | undefined) {
    this.#standing = standing ?? unknown;
    this.#capacity = Math.max(0, this.#standing.size - this.#standing.reserved);
  }

  /** Whether the device is in the topology. */
  get isKnown(): boolean {
    return this.#standing.unusable !== 'node unknown' && this.#standing.unusable !== 'device unknown';
  }

  get bricks(): ReadonlyMap<BrickId, Bytes> {
    return this.#bricks;
  }

  /** Bytes that bricks take. */
  get used(): number {
    return this.#footprints;
  }

  /** Bytes that bricks may take in all. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Used share of the capacity, 0 to 1 (above it when overfull). */
  get level(): number {
    return this.#footprints / this.#capacity;
  }

  /** Bytes left; negative when the device is overfull (it shrank, or `reserved` grew). */
  get room(): number {
    return this.#standing.size - this.#standing.reserved - this.used;
  }

  fits(footprint: number): boolean {
    return this.room >= footprint;
  }

  /** How many bricks of that footprint fit beside those that are here. */
  slots(footprint: number): number {
    return Math.max(0, Math.floor(this.room / footprint));
  }

  /** The largest brick that fits, in bytes of file system (whole extents); 0 when none does. */
  largestBrick(snapshotFactor: number): Bytes {
    let fits = 0;
    let tooLarge = Math.floor(Math.max(0, this.room) / snapshotFactor / extentSize) + 1;
    while (tooLarge - fits > 1) {
      const middle = Math.floor((fits + tooLarge) / 2);
      if (this.fits(brickFootprint({ size: bytes(middle * extentSize), snapshotFactor }).total)) {
        fits = middle;
      } else {
        tooLarge = middle;
      }
    }
    return roundDown(fits * extentSize, extentSize);
  }

  /** Counts a brick of the records. False when it is counted already. */
  occupy(id: BrickId, footprint: Bytes): boolean {
    if (this.#bricks.has(id)) {
      return false;
    }
    this.#bricks.set(id, footprint);
    this.hold(footprint);
    return true;
  }

  /** Takes a brick of the records out again. False when it was not counted. */
  vacate(id: BrickId): boolean {
    const footprint = this.#bricks.get(id);
    if (footprint === undefined) {
      return false;
    }
    this.#bricks.delete(id);
    this.release(footprint);
    return true;
  }

  /** Takes space without a record, as a plan does while it is made. */
  hold(footprint: number): void {
    this.#footprints += footprint;
  }

  /** Gives back what `hold` took. */
  release(footprint: number): void {
    this.#footprints -= footprint;
  }
}
