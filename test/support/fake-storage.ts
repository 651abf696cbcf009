import { bytes, type Bytes } from '../../src/domain/quantity.ts';
import type { BrickId, DeviceName, NodeId, VolumeName } from '../../src/domain/names.ts';
import { done, failed, rejected, unknown, waiting, type Outcome } from '../../src/domain/outcome.ts';
import type { Durability } from '../../src/domain/durability.ts';
import { brickFootprint } from '../../src/domain/placement/footprint.ts';
import type { NodeRef } from '../../src/domain/topology.ts';
import { brickOfPath } from '../../src/engine/brick-match.ts';
import {
  bricksUnmarked,
  deviceMissing,
  deviceUnprepared,
  type BrickAddress,
  type BrickFacts,
  type BrickHeal,
  type BrickSpec,
  type BrickStatus,
  type CallContext,
  type DeviceFacts,
  type GlusterVolume,
  type NodeFacts,
  type PeerState,
  type PrepareOptions,
  type Rebalance,
  type StorageNodes,
  type VolumeSpec,
} from '../../src/engine/ports.ts';

/** One call of a verb, before it does anything. */
export interface FakeCall {
  readonly verb: keyof StorageNodes;
  /** The node that the call goes to. */
  readonly node: NodeId;
  /** What it is about: a brick's id, a volume's name, a device or a host. */
  readonly about: string;
}

/**
 * What becomes of a call. `hang`: it is done when somebody calls `settle`, or before the next change of the same brick or
 * volume, whichever comes first (StorageNodes: changes of one thing happen in order). `lost-before`: nothing is done and
 * no answer comes. `lost-after`: it is done and no answer comes. `late`: no answer comes, and it is done as with `hang`.
 * `unmarked`: bricks do not carry the volume's mark.
 * `die-*`: as those, but the caller dies with it and hears nothing more of this call. `dead`: the caller was dead before:
 * nothing is done.
 */
export type Verdict =
  | 'normal'
  | 'fail'
  | 'silent'
  | 'locked'
  | 'unmarked'
  | 'hang'
  | 'lost-before'
  | 'lost-after'
  | 'late'
  | 'die-before'
  | 'die-after'
  | 'die-late'
  | 'dead';

export type Judge = (call: FakeCall) => Verdict;

interface FakeBrick {
  readonly spec: BrickSpec;
  /** Bytes of file system. */
  size: Bytes;
  /** Bytes that it takes from its device: a growth that was cut off takes them before the file system has them. */
  footprint: Bytes;
  readonly path: string;
  /** What it says of its volume. */
  identity: string | undefined;
  /** The volume whose marks it carries: left by a create, a failed one too, and not taken off by a delete. */
  markedBy: string | undefined;
  /** Unmounted by a reboot, until it is restored. */
  mounted: boolean;
  /** Whether the process that serves it runs. Means something in a started volume only. */
  online: boolean;
  pending: number;
  splitBrain: number;
}

interface FakeDevice {
  /** Whether the disk is in the machine. */
  present: boolean;
  serial: string | undefined;
  size: Bytes;
  /** Bytes that somebody else has taken beside us. */
  taken: number;
  prepared: boolean;
  /** What somebody else keeps on it. */
  holder: string | undefined;
}

interface FakeNode {
  readonly id: NodeId;
  readonly host: string;
  up: boolean;
  /** Whether its glusterd runs. */
  glusterd: boolean;
  /** Whether its gluster differs from the others' of its pool. */
  rejected: boolean;
  /** Volumes that it has and the others have not. */
  readonly alone: Map<string, FakeVolume>;
  boot: number;
  glusterId: string;
  addresses: readonly string[];
  /** Nodes of one trusted pool share the object. */
  pool: FakePool;
  readonly devices: Map<DeviceName, FakeDevice>;
  readonly bricks: Map<BrickId, FakeBrick>;
}

interface FakePool {
  /** By host: the UUID that the pool knows it by. */
  readonly hosts: Map<string, string>;
  readonly volumes: Map<string, FakeVolume>;
}

interface FakeVolume {
  readonly name: VolumeName;
  readonly uuid: string;
  status: GlusterVolume['status'];
  readonly durability: Durability;
  bricks: readonly BrickAddress[];
  readonly options: Map<string, string>;
  everStarted: boolean;
  rebalance: { readonly task: string; state: Rebalance['state']; looks: number } | undefined;
  /** Whether files are leaving bricks for good. */
  removing: boolean;
}

/** How often a rebalance is looked at before it is found to be completed. */
const looksOfARebalance = 2;

const reads: ReadonlySet<keyof StorageNodes> = new Set([
  'volumeInfo',
  'listVolumes',
  'listPeers',
  'listBricks',
  'inspectNode',
  'volumeStatus',
  'healSummary',
]);

