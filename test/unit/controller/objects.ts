/** Objects as the API server gives them, with what a test changes. */
import {
  persistentVolumeClaims,
  storageClasses,
  type PersistentVolumeClaim,
  type StorageClass,
} from '../../../src/kube/resources.ts';
import { volumeRecord, type VolumeRecord } from '../../../src/domain/volume.ts';

export const provisioner = 'brickyard.dev/glusterfs';
export const claimUid = '6f1b0e5c-7d2a-4c56-9f53-0c3f3f1f7a01';

interface ClaimChanges {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** A claim that is ours and ready to be served. A field that is set to `undefined` is absent. */
export function claim({
  metadata = {},
  annotations,
  spec = {},
  status = {},
}: ClaimChanges = {}): PersistentVolumeClaim {
  return persistentVolumeClaims.parse({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: 'data',
      namespace: 'team-a',
      uid: claimUid,
      resourceVersion: '41',
      annotations: annotations ?? { 'volume.kubernetes.io/storage-provisioner': provisioner },
      finalizers: ['kubernetes.io/pvc-protection'],
      ...metadata,
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: '5Gi' } },
      storageClassName: 'gluster',
      volumeMode: 'Filesystem',
      ...spec,
    },
    status: { phase: 'Pending', ...status },
  });
}

/** A claim that is bound to a volume of ours with 5Gi, and asks for `wanted`. */
export function boundClaim(
  wanted: string,
  { spec = {}, status = {}, ...changes }: ClaimChanges = {},
): PersistentVolumeClaim {
  return claim({
    ...changes,
    spec: { volumeName: `pvc-${claimUid}`, resources: { requests: { storage: wanted } }, ...spec },
    status: { phase: 'Bound', capacity: { storage: '5Gi' }, ...status },
  });
}

export function storageClass(changes: Readonly<Record<string, unknown>> = {}): StorageClass {
  return storageClasses.parse({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'gluster', uid: 'class-1', resourceVersion: '7' },
    provisioner,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
    ...changes,
  });
}

/** The record of a replicate 3 volume for `claim()`. */
export function record(changes: Readonly<Record<string, unknown>> = {}): VolumeRecord {
  return volumeRecord.parse({
    id: claimUid,
    name: `vol_${claimUid}`,
    cluster: 'default',
    phase: 'creating',
    size: 5 * 1024 ** 3,
    durability: { kind: 'replicate', count: 3 },
    options: [],
    gid: 2000,
    snapshotFactor: 1,
    owner: { uid: claimUid, namespace: 'team-a', name: 'data', className: 'gluster' },
    brickSets: [
      ['a', 'b', 'c'].map((node, position) => ({
        id: `${claimUid}-0-${position}-0`,
        node,
        device: '/dev/vdb',
        size: 5 * 1024 ** 3,
        footprint: 5 * 1024 ** 3,
      })),
    ],
    createdAt: '2026-01-01T00:00:00.000Z',
    ...changes,
  });
}
