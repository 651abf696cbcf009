/** The kernel's table of mounts, `/proc/self/mountinfo` (proc(5)). */
import { type VolumeName, volumeName } from '../../domain/names.ts';

export interface Mount {
  readonly id: number;
  readonly parent: number;
  /** `major:minor`. All mounts of one file system have it: a staged volume and the bind mounts of it. */
  readonly device: string;
  /** The directory of the file system that is seen here; `/` unless it is a bind mount of less. */
  readonly root: string;
  readonly target: string;
  /** Of this mount alone: `ro`, `nodiratime` and the like. */
  readonly options: readonly string[];
  readonly shared: boolean;
  readonly fstype: string;
  readonly source: string;
  /** Of the file system, wherever it is mounted. */
  readonly superOptions: readonly string[];
}

/** A table that is not one. */
export class MountTableError extends Error {
  override readonly name = 'MountTableError';
}

/**
 * The mounts that a path leads to, and those beneath them at the same place. Throws MountTableError, with the line.
 *
 * Left out is what lies under a mount on a directory further up. The kernel makes such copies by itself: where the kubelet's folder
 * is mounted on itself and both are shared, which is common, each mount in it appears in the folder underneath as well, under
 * the same name, and goes with it.
 */
export function readMountTable(text: string): readonly Mount[] {
  return withoutHidden(text.split('\n').filter(Boolean).map(readLine));
}

function withoutHidden(table: readonly Mount[]): readonly Mount[] {
  const byId = new Map(table.map((mount) => [mount.id, mount]));
  const inParent = new Set(table.map(({ parent, target }) => `${parent} ${target}`));
  const known = new Map<number, boolean>();
  const isHidden = (mount: Mount): boolean => {
    const before = known.get(mount.id);
    if (before !== undefined) {
      return before;
    }
    // For a mount that is its own parent.
    known.set(mount.id, false);
    const covered = foldersAbove(mount.target).some((folder) => inParent.has(`${mount.parent} ${folder}`));
    const parent = byId.get(mount.parent);
    const hidden = covered || (parent !== undefined && isHidden(parent));
    known.set(mount.id, hidden);
    return hidden;
  };
  return table.filter((mount) => !isHidden(mount));
}

/** `/a/b/c`: `/a/b`, `/a` and `/`. */
function foldersAbove(path: string): readonly string[] {
  const names = path.split('/').slice(1, -1);
  return path === '/' ? [] : ['/', ...names.map((_name, index) => `/${names.slice(0, index + 1).join('/')}`)];
}

const grammar = /^(\d+) (\d+) (\d+:\d+) (\S+) (\S+) (\S+)((?: \S+)*?) - (\S+) (\S*) (\S+)$/;

function readLine(line: string): Mount {
  const [
    ,
    id,
    parent,
    device = '',
    root = '',
    target = '',
    options = '',
    optional = '',
    fstype = '',
    source = '',
    last = '',
  ] = grammar.exec(line) ?? [];
  if (id === undefined) {
    throw new MountTableError(`mountinfo: expected a line of a mount table, got ${JSON.stringify(line.slice(0, 200))}`);
  }
  return {
    id: Number(id),
    parent: Number(parent),
    device,
    root: unescape(root),
    target: unescape(target),
    options: options.split(','),
    shared: optional.split(' ').some((field) => field.startsWith('shared:')),
    fstype,
    source: unescape(source),
    superOptions: last.split(','),
  };
}

/** Space, tab, newline and backslash stand as three octal digits. */
const unescape = (word: string): string =>
  word.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** What is seen at a directory: of several mounts there, the one that no other lies on. */
export function topAt(table: readonly Mount[], directory: string): Mount | undefined {
  const here = allAt(table, directory);
  return here.findLast(({ id }) => here.every((other) => other.parent !== id));
}

export const allAt = (table: readonly Mount[], directory: string): readonly Mount[] =>
  table.filter(({ target }) => target === directory);

export const isGluster = ({ fstype }: Mount): boolean => fstype === 'fuse.glusterfs';

export const isReadOnly = ({ options, superOptions }: Mount): boolean =>
  options.includes('ro') || superOptions.includes('ro');

/** From the source, `server:/volume`, whatever directory of it is mounted. */
export function volumeOf(mount: Mount): VolumeName | undefined {
  const name = /:\/?([^:/]+)(?:\/[^:]*)?$/.exec(mount.source)?.[1];
  if (!isGluster(mount) || name === undefined) {
    return undefined;
  }
  try {
    return volumeName(name);
  } catch {
    return undefined;
  }
}
