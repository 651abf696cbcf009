/** LVM of one simulated machine: volume groups on disks, thin pools, thin volumes, extents counted exactly. */
import type { FileSystem } from './files.ts';

export interface ThinPool {
  readonly kind: 'thin-pool';
  readonly name: string;
  /** Extents. */
  readonly data: number;
  readonly metadata: number;
  readonly tags: readonly string[];
}

export interface ThinVolume {
  readonly kind: 'thin';
  readonly name: string;
  readonly pool: string;
  /** Extents, virtual. */
  readonly size: number;
  readonly tags: readonly string[];
  /** What mkfs put there. */
  fileSystem: FileSystem | undefined;
}

export type LogicalVolume = ThinPool | ThinVolume;

export class VolumeGroup {
  readonly name: string;
  readonly disk: string;
  /** Bytes. */
  readonly extent: number;
  /** In extents. */
  readonly size: number;
  readonly tags: readonly string[];
  readonly volumes = new Map<string, LogicalVolume>();

  constructor(name: string, disk: string, extent: number, size: number, tags: readonly string[]) {
    this.name = name;
    this.disk = disk;
    this.extent = extent;
    this.size = size;
    this.tags = tags;
  }

  /** Extents of the spare that LVM keeps for pool metadata: as big as the biggest, for as long as there is a pool. */
  get spare(): number {
    return this.#pools().reduce((most, { metadata }) => Math.max(most, metadata), 0);
  }

  /** In extents. */
  get free(): number {
    return this.size - this.spare - this.#pools().reduce((sum, { data, metadata }) => sum + data + metadata, 0);
  }

  /** Extents that are missing to make such a pool, its share of the spare included; 0 when it fits. */
  shortOf(data: number, metadata: number): number {
    return Math.max(0, data + metadata + Math.max(0, metadata - this.spare) - this.free);
  }

  thinVolumesOf(pool: string): readonly ThinVolume[] {
    return [...this.volumes.values()].filter(
      (volume): volume is ThinVolume => volume.kind === 'thin' && volume.pool === pool,
    );
  }

  /** In extents, rounded up. */
  extentsOf(bytes: number): number {
    return Math.ceil(bytes / this.extent);
  }

  #pools(): readonly ThinPool[] {
    return [...this.volumes.values()].filter((volume): volume is ThinPool => volume.kind === 'thin-pool');
  }
}

/** A raw disk and what stands on it. */
export interface Disk {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** `LVM2_member`, `ext4` and so on; `undefined` when blank. */
  signature: string | undefined;
  /** Where somebody else has mounted it. */
  readonly mountpoint: string | undefined;
}

/** Bytes at the head of a physical volume that hold LVM's own metadata, as prepared by Brickyard. */
export const physicalVolumeHead = 129 * 1024 * 1024;