/** What a node does without its glusterd. */
const nodeVerbs: ReadonlySet<keyof StorageNodes> = new Set([
  'inspectNode',
  'inspectDevice',
  'prepareDevice',
  'ensureBrick',
  'growBrick',
  'destroyBrick',
  'listBricks',
  'restoreBricks',
]);

interface Late {
  readonly about: string;
  readonly land: () => void;
}

/** A promise of its own each time: one for all would remember everybody who ever waited for it. */
const never = (): Promise<never> => new Promise(() => undefined);

/**
 * Storage nodes in memory, for tests of the engine alone. Keeps to the port's contract, to gluster's habits that matter
 * to it (marks that stay on bricks, a delete that needs all peers), and notes in `violations` what must never be done.
 */
export class FakeStorage {
  readonly #nodes = new Map<string, FakeNode>();
  readonly #late: Late[] = [];
  #uuids = 0;
  /** The next rebalance to be looked at has failed. */
  failRebalance = false;
  /** Every call, as `verb node about`. */
  readonly log: string[] = [];
  readonly violations: string[] = [];
  /** Microtasks that a call takes: vary it to vary how calls interleave. */
  hops: () => number = () => 1;
  /** Asked at each call whether the oldest late call lands now. */
  drift: () => boolean = () => false;

  addNode(id: NodeId, host: string, devices: Readonly<Record<string, number>>): void {
    this.#nodes.set(id, {
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
    this.#node(id).up = up;
    this.#catchUp(id);
  }

  /** Stops or starts the glusterd of a node; its bricks go on. */
  setGlusterd(id: string, up: boolean): void {
    this.#node(id).glusterd = up;
    this.#catchUp(id);
  }

  /** Puts a node at odds with the rest of its pool, or brings it back to it. */
  setRejected(id: string, rejected: boolean): void {
    this.#node(id).rejected = rejected;
  }

  /** Leaves a volume on one node, as if that had failed while all others deleted it. */
  leaveAlone(id: string, name: string): void {
    const node = this.#node(id);
    const volume = node.pool.volumes.get(name);
    if (volume === undefined) {
      throw new Error(`no fake volume ${name}`);
    }
    node.pool.volumes.delete(name);
    node.alone.set(name, volume);
  }

  /** The node compares its volumes with the others', who take over what only it has. */
  compare(id: string): void {
    const { alone, pool } = this.#node(id);
    for (const [name, volume] of alone) {
      pool.volumes.set(name, volume);
    }
    alone.clear();
  }

