/** The bricks of a disk after a reboot. */
import type { BrickId, DeviceName } from '../../../domain/names.ts';
import { done, type Outcome } from '../../../domain/outcome.ts';
import type { Errand } from '../../errand.ts';
import { activated } from './activate.ts';
import { listBricks } from './devices.ts';
import { mounted } from './file-system.ts';
import { brickPlaceOf } from './names.ts';

/** LVM knows its volumes whether they are active or not. */
export async function wakeBricks(errand: Errand, device: DeviceName): Promise<Outcome<readonly BrickId[]>> {
  const listed = await listBricks(errand, device);
  // Size 0: a pool without its volume, of which there is nothing to mount.
  return listed.kind === 'done' ? done(listed.value.flatMap(({ id, size }) => (size > 0 ? [id] : []))) : listed;
}

/** Where nothing starts LVM at boot (a container, no event daemon) its volumes stand without being block devices. */
export async function mountBrick(errand: Errand, device: DeviceName, brick: BrickId): Promise<Outcome<boolean>> {
  const place = brickPlaceOf(errand.node.id, device, brick);
  const setback = await activated(errand, place);
  if (setback !== undefined) {
    return setback;
  }
  const found = await mounted(errand, place, { fresh: false });
  return found.kind === 'mounted' ? done(found.now) : found;
}
