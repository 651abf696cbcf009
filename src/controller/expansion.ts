/** What to do about the size of a bound claim: a pure decision. Who grows the volume is src/controller/expand.ts. */
import { NameError } from '../domain/names.ts';
import type { Bytes } from '../domain/quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../kube/resources.ts';
import { sizeOf } from './claim-problems.ts';
import { identityOf, isOurs, type VolumeIdentity } from './pv.ts';
import { hasTraces } from './resize-status.ts';
import { wantsMore } from './sizes.ts';

export type ExpansionDecision =
  /** Not ours, or nothing is left to do. No event. */
  | { readonly kind: 'ignore'; readonly why: string }
  /** It has what it asks for, and its status speaks of growth all the same. */
  | { readonly kind: 'tidy' }
  /** Ours, and can never work as written. */
  | { readonly kind: 'refuse'; readonly reason: string }
  | {
      readonly kind: 'grow';
      readonly pv: PersistentVolume;
      readonly identity: VolumeIdentity;
      /** Bytes that the claim asks for. */
      readonly requested: Bytes;
    };

/** Is there anything about its size to look at? By the claim alone, and cheap: it is asked at every change of any claim. */
export function concernsSize(claim: PersistentVolumeClaim): boolean {
  const { spec, status, metadata } = claim;
  const isBound = spec.volumeName !== '' && status.phase === 'Bound';
  return isBound && metadata.deletionTimestamp === undefined && (wantsMore(claim) || hasTraces(claim));
}

/**
 * Decides by the claim and its PersistentVolume. A claim that is being deleted is left alone: its volume goes as it is. A
 * request below the capacity is nothing unusual, since volumes may be larger than asked for.
 */
export function decideExpansion(
  claim: PersistentVolumeClaim,
  findVolume: (name: string) => PersistentVolume | undefined,
  provisioner: string,
): ExpansionDecision {
  if (!concernsSize(claim)) {
    return { kind: 'ignore', why: 'it is not bound, is going, or has the size that it asks for' };
  }
  const pv = findVolume(claim.spec.volumeName);
  if (pv === undefined || !isOurs(pv, provisioner) || pv.spec.claimRef?.uid !== claim.metadata.uid) {
    // Should the cache be behind, then the PersistentVolume brings the claim back when it comes.
    return { kind: 'ignore', why: 'its PersistentVolume is not there, is none of ours, or is for another claim' };
  }
  if (!wantsMore(claim)) {
    return { kind: 'tidy' };
  }
  try {
    return { kind: 'grow', pv, identity: identityOf(pv), requested: sizeOf(claim.spec.resources.requests['storage']) };
  } catch (error) {
    if (error instanceof NameError) {
      const what = `PersistentVolume ${pv.metadata.name} does not say clearly which volume it stands for`;
      return { kind: 'refuse', reason: `${what}: ${error.message}` };
    }
    if (error instanceof RangeError) {
      return { kind: 'refuse', reason: error.message };
    }
    throw error;
  }
}
