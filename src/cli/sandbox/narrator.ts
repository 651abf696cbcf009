import type { Clock } from '../../domain/clock.ts';

/** Tells a person what happens, each line led by the seconds since the beginning. */
export class Narrator {
  readonly #clock: Clock;
  readonly #out: (line: string) => void;
  readonly #began: number;

  constructor(clock: Clock, out: (line: string) => void) {
    this.#clock = clock;
    this.#out = out;
    this.#began = clock.monotonic();
  }

  say(what: string): void {
    const seconds = ((this.#clock.monotonic() - this.#began) / 1000).toFixed(2);
    this.#out(`${seconds.padStart(7)} s  ${what}`);
  }
}

/** Waits until `condition` holds. `false` when it did not within `limit` milliseconds; rejects when `signal` aborts. */
export async function holdsWithin(
  clock: Clock,
  limit: number,
  signal: AbortSignal,
  condition: () => boolean,
): Promise<boolean> {
  const end = clock.monotonic() + limit;
  while (!condition()) {
    if (clock.monotonic() >= end) {
      return false;
    }
    await clock.sleep(10, signal);
  }
  return true;
}
