/**
 * Makes sure that a device holds nothing, or names what holds it. What is in use (mounted, swap, under LVM, RAID or
 * encryption) is never touched, consent or not; what merely lies there is wiped only with consent for this device.
 */
import type { DeviceName } from '../../domain/names.ts';
import { rejected, type Setback } from '../../domain/outcome.ts';
import * as probes from '../argv/probes.ts';
import { pvReport } from '../argv/lvm.ts';
import { readBlockDevices, readSignatures, userOf, type BlockDevice } from '../device-report.ts';
import type { Errand } from '../errand.ts';
import { readPhysicalVolumes } from '../lvm-report.ts';
import type { Command } from '../runner.ts';

/** `physicalVolume`: it is one of LVM's already, of no group, as a crash in the middle of preparing leaves it. */
export interface Cleared {
  readonly kind: 'cleared';
  readonly physicalVolume: boolean;
}

export async function clearedDevice(errand: Errand, device: DeviceName, wipe: boolean): Promise<Cleared | Setback> {
  const where = `${device} of ${errand.node.id}`;
  const disk = await blockDevice(errand, device);
  if (disk.kind !== 'found') {
    return disk;
  }
  const user = userOf(disk.device);
  if (user !== undefined) {
    return rejected(`${where} is in use: ${user}`);
  }
  const found = await output(errand, probes.listSignatures(device), readSignatures);
  if (found.kind !== 'read') {
    return found;
  }
  const signatures = [...new Set(found.value)];
  const partitions = (disk.device.children ?? []).map(({ name }) => name);
  if (signatures.length === 1 && signatures[0] === 'LVM2_member' && partitions.length === 0) {
    const group = await output(errand, pvReport(device), readPhysicalVolumes);
    if (group.kind !== 'read') {
      return group;
    }
    const name = group.value.find(({ pv_name }) => pv_name === device)?.vg_name ?? '';
    if (name === '') {
      return { kind: 'cleared', physicalVolume: true };
    }
    return wipe ? wiped(errand, device, false) : rejected(`${where} belongs to volume group ${name}`);
  }
  if (signatures.length === 0 && partitions.length === 0) {
    return { kind: 'cleared', physicalVolume: false };
  }
  const holds = [...signatures, ...partitions].join(', ');
  return wipe ? wiped(errand, device, partitionTable(signatures, partitions)) : rejected(`${where} holds ${holds}`);
}

const partitionTable = (signatures: readonly string[], partitions: readonly string[]): boolean =>
  partitions.length > 0 || signatures.some((type) => type === 'gpt' || type === 'dos' || type === 'PMBR');

async function wiped(errand: Errand, device: DeviceName, force: boolean): Promise<Cleared | Setback> {
  const command = probes.wipeSignatures(device, { force });
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  return exited.exitCode === 0 ? { kind: 'cleared', physicalVolume: false } : errand.failure(command, exited);
}

async function blockDevice(
  errand: Errand,
  device: DeviceName,
): Promise<{ readonly kind: 'found'; readonly device: BlockDevice } | Setback> {
  const command = probes.listBlockDevices(device);
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode !== 0) {
    return /not a block device/.test(exited.stderr)
      ? rejected(`${device} of ${errand.node.id} is not a block device`)
      : errand.failure(command, exited);
  }
  const read = errand.read(() => readBlockDevices(exited.stdout));
  if (read.kind !== 'read') {
    return read;
  }
  const [first] = read.value;
  return first === undefined
    ? rejected(`${device} of ${errand.node.id} is not a block device`)
    : { kind: 'found', device: first };
}

/** Runs a look that must succeed, and reads what it printed. */
async function output<T>(
  errand: Errand,
  command: Command,
  parse: (text: string) => T,
): Promise<{ readonly kind: 'read'; readonly value: T } | Setback> {
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  return exited.exitCode === 0 ? errand.read(() => parse(exited.stdout)) : errand.failure(command, exited);
}
