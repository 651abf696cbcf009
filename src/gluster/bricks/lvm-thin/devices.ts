/** Prepared disks: their size and room, and the bricks on them. */
import { brickId, NameError, type DeviceName, type NodeId } from '../../../domain/names.ts';
import { done, rejected, waiting, type Outcome, type Setback } from '../../../domain/outcome.ts';
import { bytes, GiB, roundDown, roundUp, type Bytes } from '../../../domain/quantity.ts';
import { deviceMissing, deviceUnprepared, type BrickFacts, type DeviceFacts } from '../../../engine/ports.ts';
import type { Errand } from '../../errand.ts';
import type { Command } from '../../runner.ts';
import * as lvm from './argv.ts';
import { blockDevice } from './block-device.ts';
import { groupMissing } from './failures.ts';
import { brickIdOfTags, brickPlaceOf, groupTags, identityOfTags, volumeGroupOf } from './names.ts';
import { readGroups, readVolumes, type GroupRow, type VolumeRow } from './report.ts';

export async function inspectDevice(errand: Errand, device: DeviceName): Promise<Outcome<DeviceFacts>> {
  const facts = await factsOf(errand, device);
  return facts.kind === 'unprepared' ? whyUnprepared(errand, device) : facts;
}

export async function listBricks(errand: Errand, device: DeviceName): Promise<Outcome<readonly BrickFacts[]>> {
  const rows = await volumesOf(errand, device);
  switch (rows.kind) {
    case 'done':
      return done(bricksAmong(rows.value, errand.node.id, device));
    case 'unprepared':
      return whyUnprepared(errand, device);
    default:
      return rows;
  }
}

export type Unprepared = { readonly kind: 'unprepared' };

/** Why there is no volume group: no disk of that name, or one that holds something else. */
export async function whyUnprepared(errand: Errand, device: DeviceName): Promise<Setback> {
  const disk = await blockDevice(errand, device);
  switch (disk.kind) {
    case 'found':
      return waiting({ what: 'condition', name: deviceUnprepared }, `${device} of ${errand.node.id} is not prepared`);
    case 'none':
      return waiting({ what: 'condition', name: deviceMissing }, `${errand.node.id} has no block device ${device}`);
    default:
      return disk;
  }
}

export async function factsOf(errand: Errand, device: DeviceName): Promise<Outcome<DeviceFacts> | Unprepared> {
  const group = volumeGroupOf(errand.node.id, device);
  const groups = await reported(errand, lvm.vgReport(group), readGroups);
  if (groups.kind !== 'done') {
    return groups;
  }
  const row = groups.value.find(({ vg_name }) => vg_name === group);
  if (row === undefined) {
    return { kind: 'unprepared' };
  }
  const missing = groupTags(errand.node.id, device).find((tag) => !row.vg_tags.includes(tag));
  if (missing !== undefined) {
    return rejected(`${errand.node.id}: volume group ${group} stands but does not carry the tag ${missing}`);
  }
  // Not all volumes: a device is looked at every few seconds, and may have thousands.
  const spares = await reported(errand, lvm.spareReport(group), readVolumes);
  return spares.kind === 'done' ? done(usable(device, row, spares.value)) : spares;
}

/**
 * LVM keeps one spare for the metadata of pools, as big as the biggest one. What the biggest possible brick would need
 * is set aside from the start, so that no plan that fits by its footprint fails for want of the spare.
 */
function usable(device: DeviceName, group: GroupRow, spares: readonly VolumeRow[]): DeviceFacts {
  const extent = group.vg_extent_size;
  const aside = roundUp(Math.min(group.vg_size / 200, 16 * GiB), extent);
  const spare = spares[0]?.lv_size ?? 0;
  const left = (whole: Bytes, taken: number): Bytes => roundDown(Math.max(0, whole - Math.max(0, taken)), extent);
  return { device, size: left(group.vg_size, aside), free: left(group.vg_free, aside - spare) };
}

const volumesOf = (errand: Errand, device: DeviceName): Promise<Outcome<readonly VolumeRow[]> | Unprepared> =>
  reported(errand, lvm.lvReport(volumeGroupOf(errand.node.id, device)), readVolumes);

/** What LVM reports about a volume group, or that there is no such group. */
async function reported<T>(
  errand: Errand,
  command: Command,
  parse: (text: string) => readonly T[],
): Promise<Outcome<readonly T[]> | Unprepared> {
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (groupMissing(exited)) {
    return { kind: 'unprepared' };
  }
  if (exited.exitCode !== 0) {
    return errand.failure(command, exited);
  }
  const rows = errand.read(() => parse(exited.stdout));
  return rows.kind === 'read' ? done(rows.value) : rows;
}

/** A pool without its volume counts too: with size 0, so that whoever looks for leftovers finds it. */
function bricksAmong(rows: readonly VolumeRow[], node: NodeId, device: DeviceName): readonly BrickFacts[] {
  const sizes = new Map(rows.map(({ lv_name, lv_size }) => [lv_name, lv_size]));
  return rows.flatMap(({ lv_tags }) => {
    const text = brickIdOfTags(lv_tags);
    if (text === undefined) {
      return [];
    }
    try {
      const id = brickId(text);
      const place = brickPlaceOf(node, device, id);
      const pool = sizes.get(place.pool) ?? 0;
      // A hidden volume's name stands in brackets.
      const footprint = bytes(pool + (sizes.get(`[${place.pool}_tmeta]`) ?? 0));
      const identity = identityOfTags(lv_tags);
      return [
        {
          id,
          path: place.path,
          size: sizes.get(place.volume) ?? bytes(0),
          footprint,
          ...(identity === undefined ? {} : { identity }),
        },
      ];
    } catch (error) {
      if (error instanceof NameError) {
        // Somebody tagged something by hand; it is no brick of ours.
        return [];
      }
      throw error;
    }
  });
}
