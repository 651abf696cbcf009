import type { PersistentVolumeClaim } from '../../../src/kube/resources.ts';
import { persistentVolumeClaims } from '../../../src/kube/resources.ts';

/** A claim as the cache holds it. The uid is made of the name unless given. */
export function claim(
  name: string,
  resourceVersion: string,
  { namespace = 'default', uid = `uid-${name}`, volumeName = '' } = {},
): PersistentVolumeClaim {
  return persistentVolumeClaims.parse({
    metadata: { name, namespace, uid, resourceVersion },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } }, volumeName },
  });
}
