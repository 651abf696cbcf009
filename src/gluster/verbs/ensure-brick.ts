/**
 * Makes a brick: thin pool and volume, file system, mount, directory.
 *
 * The first attempt looks at nothing: it creates. Only when LVM answers that the name is taken does it look at what
 * stands there, and carries on from wherever an earlier attempt was cut off. Every step can be cut off and run again.
 */
import { extentSize, brickFootprint } from '../../domain/placement/footprint.ts';
import { done, failed, rejected, waiting, type Outcome, type Setback } from '../../domain/outcome.ts';
import { describeSize, roundUp, type Bytes } from '../../domain/quantity.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { BrickFacts, BrickSpec, CallContext } from '../../engine/ports.ts';
import * as files from '../argv/files.ts';
import * as lvm from '../argv/lvm.ts';
import { readMount } from '../device-report.ts';
import { Errand, type Tools } from '../errand.ts';
import { brickPlaceOf, brickTags, type BrickPlace } from '../lvm-names.ts';
import type { Command, Exited } from '../runner.ts';
import { whatStands } from './brick-identity.ts';
import { groupMissing, noSpace, volumeExists } from './lvm-failures.ts';

interface Site {
  readonly errand: Errand;
  readonly place: BrickPlace;
}

interface Work extends Site {
  readonly brick: BrickSpec;
}

/** `fresh`: this call made it, so there is nothing on it yet. */
interface Made {
  readonly kind: 'made';
  readonly size: Bytes;
  readonly fresh: boolean;
}

export async function ensureBrick(
  tools: Tools,
  node: NodeRef,
  brick: BrickSpec,
  { pristine }: { readonly pristine: boolean },
  context: CallContext,
): Promise<Outcome<BrickFacts>> {
  const errand = new Errand(tools, node, context);
  const work: Work = { errand, brick, place: brickPlaceOf(node.id, brick.device, brick.id) };
  const made = await logicalVolume(work);
  if (made.kind !== 'made') {
    return made;
  }
  const setback =
    (await fileSystem(work, made.fresh)) ??
    (await mounted(work, made.fresh, pristine)) ??
    (await directory(work)) ??
    (pristine && !made.fresh ? await withoutMarks(work) : undefined);
  return setback ?? done({ id: brick.id, path: work.place.path, size: made.size });
}

/** As ensureBrick for a brick that stands and is not mounted, which is what a reboot leaves. */
export async function remountBrick(errand: Errand, place: BrickPlace): Promise<Setback | undefined> {
  return mounted({ errand, place }, false, false);
}

/** Runs a command whose every failure ends the verb. */
async function must({ errand }: Site, command: Command): Promise<Setback | undefined> {
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  return exited.exitCode === 0 ? undefined : errand.failure(command, exited);
}

async function logicalVolume(work: Work): Promise<Made | Setback> {
  const { errand, brick, place } = work;
  const command = lvm.lvCreateBrick(place, brick.size, brickFootprint(brick), brickTags(brick));
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode === 0) {
    return { kind: 'made', size: roundUp(brick.size, extentSize), fresh: true };
  }
  return volumeExists(exited) ? earlierWork(work) : lvmFailure(work, command, exited);
}

async function earlierWork(work: Work): Promise<Made | Setback> {
  const { errand, brick, place } = work;
  const standing = await whatStands(errand, place, brick);
  switch (standing.kind) {
    case 'brick':
      return { kind: 'made', size: standing.size, fresh: false };
    case 'pool': {
      const setback = await must(work, lvm.lvCreateInPool(place, brick.size));
      return setback ?? { kind: 'made', size: roundUp(brick.size, extentSize), fresh: true };
    }
    case 'nothing':
    case 'no-device':
      return failed(`${errand.node.id}: ${place.group}/${place.pool} vanished while it was being made`);
    default:
      return standing;
  }
}

