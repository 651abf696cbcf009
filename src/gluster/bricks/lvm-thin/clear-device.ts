/**
 * Makes sure that a device holds nothing, or names what holds it. What is in use (mounted, swap, under LVM, RAID or
 * encryption) and what is a device of Brickyard's already is never touched, consent or not; what merely lies there is
 * wiped only with consent for this device.
 */
import type { DeviceName } from '../../../domain/names.ts';
import { rejected, type Setback } from '../../../domain/outcome.ts';
import type { PrepareOptions } from '../../../engine/ports.ts';
import type { Errand } from '../../errand.ts';
import { look, step } from '../steps.ts';
import { pvReport } from './argv.ts';
import { blockDevice } from './block-device.ts';
import { readSignatures, userOf, type BlockDevice } from './device-report.ts';
import { brickyardOwner } from './names.ts';
import * as probes from './probes.ts';
import { readPhysicalVolumes } from './report.ts';

/** `physicalVolume`: it is one of LVM's already, of no group, as a crash in the middle of preparing leaves it. */
export interface Cleared {
  readonly kind: 'cleared';
  readonly physicalVolume: boolean;
}

export async function clearedDevice(
  errand: Errand,
  device: DeviceName,
  { wipe, serial }: PrepareOptions,
): Promise<Cleared | Setback> {
  const where = `${device} of ${errand.node.id}`;
  const disk = await blockDevice(errand, device);
  if (disk.kind !== 'found') {
    return disk.kind === 'none' ? rejected(`${where} is not a block device`) : disk;
  }
  const problem = otherSerial(disk.device, serial) ?? inUse(disk.device);
  if (problem !== undefined) {
    return rejected(`${where} ${problem}`);
  }
  const found = await look(errand, probes.listSignatures(device), readSignatures);
  if (found.kind !== 'read') {
    return found;
  }
  const signatures = [...new Set(found.value)];
  const partitions = (disk.device.children ?? []).map(({ name }) => name);
  if (signatures.length === 1 && signatures[0] === 'LVM2_member' && partitions.length === 0) {
    return physicalVolume(errand, device, wipe);
  }
  if (signatures.length === 0 && partitions.length === 0) {
    return { kind: 'cleared', physicalVolume: false };
  }
  const holds = [...signatures, ...partitions].join(', ');
  return wipe ? wiped(errand, device, signatures, partitions) : rejected(`${where} holds ${holds}`);
}

const otherSerial = ({ serial: found }: BlockDevice, wanted: string | undefined): string | undefined => {
  const serial = found?.trim() ?? '';
  return wanted === undefined || serial === wanted
    ? undefined
    : `has ${serial === '' ? 'no serial number' : `the serial number ${serial}`}, expected ${wanted}`;
};

function inUse(disk: BlockDevice): string | undefined {
  const user = userOf(disk);
  return user === undefined ? undefined : `is in use: ${user}`;
}

/** Its group is not active, or it would have shown up as a user of the disk. */
async function physicalVolume(errand: Errand, device: DeviceName, wipe: boolean): Promise<Cleared | Setback> {
  const rows = await look(errand, pvReport(device), readPhysicalVolumes);
  if (rows.kind !== 'read') {
    return rows;
  }
  // The one device that was asked for, under whichever of its names LVM likes best.
  const [row] = rows.value;
  const group = row?.vg_name ?? '';
  if (group === '') {
    return { kind: 'cleared', physicalVolume: true };
  }
  const where = `${device} of ${errand.node.id} belongs to volume group ${group}`;
  const owner = brickyardOwner(row?.vg_tags ?? []);
  if (owner !== undefined) {
    // Disks change names from one boot to the next: consent to wipe what was called so is none to wipe bricks.
    return rejected(`${where}, which is ${owner} to Brickyard`);
  }
  return wipe ? wiped(errand, device, [], []) : rejected(where);
}

async function wiped(
  errand: Errand,
  device: DeviceName,
  signatures: readonly string[],
  partitions: readonly string[],
): Promise<Cleared | Setback> {
  for (const partition of partitions) {
    // Without force: a partition that somebody uses where lsblk cannot see it (another namespace) ends this here.
    const setback = await step(errand, probes.wipeSignatures(partition, { force: false }));
    if (setback !== undefined) {
      return setback;
    }
  }
  const force = partitions.length > 0 || signatures.some((type) => type === 'gpt' || type === 'dos' || type === 'PMBR');
  return (await step(errand, probes.wipeSignatures(device, { force }))) ?? { kind: 'cleared', physicalVolume: false };
}
