/** Makes a brick a block device again: after a reboot, or where LVM was killed in the middle of that. */
import { failed, type Setback } from '../../../domain/outcome.ts';
import type { Errand } from '../../errand.ts';
import { step } from '../steps.ts';
import { lvActivate, lvDeactivateParts } from './argv.ts';
import { partActive, unbornVolume } from './failures.ts';
import type { BrickPlace } from './names.ts';

/**
 * `unborn`: LVM knows the volume and its pool does not, so there is no data of it. An lvcreate that was killed between the
 * two leaves it so, and no try to activate it mends that.
 */
export type Activation = 'active' | 'unborn' | Setback;

/**
 * LVM activates a pool's data and metadata before the pool. Killed in between, it leaves them active by themselves, and
 * activates nothing of that pool any more until they are put to sleep.
 */
export async function activate(errand: Errand, place: BrickPlace): Promise<Activation> {
  const command = lvActivate(place);
  let exited = await errand.run(command);
  if (exited.kind === 'exited' && partActive(exited)) {
    const setback = await step(errand, lvDeactivateParts(place));
    if (setback !== undefined) {
      return setback;
    }
    exited = await errand.run(command);
  }
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode === 0) {
    return 'active';
  }
  return unbornVolume(exited) ? 'unborn' : errand.failure(command, exited);
}

/** For a brick that has been in use. */
export async function activated(errand: Errand, place: BrickPlace): Promise<Setback | undefined> {
  const found = await activate(errand, place);
  switch (found) {
    case 'active':
      return undefined;
    case 'unborn':
      return failed(`${errand.node.id}: ${place.group}/${place.pool} has no data of ${place.volume} in it`);
    default:
      return found;
  }
}
