/** Says in a PersistentVolume how large its volume has become. */
import { formatQuantity, type Bytes } from '../domain/quantity.ts';
import type { KubeApi } from '../kube/api.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import { persistentVolumes, type PersistentVolume } from '../kube/resources.ts';
import { sizeOfVolume } from './sizes.ts';

/** How often the write is begun when others write the object as well. */
const attempts = 3;

/**
 * Makes the capacity of `pv` at least `size` bytes: no write when it is, and never a smaller number. The write names the
 * version that was looked at, so that one which lands late, of a process that does not lead any more, takes nothing back.
 * `gone`: there is no such object any more, or another one by UID. Rejects with KubeError.
 */
export async function raiseCapacity(
  api: KubeApi,
  pv: PersistentVolume,
  size: Bytes,
  signal: AbortSignal,
): Promise<'raised' | 'gone'> {
  const { name, uid } = pv.metadata;
  let current: PersistentVolume | undefined = pv;
  for (let left = attempts; current?.metadata.uid === uid; left -= 1) {
    if ((sizeOfVolume(current) ?? 0) >= size) {
      return 'raised';
    }
    const { resourceVersion } = current.metadata;
    const patch = { metadata: { uid, resourceVersion }, spec: { capacity: { storage: formatQuantity(size) } } };
    try {
      await api.patch(persistentVolumes, { name }, patch, { type: 'merge', signal });
      return 'raised';
    } catch (error) {
      if (isNotFound(error)) {
        return 'gone';
      }
      if (!isConflict(error) || left <= 1) {
        throw error;
      }
      current = await api.get(persistentVolumes, { name }, { signal });
    }
  }
  return 'gone';
}
