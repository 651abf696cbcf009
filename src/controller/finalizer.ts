/** Our finalizer on PersistentVolumes: put on and taken off without stepping on what others write. */
import type { KubeApi } from '../kube/api.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import { persistentVolumes, type PersistentVolume } from '../kube/resources.ts';
import { volumeFinalizer } from './annotations.ts';

/** Kubernetes takes its own finalizer off at the same moment, so that one conflict is likely and several are not. */
const tries = 5;

export function hasFinalizer(pv: PersistentVolume): boolean {
  return pv.metadata.finalizers.includes(volumeFinalizer);
}

/**
 * Puts the finalizer on `pv` (`wanted`) or takes it off. Guarded by resourceVersion: after a conflict the object is read
 * again. Succeeds when the object is gone, or is another one by UID. Rejects with KubeError.
 */
export async function setFinalizer(
  api: KubeApi,
  pv: PersistentVolume,
  wanted: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { name, uid } = pv.metadata;
  let current: PersistentVolume | undefined = pv;
  for (let left = tries; current?.metadata.uid === uid && hasFinalizer(current) !== wanted; left -= 1) {
    try {
      await writeFinalizer(api, current, wanted, signal);
      return;
    } catch (error) {
      if (isNotFound(error)) {
        return;
      }
      if (!isConflict(error) || left <= 1) {
        throw error;
      }
      current = await api.get(persistentVolumes, { name }, { signal });
    }
  }
}

async function writeFinalizer(api: KubeApi, pv: PersistentVolume, wanted: boolean, signal: AbortSignal): Promise<void> {
  const { name, resourceVersion } = pv.metadata;
  const others = pv.metadata.finalizers.filter((finalizer) => finalizer !== volumeFinalizer);
  const finalizers = wanted ? [...others, volumeFinalizer] : others;
  await api.patch(
    persistentVolumes,
    { name },
    { metadata: { resourceVersion, finalizers } },
    { type: 'merge', signal },
  );
}
