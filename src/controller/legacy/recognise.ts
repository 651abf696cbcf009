/**
 * PersistentVolumes of yesterday: `spec.glusterfs` volumes that no Brickyard made. The in-tree provisioner
 * `kubernetes.io/glusterfs` (removed in Kubernetes 1.26) named its objects `pvc-<UID of the claim>`, as Brickyard does, so
 * the name says nothing: what counts is who is written down as the provisioner, and which of its annotations are there.
 */
import type { Bytes } from '../../domain/quantity.ts';
import type { PersistentVolume } from '../../kube/resources.ts';
import { gidAnnotation, provisionedByAnnotation, volumeIdAnnotation } from '../annotations.ts';
import { sizeOfVolume } from '../sizes.ts';

const inTreeProvisioner = 'kubernetes.io/glusterfs';
/** By the in-tree provisioner, with one value: what made the volume for it. */
const createdByAnnotation = 'kubernetes.io/createdby';
const createdByHeketi = 'heketi-dynamic-provisioner';
/** By the in-tree provisioner: what heketi calls the volume, 32 hexadecimal digits. */
const heketiIdAnnotation = 'gluster.kubernetes.io/heketi-volume-id';

/** What heketi calls a volume that was given no name: `vol_` and its id. */
const heketiName = /^vol_([0-9a-f]{32})$/;

export type LegacyMaker =
  /** `kubernetes.io/glusterfs`, which had heketi make the volume. */
  | { readonly kind: 'in-tree' }
  /** Heketi made the volume, somebody the PersistentVolume. */
  | { readonly kind: 'heketi' }
  /** Another provisioner, by its name. */
  | { readonly kind: 'provisioner'; readonly name: string }
  /** Nothing says who: most likely an administrator. */
  | { readonly kind: 'hand' };

/** A PersistentVolume of yesterday, as far as it speaks for itself. */
export interface LegacyVolume {
  readonly persistentVolume: string;
  /** `Bound`, `Released` and so on; empty when Kubernetes has not said yet. */
  readonly phase: string;
  readonly claim: { readonly namespace: string; readonly name: string } | undefined;
  /** Empty: none. */
  readonly className: string;
  /** As the object says; gluster was not asked. */
  readonly size: Bytes | undefined;
  readonly reclaimPolicy: string;
  /** What gluster calls the volume. */
  readonly volume: string;
  /** What pods mount: the volume, or a folder in it. */
  readonly path: string;
  /** Where its servers stand. Without a namespace: in that of whichever pod mounts it. */
  readonly endpoints: { readonly namespace: string | undefined; readonly name: string };
  readonly madeBy: LegacyMaker;
  readonly heketiId: string | undefined;
  /** Group of its data, which kubelets give to pods. */
  readonly gid: string | undefined;
}

/**
 * `undefined` for whatever is no glusterfs volume, and for one that a Brickyard made, of whatever provisioner name. An
 * object that names `provisioner` (ours) without the annotations that we write is none of ours: somebody edited it.
 */
export function recogniseLegacy(pv: PersistentVolume, provisioner: string): LegacyVolume | undefined {
  const { metadata, spec, status } = pv;
  const { annotations } = metadata;
  if (spec.glusterfs === undefined || annotations[volumeIdAnnotation] !== undefined) {
    return undefined;
  }
  const { path, endpoints, endpointsNamespace } = spec.glusterfs;
  const volume = path.split('/').find((part) => part !== '') ?? '';
  const { claimRef } = spec;
  return {
    persistentVolume: metadata.name,
    phase: status.phase ?? '',
    claim: claimRef === undefined ? undefined : { namespace: claimRef.namespace, name: claimRef.name },
    className: spec.storageClassName,
    size: sizeOfVolume(pv),
    reclaimPolicy: spec.persistentVolumeReclaimPolicy ?? '',
    volume,
    path,
    endpoints: { namespace: endpointsNamespace ?? claimRef?.namespace, name: endpoints },
    madeBy: makerOf(annotations, volume, provisioner),
    heketiId: annotations[heketiIdAnnotation] ?? heketiName.exec(volume)?.[1],
    gid: annotations[gidAnnotation],
  };
}

function makerOf(annotations: Readonly<Record<string, string>>, volume: string, provisioner: string): LegacyMaker {
  const named = annotations[provisionedByAnnotation] ?? '';
  if (
    named === inTreeProvisioner ||
    annotations[createdByAnnotation] === createdByHeketi ||
    annotations[heketiIdAnnotation] !== undefined
  ) {
    return { kind: 'in-tree' };
  }
  if (named !== '' && named !== provisioner) {
    return { kind: 'provisioner', name: named };
  }
  return heketiName.test(volume) ? { kind: 'heketi' } : { kind: 'hand' };
}
