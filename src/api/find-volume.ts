import type { VolumeRecord } from '../domain/volume.ts';
import { AdminError } from './admin-error.ts';

/** The id that a PersistentVolume's name holds; other text as it is. */
export const idInKey = (key: string): string => (key.startsWith('pvc-') ? key.slice('pvc-'.length) : key);

/** The volume that `key` names: as of `Admin.volume`. Throws AdminError when it names none or several. */
export function findVolume(volumes: readonly VolumeRecord[], key: string): VolumeRecord {
  const id = idInKey(key);
  const found = volumes.filter(
    (volume) => volume.id === id || volume.name === key || `${volume.owner.namespace}/${volume.owner.name}` === key,
  );
  const [first, ...others] = found;
  if (first === undefined) {
    throw new AdminError(
      'not-found',
      `volume: expected an id, a gluster name, a PersistentVolume name or namespace/claim, got ${JSON.stringify(key)}, which names none of ${volumes.length} volume(s)`,
    );
  }
  // A claim that was deleted and made again under its old name, while the first volume is still being deleted.
  if (others.length > 0) {
    throw new AdminError('invalid', `${key} names several volumes: ${found.map((volume) => volume.id).join(', ')}`);
  }
  return first;
}
