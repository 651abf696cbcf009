/** One cluster's topology and what its bricks take from it. */
import type { DeviceName, NodeId } from '../names.ts';
import { bytes, type Bytes } from '../quantity.ts';
import type { DeviceRecord, NodeRecord, Tags } from '../topology.ts';
import type { BrickRecord } from '../volume.ts';
import { DeviceIndex } from './device-index.ts';
import { compareText } from './hash.ts';
import type { TagRule } from '../placement-rules.ts';
import { allowsZone, describeRule, effectiveTags, ruleHolds } from './request.ts';
import { Seat, type Hindrance, type Standing, type Unusable } from './seat.ts';

/** What the pool needs to know of a brick. */
export type BrickLoad = Pick<BrickRecord, 'id' | 'node' | 'device' | 'footprint'>;

/** One device as placement sees it. All sizes in bytes. */
export interface DeviceUsage {
  readonly node: NodeId;
  readonly device: DeviceName;
  /** Empty for a node that is not known. */
  readonly zone: string;
  /** What bricks may use in all, `reserved` included; 0 when nobody has said yet. */
  readonly size: Bytes;
  readonly reserved: Bytes;
  /** Footprints of the bricks here. */
  readonly used: Bytes;
  /** `size` less `reserved` and `used`, at least 0. */
  readonly free: Bytes;
  readonly bricks: number;
  readonly tags: Tags;
  /** Absent: bricks may be placed here. */
  readonly unusable?: Unusable;
  /** More about `unusable`, for people. */
  readonly because?: string;
}

/** What a brick is for. The device tag `arbiter` = required | supported (default) | disabled decides where it may go. */
export type Role =
  /** Holds data: any device but those with arbiter=required. */
  | 'data'
  /** Holds names only: any device but those with arbiter=disabled. */
  | 'arbiter'
  /** The devices with arbiter=required: where an arbiter brick goes first. */
  | 'arbiter-only';

export function roleAllows(role: Role, tags: Tags): boolean {
  const tag = tags['arbiter'] ?? 'supported';
  return role === 'data' ? tag !== 'required' : role === 'arbiter' ? tag !== 'disabled' : tag === 'required';
}

/** Indexes over tag rules and zones are made when first asked for; so many are kept. StorageClasses with rules are few. */
const indexesKept = 24;

/**
 * Bricks are counted where their records put them, also on nodes and devices that are not known (any more): whatever
 * comes back finds its space taken. What the pool answers depends on its contents only, not on the order in which they
 * came.
 */
export class PlacementPool {
  readonly #nodes = new Map<NodeId, NodeRecord>();
  readonly #hindrances = new Map<NodeId, Hindrance>();
  readonly #seats = new Map<NodeId, Map<DeviceName, Seat>>();
  /** Bricks of each volume, by the volume's id. */
  readonly #volumes = new Map<string, number>();
  readonly #indexes = new Map<string, DeviceIndex>();

  /** Adds the node, or replaces what is known of it. Its bricks stay counted, also those on devices that are gone. */
  upsertNode(node: NodeRecord): void {
    this.#nodes.set(node.id, node);
    for (const device of node.devices) {
      this.#seat(node.id, device.name);
    }
    this.#refresh(node.id);
  }

  /** Forgets the node. Bricks that records still put on it stay counted, and come back with it. */
  removeNode(id: NodeId): void {
    this.#nodes.delete(id);
    this.#refresh(id);
  }

  /** What speaks against the node, as last observed; `undefined`: nothing, as for a node that was never observed. */
  hinder(id: NodeId, hindrance: Hindrance | undefined): void {
    if (this.#hindrances.get(id) === hindrance) {
      return;
    }
    if (hindrance === undefined) {
      this.#hindrances.delete(id);
    } else {
      this.#hindrances.set(id, hindrance);
    }
    this.#refresh(id);
  }

  hindrance(id: NodeId): Hindrance | undefined {
    return this.#hindrances.get(id);
  }

  /** Counts a brick. Counting the same id on the same device again changes nothing. */
  occupy(brick: BrickLoad): void {
    const seat = this.#seat(brick.node, brick.device);
    if (seat.occupy(brick.id, brick.footprint)) {
      const volume = volumeOf(brick);
      this.#volumes.set(volume, (this.#volumes.get(volume) ?? 0) + 1);
      this.#reindex(seat);
    }
  }

