/** Prepared folders: their size and room, and the bricks in them. */
import type { BrickId, DeviceName } from '../../../domain/names.ts';
import { done, type Outcome } from '../../../domain/outcome.ts';
import { bytes } from '../../../domain/quantity.ts';
import type { BrickFacts, DeviceFacts } from '../../../engine/ports.ts';
import type { Errand } from '../../errand.ts';
import { brickFilesOf, plainSign } from './names.ts';
import { contentsAndRoom, contentsOf, factsFrom, footprintOf, whyUnprepared, type Unprepared } from './shelf.ts';

export async function inspectDevice(errand: Errand, device: DeviceName): Promise<Outcome<DeviceFacts>> {
  const facts = await factsOf(errand, device);
  return facts.kind === 'unprepared' ? whyUnprepared(errand, device) : facts;
}

export async function factsOf(errand: Errand, device: DeviceName): Promise<Outcome<DeviceFacts> | Unprepared> {
  const found = await contentsAndRoom(errand, device);
  return found.kind === 'contents' ? done(factsFrom(device, found, found.room)) : found;
}

/** One whose making was cut off counts too: with size 0, so that whoever looks for leftovers finds it. */
export async function listBricks(errand: Errand, device: DeviceName): Promise<Outcome<readonly BrickFacts[]>> {
  const contents = await contentsOf(errand, device);
  switch (contents.kind) {
    case 'contents':
      return done(
        [...contents.bricks.values()].map((stored) => ({
          id: stored.id,
          path: brickFilesOf(errand.node.id, device, stored.id).path,
          size: stored.sign === undefined ? bytes(0) : (stored.image ?? bytes(0)),
          footprint: footprintOf(stored),
          ...(stored.sign === undefined || stored.sign === plainSign ? {} : { identity: stored.sign }),
        })),
      );
    case 'unprepared':
      return whyUnprepared(errand, device);
    default:
      return contents;
  }
}

export async function wakeBricks(errand: Errand, device: DeviceName): Promise<Outcome<readonly BrickId[]>> {
  const contents = await contentsOf(errand, device);
  switch (contents.kind) {
    case 'contents':
      return done(
        [...contents.bricks.values()].flatMap(({ id, image, sign }) =>
          sign !== undefined && image !== undefined ? [id] : [],
        ),
      );
    case 'unprepared':
      return whyUnprepared(errand, device);
    default:
      return contents;
  }
}
