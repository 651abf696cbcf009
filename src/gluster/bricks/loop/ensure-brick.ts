/**
 * Makes a brick: image, file system, mount, directory. The image's name is also the promise of its room: it stands
 * before anybody looks whether there is any (see shortage). Every step can be cut off and run again.
 */
import { done, failed, waiting, type Outcome, type Setback } from '../../../domain/outcome.ts';
import { extentSize } from '../../../domain/placement/footprint.ts';
import { bytes, describeSize, roundUp, type Bytes } from '../../../domain/quantity.ts';
import type { BrickFacts, BrickSpec } from '../../../engine/ports.ts';
import * as files from '../../argv/files.ts';
import type { Errand } from '../../errand.ts';
import { servedDirectory } from '../served-directory.ts';
import { step } from '../steps.ts';
import { extendFile, removeFiles, replaceLink, syncPath } from './argv.ts';
import { mounted } from './mount.ts';
import { brickFilesOf, plainSign, type BrickFiles } from './names.ts';
import { contentsOf, shortage, type Stored } from './shelf.ts';

/** `fresh`: this call made it, so there is nothing on it yet. */
interface Made {
  readonly kind: 'made';
  readonly size: Bytes;
  readonly fresh: boolean;
}

export async function ensureBrick(
  errand: Errand,
  brick: BrickSpec,
  { pristine }: { readonly pristine: boolean },
): Promise<Outcome<BrickFacts>> {
  const place = brickFilesOf(errand.node.id, brick.device, brick.id);
  const made = await image(errand, brick, place);
  if (made.kind !== 'made') {
    return made;
  }
  const { fresh, size } = made;
  const mount = await mounted(errand, place, { fresh });
  if (mount.kind !== 'done') {
    return mount;
  }
  return (
    (await servedDirectory(errand, { place, gid: brick.gid, fresh, pristine })) ??
    done({ id: brick.id, path: place.path, size })
  );
}

async function image(errand: Errand, brick: BrickSpec, place: BrickFiles): Promise<Made | Setback> {
  const contents = await contentsOf(errand, brick.device);
  if (contents.kind === 'unprepared') {
    return notPrepared(errand, brick);
  }
  if (contents.kind !== 'contents') {
    return contents;
  }
  const stored = contents.bricks.get(brick.id);
  return stored?.sign !== undefined && stored.image !== undefined
    ? ((await withoutVainClaim(errand, stored, place)) ??
        (await withIdentity(errand, brick, place, stored.sign)) ?? { kind: 'made', size: stored.image, fresh: false })
    : format(errand, brick, place, stored);
}

/** One that stood already may be of an earlier life of its volume, or of a version that wrote none. */
async function withIdentity(
  errand: Errand,
  { identity }: BrickSpec,
  place: BrickFiles,
  sign: string,
): Promise<Setback | undefined> {
  return identity === undefined || identity === sign ? undefined : signed(errand, place, identity);
}

/** Gives the sign that its file system is whole, on the disk before anything is on the brick. */
const signed = async (errand: Errand, place: BrickFiles, text: string): Promise<Setback | undefined> =>
  (await step(errand, replaceLink(text, place.ready))) ?? step(errand, syncPath(place.shelf));

async function format(
  errand: Errand,
  brick: BrickSpec,
  place: BrickFiles,
  stored: Stored | undefined,
): Promise<Made | Setback> {
  const wanted = roundUp(brick.size, extentSize);
  if (stored?.sign !== undefined || (stored?.image ?? 0) > wanted) {
    // Without its image the sign is a leftover, and a larger image is one of an earlier plan; no data can be on either.
    const setback = await step(errand, removeFiles(place.ready, place.image));
    if (setback !== undefined) {
      return setback;
    }
  }
  const setback =
    (await step(errand, extendFile(place.image, wanted))) ??
    (await promiseHolds(errand, brick, place.image)) ??
    (await step(errand, files.makeXfs(place.image, { arbiter: brick.arbiter, force: true }))) ??
    (await signed(errand, place, brick.identity ?? plainSign));
  return setback ?? { kind: 'made', size: wanted, fresh: true };
}

/** Takes the promise back, which is the size of the file `promise`, when it cannot be kept. */
export async function promiseHolds(errand: Errand, brick: BrickSpec, promise: string): Promise<Setback | undefined> {
  const short = await shortage(errand, brick.device);
  if (short.kind === 'unprepared') {
    return notPrepared(errand, brick);
  }
  if (short.kind !== 'short' || short.bytes === 0) {
    return short.kind === 'short' ? undefined : short;
  }
  const where = `${brick.device} of ${errand.node.id}`;
  return (
    (await step(errand, removeFiles(promise))) ??
    waiting(
      { what: 'capacity' },
      `${where} has no room for brick ${brick.id} of ${describeSize(brick.size)}: ${describeSize(short.bytes)} are missing`,
    )
  );
}

/** A growth that was given up has left a promise that nobody wants kept. */
export async function withoutVainClaim(
  errand: Errand,
  { image: size = bytes(0), claim }: Stored,
  place: BrickFiles,
): Promise<Setback | undefined> {
  return claim > size ? step(errand, removeFiles(place.claim)) : undefined;
}

export function notPrepared({ node }: Errand, { device }: BrickSpec): Setback {
  const where = `${device} of ${node.id}`;
  return waiting({ what: 'condition', name: `device ${where}` }, `${where} is not prepared, or not there`);
}

/** A brick that has to stand does not. */
export const notStanding = ({ node }: Errand, { id, device }: BrickSpec): Setback =>
  failed(`${node.id}: brick ${id} is to grow on ${device}, but it does not stand there`);
