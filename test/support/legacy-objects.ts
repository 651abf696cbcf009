/** Objects of yesterday, as the in-tree provisioner of Kubernetes 1.20 and administrators wrote them. */

export interface LegacyChanges {
  /** Of the claim; the in-tree provisioner named its objects by it, as Brickyard does. */
  readonly uid?: string;
  readonly name?: string;
  readonly phase?: string;
  readonly policy?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

export const legacyUid = '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
export const heketiVolumeId = '5f6d1f2e0c1a4a539b0e1f2a3b4c5d6e';
export const heketiVolume = `vol_${heketiVolumeId}`;

const inTreeAnnotations: Readonly<Record<string, string>> = {
  Description: 'Gluster-Internal: Dynamically provisioned PV',
  'gluster.kubernetes.io/heketi-volume-id': heketiVolumeId,
  'gluster.org/type': 'file',
  'kubernetes.io/createdby': 'heketi-dynamic-provisioner',
  'pv.beta.kubernetes.io/gid': '2001',
  'pv.kubernetes.io/bound-by-controller': 'yes',
  'pv.kubernetes.io/provisioned-by': 'kubernetes.io/glusterfs',
};

/** A PersistentVolume of `kubernetes.io/glusterfs`, bound to the claim team-a/data. */
export function inTreeVolume(changes: LegacyChanges = {}) {
  const { uid = legacyUid, phase = 'Bound', policy = 'Delete', annotations = inTreeAnnotations, spec = {} } = changes;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: changes.name ?? `pvc-${uid}`,
      uid: 'pv-of-yesterday',
      resourceVersion: '5',
      annotations: { ...annotations },
      finalizers: ['kubernetes.io/pv-protection'],
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      capacity: { storage: '5Gi' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'team-a', name: 'data', uid },
      glusterfs: {
        endpoints: `glusterfs-dynamic-${uid}`,
        endpointsNamespace: 'team-a',
        path: heketiVolume,
      },
      persistentVolumeReclaimPolicy: policy,
      storageClassName: 'gluster',
      volumeMode: 'Filesystem',
      ...spec,
    },
    status: { phase },
  };
}

/** The Endpoints that go with it, in the claim's namespace. */
export function inTreeEndpoints(ips: readonly string[], uid = legacyUid) {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: `glusterfs-dynamic-${uid}`,
      namespace: 'team-a',
      labels: { 'gluster.kubernetes.io/provisioned-for-pvc': 'data' },
    },
    subsets: [{ addresses: ips.map((ip) => ({ ip })), ports: [{ port: 1, protocol: 'TCP' }] }],
  };
}
