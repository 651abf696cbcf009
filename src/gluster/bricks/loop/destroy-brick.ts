/** Takes a brick down and gives its room back. What is gone already is success. */
import { done, waiting, type Outcome } from '../../../domain/outcome.ts';
import type { BrickSpec } from '../../../engine/ports.ts';
import type { Errand } from '../../errand.ts';
import { unmounted, withoutMountPoint } from '../mounts.ts';
import { step } from '../steps.ts';
import { removeFiles, syncPath } from './argv.ts';
import { withoutLoops } from './mount.ts';
import { brickFilesOf } from './names.ts';
import { contentsOf } from './shelf.ts';

export async function destroyBrick(errand: Errand, brick: BrickSpec): Promise<Outcome<void>> {
  const node = errand.node.id;
  const place = brickFilesOf(node, brick.device, brick.id);
  const contents = await contentsOf(errand, brick.device);
  switch (contents.kind) {
    case 'unprepared':
      // The disk below the folder may just not be mounted: only a look at it can say that the brick is gone.
      return waiting(
        { what: 'condition', name: `device ${brick.device} of ${node}` },
        `${node}: ${place.shelf} is not there, so brick ${brick.id} may be neither`,
      );
    case 'contents': {
      const setback = (await unmounted(errand, place)) ?? (await withoutLoops(errand, place));
      if (setback !== undefined) {
        return setback;
      }
      const stands = contents.bricks.has(brick.id);
      return (
        // The sign goes first: it must not stand beside an image that is made anew.
        (stands ? await step(errand, removeFiles(place.ready, place.image, place.claim)) : undefined) ??
        (stands ? await step(errand, syncPath(place.shelf)) : undefined) ??
        (await withoutMountPoint(errand, place)) ??
        done()
      );
    }
    default:
      return contents;
  }
}
