/** The PersistentVolume of a claim: built from the claim, its class and the engine's record; and read back. */
import { csiAttribute, csiAttributesOf, csiDriverName } from '../domain/csi-names.ts';
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
import type { VolumeForm } from './form-choice.ts';

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
  readonly form: VolumeForm;
}

/**
 * The object to create. It carries all that deleting it needs, because the class may be gone by then. `readOnly` stays
 * false for ReadOnlyMany too, as in the in-tree provisioner: kubelets take that from the pod, and somebody must be able
 * to write the data first. Neither form names servers: the Endpoints do, so that nodes may change.
 */
export function buildPersistentVolume(input: PersistentVolumeInput): PersistentVolumeBody {
  const { claim, storageClass, volume, provisioner } = input;
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
      ...sourceOf(input),
    },
  };
}

type Source = Pick<NonNullable<PersistentVolumeBody['spec']>, 'glusterfs' | 'csi'>;

function sourceOf({ volume, namespace, form }: PersistentVolumeInput): Source {
  const { id, name, cluster } = volume;
  const servers = { endpointsNamespace: namespace, endpoints: endpointsName(cluster) };
  switch (form) {
    case 'glusterfs':
      return { glusterfs: { ...servers, path: name, readOnly: false } };
    case 'csi':
      return {
        csi: {
          driver: csiDriverName,
          volumeHandle: id,
          volumeAttributes: csiAttributesOf({ ...servers, volume: name, cluster }),
        },
      };
  }
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
 * with the name of the object and with what pods mount. Throws NameError, naming the field, when they do not.
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
  const { glusterfs, csi } = pv.spec;
  if (glusterfs !== undefined) {
    mustAgree(volumeNameAnnotation, identity.name, 'spec.glusterfs.path', glusterfs.path);
  }
  if (csi !== undefined) {
    checkCsi(csi, identity);
  }
  return identity;
}

function checkCsi(
  { driver, volumeHandle, volumeAttributes }: NonNullable<PersistentVolume['spec']['csi']>,
  identity: VolumeIdentity,
): void {
  if (driver !== csiDriverName) {
    throw new NameError('spec.csi.driver', csiDriverName, driver);
  }
  const attribute = (key: string): readonly [string, string] => [
    `spec.csi.volumeAttributes.${key}`,
    volumeAttributes[key] ?? '',
  ];
  mustAgree(volumeIdAnnotation, identity.id, 'spec.csi.volumeHandle', volumeHandle);
  mustAgree(volumeNameAnnotation, identity.name, ...attribute(csiAttribute.volume));
  mustAgree(clusterAnnotation, identity.cluster, ...attribute(csiAttribute.cluster));
}

function mustAgree(annotation: string, value: string, field: string, said: string): void {
  if (said !== value) {
    throw new NameError(`annotation ${annotation}`, `what ${field} says (${said})`, value);
  }
}
