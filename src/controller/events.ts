/** What people are told through events. Reasons are those of sig-storage-lib-external-provisioner, where it has one. */
import type { Setback } from '../domain/outcome.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';

/** Says the same thing about an object once, and again after five minutes at the earliest. */
export type Events = Pick<EventRecorder, 'record'>;

export const eventReason = {
  /** On the claim, once: work on it has begun. */
  provisioning: 'Provisioning',
  provisioningSucceeded: 'ProvisioningSucceeded',
  /** On the claim: why it has no volume yet. */
  provisioningFailed: 'ProvisioningFailed',
  /** On the PersistentVolume: why its data is still there. */
  volumeFailedDelete: 'VolumeFailedDelete',
  /** On the claim, once for each size: its volume is being made larger. The words for growth are external-resizer's. */
  resizing: 'Resizing',
  volumeResizeSuccessful: 'VolumeResizeSuccessful',
  /** On the claim: why its volume is not larger yet. */
  volumeResizeFailed: 'VolumeResizeFailed',
  /** On the StorageClass: no claim of it can ever be served. */
  invalidClass: 'InvalidStorageClass',
  /** On the StorageClass: its volumes have to be mounted by kubelets old and new. */
  mixedKubelets: 'MixedKubeletVersions',
  /** On the StorageClass: nobody knows which kubelets will mount its volumes. */
  kubeletsUnseen: 'KubeletVersionsUnknown',
  /** On an object of somebody else's that has the name which one of ours must have. */
  nameTaken: 'NameTaken',
} as const;

/** A setback in a sentence that also tells what happens next. */
export function explained(setback: Exclude<Setback, { kind: 'unknown' }>): string {
  switch (setback.kind) {
    case 'rejected':
      return `${setback.reason}. It cannot work as it is; it is looked at again when the class, the storage or the claim changes`;
    case 'waiting':
      return `waiting: ${setback.reason}`;
    case 'failed':
      return `${setback.reason}. It is tried again`;
  }
}
