/** The nodes and zones that one brick set stands in while it is put together. */
import type { NodeId } from '../names.ts';
import type { Seat } from './seat.ts';

/**
 * `distinct`: every brick in a zone of its own, or no set. `even`: over as many zones as there are, and as evenly as
 * they have room. `off`: zones do not count. On every one of them no two bricks share a node.
 */
export type Spread = 'distinct' | 'even' | 'off';

export class Company {
  readonly #nodes = new Set<NodeId>();
  readonly #zones = new Map<string, number>();

  /** Bricks that have their places already, and nodes that hold none of them but are to be avoided as if they did. */
  static of(
    members: Iterable<{ readonly node: NodeId; readonly zone: string }>,
    avoid: Iterable<NodeId> = [],
  ): Company {
    const company = new Company();
    for (const { node, zone } of members) {
      company.#join(node, zone);
    }
    for (const node of avoid) {
      company.#nodes.add(node);
    }
    return company;
  }

  add(seat: Seat): void {
    this.#join(seat.node, seat.standing.zone);
  }

  /** The same company with these beside it; this one stays as it is. */
  with(seats: Iterable<Seat>): Company {
    const company = new Company();
    for (const node of this.#nodes) {
      company.#nodes.add(node);
    }
    for (const [zone, count] of this.#zones) {
      company.#zones.set(zone, count);
    }
    for (const seat of seats) {
      company.#join(seat.node, seat.standing.zone);
    }
    return company;
  }

  hasNode(node: NodeId): boolean {
    return this.#nodes.has(node);
  }

  /** Bricks of the set in that zone. */
  inZone(zone: string): number {
    return this.#zones.get(zone) ?? 0;
  }

  /** Whether the rules let a brick go there. */
  admits(node: NodeId, zone: string, spread: Spread): boolean {
    return !this.#nodes.has(node) && (spread !== 'distinct' || this.inZone(zone) === 0);
  }

  /** Numbers of bricks that a zone can have now, lowest first: zones with the fewest are next in line. */
  get counts(): number[] {
    return [...new Set([0, ...this.#zones.values()])].sort((a, b) => a - b);
  }

  /** The most bricks that share a zone: what is lost with one. */
  get crowding(): number {
    return Math.max(0, ...this.#zones.values());
  }

  #join(node: NodeId, zone: string): void {
    this.#nodes.add(node);
    this.#zones.set(zone, this.inZone(zone) + 1);
  }
}
