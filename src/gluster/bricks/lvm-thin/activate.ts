/** Makes a brick a block device again: after a reboot, or where LVM was killed in the middle of that. */
import type { Setback } from '../../../domain/outcome.ts';
import type { Errand } from '../../errand.ts';
import { step } from '../steps.ts';
import { lvActivate, lvDeactivateParts } from './argv.ts';
import { partActive } from './failures.ts';
import type { BrickPlace } from './names.ts';

/**
 * LVM activates a pool's data and metadata before the pool. Killed in between, it leaves them active by themselves, and
 * activates nothing of that pool any more until they are put to sleep.
 */
export async function activated(errand: Errand, place: BrickPlace): Promise<Setback | undefined> {
  const command = lvActivate(place);
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode === 0) {
    return undefined;
  }
  return partActive(exited)
    ? ((await step(errand, lvDeactivateParts(place))) ?? step(errand, command))
    : errand.failure(command, exited);
}
