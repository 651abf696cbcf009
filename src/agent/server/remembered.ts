import type { Clock } from '../../domain/clock.ts';

/** A Map whose entries are forgotten a fixed time after they were last set. */
export class Remembered<V> {
  readonly #clock: Clock;
  readonly #ms: number;
  /** Oldest first: an entry that is set again goes to the end. */
  readonly #entries = new Map<string, { readonly value: V; readonly until: number }>();

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  get size(): number {
    this.#forget();
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    this.#forget();
    return this.#entries.get(key)?.value;
  }

  set(key: string, value: V): void {
    this.#forget();
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: this.#clock.monotonic() + this.#ms });
  }

  /** Forgets the oldest entry before its time. */
  dropOldest(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key);
      return;
    }
  }

  #forget(): void {
    const now = this.#clock.monotonic();
    for (const [key, { until }] of this.#entries) {
      if (until > now) {
        return;
      }
      this.#entries.delete(key);
    }
  }
}
