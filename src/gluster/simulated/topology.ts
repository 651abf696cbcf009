/** What a simulation is made of. */
import type { DeviceName, HostName, NodeId } from '../../domain/names.ts';
import type { Bytes } from '../../domain/quantity.ts';

/** A disk of a simulated node. Blank unless `holds` says otherwise. */
export interface SimulatedDeviceSpec {
  readonly name: DeviceName;
  /** Bytes of the raw disk. */
  readonly size: Bytes;
  /** What somebody else left on it: a file system or other signature (`ext4`), mounted at a path or not. */
  readonly holds?: { readonly signature: string; readonly mountpoint?: string };
}

/** A simulated storage server: the names of a NodeRecord, and its disks. */
export interface SimulatedNodeSpec {
  readonly id: NodeId;
  readonly manage: HostName;
  readonly storage: HostName;
  readonly devices: readonly SimulatedDeviceSpec[];
}
