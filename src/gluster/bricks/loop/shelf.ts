/** What stands in a device's folder, and how much of its file system is promised. */
import type { BrickId, DeviceName } from '../../../domain/names.ts';
import { rejected, waiting, type Setback } from '../../../domain/outcome.ts';
import { brickFootprint, extentSize } from '../../../domain/placement/footprint.ts';
import { bytes, roundDown, roundUp, type Bytes } from '../../../domain/quantity.ts';
import { deviceMissing, deviceUnprepared, type DeviceFacts } from '../../../engine/ports.ts';
import type { Errand } from '../../errand.ts';
import { listing, listingWithRoom } from './listing.ts';
import { brickFileOf, identityName, shelfOf } from './names.ts';
import type { Entry, Room } from './report.ts';

/** One brick's files, as they stand. */
export interface Stored {
  readonly id: BrickId;
  /** Bytes of the image; `undefined`: there is none. */
  readonly image: Bytes | undefined;
  /** The text of the sign that the image's file system is whole; `undefined`: it is not. */
  readonly sign: string | undefined;
  /** Bytes that the image may grow to; 0: no claim stands. */
  readonly claim: Bytes;
  /** Bytes that all its files take by now. */
  readonly allocated: Bytes;
}

export interface Contents {
  readonly kind: 'contents';
  readonly bricks: ReadonlyMap<BrickId, Stored>;
}

export type Unprepared = { readonly kind: 'unprepared' };

export async function contentsOf(errand: Errand, device: DeviceName): Promise<Contents | Unprepared | Setback> {
  const listed = await listing(errand, shelfOf(errand.node.id, device).path);
  return listed.kind === 'read' ? contentsAmong(errand, device, listed.value) : listed;
}

/** The room is looked at after the contents: what is written in between is then counted twice, not missed. */
export async function contentsAndRoom(
  errand: Errand,
  device: DeviceName,
): Promise<(Contents & { readonly room: Room }) | Unprepared | Setback> {
  const listed = await listingWithRoom(errand, shelfOf(errand.node.id, device).path);
  if (listed.kind !== 'read') {
    return listed;
  }
  const { entries, room } = listed.value;
  const contents = contentsAmong(errand, device, entries);
  return contents.kind === 'contents' ? { ...contents, room } : contents;
}

function contentsAmong(errand: Errand, device: DeviceName, entries: readonly Entry[]): Contents | Unprepared | Setback {
  const shelf = shelfOf(errand.node.id, device);
  const identity = entries.find(({ name }) => name === identityName);
  if (identity === undefined) {
    return { kind: 'unprepared' };
  }
  return identity.link === shelf.identityText
    ? { kind: 'contents', bricks: storedAmong(entries) }
    : rejected(`${errand.node.id}: ${shelf.identity}: expected ${shelf.identityText}, got ${identity.link}`);
}

function storedAmong(entries: readonly Entry[]): ReadonlyMap<BrickId, Stored> {
  const bricks = new Map<BrickId, Stored>();
  for (const { name, size, allocated, link } of entries) {
    const found = brickFileOf(name);
    if (found !== undefined) {
      const { brick: id, file } = found;
      const before = bricks.get(id) ?? { id, image: undefined, sign: undefined, claim: bytes(0), allocated: bytes(0) };
      bricks.set(id, {
        ...before,
        ...(file === 'image' ? { image: size } : {}),
        ...(file === 'ready' ? { sign: link } : {}),
        ...(file === 'claim' ? { claim: size } : {}),
        allocated: bytes(before.allocated + allocated),
      });
    }
  }
  return bricks;
}

/** No shelf: because there is no folder, or because the one that is there was never prepared. */
export async function whyUnprepared(errand: Errand, device: DeviceName): Promise<Setback> {
  const listed = await listing(errand, device);
  if (listed.kind !== 'read') {
    return listed;
  }
  const node = errand.node.id;
  return listed.value.length === 0
    ? waiting({ what: 'condition', name: deviceMissing }, `${node} has no folder ${device}`)
    : waiting({ what: 'condition', name: deviceUnprepared }, `${device} of ${node} is not prepared`);
}

/** What a brick may take in the end, the folder's own bookkeeping about a scattered image included. */
export const footprintOf = ({ image = bytes(0), claim }: Pick<Stored, 'image' | 'claim'>): Bytes =>
  brickFootprint({ size: bytes(Math.max(image, claim)), snapshotFactor: 1 }).total;

/** Promised to bricks and not yet taken by them, in bytes. */
const outstanding = (bricks: readonly Stored[]): number =>
  bricks.reduce((sum, brick) => sum + Math.max(0, footprintOf(brick) - brick.allocated), 0);

/**
 * Looks whether everything that is promised can be kept: answers how many bytes are missing, 0 when none. Whoever
 * promises does so first and looks afterwards, and takes it back when it does not fit; so two at a time may both take
 * theirs back, but never both believe that it fits.
 */
export async function shortage(
  errand: Errand,
  device: DeviceName,
): Promise<{ readonly kind: 'short'; readonly bytes: number } | Unprepared | Setback> {
  const found = await contentsAndRoom(errand, device);
  return found.kind === 'contents'
    ? { kind: 'short', bytes: Math.max(0, outstanding([...found.bricks.values()]) - found.room.free) }
    : found;
}

/** Other people's files come and go; a device's size follows them in steps of this part of the file system. */
const steps = 128;

/** Size and room of a device: of the file system, what is neither taken by others nor promised. */
export function factsFrom(device: DeviceName, { bricks }: Contents, room: Room): DeviceFacts {
  const stored = [...bricks.values()];
  const taken = stored.reduce((sum, { allocated }) => sum + allocated, 0);
  const step = roundUp(Math.ceil(room.size / steps), extentSize);
  const others = roundUp(Math.max(0, room.size - room.free - taken), step);
  const size = roundDown(Math.max(0, room.size - others), extentSize);
  const promised = stored.reduce((sum, brick) => sum + footprintOf(brick), 0);
  const free = Math.min(room.free - outstanding(stored), size - promised);
  return { device, size, free: roundDown(Math.max(0, free), extentSize) };
}
