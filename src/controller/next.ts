/** What a reconciler wants done with its key after a run. Whatever it wants, a change of the object brings it back. */
export type Next =
  /** Nothing, until something changes. */
  | { readonly kind: 'settled' }
  /** Again, each time later than the last. */
  | { readonly kind: 'backoff' }
  /** Again after so many milliseconds. */
  | { readonly kind: 'after'; readonly ms: number };

export const settled: Next = { kind: 'settled' };
export const backoff: Next = { kind: 'backoff' };
export const after = (ms: number): Next => ({ kind: 'after', ms });

/** How long what can never work as written rests, if nobody changes it: its author is reminded now and then. */
export const slowRetryMs = 5 * 60_000;
/** How long a key rests that another reconciler is busy with. */
export const busyRetryMs = 1_000;
