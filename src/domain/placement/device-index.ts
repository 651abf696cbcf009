/**
 * The devices that one kind of brick may use, kept so that the emptiest of them is found without looking at the others.
 *
 * Devices of about the same capacity share a shelf; on a shelf zones are ranked by their emptiest device, in a zone
 * nodes are. A plan looks at the front of a few rankings, and a change moves one node and one zone: both logarithmic in
 * the number of nodes, whatever the number of volumes.
 */
import type { NodeId } from '../names.ts';
import { hashText } from './hash.ts';
import { Ranking, type Ranked } from './ranking.ts';
import type { Seat } from './seat.ts';
import {
  emptiestOn,
  newShelf,
  shelfNumber,
  zoneShelfOn,
  type NodeShelf,
  type Scope,
  type Shelf,
  type ZoneShelf,
} from './shelf.ts';

/** Sums over the devices of a pool, a zone or a node. Bytes. */
export interface Totals {
  readonly capacity: number;
  readonly used: number;
}

/** Used share of the capacity, 0 to 1. */
export function levelOf(totals: Totals): number {
  return totals.capacity === 0 ? 0 : totals.used / totals.capacity;
}

interface Sum {
  capacity: number;
  used: number;
}

/** A node, with its key the negative of what is free on it: the roomiest comes first. */
export interface NodeTotals extends Ranked, Sum {
  readonly node: NodeId;
  readonly zone: string;
  readonly seats: Seat[];
}

interface ZoneTotals extends Sum {
  readonly nodes: Set<NodeTotals>;
}

interface Member {
  readonly seat: Seat;
  readonly zone: string;
  readonly shelf: Shelf;
  readonly zoneShelf: ZoneShelf;
  readonly nodeShelf: NodeShelf;
  readonly node: NodeTotals;
  readonly capacity: number;
  used: number;
}

export class DeviceIndex {
  readonly #accepts: (seat: Seat) => boolean;
  readonly #members = new Map<Seat, Member>();
  readonly #shelves = new Map<number, Shelf>();
  readonly #zones = new Map<string, ZoneTotals>();
  readonly #nodes = new Map<NodeId, NodeTotals>();
  readonly #roomiest = new Ranking<NodeTotals>();
  readonly #totals: Sum = { capacity: 0, used: 0 };

  constructor(accepts: (seat: Seat) => boolean) {
    this.#accepts = accepts;
  }

  get totals(): Totals {
    return this.#totals;
  }

  get zones(): ReadonlyMap<string, Totals & { readonly nodes: ReadonlySet<NodeTotals> }> {
    return this.#zones;
  }

  get size(): number {
    return this.#members.size;
  }

  node(id: NodeId): NodeTotals | undefined {
    return this.#nodes.get(id);
  }

  nodes(): Iterable<NodeTotals> {
    return this.#nodes.values();
  }

  /**
   * The nodes that have to be in the next set of `bricks` bricks, or space on them is lost for good. With `b` bricks a set on distinct nodes the pool
   * holds `b * t` bytes, where `t` solves sum(min(free, t)) = b * t; a node with more than `t - footprint` free can only
   * be used up when every set from now on has a brick there. There are few of them: only the roomiest are looked at.
   */
  criticalNodes(footprint: number, bricks: number): readonly NodeId[] {
    let rest = this.#totals.capacity - this.#totals.used;
    let level = 0;
    for (let place = 0; place < bricks; place += 1) {
      level = rest / (bricks - place);
      const node = this.#roomiest.at(place);
      if (node === undefined || -node.key <= level) {
        break;
      }
      rest += node.key;
    }
    const critical: NodeId[] = [];
    for (let place = 0; place < bricks; place += 1) {
      const node = this.#roomiest.at(place);
      if (node === undefined || -node.key <= level - footprint) {
        break;
      }
      critical.push(node.node);
    }
    return critical;
  }

  /** Call after anything about the seat has changed. */
  update(seat: Seat): void {
    const member = this.#members.get(seat);
    const belongs = seat.standing.unusable === undefined && seat.capacity > 0 && this.#accepts(seat);
    if (member !== undefined && belongs && member.zone === seat.standing.zone && member.capacity === seat.capacity) {
      this.#rearrange(member);
      return;
    }
    if (member !== undefined) {
      this.#remove(member);
    }
    if (belongs) {
      this.#add(seat);
    }
  }

