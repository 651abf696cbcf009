/** Time as a dependency. Production gets the process clock; tests turn the hands themselves. */
export interface Clock {
  /** Wall-clock milliseconds since 1970. Jumps when the administrator or NTP says so: for stamps only. */
  now(): number;
  /** Milliseconds from some fixed point, never backwards: for everything that is measured or waited for. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds. Rejects with the signal's reason as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A number from 0 (inclusive) to 1 (exclusive). Injected, for the same reason as the clock. */
export type Random = () => number;
