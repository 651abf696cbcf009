/**
 * What became of a piece of work, as a closed union. Each kind says what the caller may assume, and nothing else may be
 * assumed: above all, `unknown` is not failure.
 */

/** What a `waiting` outcome waits for. */
export type Awaited =
  /** A storage node, gluster peer or agent that does not answer. */
  | { readonly what: 'node'; readonly name: string }
  /** Free space, a node or a zone that placement needs. `elsewhere`: there is room, in zones that the request leaves out. */
  | { readonly what: 'capacity'; readonly elsewhere?: true }
  /** A lock that somebody else holds ("Another transaction is in progress"). */
  | { readonly what: 'lock'; readonly name: string }
  /** Anything else that is expected to come by itself, in words. */
  | { readonly what: 'condition'; readonly name: string };

export interface Done<T> {
  /** It is so now, whether by this call or before it. */
  readonly kind: 'done';
  readonly value: T;
}

export interface Rejected {
  /** The request can never work as written. Nothing was left behind. Retry slowly, or when the request changes. */
  readonly kind: 'rejected';
  readonly reason: string;
}

export interface Waiting {
  /** Not now: something named is missing. What was begun stays and is carried on by the retry. */
  readonly kind: 'waiting';
  readonly on: Awaited;
  readonly reason: string;
}

export interface Failed {
  /** This try failed and is over: nothing of it runs any more. Retry with backoff. */
  readonly kind: 'failed';
  readonly reason: string;
}

export interface Unknown {
  /**
   * No answer came, so it may have happened, or may still be happening. Re-observe before anything else; never undo on
   * the strength of it, never report it as failure, and keep it in work even if whoever asked has gone.
   */
  readonly kind: 'unknown';
  readonly reason: string;
}

/** Every outcome but success. */
export type Setback = Rejected | Waiting | Failed | Unknown;
export type Outcome<T> = Done<T> | Setback;

export function done(): Done<void>;
export function done<T>(value: T): Done<T>;
export function done<T>(value?: T): Done<T | undefined> {
  return { kind: 'done', value };
}

export const rejected = (reason: string): Rejected => ({ kind: 'rejected', reason });
export const waiting = (on: Awaited, reason: string): Waiting => ({ kind: 'waiting', on, reason });
export const failed = (reason: string): Failed => ({ kind: 'failed', reason });
export const unknown = (reason: string): Unknown => ({ kind: 'unknown', reason });

export function isDone<T>(outcome: Outcome<T>): outcome is Done<T> {
  return outcome.kind === 'done';
}

/** Whether it waits for a condition of that name. */
export const waitsFor = (outcome: Outcome<unknown>, condition: string): outcome is Waiting =>
  outcome.kind === 'waiting' && outcome.on.what === 'condition' && outcome.on.name === condition;

/** From the one that binds the caller least to the one that binds it most. */
const severity: Readonly<Record<Setback['kind'], number>> = { rejected: 0, failed: 1, waiting: 2, unknown: 3 };

/**
 * Joins outcomes of side-by-side work: all values when every one is done, else the setback that forbids most
 * (one `unknown` among failures makes the whole unknown), with every distinct reason in its text. A `rejected` beside
 * something that is done becomes `failed`: it would promise that nothing was left behind.
 */
export function joinOutcomes<T>(outcomes: readonly Outcome<T>[]): Outcome<T[]> {
  const setbacks = outcomes.filter((outcome): outcome is Setback => outcome.kind !== 'done');
  const worst = setbacks.reduce<Setback | undefined>(
    (found, next) => (found === undefined || severity[next.kind] > severity[found.kind] ? next : found),
    undefined,
  );
  if (worst === undefined) {
    return done(outcomes.filter(isDone).map((outcome) => outcome.value));
  }
  const reasons = [...new Set([worst.reason, ...setbacks.map((setback) => setback.reason)])];
  const reason = reasons.join('; ');
  return worst.kind === 'rejected' && setbacks.length < outcomes.length ? failed(reason) : { ...worst, reason };
}
