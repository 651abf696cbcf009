/** The whole of a simulation as plain JSON: what a test compares with the engine's records to prove "no orphan". */

export interface SimulatedLogicalVolume {
  readonly name: string;
  readonly kind: 'thin-pool' | 'thin';
  /** Bytes; of a thin volume its virtual size. */
  readonly size: number;
  /** Bytes of metadata; thin pools only. */
  readonly metadataSize?: number;
  /** Bytes of the file system on it; thin volumes that have one. */
  readonly fileSystemSize?: number;
  /** Name of the pool; thin volumes only. */
  readonly pool?: string;
  readonly tags: readonly string[];
}

export interface SimulatedVolumeGroup {
  readonly name: string;
  readonly device: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes. */
  readonly free: number;
  /** Bytes that LVM keeps for the repair of pool metadata. */
  readonly spare: number;
  readonly tags: readonly string[];
  readonly logicalVolumes: readonly SimulatedLogicalVolume[];
}

/** A device that is a folder. */
export interface SimulatedFolder {
  readonly name: string;
  /** Bytes of its file system. */
  readonly size: number;
  /** Paths of what is in it, relative to it: directories, links, and images with their size in bytes. */
  readonly entries: readonly { readonly path: string; readonly size?: number }[];
}

interface SimulatedMount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
}

export interface SimulatedNodeState {
  readonly id: string;
  readonly storage: string;
  /** Whether glusterd answers on the node. */
  readonly glusterd: 'up' | 'down';
  /** Name, bytes, and what stands on it (`null`: nothing). */
  readonly devices: readonly { readonly name: string; readonly size: number; readonly holds: string | null }[];
  readonly volumeGroups: readonly SimulatedVolumeGroup[];
  readonly folders: readonly SimulatedFolder[];
  /** Name of the device, and path of its file. */
  readonly loops: readonly { readonly name: string; readonly file: string }[];
  readonly mounts: readonly SimulatedMount[];
  /** Directories that carry gluster's volume id mark, with that id. */
  readonly marks: readonly { readonly path: string; readonly volume: string }[];
}

export interface SimulatedVolumeState {
  readonly name: string;
  readonly uuid: string;
  readonly status: 'created' | 'started' | 'stopped';
  readonly bricks: readonly { readonly host: string; readonly path: string; readonly arbiter: boolean }[];
  readonly options: Readonly<Record<string, string>>;
  /** Data that is moved, or was last. */
  readonly migration?: {
    readonly kind: 'rebalance' | 'remove-brick';
    readonly status: 'in progress' | 'stopped' | 'completed';
  };
}

export interface SimulatedPoolState {
  /** Node ids. */
  readonly members: readonly string[];
  readonly volumes: readonly SimulatedVolumeState[];
}

export interface SimulationState {
  readonly nodes: readonly SimulatedNodeState[];
  readonly pools: readonly SimulatedPoolState[];
  /** Every command line that no simulated tool understood: a builder and the simulation have drifted apart. */
  readonly notUnderstood: readonly (readonly string[])[];
  /** Commands run so far. */
  readonly commands: number;
}
