/** Creates the PersistentVolume of a claim, and knows afterwards whether it stands and whose it is. */
import type { KubeApi } from '../kube/api.ts';
import { describeApiError } from './denied.ts';
import { isAlreadyExists, isOutcomeUnknown, KubeError } from '../kube/errors.ts';
import { persistentVolumes, type PersistentVolume, type PersistentVolumeBody } from '../kube/resources.ts';
import { isOurs } from './pv.ts';

export type SaveResult =
  /** It stands and is ours, by this call or an earlier one. */
  | { readonly kind: 'saved' }
  /** Somebody else has the name. Only a person can put that right. */
  | { readonly kind: 'taken'; readonly reason: string }
  /** It does not stand, or nobody knows: try again. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Is `pv` the volume that this provisioner made for the claim with this UID? */
export function isFor(pv: PersistentVolume, claimUid: string, provisioner: string): boolean {
  return isOurs(pv, provisioner) && pv.spec.claimRef?.uid === claimUid;
}

/**
 * One try. An answer that got lost, and a name that is taken, are both settled by looking: our own object is success,
 * since an earlier life may have created it. Never deletes anything; the record brings the next try here again.
 * Rejects only when `signal` aborts.
 */
export async function savePersistentVolume(
  api: KubeApi,
  body: PersistentVolumeBody,
  owner: { readonly name: string; readonly claimUid: string; readonly provisioner: string },
  signal: AbortSignal,
): Promise<SaveResult> {
  try {
    await api.create(persistentVolumes, body, { signal });
    return { kind: 'saved' };
  } catch (error) {
    if (!isAlreadyExists(error) && !isOutcomeUnknown(error)) {
      return failure(error);
    }
    return lookAfter(api, error, owner, signal);
  }
}

async function lookAfter(
  api: KubeApi,
  error: unknown,
  owner: { readonly name: string; readonly claimUid: string; readonly provisioner: string },
  signal: AbortSignal,
): Promise<SaveResult> {
  try {
    const standing = await api.get(persistentVolumes, { name: owner.name }, { signal });
    if (standing === undefined) {
      return failure(error);
    }
    return isFor(standing, owner.claimUid, owner.provisioner)
      ? { kind: 'saved' }
      : { kind: 'taken', reason: nameTaken(owner.name) };
  } catch (lookError) {
    return failure(lookError);
  }
}

/** For the event when another object has the name that follows from the claim. */
export function nameTaken(name: string): string {
  return (
    `PersistentVolume ${name} exists, but it was not made for this claim. Its name follows from the claim's UID, ` +
    'so somebody made it by hand: delete it, or delete this claim and create it anew'
  );
}

function failure(error: unknown): SaveResult {
  if (error instanceof KubeError && error.kind !== 'aborted') {
    return { kind: 'failed', reason: `the PersistentVolume could not be created: ${describeApiError(error)}` };
  }
  throw error;
}
