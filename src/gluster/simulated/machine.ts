/** One simulated storage server: disks, LVM, directories, and whether its glusterd and its cable are all right. */
import type { Clock } from '../../domain/clock.ts';
import { FileSystem, Files, ImageFile, type Directory } from './files.ts';
import type { Disk, ThinVolume, VolumeGroup } from './lvm.ts';
import { LoopDevices } from './loop-devices.ts';
import { ancestorsOf, PathSet } from './path-set.ts';
import type { SimulatedNodeSpec } from './topology.ts';

export class Machine {
  readonly id: string;
  readonly manage: string;
  readonly storage: string;
  /** Gluster's UUID of the node. */
  readonly uuid: string;
  readonly disks: ReadonlyMap<string, Disk>;
  /** Folders with a file system of their own, by path, in bytes of that. */
  readonly folders: ReadonlyMap<string, number>;
  readonly loops = new LoopDevices();
  readonly groups = new Map<string, VolumeGroup>();
  readonly files = new Files();
  /** Brick directories that a running brick process keeps open. */
  readonly served = new PathSet();
  readonly #clock: Clock;
  /** At odds with the rest of its pool. */
  rejected = false;
  #glusterdCrashed = false;
  #off = false;
  #boots = 1;
  #cutAt: number | undefined;

  constructor(spec: SimulatedNodeSpec, uuid: string, clock: Clock) {
    this.id = spec.id;
    this.manage = spec.manage;
    this.storage = spec.storage;
    this.uuid = uuid;
    this.#clock = clock;
    const disks = spec.devices.filter(({ name }) => name.startsWith('/dev/'));
    const folders = spec.devices.filter((device) => !disks.includes(device));
    this.disks = new Map(
      disks.map(({ name, size, serial, holds }) => [
        name,
        { name, size, serial, signature: holds?.signature, mountpoint: holds?.mountpoint },
      ]),
    );
    this.folders = new Map(folders.map(({ name, size }) => [name, size]));
    for (const { name, holds } of folders) {
      this.files.make(name);
      if (holds?.mountpoint !== undefined) {
        this.files.make(holds.mountpoint);
        this.files.mount(new FileSystem(holds.signature, '/dev/elsewhere'), holds.mountpoint);
      } else if (holds !== undefined) {
        this.files.put(`${name}/${holds.signature}`, new ImageFile());
      }
    }
  }

  get off(): boolean {
    return this.#off;
  }

  /** The kernel's id of this boot. */
  get bootId(): string {
    return `${this.uuid.slice(0, -12)}${this.#boots.toString(16).padStart(12, '0')}`;
  }

  get glusterdUp(): boolean {
    return !this.#glusterdCrashed && !this.#off;
  }

  /** Milliseconds (monotonic) since the cable was cut; `undefined` while it is in. */
  get cutFor(): number | undefined {
    return this.#cutAt === undefined ? undefined : this.#clock.monotonic() - this.#cutAt;
  }

  /** What the peers believe: for two minutes after a cut they have noticed nothing. */
  get seenByPeers(): boolean {
    return this.glusterdUp && (this.cutFor ?? 0) < peerTimeoutMs;
  }

  /** Cut and not yet noticed: whatever waits for this peer hangs. */
  get stalling(): boolean {
    return this.#cutAt !== undefined && this.seenByPeers;
  }

  set glusterdCrashed(crashed: boolean) {
    this.#glusterdCrashed = crashed;
  }

  set powerOff(off: boolean) {
    this.#boots += this.#off && !off ? 1 : 0;
    this.#off = off;
    if (off) {
      this.groups.forEach((group) => group.deactivate());
      this.files.forgetMounts();
      this.loops.clear();
      this.served.clear();
    }
  }

  set cableCut(cut: boolean) {
    this.#cutAt = cut ? this.#clock.monotonic() : undefined;
  }

  /** The thin volume behind a block device's name. Device-mapper doubles the hyphens within each name. */
  volumeAt(device: string): ThinVolume | undefined {
    const match = /^\/dev\/mapper\/((?:[^-]|--)+)-((?:[^-]|--)+)$/.exec(device);
    const [group = '', name = ''] = match?.slice(1).map((part) => part.replaceAll('--', '-')) ?? [];
    const volume = this.groups.get(group)?.find(name);
    return volume?.kind === 'thin' && volume.active ? volume : undefined;
  }

  /** What mkfs and mount take: a thin volume by its device, or an image by its path. */
  storeAt(path: string): ThinVolume | ImageFile | undefined {
    const file = this.files.file(path);
    return file?.kind === 'file' ? file : this.volumeAt(path);
  }

  /** The prepared or blank folder that a path lies in, with its size and what its images take; all in bytes. */
  roomAt(path: string): { readonly size: number; readonly taken: number } | undefined {
    const folder = [path, ...ancestorsOf(path)].find((above) => this.folders.has(above)) ?? '';
    const size = this.folders.get(folder);
    return size === undefined ? undefined : { size, taken: takenBelow(this.files.find(folder)) };
  }

  isMounted({ fileSystem }: ThinVolume): boolean {
    return fileSystem !== undefined && this.files.isMounted(fileSystem);
  }
}

function takenBelow(directory: Directory | undefined): number {
  const files = [...(directory?.files.values() ?? [])];
  const own = files.reduce((sum, file) => sum + (file.kind === 'file' ? file.allocated : 0), 0);
  return [...(directory?.children.values() ?? [])].reduce((sum, child) => sum + takenBelow(child), own);
}

/** After this long without an answer glusterd gives a peer up. */
export const peerTimeoutMs = 120_000;
