/** Command lines for file systems, mounts, directories and gluster's marks on them. */
import { command } from '../command.ts';
import { deadlines } from '../deadlines.ts';
import type { Command } from '../runner.ts';

/**
 * Gluster's recommended layout: inodes that hold its extended attributes, directories in bigger blocks. An arbiter holds
 * nothing but inodes, so they may take all of it. Without `force` it refuses where a file system is already.
 */
export const makeXfs = (device: string, options: { readonly arbiter: boolean; readonly force?: boolean }): Command =>
  command(
    deadlines.format,
    'mkfs.xfs',
    '-q',
    ...(options.force === true ? ['-f'] : []),
    '-i',
    options.arbiter ? 'size=512,maxpct=100' : 'size=512',
    '-n',
    'size=8192',
    device,
  );

/** `nouuid`: a snapshot of a brick has the brick's file system UUID and must be mountable beside it. */
export const mountXfs = (device: string, directory: string): Command =>
  command(deadlines.files, 'mount', '--types', 'xfs', '--options', 'rw,inode64,noatime,nouuid', device, directory);

/** Makes the file system as large as its device, mounted and in use. Success when it is already. */
export const growXfs = (directory: string): Command => command(deadlines.format, 'xfs_growfs', directory);

export const unmount = (directory: string): Command => command(deadlines.files, 'umount', directory);

/** What is mounted on the directory; exit 1 when nothing is. */
export const findMount = (directory: string): Command =>
  command(deadlines.files, 'findmnt', '--json', '--output', 'TARGET,SOURCE,FSTYPE', '--mountpoint', directory);

/** Everything that is mounted; exit 1 when nothing is. */
export const listMounts = (): Command =>
  command(deadlines.look, 'findmnt', '--json', '--list', '--output', 'TARGET,SOURCE,FSTYPE');

export const makeDirectory = (path: string): Command => command(deadlines.files, 'mkdir', '--parents', path);
export const removeDirectory = (path: string): Command => command(deadlines.files, 'rmdir', path);

/** Makes the directory where it is missing, and sets its group and mode in any case. */
export const makeGroupDirectory = (path: string, gid: number, mode: '2775'): Command =>
  command(deadlines.files, 'install', '--directory', `--group=${gid}`, `--mode=${mode}`, path);

/** Group and mode of a path, as in `2000 2775`. */
export const readOwnership = (path: string): Command => command(deadlines.look, 'stat', '--format=%g %a', path);

/** The attributes that tie a directory to a volume. */
export type BrickMark = 'trusted.glusterfs.volume-id' | 'trusted.gfid';

/** Both exit 1, "No such attribute", when it is not there. */
export const readMark = (path: string, mark: BrickMark): Command =>
  command(deadlines.look, 'getfattr', '--absolute-names', '--encoding=hex', `--name=${mark}`, path);
export const removeMark = (path: string, mark: BrickMark): Command =>
  command(deadlines.files, 'setfattr', '--remove', mark, path);

/** Gluster's own directory in a brick: handles and indices, no file of a user's. Success when it is not there. */
export const removeHandles = (path: string): Command =>
  command(deadlines.format, 'rm', '--recursive', '--force', `${path}/.glusterfs`);

/** The type of the file system on a device; exit 2 when there is none. */
export const probeType = (device: string): Command =>
  command(deadlines.look, 'blkid', '-p', '-s', 'TYPE', '-o', 'value', device);
