/** Says in a PersistentVolume how large its volume has become. */
import { formatQuantity, type Bytes } from '../domain/quantity.ts';
import type { KubeApi } from '../kube/api.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import { persistentVolumes, type PersistentVolume } from '../kube/resources.ts';
import { sizeOfVolume } from './sizes.ts';

/**
 * Makes the capacity of `pv` at least `size` bytes: no write when it is, and never a smaller number. `gone`: there is no
 * such object any more, or another one by UID. Rejects with KubeError.
 */
export async function raiseCapacity(
  api: KubeApi,
  pv: PersistentVolume,
  size: Bytes,
  signal: AbortSignal,
): Promise<'raised' | 'gone'> {
  const { name, uid } = pv.metadata;
  if ((sizeOfVolume(pv) ?? 0) >= size) {
    return 'raised';
  }
  const patch = { metadata: { uid }, spec: { capacity: { storage: formatQuantity(size) } } };
  try {
    await api.patch(persistentVolumes, { name }, patch, { type: 'merge', signal });
    return 'raised';
  } catch (error) {
    // The only precondition is the UID.
    if (isNotFound(error) || isConflict(error)) {
      return 'gone';
    }
    throw error;
  }
}
