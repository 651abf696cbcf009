/** Claims and volumes as the binder reads them. The API has validated what it stored, so these shapes hold. */
import { objectAt, textAt } from '../api/json.ts';
import type { KubeObject } from '../api/object.ts';

/** The PV controller's marks. Provisioners read `storageProvisioner`, and write `provisionedBy`. */
export const annotations = {
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
  migratedTo: 'pv.kubernetes.io/migrated-to',
  storageProvisioner: 'volume.kubernetes.io/storage-provisioner',
  betaStorageProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  storageResizer: 'volume.kubernetes.io/storage-resizer',
  selectedNode: 'volume.kubernetes.io/selected-node',
} as const;

export const claimType = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' } as const;
export const volumeType = { apiVersion: 'v1', kind: 'PersistentVolume' } as const;

/** Pending when nothing is written yet. */
export const phaseOf = (found: KubeObject): string => textAt(found, 'status', 'phase') ?? 'Pending';
/** The volume that a claim names, or is bound to. */
export const volumeNameOf = (claim: KubeObject): string | undefined => textAt(claim, 'spec', 'volumeName');

/** `spec.claimRef` of a volume. Without a uid it is a reservation by name. */
export type ClaimReference = { readonly namespace: string; readonly name: string; readonly uid: string | undefined };

/** Whom the volume is for; undefined when it is free. */
export function claimRefOf(volume: KubeObject): ClaimReference | undefined {
  const found = objectAt(volume, 'spec', 'claimRef');
  const name = textAt(found, 'name');
  return name === undefined
    ? undefined
    : { namespace: textAt(found, 'namespace') ?? '', name, uid: textAt(found, 'uid') };
}

/** The volume is reserved for, or bound to, just this claim. Without a uid the name decides. */
export function isForClaim(volume: KubeObject, claim: KubeObject): boolean {
  const reference = claimRefOf(volume);
  return (
    reference !== undefined &&
    reference.name === claim.metadata.name &&
    reference.namespace === claim.metadata.namespace &&
    (reference.uid === undefined || reference.uid === claim.metadata.uid)
  );
}
