/** What `lsblk` and `wipefs` say, as facts about a device. */
import { z } from 'zod';
import { parseJson } from '../../json.ts';

/** A block device and what is built on it. */
export interface BlockDevice {
  readonly name: string;
  /** `disk`, `part`, `lvm`, `raid1`, `crypt`, `mpath` and so on. */
  readonly type: string;
  readonly mountpoint?: string | null;
  /** Of whole disks that have one. */
  readonly serial?: string | null;
  readonly children?: readonly BlockDevice[];
}

const blockDevice: z.ZodType<BlockDevice> = z.lazy(() =>
  z.object({
    name: z.string(),
    type: z.string(),
    mountpoint: z.string().nullish(),
    serial: z.string().nullish(),
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

/** Who uses the device or something built on it right now, in words; `undefined` when nobody does. */
export function userOf(device: BlockDevice): string | undefined {
  if (typeof device.mountpoint === 'string') {
    return device.mountpoint === '[SWAP]'
      ? `${device.name} is swap`
      : `${device.name} is mounted on ${device.mountpoint}`;
  }
  for (const child of device.children ?? []) {
    const user = userOf(child);
    // A partition is only a table entry; anything else holds the device open.
    const held = child.type === 'part' ? [] : [`${device.name} is held by ${holderOf(child)}`];
    const words = [...held, ...(user === undefined ? [] : [user])];
    if (words.length > 0) {
      return words.join('; ');
    }
  }
  return undefined;
}

function holderOf({ name, type }: BlockDevice): string {
  if (type === 'lvm') {
    return `volume group ${groupOfMapperName(name)} (${name})`;
  }
  return type.startsWith('raid') ? `the RAID array ${name} (${type})` : `${name} (${type})`;
}

/** `/dev/mapper/my--group-root` is volume `root` of `my-group`. */
const groupOfMapperName = (name: string): string =>
  (/^\/dev\/mapper\/((?:[^-]|--)+)-/.exec(name)?.[1] ?? name).replaceAll('--', '-');
