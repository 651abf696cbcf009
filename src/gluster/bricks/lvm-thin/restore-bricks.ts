/** The bricks of a disk after a reboot. */
import type { BrickId, DeviceName } from '../../../domain/names.ts';
import { done, type Outcome } from '../../../domain/outcome.ts';
import type { Errand } from '../../errand.ts';
import { step } from '../steps.ts';
import { vgActivate } from './argv.ts';
import { listBricks } from './devices.ts';
import { mounted } from './file-system.ts';
import { brickPlaceOf, volumeGroupOf } from './names.ts';

/** Where nothing starts LVM at boot (a container, no event daemon) its volumes stand without being block devices. */
export async function wakeBricks(errand: Errand, device: DeviceName): Promise<Outcome<readonly BrickId[]>> {
  const listed = await listBricks(errand, device);
  if (listed.kind !== 'done') {
    return listed;
  }
  // Size 0: a pool without its volume, of which there is nothing to mount.
  const ids = listed.value.flatMap(({ id, size }) => (size > 0 ? [id] : []));
  const setback = ids.length === 0 ? undefined : await step(errand, vgActivate(volumeGroupOf(errand.node.id, device)));
  return setback ?? done(ids);
}

export async function mountBrick(errand: Errand, device: DeviceName, brick: BrickId): Promise<Outcome<boolean>> {
  const found = await mounted(errand, brickPlaceOf(errand.node.id, device, brick), { fresh: false });
  return found.kind === 'mounted' ? done(found.now) : found;
}
