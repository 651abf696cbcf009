/** Takes a brick's pool away, and what is in it, whatever LVM was killed in the middle of. The caller has looked whose it is. */
import type { Setback } from '../../../domain/outcome.ts';
import type { Errand } from '../../errand.ts';
import { step } from '../steps.ts';
import { lvActivatePool, lvRemovePool } from './argv.ts';
import { poolHalfActive, volumeMissing } from './failures.ts';
import type { BrickPlace } from './names.ts';

/**
 * An lvcreate that is killed after it has started the kernel's pool, and before it has put the volume into it, leaves a
 * pool that LVM takes for inactive: it neither deactivates nor removes it, until it has activated it itself.
 */
export async function poolRemoved(errand: Errand, place: BrickPlace): Promise<Setback | undefined> {
  const command = lvRemovePool(place);
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (poolHalfActive(exited)) {
    return (await step(errand, lvActivatePool(place))) ?? step(errand, command, volumeMissing);
  }
  return exited.exitCode === 0 || volumeMissing(exited) ? undefined : errand.failure(command, exited);
}