  /** Takes a brick out of the count. Nothing happens when it is not in it. */
  vacate(brick: BrickLoad): void {
    const seat = this.#seats.get(brick.node)?.get(brick.device);
    if (seat === undefined || !seat.vacate(brick.id)) {
      return;
    }
    const volume = volumeOf(brick);
    const left = (this.#volumes.get(volume) ?? 0) - 1;
    if (left > 0) {
      this.#volumes.set(volume, left);
    } else {
      this.#volumes.delete(volume);
    }
    this.#reindex(seat);
    this.#dropIfEmpty(seat);
  }

  /** Volumes that have a brick here. */
  get volumeCount(): number {
    return this.#volumes.size;
  }

  hasVolume(id: string): boolean {
    return this.#volumes.has(id);
  }

  /** Every known node, by id. */
  nodes(): readonly NodeRecord[] {
    return [...this.#nodes.values()].sort((a, b) => compareText(a.id, b.id));
  }

  node(id: NodeId): NodeRecord | undefined {
    return this.#nodes.get(id);
  }

  /** Every device that is known or holds a brick, by node and name. */
  devices(): readonly DeviceUsage[] {
    return this.seats().map(usageOf);
  }

  /** The seats behind `devices()`, in the same order. For placement itself. */
  seats(): readonly Seat[] {
    const found: Seat[] = [];
    for (const seats of this.#seats.values()) {
      for (const seat of seats.values()) {
        if (seat.isKnown || seat.bricks.size > 0) {
          found.push(seat);
        }
      }
    }
    return found.sort((a, b) => compareText(a.node, b.node) || compareText(a.device, b.device));
  }

  seat(node: NodeId, device: DeviceName): Seat | undefined {
    return this.#seats.get(node)?.get(device);
  }

  /** The devices that bricks of that role may use under the rules, ordered for placement. No zones: all of them. */
  index(role: Role, rules: readonly TagRule[] = [], zones: readonly string[] = []): DeviceIndex {
    const name = JSON.stringify([role, rules.map(describeRule).sort(), zones.toSorted()]);
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = new DeviceIndex(
        ({ standing: { tags, zone } }) =>
          allowsZone(zones, zone) && roleAllows(role, tags) && rules.every((rule) => ruleHolds(rule, tags)),
      );
      for (const seat of this.seats()) {
        index.update(seat);
      }
      const oldest = this.#indexes.keys().next();
      if (this.#indexes.size >= indexesKept && oldest.done !== true) {
        this.#indexes.delete(oldest.value);
      }
    }
    // Asked for last, dropped last.
    this.#indexes.delete(name);
    this.#indexes.set(name, index);
    return index;
  }

  /** Takes space on a seat for a plan that is being made. The plan gives it back before it is done. */
  hold(seat: Seat, footprint: number): void {
    seat.hold(footprint);
    this.#reindex(seat);
  }

  /** Gives back what `hold` took. */
  release(seat: Seat, footprint: number): void {
    seat.release(footprint);
    this.#reindex(seat);
  }

  #refresh(id: NodeId): void {
    const node = this.#nodes.get(id);
    const records = new Map(node?.devices.map((device) => [device.name, device]));
    const seats = this.#seats.get(id);
    for (const seat of seats?.values() ?? []) {
      seat.standing = this.#standingOf(node, records.get(seat.device));
      this.#reindex(seat);
      this.#dropIfEmpty(seat);
    }
  }

  /** A seat is kept for what the topology knows or a record says, and for nothing else. */
  #dropIfEmpty(seat: Seat): void {
    if (seat.bricks.size === 0 && !seat.isKnown) {
      this.#seats.get(seat.node)?.delete(seat.device);
    }
  }

  #standingOf(node: NodeRecord | undefined, device: DeviceRecord | undefined): Standing {
    const { why: unusable, because } = this.#obstacle(node, device) ?? {};
    return {
      zone: node?.zone ?? '',
      size: device?.size ?? bytes(0),
      reserved: device?.reserved ?? bytes(0),
      tags: effectiveTags(node?.tags ?? {}, device?.tags ?? {}),
      ...(unusable === undefined ? {} : { unusable }),
      ...(because === undefined ? {} : { because }),
    };
  }

  /** What lasts longest is said first: `failed` before `offline` before what was observed. */
  #obstacle(
    node: NodeRecord | undefined,
    device: DeviceRecord | undefined,
  ): { readonly why: Unusable; readonly because?: string } | undefined {
    if (node === undefined) {
      return { why: 'node unknown' };
    }
    if (device === undefined) {
      return { why: 'device unknown' };
    }
    if (node.state !== 'online') {
      return { why: `node ${node.state}` };
    }
    if (device.state !== 'online') {
      return { why: `device ${device.state}` };
    }
    if (device.size === undefined) {
      return { why: 'not prepared' };
    }
    const observed = this.#hindrances.get(node.id);
    return observed?.node ?? observed?.devices?.get(device.name);
  }

  #reindex(seat: Seat): void {
    for (const index of this.#indexes.values()) {
      index.update(seat);
    }
  }

  #seat(node: NodeId, device: DeviceName): Seat {
    let seats = this.#seats.get(node);
    if (seats === undefined) {
      seats = new Map();
      this.#seats.set(node, seats);
    }
    let seat = seats.get(device);
    if (seat === undefined) {
      seat = new Seat(node, device);
      const record = this.#nodes.get(node);
      seat.standing = this.#standingOf(
        record,
        record?.devices.find(({ name }) => name === device),
      );
      seats.set(device, seat);
    }
    return seat;
  }
}

/** A brick's id begins with that of its volume: a UUID. */
function volumeOf(brick: BrickLoad): string {
  return brick.id.slice(0, 36);
}

export function usageOf(seat: Seat): DeviceUsage {
  const { zone, size, reserved, tags, unusable, because } = seat.standing;
  return {
    node: seat.node,
    device: seat.device,
    zone,
    size,
    reserved,
    used: bytes(seat.used),
    free: bytes(Math.max(0, seat.room)),
    bricks: seat.bricks.size,
    tags,
    ...(unusable === undefined ? {} : { unusable }),
    ...(because === undefined ? {} : { because }),
  };
}
