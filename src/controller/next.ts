/** What a reconciler wants done with its key after a run, in the queue's words. A change brings the key back anyway. */
import type { WorkResult } from '../kube/work-queue.ts';

export type Next = WorkResult;

/** Nothing, until something changes. */
export const settled: Next = { kind: 'done' };
/** Again, each time later than the last. `reason` is for the log. */
export const backoff = (reason: string): Next => ({ kind: 'retry', reason });
export const after = (ms: number): Next => ({ kind: 'after', ms });

/** How long what can never work as written rests, if nobody changes it: its author is reminded now and then. */
export const slowRetryMs = 5 * 60_000;
/** How long a key rests that another reconciler is busy with. */
export const busyRetryMs = 1_000;
