/**
 * Command lines of LVM. `--quiet` twice answers every question with no, so that nothing is wiped that a look before did
 * not see; only removal says yes. Reports are JSON in plain bytes.
 */
import { extentSize, type BrickFootprint } from '../../../domain/placement/footprint.ts';
import type { DeviceName } from '../../../domain/names.ts';
import type { Bytes } from '../../../domain/quantity.ts';
import { command } from '../../command.ts';
import { deadlines } from '../../deadlines.ts';
import type { BrickPlace, VolumeGroupName } from './names.ts';
import type { Command } from '../../runner.ts';

const change = (program: string, ...words: readonly string[]): Command =>
  command(deadlines.lvm, program, '--quiet', '--quiet', ...words);

const report = (program: string, fields: string, ...words: readonly string[]): Command =>
  command(
    deadlines.look,
    program,
    '--reportformat',
    'json',
    '--units',
    'b',
    '--nosuffix',
    '--options',
    fields,
    ...words,
  );

const inBytes = (size: Bytes): string => `${size}b`;
const addTags = (tags: readonly string[]): readonly string[] => tags.flatMap((tag) => ['--addtag', tag]);

/** Data begins on a boundary that suits RAID stripes and thin pool chunks alike. */
export const pvCreate = (device: DeviceName): Command =>
  change('pvcreate', '--metadatasize', '128M', '--dataalignment', '256K', device);

export const vgCreate = (group: VolumeGroupName, device: DeviceName, tags: readonly string[]): Command =>
  change('vgcreate', '--physicalextentsize', inBytes(extentSize), ...addTags(tags), group, device);

/**
 * A thin pool and the one thin volume in it, at once. LVM hangs the tags on the pool, which it makes first, and leaves
 * none for the volume: who looks for a brick's identity looks at its pool.
 */
export const lvCreateBrick = (
  place: BrickPlace,
  size: Bytes,
  footprint: BrickFootprint,
  tags: readonly string[],
): Command =>
  change(
    'lvcreate',
    '--thin',
    '--chunksize',
    '256K',
    '--size',
    inBytes(footprint.pool),
    '--poolmetadatasize',
    inBytes(footprint.metadata),
    '--virtualsize',
    inBytes(size),
    '--name',
    place.volume,
    ...addTags(tags),
    `${place.group}/${place.pool}`,
  );

/** Sizes are what is wanted in the end. LVM exits 5 where there is nothing to add. */
export const lvExtendMetadata = (place: BrickPlace, size: Bytes): Command =>
  change('lvextend', '--poolmetadatasize', inBytes(size), `${place.group}/${place.pool}`);
export const lvExtendPool = (place: BrickPlace, size: Bytes): Command =>
  change('lvextend', '--size', inBytes(size), `${place.group}/${place.pool}`);
export const lvExtendVolume = (place: BrickPlace, size: Bytes): Command =>
  change('lvextend', '--size', inBytes(size), `${place.group}/${place.volume}`);

/** Takes the thin volume along, and everything else in the pool: the caller has looked. */
export const lvRemovePool = (place: BrickPlace): Command => change('lvremove', '--yes', `${place.group}/${place.pool}`);

/**
 * Makes the thin volume appear as a block device. Success when it is there already. Not the whole group: that fails when
 * any one in it cannot be activated, as a pool cannot that a killed lvcreate has left.
 */
export const lvActivate = (place: BrickPlace): Command =>
  change('lvchange', '--activate', 'y', `${place.group}/${place.volume}`);

/** Makes a pool active, with none of the volumes in it. */
export const lvActivatePool = ({ group, pool }: BrickPlace): Command =>
  change('lvchange', '--activate', 'y', `${group}/${pool}`);

/** What a pool is made of, where it is active without the pool. LVM refuses while the pool is active. */
export const lvDeactivateParts = ({ group, pool }: BrickPlace): Command =>
  change('lvchange', '--activate', 'n', `${group}/${pool}_tmeta`, `${group}/${pool}_tdata`);

/** Puts a tag on a brick's pool, in one step with taking others off. */
export const lvRetag = (place: BrickPlace, old: readonly string[], tag: string): Command =>
  change('lvchange', ...old.flatMap((each) => ['--deltag', each]), ...addTags([tag]), `${place.group}/${place.pool}`);

export const vgReport = (group: VolumeGroupName): Command =>
  report('vgs', 'vg_name,vg_size,vg_free,vg_extent_size,vg_tags', group);

const volumeFields = 'lv_name,lv_size,pool_lv,lv_tags';

/** Every logical volume of the group, the hidden ones too. */
export const lvReport = (group: VolumeGroupName): Command => report('lvs', volumeFields, '--all', group);

/** The spare that LVM keeps for the metadata of the group's pools; an empty report while there is none. */
export const spareReport = (group: VolumeGroupName): Command =>
  report('lvs', volumeFields, '--all', '--select', 'lv_role=spare', group);

/** The pool of one brick, its volume, and what else is in the pool; an empty report when neither of the two is there. */
export const lvReportOf = ({ group, pool, volume }: BrickPlace): Command =>
  report(
    'lvs',
    `${volumeFields},lv_metadata_size`,
    '--select',
    `lv_name=${pool}||lv_name=${volume}||pool_lv=${pool}`,
    group,
  );

/** Which group a physical volume belongs to, and its tags; an empty name when to none. */
export const pvReport = (device: DeviceName): Command => report('pvs', 'pv_name,vg_name,vg_tags', device);
