/** Command lines for file systems, mounts, directories and gluster's marks on them. */
import { command } from '../command.ts';
import { deadlines } from '../deadlines.ts';
import type { Command } from '../runner.ts';

/**
 * Gluster's recommended layout: inodes that hold its extended attributes, directories in bigger blocks. An arbiter holds
 * nothing but inodes, so they may take all of it. Without -f: it refuses where a file system is already.
 */
export const makeXfs = (device: string, options: { readonly arbiter: boolean }): Command =>
  command(
    deadlines.format,
    'mkfs.xfs',
    '-q',
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

export const makeDirectory = (path: string): Command => command(deadlines.files, 'mkdir', '--parents', path);
export const removeDirectory = (path: string): Command => command(deadlines.files, 'rmdir', path);
export const changeGroup = (path: string, gid: number): Command => command(deadlines.files, 'chown', `:${gid}`, path);
export const changeMode = (path: string, mode: '2775'): Command => command(deadlines.files, 'chmod', mode, path);

/** The attributes that tie a directory to a volume. */
export type BrickMark = 'trusted.glusterfs.volume-id' | 'trusted.gfid';

/** Exit 1, "No such attribute", when it is not there. */
export const removeMark = (path: string, mark: BrickMark): Command =>
  command(deadlines.files, 'setfattr', '--remove', mark, path);

/** Gluster's own directory in a brick: handles and indices, no file of a user's. Success when it is not there. */
export const removeHandles = (path: string): Command =>
  command(deadlines.format, 'rm', '--recursive', '--force', `${path}/.glusterfs`);

/** The type of the file system on a device; exit 2 when there is none. */
export const probeType = (device: string): Command =>
  command(deadlines.look, 'blkid', '-p', '-s', 'TYPE', '-o', 'value', device);
