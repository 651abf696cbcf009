/** Makes a folder ready for bricks: a shelf in it that says whose it is. */
import type { DeviceName } from '../../../domain/names.ts';
import { rejected, type Outcome } from '../../../domain/outcome.ts';
import type { DeviceFacts, PrepareOptions } from '../../../engine/ports.ts';
import type { Errand } from '../../errand.ts';
import type { Exited } from '../../runner.ts';
import { step } from '../steps.ts';
import { makeLink, makeShelf, syncPath } from './argv.ts';
import { clearedFolder } from './clear-folder.ts';
import { factsOf } from './devices.ts';
import { shelfOf } from './names.ts';
import { whyUnprepared } from './shelf.ts';

export async function prepareDevice(
  errand: Errand,
  device: DeviceName,
  { wipe, serial }: PrepareOptions,
): Promise<Outcome<DeviceFacts>> {
  const before = await factsOf(errand, device);
  if (before.kind !== 'unprepared') {
    return before;
  }
  if (serial !== undefined) {
    return rejected(`${device} of ${errand.node.id} is a folder and has no serial number, expected ${serial}`);
  }
  const shelf = shelfOf(errand.node.id, device);
  const setback =
    (await clearedFolder(errand, device, wipe)) ??
    (await step(errand, makeShelf(shelf))) ??
    (await step(errand, makeLink(shelf.identityText, shelf.identity), standsAlready)) ??
    (await step(errand, syncPath(shelf.path))) ??
    (await step(errand, syncPath(device)));
  if (setback !== undefined) {
    return setback;
  }
  const after = await factsOf(errand, device);
  return after.kind === 'unprepared' ? whyUnprepared(errand, device) : after;
}

const standsAlready = ({ stderr }: Exited): boolean => /File exists/.test(stderr);
