/**
 * Where a brick is mounted, whatever it is made of. The path follows from the record (node, device, brick id), so that
 * whoever lost everything but the record finds the brick, and a second attempt meets the first one's work.
 */
import { createHash } from 'node:crypto';
import type { BrickId, DeviceName, NodeId } from '../../domain/names.ts';

/** What the names of one device's things on one node begin with: a volume group's name, or a folder's. */
export type DeviceKey = string & { readonly __brand: 'DeviceKey' };

export interface MountPlace {
  readonly mountpoint: string;
  /** What gluster serves: a directory below the mount point, so that it is missing when the mount is. */
  readonly path: string;
}

const root = '/var/lib/brickyard/bricks';

/** 64 bits: enough within one pool's bricks, and far from LVM's limit for group and volume name together. */
export const shortName = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

export const deviceKeyOf = (node: NodeId, device: DeviceName): DeviceKey =>
  `by_${shortName(`${node}\n${device}`)}` as DeviceKey;

/** The whole id stands in the path, so that a record finds its bricks in what gluster answers (BrickFacts.path). */
export function mountPlaceOf(key: DeviceKey, brick: BrickId): MountPlace {
  const mountpoint = `${root}/${key}/${brick}`;
  return { mountpoint, path: `${mountpoint}/brick` };
}