  /** On each shelf, the emptiest seat within `scope` that holds `footprint` bytes. */
  emptiest(footprint: number, tie: number, scope: Scope): Seat[] {
    const found: Seat[] = [];
    for (const shelf of this.#shelves.values()) {
      const seat = shelf.ceiling < footprint ? undefined : emptiestOn(shelf, footprint, tie, scope);
      if (seat !== undefined) {
        found.push(seat);
      }
    }
    return found;
  }

  #add(seat: Seat): void {
    const zone = seat.standing.zone;
    const shelf = this.#shelfFor(seat.capacity);
    const zoneShelf = zoneShelfOn(shelf, zone);
    let nodeShelf = zoneShelf.byNode.get(seat.node);
    if (nodeShelf === undefined) {
      nodeShelf = { id: seat.node, tie: hashText(seat.node), key: Infinity, node: seat.node, seats: [] };
      zoneShelf.byNode.set(seat.node, nodeShelf);
      zoneShelf.nodes.add(nodeShelf);
    }
    nodeShelf.seats.push(seat);
    const node = this.#nodeFor(seat);
    node.seats.push(seat);
    const member = { seat, zone, shelf, zoneShelf, nodeShelf, node, capacity: seat.capacity, used: 0 };
    this.#members.set(seat, member);
    this.#count(member, seat.capacity, seat.used);
    member.used = seat.used;
    this.#order(member);
  }

  #remove(member: Member): void {
    const { seat, shelf, zoneShelf, nodeShelf, node, zone } = member;
    this.#members.delete(seat);
    this.#count(member, -member.capacity, -member.used);
    drop(nodeShelf.seats, seat);
    drop(node.seats, seat);
    if (node.seats.length === 0) {
      this.#nodes.delete(node.node);
      this.#roomiest.remove(node);
      const totals = this.#zones.get(zone);
      totals?.nodes.delete(node);
      if (totals?.nodes.size === 0) {
        this.#zones.delete(zone);
      }
    }
    if (nodeShelf.seats.length === 0) {
      zoneShelf.nodes.remove(nodeShelf);
      zoneShelf.byNode.delete(nodeShelf.node);
    }
    if (zoneShelf.byNode.size === 0) {
      shelf.zones.remove(zoneShelf);
      shelf.byZone.delete(zoneShelf.id);
    } else {
      this.#order(member);
    }
  }

  #rearrange(member: Member): void {
    this.#count(member, 0, member.seat.used - member.used);
    member.used = member.seat.used;
    this.#order(member);
  }

  #count(member: Member, capacity: number, used: number): void {
    const zone = this.#zones.get(member.zone);
    for (const sum of [this.#totals, member.node, zone]) {
      if (sum !== undefined) {
        sum.capacity += capacity;
        sum.used += used;
      }
    }
    this.#roomiest.move(member.node, member.node.used - member.node.capacity);
  }

  #order({ shelf, zoneShelf, nodeShelf }: Member): void {
    if (nodeShelf.seats.length > 0) {
      let lowest = Infinity;
      for (const seat of nodeShelf.seats) {
        lowest = Math.min(lowest, seat.level);
      }
      zoneShelf.nodes.move(nodeShelf, lowest);
    }
    shelf.zones.move(zoneShelf, zoneShelf.nodes.first?.key ?? Infinity);
  }

  #shelfFor(capacity: number): Shelf {
    const number = shelfNumber(capacity);
    let shelf = this.#shelves.get(number);
    if (shelf === undefined) {
      shelf = newShelf(number);
      this.#shelves.set(number, shelf);
    }
    return shelf;
  }

  #nodeFor(seat: Seat): NodeTotals {
    let node = this.#nodes.get(seat.node);
    if (node === undefined) {
      const zone = seat.standing.zone;
      node = {
        id: seat.node,
        tie: hashText(seat.node),
        key: 0,
        node: seat.node,
        zone,
        seats: [],
        capacity: 0,
        used: 0,
      };
      this.#nodes.set(seat.node, node);
      this.#roomiest.add(node);
      const totals = this.#zones.get(zone) ?? { capacity: 0, used: 0, nodes: new Set() };
      totals.nodes.add(node);
      this.#zones.set(zone, totals);
    }
    return node;
  }
}

function drop<T>(list: T[], item: T): void {
  const place = list.indexOf(item);
  if (place >= 0) {
    list.splice(place, 1);
  }
}
