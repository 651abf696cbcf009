/** The mount of an image, and the loop device that comes and goes with it. */
import type { BrickId, DeviceName } from '../../../domain/names.ts';
import { done, failed, type Outcome, type Setback } from '../../../domain/outcome.ts';
import type { Errand } from '../../errand.ts';
import { mountOn, strangeMount } from '../mounts.ts';
import { look, step } from '../steps.ts';
import { detachLoop, loopDevicesOf, mountImage } from './argv.ts';
import { brickFilesOf, type BrickFiles } from './names.ts';
import { readLoopDevices } from './report.ts';

/** Mounts an image whose file system is whole, or finds it mounted (`false`). */
export async function mounted(
  errand: Errand,
  brick: BrickFiles,
  { fresh }: { readonly fresh: boolean },
): Promise<Outcome<boolean>> {
  if (!fresh) {
    const found = await mountOn(errand, brick.mountpoint);
    if (found.kind !== 'read') {
      return found;
    }
    const { value: mount } = found;
    if (mount !== undefined) {
      const loops = await loopsOf(errand, brick);
      if (loops.kind !== 'read') {
        return loops;
      }
      return loops.value.includes(mount.source) ? done(false) : strangeMount(errand, mount);
    }
  }
  return (await step(errand, mountImage(brick))) ?? done(true);
}

export const mountBrick = (errand: Errand, device: DeviceName, brick: BrickId): Promise<Outcome<boolean>> =>
  mounted(errand, brickFilesOf(errand.node.id, device, brick), { fresh: false });

/** Names of the loop devices of an image; none when it is not in use, or not there. */
export const loopsOf = (
  errand: Errand,
  { image }: BrickFiles,
): Promise<{ readonly kind: 'read'; readonly value: readonly string[] } | Setback> =>
  look(errand, loopDevicesOf(image), (text) => readLoopDevices(text).map(({ name }) => name));

/** Makes sure that no loop device uses the image, so that its room is given back with it. */
export async function withoutLoops(errand: Errand, brick: BrickFiles): Promise<Setback | undefined> {
  const before = await loopsOf(errand, brick);
  if (before.kind !== 'read') {
    return before;
  }
  if (before.value.length === 0) {
    return undefined;
  }
  for (const name of before.value) {
    const exited = await errand.run(detachLoop(name));
    // Whether it helped is for the next look to say: the device may just have gone by itself.
    if (exited.kind !== 'exited') {
      return exited;
    }
  }
  const after = await loopsOf(errand, brick);
  if (after.kind !== 'read') {
    return after;
  }
  return after.value.length === 0
    ? undefined
    : failed(`${errand.node.id}: ${brick.image} is in use by ${after.value.join(', ')}, mounted somewhere else`);
}
