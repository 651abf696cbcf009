import type { Clock } from '../domain/clock.ts';

/** How long a caller waits: until its deadline, or until it gives up. */
export interface Patience {
  /** Never rejects. Stays open after `release`. */
  readonly over: Promise<'deadline' | 'aborted'>;
  /** To be called when nothing is waited for any more. */
  release(): void;
}

export function patience(clock: Clock, deadlineMs: number, signal: AbortSignal): Patience {
  const released = new AbortController();
  const { promise: over, resolve } = Promise.withResolvers<'deadline' | 'aborted'>();
  clock.sleep(deadlineMs, AbortSignal.any([signal, released.signal])).then(
    () => resolve('deadline'),
    () => (released.signal.aborted ? undefined : resolve('aborted')),
  );
  return { over, release: () => released.abort() };
}

/** In the words of a result's reason. */
export const words = { deadline: 'deadline passed', aborted: 'the caller gave up' } as const;
