/** Looks a disk up by its name. */
import type { DeviceName } from '../../../domain/names.ts';
import { failed, type Setback } from '../../../domain/outcome.ts';
import type { Errand } from '../../errand.ts';
import { readBlockDevices, type BlockDevice } from './device-report.ts';
import { listBlockDevices } from './probes.ts';

export async function blockDevice(
  errand: Errand,
  device: DeviceName,
): Promise<{ readonly kind: 'found'; readonly device: BlockDevice } | { readonly kind: 'none' } | Setback> {
  const command = listBlockDevices(device);
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode !== 0) {
    return /not a block device/.test(exited.stderr) ? { kind: 'none' } : errand.failure(command, exited);
  }
  const read = errand.read(() => readBlockDevices(exited.stdout));
  if (read.kind !== 'read') {
    return read;
  }
  const [first] = read.value;
  return first === undefined
    ? failed(`${errand.node.id}: lsblk says nothing about ${device}`)
    : { kind: 'found', device: first };
}
