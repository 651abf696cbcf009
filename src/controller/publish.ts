/**
 * Announces a volume that stands: the PersistentVolume at the API, and the confirmation in the record. A crash may come
 * between the two, so their order follows from what the reclaim policy says about the data:
 *
 * - Delete: the object first. Its finalizer keeps it until we have seen it go, and then the data goes as well.
 * - Retain: the confirmation first. The worst that is left is an unused volume, which the sweep reports; an object whose
 *   data a clean-up takes away is impossible.
 */
import { done, failed, rejected, type Outcome } from '../domain/outcome.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import type { VolumeEngine } from '../engine/api.ts';
import type { KubeApi } from '../kube/api.ts';
import type { PersistentVolumeClaim, StorageClass } from '../kube/resources.ts';
import type { VolumeForm } from './form-choice.ts';
import { buildPersistentVolume, persistentVolumeName } from './pv.ts';
import { savePersistentVolume } from './save-pv.ts';

export interface PublishDependencies {
  readonly api: KubeApi;
  readonly engine: Pick<VolumeEngine, 'confirmVolume'>;
  /** Our name in StorageClasses. */
  readonly provisioner: string;
  /** Where the Endpoints are. */
  readonly namespace: string;
}

export interface Publication {
  readonly claim: PersistentVolumeClaim;
  readonly storageClass: StorageClass;
  readonly volume: VolumeRecord;
  readonly form: VolumeForm;
}

/** Can be run again at any time. Rejects only when `signal` aborts. */
export async function publish(
  deps: PublishDependencies,
  publication: Publication,
  signal: AbortSignal,
): Promise<Outcome<void>> {
  const { id } = publication.volume;
  const steps = [() => save(deps, publication, signal), () => deps.engine.confirmVolume(id)];
  for (const step of publication.storageClass.reclaimPolicy === 'Delete' ? steps : steps.toReversed()) {
    const outcome = await step();
    if (outcome.kind !== 'done') {
      return outcome;
    }
  }
  return done();
}

async function save(
  { api, provisioner, namespace }: PublishDependencies,
  publication: Publication,
  signal: AbortSignal,
): Promise<Outcome<void>> {
  const { claim, volume } = publication;
  const body = buildPersistentVolume({ ...publication, provisioner, namespace });
  const owner = { name: persistentVolumeName(volume.id), claimUid: claim.metadata.uid, provisioner };
  const saved = await savePersistentVolume(api, body, owner, signal);
  switch (saved.kind) {
    case 'saved':
      return done();
    case 'taken':
      return rejected(saved.reason);
    case 'failed':
      return failed(saved.reason);
  }
}
