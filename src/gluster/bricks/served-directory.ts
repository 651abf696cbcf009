/** The directory of a brick that gluster serves: made, freed of an earlier volume's marks, given to its group. */
import { failed, type Setback } from '../../domain/outcome.ts';
import * as files from '../argv/files.ts';
import type { Errand } from '../errand.ts';
import type { Exited } from '../runner.ts';
import type { MountPlace } from './place.ts';
import { look, step } from './steps.ts';

export interface ServedDirectory {
  readonly place: MountPlace;
  /** Owner group; absent: root's. */
  readonly gid: number | undefined;
  /** The brick was made just now: there is nothing on it yet. */
  readonly fresh: boolean;
  /** No volume stands on the brick, so whatever marks it carries are leftovers. */
  readonly pristine: boolean;
}

export async function servedDirectory(errand: Errand, wanted: ServedDirectory): Promise<Setback | undefined> {
  const { place, gid, fresh, pristine } = wanted;
  if (fresh) {
    return gid === undefined ? step(errand, files.makeDirectory(place.path)) : groupDirectory(errand, place, gid);
  }
  const setback =
    (await step(errand, files.makeDirectory(place.path))) ?? (pristine ? await withoutMarks(errand, place) : undefined);
  return setback !== undefined || gid === undefined ? setback : groupOnce(errand, place, gid, pristine);
}

/**
 * From its first day the root of a volume belongs to its users, who may give it another group or mode through the mount.
 * Gluster's mark says that this day has come.
 */
async function groupOnce(
  errand: Errand,
  place: MountPlace,
  gid: number,
  pristine: boolean,
): Promise<Setback | undefined> {
  if (!pristine) {
    const command = files.readMark(place.path, 'trusted.glusterfs.volume-id');
    const exited = await errand.run(command);
    if (exited.kind !== 'exited') {
      return exited;
    }
    if (exited.exitCode === 0) {
      return undefined;
    }
    if (!markMissing(exited)) {
      return errand.failure(command, exited);
    }
  }
  return groupDirectory(errand, place, gid);
}

/** Sets group and mode, and looks whether they are set: not every file system keeps them. */
async function groupDirectory(errand: Errand, { path }: MountPlace, gid: number): Promise<Setback | undefined> {
  const setback = await step(errand, files.makeGroupDirectory(path, gid, '2775'));
  if (setback !== undefined) {
    return setback;
  }
  const wanted = `${gid} 2775`;
  const found = await look(errand, files.readOwnership(path), (text) => text.trim());
  if (found.kind !== 'read') {
    return found;
  }
  return found.value === wanted
    ? undefined
    : failed(`${errand.node.id}: ${path}: expected group and mode ${wanted}, got ${found.value}`);
}

/** What a create that failed, or a volume that was deleted, left on the brick's directory. */
async function withoutMarks(errand: Errand, { path }: MountPlace): Promise<Setback | undefined> {
  return (
    (await step(errand, files.removeMark(path, 'trusted.glusterfs.volume-id'), markMissing)) ??
    (await step(errand, files.removeMark(path, 'trusted.gfid'), markMissing)) ??
    step(errand, files.removeHandles(path))
  );
}

const markMissing = ({ stderr }: Exited): boolean => /No such attribute/.test(stderr);
