/** What is mounted where on a node, and taking a mount away. */
import { z } from 'zod';
import { rejected, type Setback } from '../../domain/outcome.ts';
import * as files from '../argv/files.ts';
import type { Errand } from '../errand.ts';
import { parseJson } from '../json.ts';
import type { Exited } from '../runner.ts';
import type { MountPlace } from './place.ts';
import { step } from './steps.ts';

export interface Mount {
  readonly target: string;
  readonly source: string;
  readonly fstype: string;
}

const mount = z.object({ target: z.string(), source: z.string(), fstype: z.string() });

/** Throws ReportError. No mount at all: `findmnt` prints nothing. */
const readMounts = (text: string): readonly Mount[] =>
  text.trim() === '' ? [] : parseJson('findmnt', text, z.object({ filesystems: z.array(mount) })).filesystems;

/** Of several mounts on one directory the last is the one that is seen. */
export const readMount = (text: string): Mount | undefined => readMounts(text).at(-1);

/** What is mounted on a directory; `undefined` when nothing is. */
export async function mountOn(
  errand: Errand,
  directory: string,
): Promise<{ readonly kind: 'read'; readonly value: Mount | undefined } | Setback> {
  const exited = await errand.run(files.findMount(directory));
  if (exited.kind !== 'exited') {
    return exited;
  }
  return exited.exitCode === 0 ? errand.read(() => readMount(exited.stdout)) : { kind: 'read', value: undefined };
}

/** Everything that is mounted on the node. */
export async function allMounts(
  errand: Errand,
): Promise<{ readonly kind: 'read'; readonly value: readonly Mount[] } | Setback> {
  const command = files.listMounts();
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  // Exit code 1 and no word: there is none.
  return exited.exitCode === 0 || (exited.exitCode === 1 && exited.stderr.trim() === '')
    ? errand.read(() => readMounts(exited.stdout))
    : errand.failure(command, exited);
}

/** Something else stands where a brick belongs. */
export const strangeMount = (errand: Errand, { source, target }: Mount): Setback =>
  rejected(`${errand.node.id}: ${source} is mounted on ${target}`);

export const unmounted = (errand: Errand, { mountpoint }: MountPlace): Promise<Setback | undefined> =>
  step(errand, files.unmount(mountpoint), unmountedAlready);

/**
 * Takes the mount point away. Gluster makes a brick's directory itself when only that is missing: a create that met the
 * bare mount point has left an empty one under it. Nothing but empty directories is taken away.
 */
export async function withoutMountPoint(errand: Errand, place: MountPlace): Promise<Setback | undefined> {
  const remove = files.removeDirectory(place.mountpoint);
  const exited = await errand.run(remove);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode === 0 || directoryMissing(exited)) {
    return undefined;
  }
  return /Directory not empty/.test(exited.stderr)
    ? ((await step(errand, files.removeDirectory(place.path), directoryMissing)) ??
        (await step(errand, remove, directoryMissing)))
    : errand.failure(remove, exited);
}

/** Not a mount point, or not even there. */
const unmountedAlready = ({ stderr }: Exited): boolean =>
  /not mounted|no mount point specified|No such file or directory/.test(stderr);

const directoryMissing = ({ stderr }: Exited): boolean => /No such file or directory/.test(stderr);
