/** One answer that got lost is no outage, and one that came through is no recovery. */
import type { NodeState } from './api.ts';

/** So many misses in a row make a node down, and a device what it was found to be. */
export const downAfter = 3;
/** So many answers in a row bring it up again. */
export const upAfter = 2;

/**
 *     up --miss--> suspect --downAfter misses in a row--> down --upAfter answers in a row--> up
 *                  suspect --answer--> up
 */
export class Hysteresis {
  #state: NodeState = 'up';
  /** In a row, of the kind that came last. */
  #misses = 0;
  #answers = 0;

  get state(): NodeState {
    return this.#state;
  }

  get isDown(): boolean {
    return this.#state === 'down';
  }

  answer(): void {
    this.#misses = 0;
    this.#answers += 1;
    if (this.#state === 'suspect' || this.#answers >= upAfter) {
      this.#state = 'up';
    }
  }

  miss(): void {
    this.#answers = 0;
    this.#misses += 1;
    if (this.#misses >= downAfter) {
      this.#state = 'down';
    } else if (this.#state === 'up') {
      this.#state = 'suspect';
    }
  }
}
