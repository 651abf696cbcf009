/** Which claims of ours have no volume yet after a look at them, and why: for metrics, so by kind and never by name. */
import type { Clock } from '../domain/clock.ts';
import type { Outcome, Setback } from '../domain/outcome.ts';
import { keyOf, type PersistentVolumeClaim } from '../kube/resources.ts';

/**
 * `class`: its StorageClass does not exist. `consumer`: no pod that uses it has been scheduled. `refused`: claim or class can
 * never work as written. `rejected`: the engine says so. `capacity`, `node`, `lock`, `condition`: what it waits for.
 * `failed`: the last try failed. `unknown`: no answer came to the last try.
 */
export const waitingReasons = [
  'class',
  'consumer',
  'refused',
  'rejected',
  'capacity',
  'node',
  'lock',
  'condition',
  'failed',
  'unknown',
] as const;
export type WaitingReason = (typeof waitingReasons)[number];

export interface WaitingCount {
  readonly claims: number;
  /** Milliseconds since the oldest of them was created; 0 when there is none. */
  readonly oldest: number;
}

export function reasonOf(setback: Setback): WaitingReason {
  return setback.kind === 'waiting' ? setback.on.what : setback.kind;
}

interface Waiting {
  readonly uid: string;
  readonly reason: WaitingReason;
}

export interface WaitingClaimsDependencies {
  readonly clock: Clock;
  readonly findClaim: (key: string) => PersistentVolumeClaim | undefined;
}

export class WaitingClaims {
  readonly #deps: WaitingClaimsDependencies;
  /** By namespace/name. Entries of claims that have gone or been bound by somebody else are dropped when counting. */
  readonly #byKey = new Map<string, Waiting>();

  constructor(deps: WaitingClaimsDependencies) {
    this.#deps = deps;
  }

  waits({ metadata }: PersistentVolumeClaim, reason: WaitingReason): void {
    this.#byKey.set(keyOf(metadata), { uid: metadata.uid, reason });
  }

  /** How an attempt to serve it ended. */
  tried(claim: PersistentVolumeClaim, outcome: Outcome<unknown>): void {
    if (outcome.kind === 'done') {
      this.#byKey.delete(keyOf(claim.metadata));
    } else {
      this.waits(claim, reasonOf(outcome));
    }
  }

  /** It is none of ours, or nothing is left to do. */
  settled(key: string): void {
    this.#byKey.delete(key);
  }

  /** Every reason has its count. */
  counts(): ReadonlyMap<WaitingReason, WaitingCount> {
    const counts = new Map<WaitingReason, WaitingCount>(
      waitingReasons.map((reason) => [reason, { claims: 0, oldest: 0 }]),
    );
    const now = this.#deps.clock.now();
    for (const [key, { uid, reason }] of this.#byKey) {
      const claim = this.#deps.findClaim(key);
      if (claim?.metadata.uid !== uid || claim.spec.volumeName !== '') {
        this.#byKey.delete(key);
        continue;
      }
      const { claims, oldest } = counts.get(reason) ?? { claims: 0, oldest: 0 };
      const created = Date.parse(claim.metadata.creationTimestamp ?? '');
      const age = Number.isNaN(created) ? 0 : Math.max(0, now - created);
      counts.set(reason, { claims: claims + 1, oldest: Math.max(oldest, age) });
    }
    return counts;
  }
}
