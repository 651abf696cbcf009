/** Command lines that find out what a device holds, and the one that wipes it. */
import type { DeviceName } from '../../../domain/names.ts';
import { command } from '../../command.ts';
import { deadlines } from '../../deadlines.ts';
import type { Command } from '../../runner.ts';

/** The device and everything built on it: partitions, LVM, RAID, crypt, and where they are mounted. */
export const listBlockDevices = (device: DeviceName): Command =>
  command(
    deadlines.look,
    'lsblk',
    '--json',
    '--bytes',
    '--paths',
    '--output',
    'NAME,TYPE,SIZE,MOUNTPOINT,SERIAL',
    device,
  );

/** Signatures read from the device itself, not from udev's memory (which a container may not see). */
export const listSignatures = (device: DeviceName): Command =>
  command(deadlines.look, 'wipefs', '--json', '--no-act', device);

/**
 * `force` is what a partition table needs; without it the device is opened for this program alone, which fails when
 * anybody uses it, also where no look from here can see that.
 */
export const wipeSignatures = (device: string, options: { readonly force: boolean }): Command =>
  command(deadlines.lvm, 'wipefs', '--all', ...(options.force ? ['--force'] : []), device);
