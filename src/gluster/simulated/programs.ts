/** Every program that a simulated node has. */
import * as files from './tools/file-tools.ts';
import * as folders from './tools/folder-tools.ts';
import { losetup } from './tools/losetup.ts';
import { lvs, pvs, vgs } from './tools/lvm-reports.ts';
import { lvextend } from './tools/lvextend.ts';
import { lvchange, lvcreate, lvremove, pvcreate, vgcreate } from './tools/lvm-tools.ts';
import { blkid, lsblk, wipefs } from './tools/probe-tools.ts';
import { cat, ip } from './tools/node-tools.ts';
import type { Tool } from './tools/tool.ts';

/** Gluster is not here: it needs to know more than its own machine. */
export const programs: ReadonlyMap<string, Tool> = new Map<string, Tool>([
  ['pvcreate', pvcreate],
  ['vgcreate', vgcreate],
  ['lvchange', lvchange],
  ['lvcreate', lvcreate],
  ['lvextend', lvextend],
  ['lvremove', lvremove],
  ['pvs', pvs],
  ['vgs', vgs],
  ['lvs', lvs],
  ['mkdir', files.mkdir],
  ['rmdir', files.rmdir],
  ['install', files.install],
  ['stat', files.stat],
  ['getfattr', files.getfattr],
  ['setfattr', files.setfattr],
  ['rm', files.rm],
  ['mkfs.xfs', files.mkfsXfs],
  ['mount', files.mount],
  ['xfs_growfs', files.xfsGrowfs],
  ['umount', files.umount],
  ['findmnt', files.findmnt],
  ['find', folders.find],
  ['realpath', folders.realpath],
  ['ln', folders.ln],
  ['truncate', folders.truncate],
  ['sync', folders.sync],
  ['losetup', losetup],
  ['lsblk', lsblk],
  ['wipefs', wipefs],
  ['blkid', blkid],
  ['cat', cat],
  ['ip', ip],
]);
