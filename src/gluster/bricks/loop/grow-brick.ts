/**
 * Makes a brick larger where it stands: promise, image, loop device, file system, in this order. The promise is a file
 * of its own, because an image that turned out too large could only be made smaller again, which nobody dares to.
 */
import { done, type Outcome, type Setback } from '../../../domain/outcome.ts';
import { extentSize } from '../../../domain/placement/footprint.ts';
import { bytes, roundUp, type Bytes } from '../../../domain/quantity.ts';
import type { BrickFacts, BrickSpec } from '../../../engine/ports.ts';
import * as files from '../../argv/files.ts';
import type { Errand } from '../../errand.ts';
import { step } from '../steps.ts';
import { extendFile, noticeSize, syncPath } from './argv.ts';
import { notPrepared, notStanding, promiseHolds, withoutVainClaim } from './ensure-brick.ts';
import { loopsOf, mounted } from './mount.ts';
import { brickFilesOf, type BrickFiles } from './names.ts';
import { contentsOf, footprintOf, type Stored } from './shelf.ts';

export async function growBrick(errand: Errand, brick: BrickSpec): Promise<Outcome<BrickFacts>> {
  const place = brickFilesOf(errand.node.id, brick.device, brick.id);
  const contents = await contentsOf(errand, brick.device);
  if (contents.kind === 'unprepared') {
    return notPrepared(errand, brick);
  }
  if (contents.kind !== 'contents') {
    return contents;
  }
  const stored = contents.bricks.get(brick.id);
  if (stored?.sign === undefined || stored.image === undefined) {
    return notStanding(errand, brick);
  }
  const size = bytes(Math.max(stored.image, roundUp(brick.size, extentSize)));
  const setback = (await largerImage(errand, brick, place, stored, size)) ?? (await fillImage(errand, place));
  return (
    setback ?? done({ id: brick.id, path: place.path, size, footprint: footprintOf({ image: size, claim: size }) })
  );
}

async function largerImage(
  errand: Errand,
  brick: BrickSpec,
  place: BrickFiles,
  stored: Stored,
  size: Bytes,
): Promise<Setback | undefined> {
  if (stored.image === size) {
    return withoutVainClaim(errand, stored, place);
  }
  return (
    (await step(errand, extendFile(place.claim, size))) ??
    (await promiseHolds(errand, brick, place.claim)) ??
    // The claim stays: were it taken away, whoever reads the folder meanwhile might see neither it nor the growth.
    (await step(errand, extendFile(place.image, size)))
  );
}

/** Also where the image is large enough: an earlier try may have been cut off before this. */
async function fillImage(errand: Errand, place: BrickFiles): Promise<Setback | undefined> {
  const mount = await mounted(errand, place, { fresh: false });
  if (mount.kind !== 'done') {
    return mount;
  }
  const loops = await loopsOf(errand, place);
  if (loops.kind !== 'read') {
    return loops;
  }
  // A file system that a power cut leaves larger than its image does not mount.
  let setback = await step(errand, syncPath(place.image));
  for (const name of loops.value) {
    setback ??= await step(errand, noticeSize(name));
  }
  return setback ?? step(errand, files.growXfs(place.mountpoint));
}
