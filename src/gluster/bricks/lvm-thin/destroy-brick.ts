/** Takes a brick down and gives its space back. What is gone already is success; what is not ours stays. */
import { done, waiting, type Outcome } from '../../../domain/outcome.ts';
import type { BrickSpec } from '../../../engine/ports.ts';
import type { Errand } from '../../errand.ts';
import { unmounted, withoutMountPoint } from '../mounts.ts';
import { step } from '../steps.ts';
import { lvRemovePool } from './argv.ts';
import { volumeMissing } from './failures.ts';
import { brickPlaceOf } from './names.ts';
import { whatStands } from './what-stands.ts';

export async function destroyBrick(errand: Errand, brick: BrickSpec): Promise<Outcome<void>> {
  const node = errand.node.id;
  const place = brickPlaceOf(node, brick.device, brick.id);
  const standing = await whatStands(errand, place, brick);
  switch (standing.kind) {
    case 'no-device':
      // A disk that is unplugged comes back with the brick on it: only a look at the disk can say that it is gone.
      return waiting(
        { what: 'condition', name: `device ${brick.device} of ${node}` },
        `${node}: the volume group of ${brick.device} (${place.group}) is not there, so brick ${brick.id} may be neither`,
      );
    case 'nothing':
    case 'pool':
    case 'brick': {
      const setback =
        (await unmounted(errand, place)) ??
        (standing.kind === 'nothing' ? undefined : await step(errand, lvRemovePool(place), volumeMissing)) ??
        (await withoutMountPoint(errand, place));
      return setback ?? done();
    }
    default:
      return standing;
  }
}
