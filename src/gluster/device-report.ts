/** What `lsblk`, `wipefs` and `findmnt` say, as facts about a device. */
import { z } from 'zod';
import { parseJson } from './json.ts';

/** A block device and what is built on it. */
export interface BlockDevice {
  readonly name: string;
  /** `disk`, `part`, `lvm`, `raid1`, `crypt`, `mpath` and so on. */
  readonly type: string;
  readonly mountpoint?: string | null;
  readonly children?: readonly BlockDevice[];
}

const blockDevice: z.ZodType<BlockDevice> = z.lazy(() =>
  z.object({
    name: z.string(),
    type: z.string(),
    mountpoint: z.string().nullish(),
    children: z.array(blockDevice).optional(),
  }),
);

export const readBlockDevices = (text: string): readonly BlockDevice[] =>
  parseJson('lsblk', text, z.object({ blockdevices: z.array(blockDevice) })).blockdevices;

/** Types such as `ext4`, `xfs`, `LVM2_member`, `gpt`. Some versions print nothing at all when there is none. */
export const readSignatures = (text: string): readonly string[] =>
  text.trim() === ''
    ? []
    : parseJson('wipefs', text, z.object({ signatures: z.array(z.object({ type: z.string() })) })).signatures.map(
        ({ type }) => type,
      );

export interface Mount {
  readonly target: string;
  readonly source: string;
  readonly fstype: string;
}

const mount = z.object({ target: z.string(), source: z.string(), fstype: z.string() });

/** Of several mounts on one directory the last is the one that is seen. */
export const readMount = (text: string): Mount | undefined =>
  parseJson('findmnt', text, z.object({ filesystems: z.array(mount) })).filesystems.at(-1);

/** Who uses the device or something built on it right now, in words; `undefined` when nobody does. */
export function userOf(device: BlockDevice): string | undefined {
  if (typeof device.mountpoint === 'string') {
    return device.mountpoint === '[SWAP]'
      ? `${device.name} is swap`
      : `${device.name} is mounted on ${device.mountpoint}`;
  }
  for (const child of device.children ?? []) {
    const user = userOf(child);
    if (user !== undefined) {
      return user;
    }
    // A partition is only a table entry; anything else (LVM, RAID, crypt, multipath) holds the device open.
    if (child.type !== 'part') {
      return `${device.name} is held by ${child.name} (${child.type})`;
    }
  }
  return undefined;
}
