/** The brick verbs of the engine's port: which backend a device calls for, and which lane its commands run in. */
import type { BrickId, DeviceName } from '../../domain/names.ts';
import { done, joinOutcomes, rejected, type Outcome, type Setback } from '../../domain/outcome.ts';
import { smallestBrick } from '../../domain/placement/request.ts';
import { describeSize } from '../../domain/quantity.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { BrickSpec, CallContext, StorageNodes } from '../../engine/ports.ts';
import { Errand, type Tools } from '../errand.ts';
import type { BrickBackend } from './backend.ts';
import { loop } from './loop/backend.ts';
import { lvmThin } from './lvm-thin/backend.ts';
import { withoutMountPoint } from './mounts.ts';
import { deviceKeyOf, mountPlaceOf } from './place.ts';

export type BrickVerbs = Pick<
  StorageNodes,
  'inspectDevice' | 'prepareDevice' | 'ensureBrick' | 'growBrick' | 'destroyBrick' | 'listBricks' | 'restoreBricks'
>;

/** A disk has its name below /dev; any other path is a folder. */
const isDisk = (device: DeviceName): boolean => device.startsWith('/dev/');

const backendOf = (device: DeviceName): BrickBackend => (isDisk(device) ? lvmThin : loop);

/** Changes of a brick are in the brick's lane, changes of a device in the device's; looks wait for nobody. */
export function brickVerbs(tools: Tools): BrickVerbs {
  const errand = (node: NodeRef, context: CallContext, lane?: string): Errand => new Errand(tools, node, context, lane);
  return {
    inspectDevice: (node, device, context) => backendOf(device).inspectDevice(errand(node, context), device),
    prepareDevice: (node, device, options, context) =>
      backendOf(device).prepareDevice(errand(node, context, device), device, options),
    ensureBrick: async (node, brick, options, context) =>
      brick.size < smallestBrick
        ? tooSmall(brick)
        : backendOf(brick.device).ensureBrick(errand(node, context, brick.id), brick, options),
    growBrick: (node, brick, context) => backendOf(brick.device).growBrick(errand(node, context, brick.id), brick),
    destroyBrick: (node, brick, context) =>
      backendOf(brick.device).destroyBrick(errand(node, context, brick.id), brick),
    listBricks: (node, device, context) => backendOf(device).listBricks(errand(node, context), device),
    restoreBricks: (node, device, context) => restoreBricks(tools, node, device, context),
  };
}

const tooSmall = ({ id, size }: BrickSpec): Outcome<never> =>
  rejected(`brick ${id}: expected at least ${describeSize(smallestBrick)}, which XFS needs, got ${describeSize(size)}`);

/** Nothing stands in fstab: a file system that does not mount must not keep the machine from booting. */
async function restoreBricks(
  tools: Tools,
  node: NodeRef,
  device: DeviceName,
  context: CallContext,
): Promise<Outcome<readonly BrickId[]>> {
  const backend = backendOf(device);
  const awake = await backend.wakeBricks(new Errand(tools, node, context, device), device);
  if (awake.kind !== 'done') {
    return awake;
  }
  const outcomes: Outcome<readonly BrickId[]>[] = [];
  for (const id of awake.value) {
    const errand = new Errand(tools, node, context, id);
    const mounted = await backend.mountBrick(errand, device, id);
    // One that does not mount keeps none of the others down.
    outcomes.push(
      mounted.kind === 'done'
        ? done(mounted.value ? [id] : [])
        : mounted.kind === 'failed'
          ? await goneMeanwhile(errand, device, id, mounted)
          : mounted,
    );
  }
  const joined = joinOutcomes(outcomes);
  return joined.kind === 'done' ? done(joined.value.flat()) : joined;
}

/** A brick that was destroyed after it was listed is no failure; its mount point may have been made again. */
async function goneMeanwhile(
  errand: Errand,
  device: DeviceName,
  id: BrickId,
  otherwise: Setback,
): Promise<Outcome<readonly BrickId[]>> {
  const listed = await backendOf(device).listBricks(errand, device);
  if (listed.kind !== 'done' || listed.value.some((brick) => brick.id === id)) {
    return otherwise;
  }
  const place = mountPlaceOf(deviceKeyOf(errand.node.id, device), id);
  return (await withoutMountPoint(errand, place)) ?? done([]);
}
