import type { Clock } from '../domain/clock.ts';
import { microTime } from './micro-time.ts';
import type { Lease, LeaseSpec } from './resources.ts';

/** A lease as it was last seen, and when that was by our own clock. */
export interface ObservedLease {
  readonly lease: Lease;
  /** Monotonic milliseconds of the last observed change of the record. */
  readonly changedAt: number;
}

/**
 * Takes in what the server says. Only a changed record moves `changedAt`: stamps in the record come from somebody else's
 * clock and are never compared with ours.
 */
export function observe(before: ObservedLease | undefined, lease: Lease, clock: Clock): ObservedLease {
  const same = before !== undefined && recordText(before.lease.spec) === recordText(lease.spec);
  return { lease, changedAt: same ? before.changedAt : clock.monotonic() };
}

function recordText(spec: LeaseSpec): string {
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = spec;
  return JSON.stringify([holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions]);
}

/** Whether somebody else may still hold it. */
export function isHeld(observed: ObservedLease, ownDurationMs: number, clock: Clock): boolean {
  return clock.monotonic() < heldUntil(observed, ownDurationMs);
}

/**
 * The moment, by our monotonic clock, from which the lease may be taken if it is not seen to change before: the record's
 * own duration after the last change, or long ago when the record names no holder. `ownDurationMs` counts when the record
 * does not say.
 */
export function heldUntil({ lease, changedAt }: ObservedLease, ownDurationMs: number): number {
  const { holderIdentity, leaseDurationSeconds } = lease.spec;
  const saidMs = (leaseDurationSeconds ?? 0) * 1000;
  return holderIdentity === '' ? Number.NEGATIVE_INFINITY : changedAt + (saidMs > 0 ? saidMs : ownDurationMs);
}

/** The record by which `identity` takes or keeps the lease. `old`: as it stands, `undefined` when there is none. */
export function claimedBy(identity: string, durationMs: number, now: number, old: LeaseSpec | undefined): LeaseSpec {
  const keeps = old?.holderIdentity === identity;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(durationMs / 1000),
    acquireTime: keeps ? (old.acquireTime ?? microTime(now)) : microTime(now),
    renewTime: microTime(now),
    leaseTransitions: old === undefined ? 0 : old.leaseTransitions + (keeps ? 0 : 1),
  };
}

/** The record that says that nobody holds it, so that the next one need not wait for it to expire. */
export function released(now: number, old: LeaseSpec): LeaseSpec {
  return {
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: microTime(now),
    renewTime: microTime(now),
    leaseTransitions: old.leaseTransitions,
  };
}
