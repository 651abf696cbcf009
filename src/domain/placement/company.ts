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

  static of(members: Iterable<{ readonly node: NodeId; readonly zone: string }>): Company {
    const company = new Company();
    for (const { node, zone } of members) {
      company.#join(node, zone);
    }
    return company;
  }

  /** The same company with these beside it. */
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

  /** How many bricks of the set a zone may have to be next in line: all counts that occur, lowest first. */
  counts(zones: Iterable<string>): number[] {
    return [...new Set([...zones].map((zone) => this.inZone(zone)))].sort((a, b) => a - b);
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
