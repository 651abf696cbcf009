import type { Clock } from '../domain/clock.ts';

export interface BucketLimits {
  /** Calls a second in the long run. Must be above 0. */
  readonly qps: number;
  /** Calls that may be made at once after a rest. At least 1. */
  readonly burst: number;
}

/**
 * Client-side rate limit: `burst` tokens, refilled at `qps` a second. Who comes first goes first: each taker books the
 * next token, even one that does not exist yet, and sleeps until it does. A taker that gives up hands its token back.
 */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #limits: BucketLimits;
  /** Below 0 while takers wait. True at `#countedAt`. */
  #tokens: number;
  #countedAt: number;

  /** Throws RangeError for limits that would never let a call through. */
  constructor(limits: BucketLimits, clock: Clock) {
    if (!(limits.qps > 0) || !(limits.burst >= 1)) {
      throw new RangeError(`rate limit: expected qps > 0 and burst >= 1, got ${limits.qps} and ${limits.burst}`);
    }
    this.#limits = limits;
    this.#clock = clock;
    this.#tokens = limits.burst;
    this.#countedAt = clock.monotonic();
  }

  /** Resolves when the call may be made. Rejects with the signal's reason when `signal` aborts first. */
  async take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#refill();
    this.#tokens -= 1;
    if (this.#tokens >= 0) {
      return;
    }
    try {
      await this.#clock.sleep(Math.ceil((-this.#tokens / this.#limits.qps) * 1000), signal);
    } catch (error) {
      this.#refill();
      this.#tokens += 1;
      throw error;
    }
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    const grown = ((now - this.#countedAt) / 1000) * this.#limits.qps;
    this.#tokens = Math.min(this.#limits.burst, this.#tokens + grown);
    this.#countedAt = now;
  }
}
