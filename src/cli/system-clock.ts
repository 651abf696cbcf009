import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../domain/clock.ts';

/** The process's own clock. The one place that hands real time to the rooms below. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(Math.max(0, ms), undefined, { signal });
    } catch (error) {
      // node:timers wraps the reason in an AbortError; callers of Clock expect the reason itself.
      throw signal?.aborted === true ? signal.reason : error;
    }
  },
};
