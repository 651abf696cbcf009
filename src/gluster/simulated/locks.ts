/** glusterd's locks: one per volume and pool, held for as long as a mutation of the volume runs. */
import type { Clock } from '../../domain/clock.ts';

export class VolumeLocks {
  readonly #clock: Clock;
  /** Key to the monotonic millisecond at which it falls open by itself. */
  readonly #held = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the lock; false when somebody has it. */
  take(key: string): boolean {
    if ((this.#held.get(key) ?? 0) > this.#clock.monotonic()) {
      return false;
    }
    this.#held.set(key, Number.POSITIVE_INFINITY);
    return true;
  }

  release(key: string): void {
    this.#held.delete(key);
  }

  /** Leaves it held although whoever took it is gone, as a transaction does that a cut cable broke off. */
  leaveUntil(key: string, monotonic: number): void {
    this.#held.set(key, monotonic);
  }

  /** Opens what was left behind. */
  releaseLeft(): void {
    for (const [key, until] of this.#held) {
      if (until !== Number.POSITIVE_INFINITY) {
        this.#held.delete(key);
      }
    }
  }
}
