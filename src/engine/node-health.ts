/** What speaks against nodes just now: silence that was met with, and what the node watch has observed. */
import type { Clock } from '../domain/clock.ts';
import type { DeviceName, NodeId } from '../domain/names.ts';
import { unreachable, type Hindrance } from '../domain/placement/seat.ts';

export interface NodeHealthOptions {
  readonly clock: Clock;
  /** Milliseconds that a node is left alone after it did not answer. */
  readonly avoid: number;
  /** Told when something else, or nothing any more, speaks against bricks on the node. */
  readonly onChange: (node: NodeId, hindrance: Hindrance | undefined) => void;
}

/** What somebody who looks at the node regularly has to say of it. */
export interface ObservedHealth {
  readonly hindrance?: Hindrance;
  /** Whether gluster commands may go through it. */
  readonly gateway: boolean;
}

/**
 * Two memories in one, neither of them recorded: forgotten at a restart, on purpose.
 *
 * - **Silence**, for a while. A node that did not answer gets no new bricks and is not asked again until `avoid` has
 *   passed: asking costs a deadline each time, and in a burst a thousand volumes would pay it one after another. Then the
 *   next caller tries, and its answer decides. Where nodes are watched, the watch is that caller.
 * - **What was observed** (node-watch/): it stays until something else is observed.
 */
export class NodeHealth {
  readonly #options: NodeHealthOptions;
  readonly #silentUntil = new Map<NodeId, number>();
  readonly #observed = new Map<NodeId, ObservedHealth>();

  constructor(options: NodeHealthOptions) {
    this.#options = options;
  }

  /** The node did not answer just now. */
  silent(node: NodeId): void {
    const until = this.#options.clock.monotonic() + this.#options.avoid;
    const known = this.#silentUntil.has(node);
    this.#silentUntil.set(node, until);
    if (!known) {
      this.#tell(node);
    }
  }

  /** The node answered just now. */
  answered(node: NodeId): void {
    if (this.#silentUntil.delete(node)) {
      this.#tell(node);
    }
  }

  /** `undefined`: nobody looks at it any more. */
  observed(node: NodeId, health: ObservedHealth | undefined): void {
    if (health === undefined) {
      this.#observed.delete(node);
    } else {
      this.#observed.set(node, health);
    }
    this.#tell(node);
  }

  /** Whether the node may be asked. */
  mayAsk(node: NodeId): boolean {
    this.#forget(node);
    return !this.#silentUntil.has(node);
  }

  /** Whether a gluster command may go through the node. */
  mayRelay(node: NodeId): boolean {
    return this.mayAsk(node) && this.#observed.get(node)?.gateway !== false;
  }

  /** Whether nothing is known against a brick there. */
  mayHold(node: NodeId, device: DeviceName): boolean {
    const { hindrance } = this.#observed.get(node) ?? {};
    return this.mayAsk(node) && hindrance?.node === undefined && hindrance?.devices?.has(device) !== true;
  }

  /** Lets go of every silence that has lasted long enough. Call before the pools are planned on. */
  refresh(): void {
    for (const node of this.#silentUntil.keys()) {
      this.#forget(node);
    }
  }

  #forget(node: NodeId): void {
    const until = this.#silentUntil.get(node);
    if (until !== undefined && until <= this.#options.clock.monotonic()) {
      this.answered(node);
    }
  }

  /** What was observed says more than silence. */
  #tell(node: NodeId): void {
    const { hindrance } = this.#observed.get(node) ?? {};
    const isSilent = this.#silentUntil.has(node) && hindrance?.node === undefined;
    this.#options.onChange(node, isSilent ? { ...hindrance, ...unreachable } : hindrance);
  }
}
