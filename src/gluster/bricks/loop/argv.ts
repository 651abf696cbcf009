/** Command lines about folders, the images in them, and loop devices. */
import type { DeviceName } from '../../../domain/names.ts';
import type { Bytes } from '../../../domain/quantity.ts';
import { command } from '../../command.ts';
import { deadlines } from '../../deadlines.ts';
import type { Command } from '../../runner.ts';
import type { BrickFiles, Shelf } from './names.ts';
import { identityName } from './names.ts';

/** Fields of an entry, in the order in which `readEntries` takes them; NUL cannot occur in any. */
const entryFormat = String.raw`%y\0%s\0%b\0%l\0%P\0`;

/** A directory and what is in it. What others take away meanwhile is left out. */
export const listDirectory = (path: string): Command =>
  command(deadlines.look, 'find', path, '-ignore_readdir_race', '-maxdepth', '1', '-printf', entryFormat);

/** The identities of shelves below a folder, other file systems left out. Without `deep` only of those in itself. */
export const findIdentities = (folder: DeviceName, { deep }: { readonly deep: boolean }): Command =>
  command(
    deadlines.format,
    'find',
    folder,
    '-ignore_readdir_race',
    '-xdev',
    ...(deep ? [] : ['-maxdepth', '2']),
    '-type',
    'l',
    '-name',
    identityName,
    '-printf',
    entryFormat,
  );

/** Takes everything out of a folder but what fsck may have put there; never leaves its file system. */
export const emptyFolder = (folder: DeviceName): Command =>
  command(
    deadlines.format,
    'find',
    folder,
    '-xdev',
    '-mindepth',
    '1',
    '-not',
    '-path',
    `${folder}/lost+found`,
    '-not',
    '-path',
    `${folder}/lost+found/*`,
    '-delete',
  );

/** The path without symbolic links. */
export const realPath = (path: string): Command => command(deadlines.look, 'realpath', '--canonicalize-existing', path);

/**
 * A directory and what is in it, and then bytes of the file system that it lies on and bytes of it that are left to write.
 * find runs df when it has listed everything, never before.
 */
export const listWithRoom = (path: string): Command =>
  command(
    deadlines.look,
    'find',
    path,
    '-ignore_readdir_race',
    '-maxdepth',
    '1',
    '-printf',
    entryFormat,
    '-path',
    path,
    '-exec',
    'df',
    '--block-size=1',
    '--output=size,avail',
    '{}',
    '+',
  );

/** Images are nobody's business but root's. */
export const makeShelf = ({ path }: Shelf): Command =>
  command(deadlines.files, 'mkdir', '--parents', '--mode=0700', path);

/** A symbolic link; exit 1, "File exists", when it stands. */
export const makeLink = (text: string, path: string): Command =>
  command(deadlines.files, 'ln', '--symbolic', '--no-target-directory', text, path);

/** Makes a file, and makes it as large as this; never smaller. It takes no room before something is written. */
export const extendFile = (path: string, size: Bytes): Command =>
  command(deadlines.files, 'truncate', `--size=>${size}`, path);

/** The same, in place of one that may stand, in one step. */
export const replaceLink = (text: string, path: string): Command =>
  command(deadlines.files, 'ln', '--symbolic', '--force', '--no-target-directory', text, path);

/** Success when none of them is there. They go in this order. */
export const removeFiles = (...paths: readonly string[]): Command =>
  command(deadlines.format, 'rm', '--force', ...paths);

/** What was written to a file, its size, or names in a directory survive a power cut from here on. */
export const syncPath = (path: string): Command => command(deadlines.format, 'sync', path);

const mountOptions = 'rw,inode64,noatime,nouuid,loop,X-mount.mkdir';

/** Makes the mount point where it is missing. The loop device goes with the mount; one that the image has is used again. */
export const mountImage = ({ image, mountpoint }: BrickFiles): Command =>
  command(deadlines.files, 'mount', '--types', 'xfs', '--options', mountOptions, image, mountpoint);

const loopDevices = (...words: readonly string[]): Command =>
  command(deadlines.look, 'losetup', '--json', '--list', '--output', 'NAME,BACK-FILE', ...words);

/** All loop devices. */
export const listLoopDevices = (): Command => loopDevices();
/** Those of one file, whatever path they know it by. */
export const loopDevicesOf = (image: string): Command => loopDevices('--associated', image);

/** Has a loop device notice that its file has grown. */
export const noticeSize = (loopDevice: string): Command =>
  command(deadlines.files, 'losetup', '--set-capacity', loopDevice);

/** Takes effect once nobody uses it. */
export const detachLoop = (loopDevice: string): Command => command(deadlines.files, 'losetup', '--detach', loopDevice);
