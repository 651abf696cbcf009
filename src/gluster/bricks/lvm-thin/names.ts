/** The names under which LVM and the file tree know a brick. */
import type { BrickId, DeviceName, NodeId } from '../../../domain/names.ts';
import type { BrickSpec } from '../../../engine/ports.ts';
import { deviceKeyOf, mountPlaceOf, shortName, type DeviceKey, type MountPlace } from '../place.ts';

export type VolumeGroupName = DeviceKey;

/** Where a brick lives. LVM's limit of 127 characters for `<group>-<volume>` is far away. */
export interface BrickPlace extends MountPlace {
  readonly group: VolumeGroupName;
  /** Thin pool. */
  readonly pool: string;
  /** Thin volume. */
  readonly volume: string;
  /** Block device of the thin volume. */
  readonly device: string;
}

export const volumeGroupOf: (node: NodeId, device: DeviceName) => VolumeGroupName = deviceKeyOf;

export function brickPlaceOf(node: NodeId, device: DeviceName, brick: BrickId): BrickPlace {
  const group = volumeGroupOf(node, device);
  const name = shortName(brick);
  const volume = `brick_${name}`;
  return {
    group,
    pool: `tp_${name}`,
    volume,
    // Device-mapper doubles hyphens; there are none in these names.
    device: `/dev/mapper/${group}-${volume}`,
    ...mountPlaceOf(group, brick),
  };
}

const brickTag = 'brickyard.brick=';
const identityTag = 'brickyard.identity=';
const nodeTag = 'brickyard.node=';
const deviceTag = 'brickyard.device=';

/** LVM tags that say whose a brick is. Ids keep to LVM's tag alphabet, and an identity to the 1,024 characters of a tag too. */
export const brickTags = ({
  id,
  volume,
  identity,
}: Pick<BrickSpec, 'id' | 'volume' | 'identity'>): readonly string[] => [
  `${brickTag}${id}`,
  `brickyard.volume=${volume}`,
  ...(identity === undefined ? [] : [identityTagOf(identity)]),
];

export const identityTagOf = (identity: string): string => `${identityTag}${identity}`;

/** What a list of tags says of the brick's volume. */
export const identityOfTags = (tags: readonly string[]): string | undefined =>
  tags.find((tag) => tag.startsWith(identityTag))?.slice(identityTag.length);

/** LVM tags of a device's volume group. */
export const groupTags = (node: NodeId, device: DeviceName): readonly string[] => [
  `${nodeTag}${node}`,
  `${deviceTag}${device}`,
];

/** The brick id that a list of tags holds, as text. */
export const brickIdOfTags = (tags: readonly string[]): string | undefined =>
  tags.find((tag) => tag.startsWith(brickTag))?.slice(brickTag.length);

/** The device that a list of tags belongs to, in words; `undefined` when none of Brickyard's. */
export function brickyardOwner(tags: readonly string[]): string | undefined {
  const [node, device] = [nodeTag, deviceTag].map((prefix) =>
    tags.find((tag) => tag.startsWith(prefix))?.slice(prefix.length),
  );
  return node === undefined && device === undefined
    ? undefined
    : `device ${device ?? 'unknown'} of node ${node ?? 'unknown'}`;
}
