import type { Durability } from '../../../src/domain/durability.ts';
import type { BrickId, DeviceName, NodeId, VolumeName } from '../../../src/domain/names.ts';
import { bytes } from '../../../src/domain/quantity.ts';
import type { BrickAddress, BrickSpec, GlusterVolume, StorageNodes } from '../../../src/engine/ports.ts';
import { FakeCalls, type Judge, type Pace } from './calls.ts';
import { factsOf, isServed, isServing, newBrick } from './parts.ts';
import { portOf } from './port.ts';
import { FakeSite } from './site.ts';

/**
 * Storage nodes in memory, for tests of the engine alone. Keeps to the port's contract, to gluster's habits that matter
 * to it (marks that stay on bricks, a delete that needs all peers), and notes in `violations` what must never be done.
 */
export class FakeStorage implements Pace {
  readonly #site = new FakeSite();
  readonly #calls = new FakeCalls(this.#site, this);
  /** Every call, as `verb node about`. */
  readonly log: string[] = this.#calls.log;
  readonly violations: string[] = this.#site.violations;
  hops: Pace['hops'] = () => 1;
  drift: Pace['drift'] = () => false;

  addNode(id: NodeId, host: string, devices: Readonly<Record<string, number>>): void {
    this.#site.add({
      id,
      host,
      up: true,
      glusterd: true,
      rejected: false,
      alone: new Map(),
      boot: 1,
      glusterId: `uuid-of-${id}`,
      addresses: [host],
      pool: { hosts: new Map([[host, `uuid-of-${id}`]]), volumes: new Map() },
      devices: new Map(
        Object.entries(devices).map(([name, size]) => [
          name as DeviceName,
          { present: true, serial: undefined, size: bytes(size), taken: 0, prepared: false, holder: undefined },
        ]),
      ),
      bricks: new Map(),
    });
  }

  setUp(id: string, up: boolean): void {
    this.#site.node(id).up = up;
    this.#catchUp(id);
  }

  /** Stops or starts the glusterd of a node; its bricks go on. */
  setGlusterd(id: string, up: boolean): void {
    this.#site.node(id).glusterd = up;
    this.#catchUp(id);
  }

  /** Puts a node at odds with the rest of its pool, or brings it back to it. */
  setRejected(id: string, rejected: boolean): void {
    this.#site.node(id).rejected = rejected;
  }

  /** Leaves a volume on one node, as if that had failed while all others deleted it. */
  leaveAlone(id: string, name: string): void {
    const node = this.#site.node(id);
    const volume = node.pool.volumes.get(name);
    if (volume === undefined) {
      throw new Error(`no fake volume ${name}`);
    }
    node.pool.volumes.delete(name);
    node.alone.set(name, volume);
  }

  /** The node compares its volumes with the others', who take over what only it has. */
  compare(id: string): void {
    const { alone, pool } = this.#site.node(id);
    for (const [name, volume] of alone) {
      pool.volumes.set(name, volume);
    }
    alone.clear();
  }

  /** A glusterd that meets its peers again starts what was started without it, where that is mounted. */
  #catchUp(id: string): void {
    const node = this.#site.node(id);
    for (const volume of isServing(node) ? node.pool.volumes.values() : []) {
      if (volume.status === 'started') {
        this.#site.startProcesses({ bricks: volume.bricks.filter(({ host }) => host === node.host) });
      }
    }
  }

  /** Another boot: no brick is mounted, and so gluster could start none of their processes. */
  reboot(id: string): void {
    const node = this.#site.node(id);
    node.boot += 1;
    node.up = true;
    node.glusterd = true;
    for (const brick of node.bricks.values()) {
      brick.mounted = false;
      brick.online = false;
    }
  }

  /** The operating system anew: gluster knows nothing, its pool still knows the old UUID. The disks stay. */
  reinstall(id: string): void {
    this.reboot(id);
    const node = this.#site.node(id);
    node.glusterId = `${node.glusterId}-anew`;
    node.pool = { hosts: new Map([[node.host, node.glusterId]]), volumes: new Map() };
  }

  setAddresses(id: string, addresses: readonly string[]): void {
    this.#site.node(id).addresses = addresses;
  }

  /** `missing`: pulled out. `empty`: another disk, with nothing on it. `present`: the one that was pulled out. */
  changeDisk(id: string, device: string, how: 'missing' | 'empty' | 'present'): void {
    const node = this.#site.node(id);
    const found = node.devices.get(device as DeviceName);
    if (found === undefined) {
      throw new Error(`no fake device ${device}`);
    }
    found.present = how !== 'missing';
    for (const [brick, fake] of node.bricks) {
      if (fake.spec.device === device) {
        fake.mounted = false;
        fake.online = false;
        if (how === 'empty') {
          node.bricks.delete(brick);
        }
      }
    }
    if (how === 'empty') {
      found.prepared = false;
    }
  }

  /** Puts a disk that was pulled out back, as people do: with the machine switched off. */
  returnDisk(id: string, device: string): void {
    if (this.#site.node(id).devices.get(device as DeviceName)?.present === false) {
      this.changeDisk(id, device, 'present');
      this.reboot(id);
    }
  }

  setSerial(id: string, device: string, serial: string): void {
    const found = this.#site.node(id).devices.get(device as DeviceName);
    if (found !== undefined) {
      found.serial = serial;
    }
  }

  /** What waits to be healed, as the brick's index says, or whether its process runs. */
  tamperBrickState(
    id: string,
    brick: BrickId,
    state: Partial<{
      readonly online: boolean;
      readonly pending: number;
      readonly splitBrain: number;
      readonly identity: string | undefined;
    }>,
  ): void {
    const found = this.#site.node(id).bricks.get(brick);
    if (found === undefined) {
      throw new Error(`no fake brick ${brick}`);
    }
    Object.assign(found, state);
  }

  /** What a brick says of its volume. */
  saidBy(id: string, brick: BrickId): string | undefined {
    return this.#site.node(id).bricks.get(brick)?.identity;
  }

  /** Bricks of started volumes that nobody serves now: `node brick-id`. */
  offline(): readonly string[] {
    return this.#site
      .nodes()
      .flatMap((node) =>
        [...node.bricks.values()]
          .filter((brick) => this.#site.volumeOn(node, brick.path)?.status === 'started' && !isServed(node, brick))
          .map(({ spec }) => `${node.id} ${spec.id}`),
      )
      .sort();
  }

  /** Puts something on a device that is not ours. */
  occupyDevice(id: string, device: string, holder: string): void {
    const found = this.#site.node(id).devices.get(device as DeviceName);
    if (found !== undefined) {
      found.holder = holder;
    }
  }

  /** The next rebalance to be looked at has failed. */
  failRebalance(): void {
    this.#site.failRebalance = true;
  }

  /** Lets every late call land, and every hanging one go on. */
  settle(): void {
    this.#calls.settle();
  }

  /** Bricks that stand: `node brick-id`. */
  bricks(): readonly string[] {
    return this.#site
      .nodes()
      .flatMap((node) => [...node.bricks.keys()].map((id) => `${node.id} ${id}`))
      .sort();
  }

  /** Bytes of a brick that stands. */
  extentOf(node: string, id: BrickId): { readonly size: number; readonly footprint: number } | undefined {
    const brick = this.#site.node(node).bricks.get(id);
    return brick === undefined ? undefined : { size: brick.size, footprint: brick.footprint };
  }

  volumes(): readonly GlusterVolume[] {
    return [...new Set(this.#site.nodes().map(({ pool }) => pool))].flatMap(({ volumes }) =>
      [...volumes.values()].map(factsOf),
    );
  }

  /** Puts a volume into gluster as an administrator would: on directories that are none of ours. */
  addForeignVolume(via: string, name: string, durability: Durability, bricks: readonly BrickAddress[]): void {
    const uuid = this.#site.newUuid();
    const fields = {
      status: 'started',
      options: new Map<string, string>(),
      everStarted: true,
      rebalance: undefined,
      removing: false,
    } as const;
    this.#site.node(via).pool.volumes.set(name, { name: name as VolumeName, uuid, durability, bricks, ...fields });
  }

  /** Changes a volume behind everybody's back: its bricks, its status, or its options (`undefined`: unset). */
  tamperVolume(
    name: string,
    changes: Partial<Pick<GlusterVolume, 'bricks' | 'status'>> & {
      readonly options?: Readonly<Record<string, string | undefined>>;
    },
  ): void {
    const volume = this.#site
      .nodes()
      .map(({ pool }) => pool.volumes.get(name))
      .find((found) => found !== undefined);
    if (volume === undefined) {
      throw new Error(`no fake volume ${name}`);
    }
    volume.bricks = changes.bricks ?? volume.bricks;
    volume.status = changes.status ?? volume.status;
    for (const [key, value] of Object.entries(changes.options ?? {})) {
      if (value === undefined) {
        volume.options.delete(key);
      } else {
        volume.options.set(key, value);
      }
    }
  }

  /** Puts a brick of ours on a node, or takes one away with `undefined`, behind everybody's back. */
  tamperBrick(id: string, brick: BrickId, spec: BrickSpec | undefined): void {
    const { bricks } = this.#site.node(id);
    if (spec === undefined) {
      bricks.delete(brick);
    } else {
      bricks.set(brick, newBrick(spec));
    }
  }

  /** Bytes of a device that somebody else has taken, or another size. */
  tamperDevice(id: string, device: string, changes: { readonly size?: number; readonly taken?: number }): void {
    const found = this.#site.node(id).devices.get(device as DeviceName);
    if (found !== undefined) {
      found.size = bytes(changes.size ?? found.size);
      found.taken = changes.taken ?? found.taken;
    }
  }

  /** Takes a volume away behind everybody's back. */
  removeVolume(name: string): void {
    for (const { pool } of this.#site.nodes()) {
      pool.volumes.delete(name);
    }
  }

  /** The nodes, as one caller sees them. */
  port(judge: Judge = () => 'normal'): StorageNodes {
    return portOf(this.#site, this.#calls, judge);
  }
}
