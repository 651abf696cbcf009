/** LVM of one simulated machine: volume groups on disks, thin pools, thin volumes, extents counted exactly. */
import type { FileSystem } from './files.ts';

export interface ThinPool {
  readonly kind: 'thin-pool';
  readonly name: string;
  /** Extents. */
  data: number;
  metadata: number;
  tags: readonly string[];
}

export interface ThinVolume {
  readonly kind: 'thin';
  readonly name: string;
  readonly pool: string;
  /** Extents, virtual. */
  size: number;
  tags: readonly string[];
  /** Whether it is a block device now. */
  active: boolean;
  /** What mkfs put there. */
  fileSystem: FileSystem | undefined;
}

export type LogicalVolume = ThinPool | ThinVolume;

/** All numbers in extents unless they say bytes. Counters are kept as volumes come and go: there may be thousands. */
export class VolumeGroup {
  readonly name: string;
  readonly disk: string;
  /** Bytes. */
  readonly extent: number;
  readonly size: number;
  readonly tags: readonly string[];
  readonly #volumes = new Map<string, LogicalVolume>();
  readonly #members = new Map<string, Set<ThinVolume>>();
  #used = 0;
  #spare = 0;

  constructor(name: string, disk: string, extent: number, size: number, tags: readonly string[]) {
    this.name = name;
    this.disk = disk;
    this.extent = extent;
    this.size = size;
    this.tags = tags;
  }

  get volumes(): readonly LogicalVolume[] {
    return [...this.#volumes.values()];
  }

  /** What LVM keeps for the repair of pool metadata: as big as the biggest yet, given back with the last pool. */
  get spare(): number {
    return this.#spare;
  }

  get free(): number {
    return this.size - this.#spare - this.#used;
  }

  find(name: string): LogicalVolume | undefined {
    return this.#volumes.get(name);
  }

  /** The caller has checked that the name is free and that it fits. */
  add(volume: LogicalVolume): void {
    this.#volumes.set(volume.name, volume);
    if (volume.kind === 'thin') {
      this.#members.get(volume.pool)?.add(volume);
      return;
    }
    this.#members.set(volume.name, new Set());
    this.#used += volume.data + volume.metadata;
    this.#spare = Math.max(this.#spare, volume.metadata);
  }

  /** The caller has checked that it fits. */
  extendPool(pool: ThinPool, data: number, metadata: number, spare: number): void {
    this.#used += data - pool.data + metadata - pool.metadata;
    pool.data = data;
    pool.metadata = metadata;
    this.#spare = spare;
  }

  /** A pool goes with its thin volumes. */
  remove(volume: LogicalVolume): void {
    this.#volumes.delete(volume.name);
    if (volume.kind === 'thin') {
      this.#members.get(volume.pool)?.delete(volume);
      return;
    }
    this.volumesIn(volume.name).forEach((member) => this.#volumes.delete(member.name));
    this.#members.delete(volume.name);
    this.#used -= volume.data + volume.metadata;
    this.#spare = this.#members.size === 0 ? 0 : this.#spare;
  }

  /** The thin volumes of a pool. */
  volumesIn(pool: string): readonly ThinVolume[] {
    return [...(this.#members.get(pool) ?? [])];
  }

  /** The volumes that are block devices now; a pool is one with any of its volumes. */
  get active(): readonly LogicalVolume[] {
    return this.volumes.filter((volume) =>
      volume.kind === 'thin' ? volume.active : this.volumesIn(volume.name).some(({ active }) => active),
    );
  }

  /** What a power cut does, and no boot of the simulation undoes. */
  deactivate(): void {
    this.#members.forEach((members) => members.forEach((volume) => (volume.active = false)));
  }

  /** Bytes in extents, rounded up. */
  extentsOf(bytes: number): number {
    return Math.ceil(bytes / this.extent);
  }
}

/** A raw disk and what stands on it. */
export interface Disk {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** `LVM2_member`, `ext4` and so on; `undefined` when blank. */
  signature: string | undefined;
  /** Serial number, of disks that have one. */
  readonly serial: string | undefined;
  /** Where somebody else has mounted it. */
  readonly mountpoint: string | undefined;
}

/** Bytes at the head of a physical volume that hold LVM's own metadata, as prepared by Brickyard. */
export const physicalVolumeHead = 128.25 * 1024 * 1024;
