/** Leaves a cluster as it was found: no PersistentVolume of a test, and nothing behind one. */
import type { CoreV1Api, V1PersistentVolume } from '@kubernetes/client-node';
import { provisionedByAnnotation, volumeIdAnnotation } from '../../../src/controller/annotations.ts';
import { waitFor } from '../../support/wait-for.ts';

/** Deletes the namespace, and waits until the controller has taken away every volume of its claims. */
export async function takeAway(
  core: CoreV1Api,
  namespace: string,
  provisioner: string,
  patience: number,
): Promise<void> {
  // A test may have deleted it.
  await core.deleteNamespace({ name: namespace }).catch(() => undefined);
  const ours = ({ metadata, spec }: V1PersistentVolume): boolean =>
    metadata?.annotations?.[provisionedByAnnotation] === provisioner &&
    metadata.annotations[volumeIdAnnotation] !== undefined &&
    spec?.claimRef?.namespace === namespace;
  await waitFor(
    `no PersistentVolume of ${namespace} is left`,
    async () => {
      const left = (await core.listPersistentVolume()).items.filter(ours);
      await Promise.all(left.map((volume) => deleteWithClaim(core, volume)));
      return left.length === 0;
    },
    patience,
  );
}

/** Retained volumes go as well. */
async function deleteWithClaim(core: CoreV1Api, { metadata, spec }: V1PersistentVolume): Promise<void> {
  if (spec?.persistentVolumeReclaimPolicy !== 'Delete') {
    const body = [{ op: 'replace', path: '/spec/persistentVolumeReclaimPolicy', value: 'Delete' }];
    // It may be gone since it was listed.
    await core.patchPersistentVolume({ name: metadata?.name ?? '', body }).catch(() => undefined);
  }
}
