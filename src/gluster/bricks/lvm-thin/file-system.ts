/** The file system on a brick's thin volume, and its mount. */
import { failed, rejected, type Setback } from '../../../domain/outcome.ts';
import * as files from '../../argv/files.ts';
import type { Errand } from '../../errand.ts';
import type { Exited } from '../../runner.ts';
import { mountOn, strangeMount } from '../mounts.ts';
import { step } from '../steps.ts';
import type { BrickPlace } from './names.ts';
import { poolRemoved } from './remove-pool.ts';

/** Makes it; one that is there already is kept: mkfs is never forced over anything. */
export async function fileSystem(
  errand: Errand,
  { device }: BrickPlace,
  { fresh, arbiter }: { readonly fresh: boolean; readonly arbiter: boolean },
): Promise<Setback | undefined> {
  if (!fresh) {
    const probe = files.probeType(device);
    const exited = await errand.run(probe);
    if (exited.kind !== 'exited') {
      return exited;
    }
    const type = exited.stdout.trim();
    if (type === 'xfs') {
      return undefined;
    }
    if (type !== '') {
      return rejected(`${errand.node.id}: ${device} holds ${type}, expected xfs or nothing`);
    }
    // Exit code 2: it looked, and there is nothing.
    if (exited.exitCode !== 2) {
      return errand.failure(probe, exited);
    }
  }
  return step(errand, files.makeXfs(device, { arbiter }));
}

/** `now`: this call mounted it. */
export interface Mounted {
  readonly kind: 'mounted';
  readonly now: boolean;
}

/**
 * Mounts it, or finds it mounted. With `disposable`, what does not mount although it looks like XFS is taken away to be
 * made anew.
 */
export async function mounted(
  errand: Errand,
  place: BrickPlace,
  { fresh, disposable = false }: { readonly fresh: boolean; readonly disposable?: boolean },
): Promise<Mounted | Setback> {
  if (!fresh) {
    const found = await mountOn(errand, place.mountpoint);
    if (found.kind !== 'read') {
      return found;
    }
    if (found.value !== undefined) {
      return found.value.source === place.device ? { kind: 'mounted', now: false } : strangeMount(errand, found.value);
    }
  }
  const setback = await step(errand, files.makeDirectory(place.mountpoint));
  if (setback !== undefined) {
    return setback;
  }
  const command = files.mountXfs(place.device, place.mountpoint);
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode === 0) {
    return { kind: 'mounted', now: true };
  }
  return disposable && !fresh && /bad superblock/.test(exited.stderr)
    ? givenUp(errand, place, exited)
    : errand.failure(command, exited);
}

/**
 * A mkfs that was killed half-way leaves something that looks like XFS and never mounts. No volume has ever stood on
 * this brick (that is what disposable says), and the tag has shown that it is ours: it is taken away, and the next try
 * makes it anew.
 */
async function givenUp(errand: Errand, place: BrickPlace, { stderr }: Exited): Promise<Setback> {
  const setback = await poolRemoved(errand, place);
  return (
    setback ??
    failed(`${errand.node.id}: ${place.device} did not mount and was removed to be made anew: ${stderr.trim()}`)
  );
}
