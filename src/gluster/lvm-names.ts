/**
 * The names under which LVM and the file tree know a brick. All follow from the record (node, device, brick id), so that
 * whoever lost everything but the record finds the brick, and a second attempt meets the first one's work.
 */
import { createHash } from 'node:crypto';
import type { BrickId, DeviceName, NodeId } from '../domain/names.ts';
import type { BrickSpec } from '../engine/ports.ts';

export type VolumeGroupName = string & { readonly __brand: 'VolumeGroupName' };

/** Where a brick lives. LVM's limit of 127 characters for `<group>-<volume>` is far away. */
export interface BrickPlace {
  readonly group: VolumeGroupName;
  /** Thin pool. */
  readonly pool: string;
  /** Thin volume. */
  readonly volume: string;
  /** Block device of the thin volume. */
  readonly device: string;
  readonly mountpoint: string;
  /** What gluster serves: a directory below the mount point, so that it is missing when the mount is. */
  readonly path: string;
}

const root = '/var/lib/brickyard/bricks';

/** 64 bits: enough within one pool's bricks, and far from LVM's limit for group and volume name together. */
const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

export const volumeGroupOf = (node: NodeId, device: DeviceName): VolumeGroupName =>
  `by_${short(`${node}\n${device}`)}` as VolumeGroupName;

export function brickPlaceOf(node: NodeId, device: DeviceName, brick: BrickId): BrickPlace {
  const group = volumeGroupOf(node, device);
  const name = short(brick);
  const volume = `brick_${name}`;
  // The whole id stands in the path, so that a record finds its bricks in what gluster answers (BrickFacts.path).
  const mountpoint = `${root}/${group}/${brick}`;
  // Device-mapper doubles hyphens; there are none in these names.
  return {
    group,
    pool: `tp_${name}`,
    volume,
    device: `/dev/mapper/${group}-${volume}`,
    mountpoint,
    path: `${mountpoint}/brick`,
  };
}

const brickTag = 'brickyard.brick=';

/** LVM tags that say whose a brick is. Ids keep to LVM's tag alphabet. */
export const brickTags = ({ id, volume }: Pick<BrickSpec, 'id' | 'volume'>): readonly string[] => [
  `${brickTag}${id}`,
  `brickyard.volume=${volume}`,
];

/** LVM tags of a device's volume group. */
export const groupTags = (node: NodeId, device: DeviceName): readonly string[] => [
  `brickyard.node=${node}`,
  `brickyard.device=${device}`,
];

/** The brick id that a list of tags holds, as text. */
export const brickIdOfTags = (tags: readonly string[]): string | undefined =>
  tags.find((tag) => tag.startsWith(brickTag))?.slice(brickTag.length);
