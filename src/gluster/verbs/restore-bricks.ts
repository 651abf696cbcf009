/** Mounts the bricks of a device again, as after a reboot: nothing stands in fstab. */
import type { BrickId, DeviceName } from '../../domain/names.ts';
import { done, joinOutcomes, type Outcome } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { CallContext } from '../../engine/ports.ts';
import { findMount } from '../argv/files.ts';
import { vgActivate } from '../argv/lvm.ts';
import { Errand, type Tools } from '../errand.ts';
import { brickPlaceOf, volumeGroupOf } from '../lvm-names.ts';
import { listBricks } from './devices.ts';
import { remountBrick } from './ensure-brick.ts';

export async function restoreBricks(
  tools: Tools,
  node: NodeRef,
  device: DeviceName,
  context: CallContext,
): Promise<Outcome<readonly BrickId[]>> {
  const listed = await listBricks(tools, node, device, context);
  if (listed.kind !== 'done') {
    return listed;
  }
  const errand = new Errand(tools, node, context, device);
  const activate = vgActivate(volumeGroupOf(node.id, device));
  const activated = await errand.run(activate);
  if (activated.kind !== 'exited') {
    return activated;
  }
  if (activated.exitCode !== 0) {
    return errand.failure(activate, activated);
  }
  const outcomes: Outcome<readonly BrickId[]>[] = [];
  // Size 0: a pool without its volume, which nothing can be mounted of.
  for (const { id } of listed.value.filter(({ size }) => size > 0)) {
    // One that does not mount keeps none of the others down.
    outcomes.push(await restore(new Errand(tools, node, context, id), device, id));
  }
  const joined = joinOutcomes(outcomes);
  return joined.kind === 'done' ? done(joined.value.flat()) : joined;
}

async function restore(errand: Errand, device: DeviceName, id: BrickId): Promise<Outcome<readonly BrickId[]>> {
  const place = brickPlaceOf(errand.node.id, device, id);
  const mount = await errand.run(findMount(place.mountpoint));
  if (mount.kind !== 'exited') {
    return mount;
  }
  if (mount.exitCode === 0) {
    return done([]);
  }
  return (await remountBrick(errand, place)) ?? done([id]);
}
