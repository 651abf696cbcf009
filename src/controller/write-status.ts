/** Writes the status of a claim without stepping on what others write to it. */
import type { KubeApi } from '../kube/api.ts';
import { isConflict, isInvalid, isNotFound } from '../kube/errors.ts';
import { persistentVolumeClaims, type PersistentVolumeClaim } from '../kube/resources.ts';
import { withoutAllocation, type StatusChange } from './resize-status.ts';

/** The in-tree expander and the binder write claims as well, each once or twice for a growth. */
const tries = 5;

/**
 * Makes the status what `change` says. Conditions are written as a list, so the write is guarded by uid and
 * resourceVersion; after a conflict the claim is read again and `change` is asked again. Resolves with the claim as it is
 * then, `undefined` when it is gone or another one by UID. Rejects with KubeError.
 */
export async function writeStatus(
  api: KubeApi,
  claim: PersistentVolumeClaim,
  change: (claim: PersistentVolumeClaim) => StatusChange | undefined,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim | undefined> {
  const { namespace, name, uid } = claim.metadata;
  let current: PersistentVolumeClaim | undefined = claim;
  for (let left = tries; current?.metadata.uid === uid; left -= 1) {
    const wanted = change(current);
    if (wanted === undefined) {
      return current;
    }
    try {
      return await patchOnce(api, current, wanted, signal);
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      if (!isConflict(error) || left <= 1) {
        throw error;
      }
      current = await api.get(persistentVolumeClaims, { namespace, name }, { signal });
    }
  }
  return undefined;
}

/** Some servers (1.28 to 1.30 with the feature gate on) know the fields by other words; conditions they all take. */
async function patchOnce(
  api: KubeApi,
  claim: PersistentVolumeClaim,
  change: StatusChange,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  try {
    return await patchStatus(api, claim, change, signal);
  } catch (error) {
    const plain = withoutAllocation(change);
    const isLess = Object.keys(plain.status).length < Object.keys(change.status).length;
    if (!isInvalid(error) || !isLess) {
      throw error;
    }
    return patchStatus(api, claim, plain, signal);
  }
}

function patchStatus(
  api: KubeApi,
  claim: PersistentVolumeClaim,
  { annotations, status }: StatusChange,
  signal: AbortSignal,
): Promise<PersistentVolumeClaim> {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const metadata = { uid, resourceVersion, ...(annotations === undefined ? {} : { annotations }) };
  return api.patch(
    persistentVolumeClaims,
    { namespace, name },
    { metadata, status },
    { type: 'merge', subresource: 'status', signal },
  );
}
