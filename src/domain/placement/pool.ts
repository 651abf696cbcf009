/** One cluster's topology and what its bricks take from it. */
import type { BrickId, DeviceName, NodeId } from '../names.ts';
import { bytes, type Bytes } from '../quantity.ts';
import type { DeviceRecord, NodeRecord, Tags } from '../topology.ts';
import type { BrickRecord } from '../volume.ts';
import { metadataOf } from './footprint.ts';
import { effectiveTags } from './request.ts';

/** What the pool needs to know of a brick. */
export type BrickLoad = Pick<BrickRecord, 'id' | 'node' | 'device' | 'footprint'>;

/** Why a device takes no bricks at all, whatever is asked. */
export type Unusable =
  | 'node unknown'
  | 'node failed'
  | 'node offline'
  | 'node unreachable'
  | 'device unknown'
  | 'device failed'
  | 'device offline'
  | 'not prepared';

/** One device as placement sees it. All sizes in bytes. */
export interface DeviceUsage {
  readonly node: NodeId;
  readonly device: DeviceName;
  /** Empty for a node that is not known. */
  readonly zone: string;
  /** What bricks may use in all, `reserved` included; 0 when nobody has said yet. */
  readonly size: Bytes;
  readonly reserved: Bytes;
  /** Footprints of the bricks here plus LVM's spare metadata volume, which is as large as the largest metadata here. */
  readonly used: Bytes;
  /** `size` less `reserved` and `used`, at least 0. */
  readonly free: Bytes;
  readonly bricks: number;
  readonly tags: Tags;
  /** Absent: bricks may be placed here. */
  readonly unusable?: Unusable;
}

/** A device's seat in the pool. There is one for every device that is in the topology or holds a brick. */
interface Seat {
  readonly node: NodeId;
  readonly device: DeviceName;
  record: DeviceRecord | undefined;
  readonly bricks: Map<BrickId, Bytes>;
  footprints: number;
  spare: number;
}

export class PlacementPool {
  readonly #nodes = new Map<NodeId, NodeRecord>();
  readonly #unreachable = new Set<NodeId>();
  readonly #seats = new Map<NodeId, Map<DeviceName, Seat>>();
  /** Bricks of each volume, by the volume's id (the first 36 characters of a brick's id). */
  readonly #volumes = new Map<string, number>();

  /** Adds the node, or replaces what is known of it. Its bricks stay counted, also those on devices that are gone. */
  upsertNode(node: NodeRecord): void {
    this.#nodes.set(node.id, node);
    const seats = this.#seatsOf(node.id);
    const records = new Map(node.devices.map((device) => [device.name, device]));
    for (const seat of seats.values()) {
      seat.record = records.get(seat.device);
    }
    for (const device of node.devices) {
      this.#seat(node.id, device.name).record = device;
    }
  }

  /** Forgets the node. Bricks that records still put on it stay counted, and come back with it. */
  removeNode(id: NodeId): void {
    this.#nodes.delete(id);
    for (const seat of this.#seatsOf(id).values()) {
      seat.record = undefined;
    }
  }

  /** Whether the node answers, as last observed. A node that was never observed is taken to. */
  setReachable(id: NodeId, reachable: boolean): void {
    if (reachable) {
      this.#unreachable.delete(id);
    } else {
      this.#unreachable.add(id);
    }
  }

  /** Counts a brick. Counting the same id again changes nothing. */
  occupy(brick: BrickLoad): void {
    const seat = this.#seat(brick.node, brick.device);
    if (seat.bricks.has(brick.id)) {
      return;
    }
    seat.bricks.set(brick.id, brick.footprint);
    seat.footprints += brick.footprint;
    seat.spare = Math.max(seat.spare, metadataOf(brick.footprint));
    const volume = brick.id.slice(0, 36);
    this.#volumes.set(volume, (this.#volumes.get(volume) ?? 0) + 1);
  }

  /** Takes a brick out of the count. Nothing happens when it is not in it. */
  vacate(brick: BrickLoad): void {
    const seat = this.#seat(brick.node, brick.device);
    const footprint = seat.bricks.get(brick.id);
    if (footprint === undefined) {
      return;
    }
    seat.bricks.delete(brick.id);
    seat.footprints -= footprint;
    seat.spare = Math.max(0, ...[...seat.bricks.values()].map(metadataOf));
    const volume = brick.id.slice(0, 36);
    const left = (this.#volumes.get(volume) ?? 0) - 1;
    if (left > 0) {
      this.#volumes.set(volume, left);
    } else {
      this.#volumes.delete(volume);
    }
  }

  /** Volumes that have a brick here. */
  get volumeCount(): number {
    return this.#volumes.size;
  }

  /** Every device that is known or holds a brick, by node and name. */
  devices(): readonly DeviceUsage[] {
    return [...this.#seats.values()]
      .flatMap((seats) => [...seats.values()])
      .filter((seat) => seat.record !== undefined || seat.bricks.size > 0)
      .map((seat) => this.#usage(seat))
      .sort((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : a.device < b.device ? -1 : 1));
  }

  #usage(seat: Seat): DeviceUsage {
    const node = this.#nodes.get(seat.node);
    const size = seat.record?.size ?? bytes(0);
    const reserved = seat.record?.reserved ?? bytes(0);
    const used = bytes(seat.footprints + seat.spare);
    const unusable = this.#unusable(node, seat);
    return {
      node: seat.node,
      device: seat.device,
      zone: node?.zone ?? '',
      size,
      reserved,
      used,
      free: bytes(Math.max(0, size - reserved - used)),
      bricks: seat.bricks.size,
      tags: effectiveTags(node?.tags ?? {}, seat.record?.tags ?? {}),
      ...(unusable === undefined ? {} : { unusable }),
    };
  }

  #unusable(node: NodeRecord | undefined, seat: Seat): Unusable | undefined {
    if (node === undefined) {
      return 'node unknown';
    }
    if (node.state !== 'online') {
      return `node ${node.state}`;
    }
    if (seat.record === undefined) {
      return 'device unknown';
    }
    if (seat.record.state !== 'online') {
      return `device ${seat.record.state}`;
    }
    if (seat.record.size === undefined) {
      return 'not prepared';
    }
    return this.#unreachable.has(node.id) ? 'node unreachable' : undefined;
  }

  #seatsOf(node: NodeId): Map<DeviceName, Seat> {
    let seats = this.#seats.get(node);
    if (seats === undefined) {
      seats = new Map();
      this.#seats.set(node, seats);
    }
    return seats;
  }

  #seat(node: NodeId, device: DeviceName): Seat {
    const seats = this.#seatsOf(node);
    let seat = seats.get(device);
    if (seat === undefined) {
      seat = { node, device, record: undefined, bricks: new Map(), footprints: 0, spare: 0 };
      seats.set(device, seat);
    }
    return seat;
  }
}