  /** A glusterd that meets its peers again starts what was started without it, where that is mounted. */
  #catchUp(id: string): void {
    const node = this.#node(id);
    for (const volume of isServing(node) ? node.pool.volumes.values() : []) {
      if (volume.status === 'started') {
        this.#startProcesses({ bricks: volume.bricks.filter(({ host }) => host === node.host) });
      }
    }
  }

  /** Another boot: no brick is mounted, and so gluster could start none of their processes. */
  reboot(id: string): void {
    const node = this.#node(id);
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
    const node = this.#node(id);
    node.glusterId = `${node.glusterId}-anew`;
    node.pool = { hosts: new Map([[node.host, node.glusterId]]), volumes: new Map() };
  }

  setAddresses(id: string, addresses: readonly string[]): void {
    this.#node(id).addresses = addresses;
  }

  /** `missing`: pulled out. `empty`: another disk, with nothing on it. `present`: the one that was pulled out. */
  changeDisk(id: string, device: string, how: 'missing' | 'empty' | 'present'): void {
    const node = this.#node(id);
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
    if (this.#node(id).devices.get(device as DeviceName)?.present === false) {
      this.changeDisk(id, device, 'present');
      this.reboot(id);
    }
  }

  setSerial(id: string, device: string, serial: string): void {
    const found = this.#node(id).devices.get(device as DeviceName);
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
    const found = this.#node(id).bricks.get(brick);
    if (found === undefined) {
      throw new Error(`no fake brick ${brick}`);
    }
    Object.assign(found, state);
  }

  /** What a brick says of its volume. */
  saidBy(id: string, brick: BrickId): string | undefined {
    return this.#node(id).bricks.get(brick)?.identity;
  }

  /** Bricks of started volumes that nobody serves now: `node brick-id`. */
  offline(): readonly string[] {
    return [...this.#nodes.values()]
      .flatMap((node) =>
        [...node.bricks.values()]
          .filter((brick) => this.#volumeOn(node, brick.path)?.status === 'started' && !isServed(node, brick))
          .map(({ spec }) => `${node.id} ${spec.id}`),
      )
      .sort();
  }

  /** Puts something on a device that is not ours. */
  occupyDevice(id: string, device: string, holder: string): void {
    const found = this.#node(id).devices.get(device as DeviceName);
    if (found !== undefined) {
      found.holder = holder;
    }
  }

  /** Lets every late call land, and every hanging one go on. */
  settle(): void {
    for (const { land } of this.#late.splice(0)) {
      land();
    }
  }

  /** Bricks that stand: `node brick-id`. */
  bricks(): readonly string[] {
    return [...this.#nodes.values()].flatMap((node) => [...node.bricks.keys()].map((id) => `${node.id} ${id}`)).sort();
  }

  /** Bytes of a brick that stands. */
  extentOf(node: string, id: BrickId): { readonly size: number; readonly footprint: number } | undefined {
    const brick = this.#node(node).bricks.get(id);
    return brick === undefined ? undefined : { size: brick.size, footprint: brick.footprint };
  }

  volumes(): readonly GlusterVolume[] {
    return [...new Set([...this.#nodes.values()].map(({ pool }) => pool))].flatMap(({ volumes }) =>
      [...volumes.values()].map(factsOf),
    );
  }

  /** Puts a volume into gluster as an administrator would: on directories that are none of ours. */
  addForeignVolume(via: string, name: string, durability: Durability, bricks: readonly BrickAddress[]): void {
    this.#uuids += 1;
    const uuid = `99999999-0000-4000-8000-${String(this.#uuids).padStart(12, '0')}`;
    const fields = {
      status: 'started',
      options: new Map<string, string>(),
      everStarted: true,
      rebalance: undefined,
      removing: false,
    } as const;
    this.#node(via).pool.volumes.set(name, { name: name as VolumeName, uuid, durability, bricks, ...fields });
  }

  /** Changes a volume behind everybody's back: its bricks, its status, or its options (`undefined`: unset). */
  tamperVolume(
    name: string,
    changes: Partial<Pick<GlusterVolume, 'bricks' | 'status'>> & {
      readonly options?: Readonly<Record<string, string | undefined>>;
    },
  ): void {
    const volume = [...this.#nodes.values()]
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
    const { bricks } = this.#node(id);
    if (spec === undefined) {
      bricks.delete(brick);
    } else {
      bricks.set(brick, newBrick(spec));
    }
  }

  /** Bytes of a device that somebody else has taken, or another size. */
  tamperDevice(id: string, device: string, changes: { readonly size?: number; readonly taken?: number }): void {
    const found = this.#node(id).devices.get(device as DeviceName);
    if (found !== undefined) {
      found.size = bytes(changes.size ?? found.size);
      found.taken = changes.taken ?? found.taken;
    }
  }

  /** Takes a volume away behind everybody's back. */
  removeVolume(name: string): void {
    for (const { pool } of this.#nodes.values()) {
      pool.volumes.delete(name);
    }
  }

  /** What late calls about `about` would do, they do now. */
  #land(about: string): void {
    for (const late of this.#late.filter((other) => other.about === about)) {
      this.#late.splice(this.#late.indexOf(late), 1);
      late.land();
    }
  }

  /** The nodes, as one caller sees them. */
  port(judge: Judge = () => 'normal'): StorageNodes {
    const call = <T>(
      verb: keyof StorageNodes,
      node: NodeRef,
      about: string,
      context: CallContext,
      effect: (node: FakeNode) => Outcome<T>,
      half?: (node: FakeNode) => void,
    ): Promise<Outcome<T>> =>
      this.#call(judge({ verb, node: node.id, about }), verb, node, about, context, effect, half);
    return {
      inspectNode: (node, context) => call('inspectNode', node, node.id, context, (fake) => done(nodeFacts(fake))),
      restoreBricks: (node, device, context) =>
        call('restoreBricks', node, device, context, (fake) => restoreBricks(fake, device)),
      removePeer: (via, host, context) =>
        call('removePeer', via, host, context, (fake) => this.#removePeer(fake, host)),
      restartBricks: (via, name, context) =>
        call('restartBricks', via, name, context, (fake) => this.#restartBricks(fake, name)),
      volumeStatus: (via, name, context) =>
        call('volumeStatus', via, name, context, (fake) => this.#volumeStatus(fake, name)),
      healSummary: (via, name, context) =>
        call('healSummary', via, name, context, (fake) => this.#healSummary(fake, name)),
      startHeal: (via, name, _options, context) =>
        call('startHeal', via, name, context, (fake) => this.#startHeal(fake, name)),
      replaceBrick: (via, name, { from, to }, context) =>
        call('replaceBrick', via, name, context, (fake) => this.#replaceBrick(fake, name, from, to)),
      resetBrick: (via, name, brick, context) =>
        call('resetBrick', via, name, context, (fake) => this.#replaceBrick(fake, name, brick, brick)),
      inspectDevice: (node, device, context) =>
        call('inspectDevice', node, device, context, (fake) => inspect(fake, device)),
      prepareDevice: (node, device, options, context) =>
        call('prepareDevice', node, device, context, (fake) => prepare(fake, device, options)),
      ensureBrick: (node, brick, options, context) =>
        call('ensureBrick', node, brick.id, context, (fake) => this.#ensureBrick(fake, brick, options.pristine)),
      growBrick: (node, brick, context) =>
        call(
          'growBrick',
          node,
          brick.id,
          context,
          (fake) => this.#growBrick(fake, brick),
          // A failure leaves the pool extended, and the file system as it was.
          (fake) => this.#takeMore(fake, brick),
        ),
      destroyBrick: (node, brick, context) =>
        call('destroyBrick', node, brick.id, context, (fake) => this.#destroyBrick(fake, brick.id)),
      listBricks: (node, device, context) =>
        call('listBricks', node, device, context, (fake) =>
          done([...fake.bricks.values()].filter(({ spec }) => spec.device === device).map(listedBrick)),
        ),
      ensurePeer: (via, host, context) =>
        call('ensurePeer', via, host, context, (fake) => this.#ensurePeer(fake, host)),
      listPeers: (via, context) =>
        call('listPeers', via, via.id, context, (fake) =>
          done(
            [...fake.pool.hosts].map(([host, uuid]) => ({
              uuid: host === fake.host ? fake.glusterId : uuid,
              hosts: [host],
              state: standingOf(fake, this.#byHost(host)),
            })),
          ),
        ),
      volumeInfo: (via, name, context) =>
        call('volumeInfo', via, name, context, (fake) => {
          const volume = fake.pool.volumes.get(name) ?? fake.alone.get(name);
          return done(volume === undefined ? undefined : factsOf(volume));
        }),
      listVolumes: (via, context) =>
        call('listVolumes', via, '', context, (fake) => done([...fake.pool.volumes.keys()])),
      createVolume: (via, spec, context) =>
        call('createVolume', via, spec.name, context, (fake) => this.#createVolume(fake, spec)),
      addBricks: (via, spec, context) =>
        call('addBricks', via, spec.name, context, (fake) => this.#addBricks(fake, spec)),
      removeBricks: (via, spec, context) =>
        call('removeBricks', via, spec.name, context, (fake) => removeBricks(fake, spec)),
      startRebalance: (via, name, context) =>
        call('startRebalance', via, name, context, (fake) => this.#startRebalance(fake, name)),
      rebalanceStatus: (via, name, context) =>
        call('rebalanceStatus', via, name, context, (fake) => this.#rebalanceStatus(fake, name)),
      setVolumeOptions: (via, name, options, context) =>
        call('setVolumeOptions', via, name, context, (fake) =>
          change(fake, name, (volume) => {
            for (const { key, value } of options) {
              volume.options.set(key, value);
            }
          }),
        ),
      startVolume: (via, name, context) =>
        call('startVolume', via, name, context, (fake) =>
          change(fake, name, (volume) => {
            if (volume.status !== 'started') {
              volume.status = 'started';
              this.#startProcesses(volume);
            }
            volume.everStarted = true;
          }),
        ),
      stopVolume: (via, name, context) =>
        call('stopVolume', via, name, context, (fake) =>
          change(fake, name, (volume) => {
            volume.status = 'stopped';
            if (volume.rebalance?.state === 'running') {
              volume.rebalance.state = 'stopped';
            }
          }),
        ),
      deleteVolume: (via, name, context) =>
        call('deleteVolume', via, name, context, (fake) => this.#deleteVolume(fake, name)),
    };
  }

  async #call<T>(
    verdict: Verdict,
    verb: keyof StorageNodes,
    { id }: NodeRef,
    about: string,
    { signal }: CallContext,
    effect: (node: FakeNode) => Outcome<T>,
    half?: (node: FakeNode) => void,
  ): Promise<Outcome<T>> {
    if (verdict === 'dead' || verdict === 'die-before') {
      return never();
    }
    this.log.push(`${verb} ${id} ${about}`);
    for (let hop = this.hops(); hop > 0; hop -= 1) {
      await Promise.resolve();
    }
    if (this.#late.length > 0 && this.drift()) {
      this.#late.shift()?.land();
    }
    const node = this.#node(id);
    const act = (): Outcome<T> => {
      if (!node.up) {
        return waiting({ what: 'node', name: id }, `${id} is down`);
      }
      if (!node.glusterd && !nodeVerbs.has(verb)) {
        return waiting({ what: 'node', name: id }, `glusterd on ${id} does not answer`);
      }
      if (!reads.has(verb)) {
        this.#land(about);
      }
      return effect(node);
    };
    switch (verdict) {
      case 'normal':
        return act();
      case 'hang':
        return this.#hang(about, signal, act);
      case 'fail':
        if (verb === 'createVolume' || verb === 'addBricks') {
          this.#markFirst(about);
        }
        if (node.up) {
          half?.(node);
        }
        return failed(`${verb} on ${id}: injected failure`);
      case 'unmarked':
        return waiting({ what: 'condition', name: bricksUnmarked }, `${verb} on ${id}: a brick has no mark`);
      case 'silent':
        return waiting({ what: 'node', name: id }, `${id}: injected silence`);
      case 'locked':
        return waiting({ what: 'lock', name: about }, 'Another transaction is in progress');
      case 'lost-before':
        return unknown(`${verb} on ${id}: no answer`);
      case 'lost-after':
        act();
        return unknown(`${verb} on ${id}: no answer`);
      case 'late':
        this.#late.push({ about, land: act });
        return unknown(`${verb} on ${id}: no answer`);
      case 'die-after':
        act();
        return never();
      case 'die-late':
        this.#late.push({ about, land: act });
        return never();
    }
  }

  /** A create that fails leaves its marks on the bricks that it had already looked at. */
  #markFirst(volume: string): void {
    for (const node of this.#nodes.values()) {
      for (const brick of node.bricks.values()) {
        if (volume.endsWith(brick.spec.volume) && this.#volumeOn(node, brick.path) === undefined) {
          brick.markedBy = volume;
          return;
        }
      }
    }
  }

  #hang<T>(about: string, signal: AbortSignal, act: () => Outcome<T>): Promise<Outcome<T>> {
    return new Promise((resolve) => {
      const land = (): void => {
        resolve(act());
      };
      this.#late.push({ about, land });
      // The caller goes; what it began stays.
      signal.addEventListener('abort', () => resolve(unknown(`${about}: aborted`)), { once: true });
    });
  }

  #ensureBrick(node: FakeNode, spec: BrickSpec, pristine: boolean): Outcome<BrickFacts> {
    const device = node.devices.get(spec.device);
    if (device?.prepared !== true) {
      return failed(`${spec.device} of ${node.id} is not prepared`);
    }
    let brick = node.bricks.get(spec.id);
    if (brick === undefined) {
      brick = newBrick(spec);
      node.bricks.set(spec.id, brick);
      this.#checkRoom(node, spec.device);
    }
    brick.mounted = true;
    brick.identity = spec.identity ?? brick.identity;
    if (pristine) {
      const user = this.#volumeOn(node, brick.path);
      if (user?.everStarted === true) {
        this.violations.push(`marks were taken off brick ${spec.id}, which ${user.name} lives on`);
      }
      brick.markedBy = undefined;
    }
    return done(brickFacts(brick));
  }

  #checkRoom(node: FakeNode, device: DeviceName): void {
    if (usedOn(node, device) > (node.devices.get(device)?.size ?? 0)) {
      this.violations.push(`${device} of ${node.id} is over its size`);
    }
  }

  #growBrick(node: FakeNode, spec: BrickSpec): Outcome<BrickFacts> {
    const brick = node.bricks.get(spec.id);
    if (brick === undefined) {
      return failed(`brick ${spec.id} does not stand on ${node.id}`);
    }
    this.#takeMore(node, spec);
    brick.size = bytes(Math.max(brick.size, spec.size));
    return done(brickFacts(brick));
  }

  #takeMore(node: FakeNode, spec: BrickSpec): void {
    const brick = node.bricks.get(spec.id);
    if (brick !== undefined) {
      brick.footprint = bytes(Math.max(brick.footprint, brickFootprint(spec).total));
      this.#checkRoom(node, spec.device);
    }
  }

  #destroyBrick(node: FakeNode, id: BrickId): Outcome<void> {
    const brick = node.bricks.get(id);
    if (brick !== undefined) {
      const user = this.#volumeOn(node, brick.path);
      if (user?.everStarted === true) {
        this.violations.push(`brick ${id} was destroyed under ${user.name}`);
      }
      node.bricks.delete(id);
    }
    return done();
  }

  #createVolume(via: FakeNode, spec: VolumeSpec): Outcome<void> {
    const standing = via.pool.volumes.get(spec.name);
    if (standing !== undefined) {
      return sameBricks(standing.bricks, spec.bricks) ? done() : rejected(`${spec.name} exists with other bricks`);
    }
    const claimed = this.#claim(via, spec);
    if (claimed.kind !== 'done') {
      return claimed;
    }
    this.#uuids += 1;
    via.pool.volumes.set(spec.name, {
      name: spec.name,
      uuid: `99999999-0000-4000-8000-${String(this.#uuids).padStart(12, '0')}`,
      status: 'created',
      durability: spec.durability,
      bricks: spec.bricks,
      options: new Map(),
      everStarted: false,
      rebalance: undefined,
      removing: false,
    });
    return done();
  }

  /** Checks and marks the bricks, one after another. */
  #claim(via: FakeNode, spec: VolumeSpec): Outcome<void> {
    for (const { host } of spec.bricks) {
      const node = this.#byHost(host);
      if (node === undefined || node.pool !== via.pool) {
        return failed(`host ${host} is not in the pool`);
      }
      if (!node.up) {
        return waiting({ what: 'node', name: host }, `host ${host} is not connected`);
      }
      if (node !== via && (via.rejected || node.rejected)) {
        return waiting({ what: 'node', name: via.rejected ? via.id : host }, `host ${host} is not in the cluster`);
      }
    }
    for (const { host, path } of spec.bricks) {
      const brick = [...(this.#byHost(host)?.bricks.values() ?? [])].find((other) => other.path === path);
      if (brick?.mounted !== true) {
        return failed('failed to create volume files');
      }
      if (brick.markedBy !== undefined) {
        return failed(`${host}:${path} is already part of a volume`);
      }
      brick.markedBy = spec.name;
    }
    return done();
  }

  #addBricks(via: FakeNode, spec: VolumeSpec): Outcome<void> {
    const volume = via.pool.volumes.get(spec.name);
    if (volume === undefined) {
      return failed(`volume ${spec.name} does not exist`);
    }
    if (spec.bricks.every(({ host, path }) => volume.bricks.some((b) => b.host === host && b.path === path))) {
      return done();
    }
    if (volume.rebalance?.state === 'running') {
      return waiting({ what: 'condition', name: 'migration-running' }, `rebalance of ${spec.name} is in progress`);
    }
    const claimed = this.#claim(via, spec);
    if (claimed.kind === 'done') {
      volume.bricks = [...volume.bricks, ...spec.bricks];
      this.#startProcesses({ ...volume, bricks: spec.bricks });
    }
    return claimed;
  }

  #startRebalance(via: FakeNode, name: VolumeName): Outcome<string | undefined> {
    const volume = via.pool.volumes.get(name);
    if (volume === undefined) {
      return failed(`volume ${name} does not exist`);
    }
    if (volume.rebalance?.state !== 'running') {
      this.#uuids += 1;
      volume.rebalance = { task: `task-${this.#uuids}`, state: 'running', looks: 0 };
    }
    return done(volume.rebalance.task);
  }

  #rebalanceStatus(via: FakeNode, name: VolumeName): Outcome<Rebalance> {
    const volume = via.pool.volumes.get(name);
    const { rebalance } = volume ?? {};
    const counts = { files: 0, bytes: bytes(0), failures: 0 };
    if (rebalance === undefined) {
      return volume === undefined ? failed(`volume ${name} does not exist`) : done({ state: 'none', ...counts });
    }
    rebalance.looks += 1;
    if (rebalance.state === 'running' && rebalance.looks >= looksOfARebalance) {
      rebalance.state = this.failRebalance ? 'failed' : 'completed';
      this.failRebalance = false;
    }
    return done({ state: rebalance.state, task: rebalance.task, ...counts });
  }

  #deleteVolume(via: FakeNode, name: VolumeName): Outcome<void> {
    const volume = via.pool.volumes.get(name);
    if (volume === undefined) {
      return done();
    }
    if (volume.status === 'started') {
      return failed(`volume ${name} has been started`);
    }
    const down = [...via.pool.hosts.keys()].find((host) => !isServing(this.#byHost(host)));
    if (down !== undefined) {
      return waiting({ what: 'node', name: down }, 'some of the peers are down');
    }
    const rejected = [...via.pool.hosts.keys()].find((host) => this.#byHost(host)?.rejected === true);
    if (rejected !== undefined) {
      this.violations.push(`${name} was deleted without ${rejected}, which goes on serving it`);
    }
    via.pool.volumes.delete(name);
    return done();
  }

  #ensurePeer(via: FakeNode, host: string): Outcome<void> {
    const node = this.#byHost(host);
    if (!isServing(node)) {
      return waiting({ what: 'node', name: host }, `${host} does not answer a probe`);
    }
    const known = via.pool.hosts.get(host);
    if (known !== undefined && known !== node.glusterId) {
      return rejected(`${host} is known to the pool under another UUID`);
    }
    if (node.pool !== via.pool) {
      if (node.pool.hosts.size > 1) {
        return rejected(`${host} is part of another pool`);
      }
      via.pool.hosts.set(host, node.glusterId);
      node.pool = via.pool;
    }
    return done();
  }

  #removePeer(via: FakeNode, host: string): Outcome<void> {
    if (host === via.host) {
      return rejected(`${host} is the node that was asked`);
    }
    const { hosts, volumes } = via.pool;
    if (!hosts.has(host)) {
      return done();
    }
    if ([...volumes.values()].some(({ bricks }) => bricks.some((brick) => brick.host === host))) {
      return rejected(`a volume has bricks on ${host}`);
    }
    const node = this.#byHost(host);
    if (!isServing(node)) {
      return waiting({ what: 'node', name: host }, `${host} is not connected`);
    }
    hosts.delete(host);
    node.pool = { hosts: new Map([[host, node.glusterId]]), volumes: new Map() };
    return done();
  }

  /** A process starts where its brick is mounted and its node runs gluster in this pool. */
  #startProcesses({ bricks }: Pick<FakeVolume, 'bricks'>): void {
    for (const { host, path } of bricks) {
      const node = this.#byHost(host);
      const brick = [...(node?.bricks.values() ?? [])].find((other) => other.path === path);
      if (brick?.mounted === true && isServing(node)) {
        brick.online = true;
      }
    }
  }

  #restartBricks(via: FakeNode, name: VolumeName): Outcome<void> {
    const volume = via.pool.volumes.get(name);
    if (volume?.status !== 'started') {
      return waiting({ what: 'condition', name: 'not-started' }, `volume ${name} is not started`);
    }
    this.#startProcesses(volume);
    return done();
  }

  #volumeStatus(via: FakeNode, name: VolumeName): Outcome<readonly BrickStatus[] | undefined> {
    const volume = via.pool.volumes.get(name);
    if (volume?.status !== 'started') {
      return done(undefined);
    }
    return done(volume.bricks.map(({ host, path }) => ({ host, path, online: this.#isOnline(via, host, path) })));
  }

  #healSummary(via: FakeNode, name: VolumeName): Outcome<readonly BrickHeal[]> {
    const volume = via.pool.volumes.get(name);
    if (volume === undefined) {
      return failed(`volume ${name} does not exist`);
    }
    return done(
      volume.bricks.map(({ host, path }) => {
        const { pending = 0, splitBrain = 0 } = this.#brickAt(via, host, path) ?? {};
        const connected = this.#isOnline(via, host, path);
        return connected ? { host, path, connected, pending, splitBrain } : { host, path, connected };
      }),
    );
  }

  /** A brick on a directory that is none of ours is served as long as its node is. */
  #isOnline(via: FakeNode, host: string, path: string): boolean {
    const node = this.#byHost(host);
    const brick = this.#brickAt(via, host, path);
    const isOurs = brickOfPath(path) !== undefined;
    return node?.pool === via.pool && (isOurs ? brick !== undefined && isServed(node, brick) : isServing(node));
  }

  /** A brick of ours that stands on a node of the same pool. */
  #brickAt(via: FakeNode, host: string, path: string): FakeBrick | undefined {
    const node = this.#byHost(host);
    return node?.pool === via.pool ? [...node.bricks.values()].find((other) => other.path === path) : undefined;
  }

  #startHeal(via: FakeNode, name: VolumeName): Outcome<void> {
    const volume = via.pool.volumes.get(name);
    if (volume?.status !== 'started') {
      return waiting({ what: 'condition', name: 'self-heal-not-ready' }, `volume ${name} is not started`);
    }
    for (const { host, path } of volume.bricks) {
      const brick = this.#brickAt(via, host, path);
      if (brick !== undefined) {
        brick.pending = brick.splitBrain;
      }
    }
    return done();
  }

  #replaceBrick(via: FakeNode, name: VolumeName, from: BrickAddress, to: BrickAddress): Outcome<void> {
    const volume = via.pool.volumes.get(name);
    const isAt = (address: BrickAddress) => (brick: BrickAddress) =>
      brick.host === address.host && brick.path === address.path;
    if (volume === undefined) {
      return failed(`volume ${name} does not exist`);
    }
    if (!volume.bricks.some(isAt(from))) {
      return volume.bricks.some(isAt(to)) ? done() : failed(`${name} has no brick ${from.host}:${from.path}`);
    }
    const brick = this.#brickAt(via, to.host, to.path);
    if (brick === undefined) {
      return failed(`${to.host}:${to.path} does not exist`);
    }
    brick.markedBy = name;
    volume.bricks = volume.bricks.map((each) => (isAt(from)(each) ? to : each));
    this.#startProcesses(volume);
    return done();
  }

  #volumeOn(node: FakeNode, path: string): FakeVolume | undefined {
    return [...node.pool.volumes.values()].find(({ bricks }) =>
      bricks.some((brick) => brick.host === node.host && brick.path === path),
    );
  }

  #node(id: string): FakeNode {
    const node = this.#nodes.get(id);
    if (node === undefined) {
      throw new Error(`no fake node ${id}`);
    }
    return node;
  }

  #byHost(host: string): FakeNode | undefined {
    return [...this.#nodes.values()].find((node) => node.host === host);
  }
}

function brickPath({ device, id }: BrickSpec): string {
  return `/bricks/${device.slice(1).replaceAll('/', '-')}/${id}/brick`;
}

function usedOn(node: FakeNode, device: DeviceName): number {
  return [...node.bricks.values()]
    .filter(({ spec }) => spec.device === device)
    .reduce((sum, { footprint }) => sum + footprint, 0);
}

function nodeFacts({ boot, addresses, glusterd, glusterId, id }: FakeNode): NodeFacts {
  return { bootId: `boot-${boot}-of-${id}`, addresses, ...(glusterd ? { glusterId } : {}) };
}

/** How a node of its pool stands with the one that is asked. */
function standingOf(asked: FakeNode, other: FakeNode | undefined): PeerState {
  if (other === asked) {
    return 'member';
  }
  if (asked.rejected || other?.rejected === true) {
    return 'rejected';
  }
  return isServing(other) ? 'member' : 'disconnected';
}

const isServing = (node: FakeNode | undefined): node is FakeNode => node !== undefined && node.up && node.glusterd;

const isServed = (node: FakeNode, { mounted, online }: FakeBrick): boolean => node.up && mounted && online;

/** What is not mounted, and stands on a disk that is there. */
function restoreBricks(node: FakeNode, name: DeviceName): Outcome<readonly BrickId[]> {
  const facts = inspect(node, name);
  if (facts.kind !== 'done') {
    return facts;
  }
  const unmounted = [...node.bricks.values()].filter(({ spec, mounted }) => spec.device === name && !mounted);
  for (const brick of unmounted) {
    brick.mounted = true;
  }
  return done(unmounted.map(({ spec }) => spec.id));
}

function inspect(node: FakeNode, name: DeviceName): Outcome<DeviceFacts> {
  const device = node.devices.get(name);
  if (device?.present !== true) {
    return waiting({ what: 'condition', name: deviceMissing }, `${node.id} has no ${name}`);
  }
  if (!device.prepared) {
    return waiting({ what: 'condition', name: deviceUnprepared }, `${name} of ${node.id} is not prepared`);
  }
  return done({
    device: name,
    size: device.size,
    free: bytes(Math.max(0, device.size - device.taken - usedOn(node, name))),
  });
}

function prepare(node: FakeNode, name: DeviceName, { wipe, serial }: PrepareOptions): Outcome<DeviceFacts> {
  const device = node.devices.get(name);
  if (device?.present !== true) {
    return rejected(`${node.id} has no ${name}`);
  }
  if (serial !== undefined && serial !== device.serial) {
    return rejected(`${name} of ${node.id}: expected serial number ${serial}, got ${device.serial ?? 'none'}`);
  }
  if (!device.prepared && device.holder !== undefined && !wipe) {
    return rejected(`${name} of ${node.id} holds ${device.holder}`);
  }
  device.prepared = true;
  device.holder = undefined;
  return inspect(node, name);
}

function change(node: FakeNode, name: VolumeName, effect: (volume: FakeVolume) => void): Outcome<void> {
  const volume = node.pool.volumes.get(name);
  if (volume === undefined) {
    return failed(`volume ${name} does not exist`);
  }
  effect(volume);
  return done();
}

/** First the files go, then, when it is called again, the bricks. */
function removeBricks(via: FakeNode, spec: VolumeSpec): Outcome<void> {
  const volume = via.pool.volumes.get(spec.name);
  const leaves = ({ host, path }: BrickAddress): boolean =>
    spec.bricks.some((brick) => brick.host === host && brick.path === path);
  if (volume?.bricks.some(leaves) !== true) {
    return done();
  }
  if (!volume.removing) {
    volume.removing = true;
    return waiting({ what: 'condition', name: 'removal' }, `files are leaving bricks of ${spec.name}`);
  }
  volume.removing = false;
  volume.bricks = volume.bricks.filter((brick) => !leaves(brick));
  return done();
}

function newBrick(spec: BrickSpec): FakeBrick {
  const { total: footprint } = brickFootprint(spec);
  const state = { markedBy: undefined, mounted: true, online: false, pending: 0, splitBrain: 0 };
  return { spec, size: spec.size, footprint, path: brickPath(spec), identity: spec.identity, ...state };
}

function brickFacts({ spec, size, footprint, path }: FakeBrick): BrickFacts {
  return { id: spec.id, path, size, footprint };
}

function listedBrick(brick: FakeBrick): BrickFacts {
  return { ...brickFacts(brick), ...(brick.identity === undefined ? {} : { identity: brick.identity }) };
}

function factsOf({ name, uuid, status, durability, bricks, options }: FakeVolume): GlusterVolume {
  return { name, uuid, status, durability, bricks: [...bricks], options: new Map(options) };
}

function sameBricks(a: readonly BrickAddress[], b: readonly BrickAddress[]): boolean {
  return a.length === b.length && a.every(({ host, path }, i) => host === b[i]?.host && path === b[i].path);
}
