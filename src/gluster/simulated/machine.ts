/** One simulated storage server: disks, LVM, directories, and whether its glusterd and its cable are all right. */
import type { Clock } from '../../domain/clock.ts';
import { Files } from './files.ts';
import type { Disk, ThinVolume, VolumeGroup } from './lvm.ts';
import { PathSet } from './path-set.ts';
import type { SimulatedNodeSpec } from './topology.ts';

export class Machine {
  readonly id: string;
  readonly manage: string;
  readonly storage: string;
  /** Gluster's UUID of the node. */
  readonly uuid: string;
  readonly disks: ReadonlyMap<string, Disk>;
  readonly groups = new Map<string, VolumeGroup>();
  readonly files = new Files();
  /** Brick directories that a running brick process keeps open. */
  readonly served = new PathSet();
  readonly #clock: Clock;
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
    this.disks = new Map(
      spec.devices.map(({ name, size, holds }) => [
        name,
        { name, size, signature: holds?.signature, mountpoint: holds?.mountpoint },
      ]),
    );
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
      this.files.forgetMounts();
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
    return volume?.kind === 'thin' ? volume : undefined;
  }

  isMounted({ fileSystem }: ThinVolume): boolean {
    return fileSystem !== undefined && this.files.isMounted(fileSystem);
  }
}

/** After this long without an answer glusterd gives a peer up. */
export const peerTimeoutMs = 120_000;
