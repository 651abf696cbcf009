/**
 * One disk's way through LVM, by the project's own command lines: what real LVM says to each is kept in
 * test/fixtures/lvm/scenario.json. The lvm level holds a guest to that record (and writes it, with BRICKYARD_RECORD=lvm),
 * the unit level holds the parsers and the simulated LVM to it.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { brickIdFor, deviceName, nodeId, volumeId } from '../../src/domain/names.ts';
import { brickFootprint } from '../../src/domain/placement/footprint.ts';
import { bytes, MiB } from '../../src/domain/quantity.ts';
import * as files from '../../src/gluster/argv/files.ts';
import * as lvm from '../../src/gluster/bricks/lvm-thin/argv.ts';
import { brickPlaceOf, brickTags, groupTags, volumeGroupOf } from '../../src/gluster/bricks/lvm-thin/names.ts';
import * as probes from '../../src/gluster/bricks/lvm-thin/probes.ts';
import type { Command } from '../../src/gluster/runner.ts';

export const scenarioNode = nodeId('node-1');
export const scenarioDisk = deviceName('/dev/vdb');
export const scenarioDiskSize = bytes(2048 * MiB);

const volume = volumeId('6cd8ff88-d15e-4c5a-a301-2921c327e561');
const first = brickIdFor(volume, 0, 0);
const second = brickIdFor(volume, 0, 1);
const group = volumeGroupOf(scenarioNode, scenarioDisk);
const elsewhere = volumeGroupOf(scenarioNode, deviceName('/dev/vdz'));
const brick = brickPlaceOf(scenarioNode, scenarioDisk, first);
const other = brickPlaceOf(scenarioNode, scenarioDisk, second);
const size = bytes(400 * MiB);
const tags = brickTags({ id: first, volume });
const otherTags = brickTags({ id: second, volume });
const tagsOfGroup = groupTags(scenarioNode, scenarioDisk);

const footprintOf = (mib: number) => brickFootprint({ size: bytes(mib * MiB), snapshotFactor: 1 });

const preparing: readonly (readonly [string, Command])[] = [
  ['a group that is not there', lvm.vgReport(group)],
  ['the volumes of a group that is not there', lvm.lvReport(group)],
  ['a blank disk', probes.listSignatures(scenarioDisk)],
  ['a physical volume that is none', lvm.pvReport(scenarioDisk)],
  ['make a physical volume', lvm.pvCreate(scenarioDisk)],
  ['make it again', lvm.pvCreate(scenarioDisk)],
  ['a disk that is a physical volume', probes.listSignatures(scenarioDisk)],
  ['a physical volume of no group', lvm.pvReport(scenarioDisk)],
  ['make a group', lvm.vgCreate(group, scenarioDisk, tagsOfGroup)],
  ['make the group again', lvm.vgCreate(group, scenarioDisk, tagsOfGroup)],
  ['make another group of the same disk', lvm.vgCreate(elsewhere, scenarioDisk, [])],
  ['make a physical volume of one that is in a group', lvm.pvCreate(scenarioDisk)],
  ['a physical volume of a group', lvm.pvReport(scenarioDisk)],
  ['a blank group', lvm.vgReport(group)],
  ['the volumes of a blank group', lvm.lvReport(group)],
  ['activate a brick that is not there', lvm.lvActivate(brick)],
];

const making: readonly (readonly [string, Command])[] = [
  ['a brick that is not there', lvm.lvReportOf(brick)],
  ['make a brick', lvm.lvCreateBrick(brick, size, footprintOf(400), tags)],
  ['make the brick again', lvm.lvCreateBrick(brick, size, footprintOf(400), tags)],
  [
    'make a brick in a group that is not there',
    lvm.lvCreateBrick({ ...brick, group: elsewhere }, size, footprintOf(400), []),
  ],
  [
    'make a brick that is larger than what is left',
    lvm.lvCreateBrick(other, bytes(1_600 * MiB), footprintOf(1_600), otherTags),
  ],
  [
    'make a brick that leaves no room for its metadata',
    lvm.lvCreateBrick(other, bytes(1_500 * MiB), footprintOf(1_500), otherTags),
  ],
  ['a brick', lvm.lvReportOf(brick)],
  ['the volumes of a group with a brick', lvm.lvReport(group)],
  ['a group with a brick', lvm.vgReport(group)],
  ['an empty volume', files.probeType(brick.device)],
  ['make a file system', files.makeXfs(brick.device, { arbiter: false })],
  ['make it once more', files.makeXfs(brick.device, { arbiter: false })],
  ['a volume with a file system', files.probeType(brick.device)],
  ['a mount point that is not there', files.findMount(brick.mountpoint)],
  ['unmount what is not there', files.unmount(brick.mountpoint)],
  ['make the mount point', files.makeDirectory(brick.mountpoint)],
  ['unmount what is not mounted', files.unmount(brick.mountpoint)],
  ['grow what is not mounted', files.growXfs(brick.mountpoint)],
  ['mount', files.mountXfs(brick.device, brick.mountpoint)],
  ['activate a brick in use', lvm.lvActivate(brick)],
  ['remove a brick in use', lvm.lvRemovePool(brick)],
];

const growing: readonly (readonly [string, Command])[] = [
  ['extend metadata to what they are', lvm.lvExtendMetadata(brick, footprintOf(400).metadata)],
  ['extend a pool to what it is', lvm.lvExtendPool(brick, footprintOf(400).pool)],
  ['extend a volume to what it is', lvm.lvExtendVolume(brick, size)],
  ['extend metadata to less', lvm.lvExtendMetadata(brick, bytes(3 * MiB))],
  ['extend a pool to less', lvm.lvExtendPool(brick, bytes(300 * MiB))],
  ['extend a volume to less', lvm.lvExtendVolume(brick, bytes(300 * MiB))],
  ['extend a pool that is not there', lvm.lvExtendPool(other, size)],
  ['extend the metadata of a pool that is not there', lvm.lvExtendMetadata(other, size)],
  ['extend a pool in a group that is not there', lvm.lvExtendPool({ ...brick, group: elsewhere }, size)],
  ['extend a pool beyond the group', lvm.lvExtendPool(brick, bytes(4_096 * MiB))],
  ['extend metadata beyond the group', lvm.lvExtendMetadata(brick, bytes(4_096 * MiB))],
  ['extend metadata', lvm.lvExtendMetadata(brick, footprintOf(1_000).metadata)],
  ['extend a pool', lvm.lvExtendPool(brick, footprintOf(1_000).pool)],
  ['extend a volume', lvm.lvExtendVolume(brick, bytes(1_000 * MiB))],
  ['grow a file system', files.growXfs(brick.mountpoint)],
  ['grow it again', files.growXfs(brick.mountpoint)],
  ['a brick that has grown', lvm.lvReportOf(brick)],
  ['a group whose brick has grown', lvm.vgReport(group)],
  ['extend metadata when there is no room for the spare', lvm.lvExtendMetadata(brick, bytes(600 * MiB))],
  ['the volumes of a group without room for the spare', lvm.lvReport(group)],
];

const removing: readonly (readonly [string, Command])[] = [
  ['unmount', files.unmount(brick.mountpoint)],
  ['remove a brick that is not there', lvm.lvRemovePool(other)],
  ['remove a brick of a group that is not there', lvm.lvRemovePool({ ...brick, group: elsewhere })],
  ['remove a brick', lvm.lvRemovePool(brick)],
  ['a brick that is gone', lvm.lvReportOf(brick)],
  ['the volumes of a group whose bricks are gone', lvm.lvReport(group)],
  ['a group whose bricks are gone', lvm.vgReport(group)],
  ['wipe a disk', probes.wipeSignatures(scenarioDisk, { force: false })],
  ['a group whose disk was wiped', lvm.vgReport(group)],
];

/** In order. Each name says what the command is about, or what it does. */
export const scenario: readonly { readonly name: string; readonly command: Command }[] = [
  ...preparing,
  ...making,
  ...growing,
  ...removing,
].map(([name, command]) => ({ name, command }));

const recordShape = z.object({
  /** `lvm version` of the record. */
  version: z.string(),
  steps: z.array(
    z.object({
      name: z.string(),
      argv: z.array(z.string()),
      exitCode: z.int(),
      stdout: z.string(),
      stderr: z.string(),
    }),
  ),
});
export type LvmRecord = z.infer<typeof recordShape>;
export type RecordedStep = LvmRecord['steps'][number];

export const recordFile = new URL('../fixtures/lvm/scenario.json', import.meta.url);

export const readRecord = (): LvmRecord => recordShape.parse(JSON.parse(readFileSync(recordFile, 'utf8')));