function lvmFailure({ errand, brick, place }: Work, command: Command, exited: Exited): Setback {
  const where = `${brick.device} of ${errand.node.id}`;
  if (groupMissing(exited)) {
    return waiting(
      { what: 'condition', name: `device ${where}` },
      `${where} is not prepared (no volume group ${place.group})`,
    );
  }
  if (noSpace(exited)) {
    const needed = describeSize(brickFootprint(brick).total);
    return waiting({ what: 'capacity' }, `${where} has no ${needed} left: ${exited.stderr.trim()}`);
  }
  return errand.failure(command, exited);
}

/** A file system that is there already is kept: mkfs is never forced over anything. */
async function fileSystem(work: Work, fresh: boolean): Promise<Setback | undefined> {
  const { errand, brick, place } = work;
  if (!fresh) {
    const probe = files.probeType(place.device);
    const exited = await errand.run(probe);
    if (exited.kind !== 'exited') {
      return exited;
    }
    const type = exited.stdout.trim();
    if (type === 'xfs') {
      return undefined;
    }
    if (type !== '') {
      return rejected(`${errand.node.id}: ${place.device} holds ${type}, expected xfs or nothing`);
    }
    // Exit code 2: it looked, and there is nothing.
    if (exited.exitCode !== 2) {
      return errand.failure(probe, exited);
    }
  }
  return must(work, files.makeXfs(place.device, { arbiter: brick.arbiter }));
}

async function mounted(work: Site, fresh: boolean, pristine: boolean): Promise<Setback | undefined> {
  const { errand, place } = work;
  if (!fresh) {
    const found = await mountStands(work);
    if (found !== false) {
      return found === true ? undefined : found;
    }
  }
  const setback = await must(work, files.makeDirectory(place.mountpoint));
  if (setback !== undefined) {
    return setback;
  }
  const command = files.mountXfs(place.device, place.mountpoint);
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode === 0) {
    return undefined;
  }
  return pristine && !fresh && /bad superblock/.test(exited.stderr)
    ? givenUp(work, exited)
    : errand.failure(command, exited);
}

async function mountStands({ errand, place }: Site): Promise<boolean | Setback> {
  const exited = await errand.run(files.findMount(place.mountpoint));
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode !== 0) {
    return false;
  }
  const mount = errand.read(() => readMount(exited.stdout));
  if (mount.kind !== 'read') {
    return mount;
  }
  return mount.value?.source === place.device
    ? true
    : rejected(`${errand.node.id}: ${mount.value?.source ?? 'something'} is mounted on ${place.mountpoint}`);
}

/**
 * A mkfs that was killed half-way leaves something that looks like XFS and never mounts. No volume has ever stood on
 * this brick (that is what pristine says), and the tag has shown that it is ours: it is taken away, and the next try
 * makes it anew.
 */
async function givenUp(work: Site, { stderr }: Exited): Promise<Setback> {
  const setback = await must(work, lvm.lvRemovePool(work.place));
  return (
    setback ??
    failed(
      `${work.errand.node.id}: ${work.place.device} did not mount and was removed to be made anew: ${stderr.trim()}`,
    )
  );
}

async function directory(work: Work): Promise<Setback | undefined> {
  const { brick, place } = work;
  const setback = await must(work, files.makeDirectory(place.path));
  if (setback !== undefined || brick.gid === undefined) {
    return setback;
  }
  return (
    (await must(work, files.changeGroup(place.path, brick.gid))) ?? must(work, files.changeMode(place.path, '2775'))
  );
}

/** What a create that failed, or a volume that was deleted, left on the brick's directory. */
async function withoutMarks(work: Work): Promise<Setback | undefined> {
  const { errand, place } = work;
  for (const mark of ['trusted.glusterfs.volume-id', 'trusted.gfid'] as const) {
    const command = files.removeMark(place.path, mark);
    const exited = await errand.run(command);
    if (exited.kind !== 'exited') {
      return exited;
    }
    if (exited.exitCode !== 0 && !/No such attribute/.test(exited.stderr)) {
      return errand.failure(command, exited);
    }
  }
  return must(work, files.removeHandles(place.path));
}
