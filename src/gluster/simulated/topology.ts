/** What a simulation is made of. */
import { z } from 'zod';
import { deviceName, hostName, nodeId } from '../../domain/names.ts';
import { branded, byteSize } from '../../domain/schema.ts';

/** A disk of a simulated node, or with a name that is not below /dev a folder. Blank unless `holds` says otherwise. */
const simulatedDeviceSpec = z.object({
  name: branded(deviceName),
  /** Bytes of the raw disk, or of the folder's file system. */
  size: byteSize,
  /** Serial number; disks only. */
  serial: z.string().min(1).optional(),
  /**
   * What somebody else left on it: a file system or other signature (`ext4`), mounted at a path or not. Of a folder, the
   * name of a file in it, or with a path the type of what is mounted there.
   */
  holds: z.object({ signature: z.string().min(1), mountpoint: z.string().optional() }).optional(),
});

/** A simulated storage server: the names of a NodeRecord, and its disks. */
export const simulatedNodeSpec = z.object({
  id: branded(nodeId),
  manage: branded(hostName),
  storage: branded(hostName),
  devices: z.array(simulatedDeviceSpec),
});
export type SimulatedNodeSpec = Readonly<z.infer<typeof simulatedNodeSpec>>;
