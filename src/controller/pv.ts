/** The PersistentVolume of a claim: built from the claim, its class and the engine's record; and read back. */
import { clusterId, NameError, volumeId, volumeName } from '../domain/names.ts';
import type { ClusterId, VolumeId, VolumeName } from '../domain/names.ts';
import { formatQuantity } from '../domain/quantity.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import type { PersistentVolume, PersistentVolumeBody, PersistentVolumeClaim, StorageClass } from '../kube/resources.ts';
import {
  clusterAnnotation,
  gidAnnotation,
  provisionedByAnnotation,
  volumeFinalizer,
  volumeIdAnnotation,
  volumeNameAnnotation,
} from './annotations.ts';
import { classNameOf } from './claims.ts';

/** The name of the PersistentVolume for a claim UID. Being derived, it is what makes creating it twice impossible. */
export function persistentVolumeName(id: VolumeId): string {
  return `pvc-${id}`;
}

/** The name of the Endpoints and the Service through which a cluster's volumes are mounted. */
export function endpointsName(cluster: ClusterId): string {
  return `gluster-${cluster}`;
}

export interface PersistentVolumeInput {
  readonly claim: PersistentVolumeClaim;
  readonly storageClass: StorageClass;
  readonly volume: VolumeRecord;
  /** Our name. */
  readonly provisioner: string;
  /** Where the Endpoints are. */
  readonly namespace: string;
}

/**
 * The object to create. It carries all that deleting it needs, because the class may be gone by then. `readOnly` stays
 * false for ReadOnlyMany too, as in the in-tree provisioner: kubelets take that from the pod, and somebody must be able
 * to write the data first.
 */
export function buildPersistentVolume(input: PersistentVolumeInput): PersistentVolumeBody {
  const { claim, storageClass, volume, provisioner, namespace } = input;
  const policy = storageClass.reclaimPolicy;
  return {
    metadata: {
      name: persistentVolumeName(volume.id),
      annotations: {
        [provisionedByAnnotation]: provisioner,
        ...(volume.gid === undefined ? {} : { [gidAnnotation]: String(volume.gid) }),
        [volumeIdAnnotation]: volume.id,
        [volumeNameAnnotation]: volume.name,
        [clusterAnnotation]: volume.cluster,
      },
      // With Retain nothing must hold the object back: the data stays whatever happens to it.
      ...(policy === 'Delete' ? { finalizers: [volumeFinalizer] } : {}),
    },
    spec: {
      capacity: { storage: formatQuantity(volume.size) },
      accessModes: [...claim.spec.accessModes],
      volumeMode: 'Filesystem',
      persistentVolumeReclaimPolicy: policy,
      storageClassName: classNameOf(claim),
      ...(storageClass.mountOptions.length === 0 ? {} : { mountOptions: [...storageClass.mountOptions] }),
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace: claim.metadata.namespace,
        name: claim.metadata.name,
        uid: claim.metadata.uid,
        resourceVersion: claim.metadata.resourceVersion,
      },
      glusterfs: {
        endpoints: endpointsName(volume.cluster),
        endpointsNamespace: namespace,
        path: volume.name,
        readOnly: false,
      },
    },
  };
}

/** Is it a volume of this provisioner? */
export function isOurs(pv: PersistentVolume, provisioner: string): boolean {
  return pv.metadata.annotations[provisionedByAnnotation] === provisioner;
}

/** Which data a PersistentVolume of ours stands for. */
export interface VolumeIdentity {
  readonly id: VolumeId;
  readonly name: VolumeName;
  readonly cluster: ClusterId;
}

/**
 * Reads the identity back. Annotations can be edited, and what they name gets destroyed in the end: so they must agree
 * with the name of the object and with the path that pods mount. Throws NameError, naming the field, when they do not.
 */
export function identityOf(pv: PersistentVolume): VolumeIdentity {
  const { annotations, name } = pv.metadata;
  const identity = {
    id: volumeId(annotations[volumeIdAnnotation] ?? '', `annotation ${volumeIdAnnotation}`),
    name: volumeName(annotations[volumeNameAnnotation] ?? '', `annotation ${volumeNameAnnotation}`),
    cluster: clusterId(annotations[clusterAnnotation] ?? '', `annotation ${clusterAnnotation}`),
  };
  if (name !== persistentVolumeName(identity.id)) {
    throw new NameError(`annotation ${volumeIdAnnotation}`, `the id in the name of the object (${name})`, identity.id);
  }
  if (pv.spec.glusterfs !== undefined && pv.spec.glusterfs.path !== identity.name) {
    const expected = `what spec.glusterfs.path says (${pv.spec.glusterfs.path})`;
    throw new NameError(`annotation ${volumeNameAnnotation}`, expected, identity.name);
  }
  return identity;
}
