/** `lvextend`: a thin volume, a thin pool or the metadata of a pool, to an absolute size. */
import type { LogicalVolume, ThinPool, VolumeGroup } from '../lvm.ts';
import { groupNotFound, sizeOf } from './lvm-tools.ts';
import { complaint, silent, textOf, wordsOf, type Tool, type ToolResult } from './tool.ts';

export const lvextend: Tool = (machine, words) => {
  const text = { type: 'string' } as const;
  const parsed = wordsOf(words, { quiet: { type: 'boolean', multiple: true }, size: text, poolmetadatasize: text });
  const [target, ...rest] = parsed?.positionals ?? [];
  const [groupName, name] = target?.split('/') ?? [];
  const size = parsed === undefined ? undefined : sizeOf(textOf(parsed, 'size'));
  const metadata = parsed === undefined ? undefined : sizeOf(textOf(parsed, 'poolmetadatasize'));
  const both = (size === undefined) === (metadata === undefined);
  if (groupName === undefined || name === undefined || rest.length > 0 || both) {
    return undefined;
  }
  const group = machine.groups.get(groupName);
  if (group === undefined) {
    return groupNotFound(groupName);
  }
  const volume = group.find(name);
  if (volume === undefined) {
    return complaint(5, `  Logical volume ${name} not found in volume group ${groupName}.`);
  }
  const extents = group.extentsOf(size ?? metadata ?? 0);
  return metadata === undefined ? extendData(group, volume, extents) : extendMetadata(group, volume, extents);
};

function extendData(group: VolumeGroup, volume: LogicalVolume, extents: number): ToolResult {
  const refused = notLarger(extents, volume.kind === 'thin' ? volume.size : volume.data);
  if (refused !== undefined) {
    return refused;
  }
  if (volume.kind === 'thin') {
    // Virtual: it takes nothing from the group.
    volume.size = extents;
    return silent;
  }
  return extendPool(group, volume, extents, volume.metadata);
}

function extendMetadata(group: VolumeGroup, volume: LogicalVolume, extents: number): ToolResult {
  if (volume.kind === 'thin') {
    return complaint(5, `  Operation not permitted on LV ${group.name}/${volume.name} type thin.`);
  }
  // Other than for data, nothing to add is no failure here.
  return extents <= volume.metadata ? silent : extendPool(group, volume, volume.data, extents);
}

function notLarger(extents: number, has: number): ToolResult | undefined {
  if (extents === has) {
    return complaint(5, `  New size (${extents} extents) matches existing size (${has} extents).`);
  }
  return extents < has
    ? complaint(5, `  New size given (${extents} extents) not larger than existing size (${has} extents)`)
    : undefined;
}

function extendPool(group: VolumeGroup, pool: ThinPool, data: number, metadata: number): ToolResult {
  const needed = data - pool.data + metadata - pool.metadata;
  if (needed > group.free) {
    return shortOf(needed, group.free, 5);
  }
  const left = group.free - needed;
  const spare = Math.max(0, metadata - group.spare);
  group.extendPool(pool, data, metadata, spare > left ? group.spare : Math.max(group.spare, metadata));
  // LVM complains, but goes on with a spare that is too small.
  return spare > left ? shortOf(spare, left, 0) : silent;
}

const shortOf = (needed: number, free: number, exitCode: 0 | 5): ToolResult =>
  complaint(exitCode, `  Insufficient free space: ${needed} extents needed, but only ${free} available`);
