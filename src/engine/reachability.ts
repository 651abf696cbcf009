/** Which nodes have not answered lately. */
import type { Clock } from '../domain/clock.ts';
import type { NodeId } from '../domain/names.ts';

export interface ReachabilityOptions {
  readonly clock: Clock;
  /** Milliseconds that a node is left alone after it did not answer. */
  readonly avoid: number;
  /** Told when a node begins or ends to be avoided. */
  readonly onChange: (node: NodeId, reachable: boolean) => void;
}

/**
 * Remembers silence for a while. A node that did not answer gets no new bricks and is not asked again until `avoid` has
 * passed: asking costs a deadline each time, and in a burst a thousand volumes would pay it one after another. Then the
 * next caller tries, and its answer decides. Forgotten at a restart, on purpose.
 */
export class Reachability {
  readonly #options: ReachabilityOptions;
  readonly #silentUntil = new Map<NodeId, number>();

  constructor(options: ReachabilityOptions) {
    this.#options = options;
  }

  /** The node did not answer just now. */
  silent(node: NodeId): void {
    const until = this.#options.clock.monotonic() + this.#options.avoid;
    const known = this.#silentUntil.has(node);
    this.#silentUntil.set(node, until);
    if (!known) {
      this.#options.onChange(node, false);
    }
  }

  /** The node answered just now. */
  answered(node: NodeId): void {
    if (this.#silentUntil.delete(node)) {
      this.#options.onChange(node, true);
    }
  }

  /** Whether the node may be asked, or given bricks. */
  mayAsk(node: NodeId): boolean {
    this.#forget(node);
    return !this.#silentUntil.has(node);
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
}
