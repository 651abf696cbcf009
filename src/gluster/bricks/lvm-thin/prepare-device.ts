/** Makes a disk ready for bricks: a physical volume, and a volume group of its own that says whose it is. */
import type { DeviceName } from '../../../domain/names.ts';
import type { Outcome } from '../../../domain/outcome.ts';
import type { DeviceFacts, PrepareOptions } from '../../../engine/ports.ts';
import type { Errand } from '../../errand.ts';
import { step } from '../steps.ts';
import * as lvm from './argv.ts';
import { clearedDevice } from './clear-device.ts';
import { factsOf, whyUnprepared } from './devices.ts';
import { groupTags, volumeGroupOf } from './names.ts';

export async function prepareDevice(
  errand: Errand,
  device: DeviceName,
  options: PrepareOptions,
): Promise<Outcome<DeviceFacts>> {
  const before = await factsOf(errand, device);
  if (before.kind !== 'unprepared') {
    return before;
  }
  const cleared = await clearedDevice(errand, device, options);
  if (cleared.kind !== 'cleared') {
    return cleared;
  }
  const node = errand.node.id;
  const setback =
    (cleared.physicalVolume ? undefined : await step(errand, lvm.pvCreate(device))) ??
    (await step(errand, lvm.vgCreate(volumeGroupOf(node, device), device, groupTags(node, device))));
  if (setback !== undefined) {
    return setback;
  }
  const after = await factsOf(errand, device);
  return after.kind === 'unprepared' ? whyUnprepared(errand, device) : after;
}
