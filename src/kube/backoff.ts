import type { Random } from '../domain/clock.ts';

export interface BackoffOptions {
  /** Milliseconds of the first pause. */
  readonly firstMs: number;
  /** Milliseconds that no pause exceeds. */
  readonly capMs: number;
}

/**
 * The pause after `failures` failures in a row (from 1): doubling up to the cap, then taken at random from its upper
 * half, so that those who failed together do not come back together.
 */
export function pauseAfter(failures: number, options: BackoffOptions, random: Random): number {
  // The exponent is bounded as well: 2 ** 1100 is Infinity, and Infinity * 0 is not a number.
  const full = Math.min(options.capMs, options.firstMs * 2 ** Math.min(failures - 1, 40));
  return full / 2 + (full / 2) * random();
}

/** Counts failures in a row and says how long to pause. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random;
  #failures = 0;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** One more failure: the pause before the next try, in milliseconds. */
  next(): number {
    this.#failures += 1;
    return pauseAfter(this.#failures, this.#options, this.#random);
  }

  reset(): void {
    this.#failures = 0;
  }
}
