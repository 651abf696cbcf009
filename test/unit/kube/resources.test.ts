import { describe, expect, test } from 'vitest';
import { ZodError } from 'zod';
import { keyOf, nameFromKey, type ObjectName } from '../../../src/kube/resource.ts';
import {
  endpoints,
  events,
  leases,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  services,
  storageClasses,
} from '../../../src/kube/resources.ts';

const metadata = { name: 'x', uid: 'u', resourceVersion: '1' };

describe('what is kept of an object', () => {
  test('managedFields and the copy that kubectl keeps are dropped', () => {
    const claim = persistentVolumeClaims.parse({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        ...metadata,
        namespace: 'default',
        managedFields: [{ manager: 'kubectl' }],
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', other: 'kept' },
      },
      spec: { storageClassName: '', unknownToUs: true },
    });

    expect(JSON.stringify(claim)).not.toContain('kubectl');
    expect(claim.metadata.annotations).toEqual({ other: 'kept' });
    expect(claim).not.toHaveProperty('spec.unknownToUs');
    expect(claim).not.toHaveProperty('kind');
  });

  test('what a Go client writes as null counts as absent', () => {
    const claim = persistentVolumeClaims.parse({
      metadata: { ...metadata, namespace: null, annotations: null, finalizers: null, deletionTimestamp: null },
      spec: { accessModes: null, resources: null, selector: null, volumeName: null, storageClassName: null },
      status: null,
    });

    expect(claim).toMatchObject({
      metadata: { namespace: '', annotations: {}, finalizers: [] },
      spec: { accessModes: [], resources: { requests: {} }, volumeName: '' },
      status: { capacity: {}, conditions: [] },
    });
    expect(claim.metadata.deletionTimestamp).toBeUndefined();
    expect(claim.spec.storageClassName).toBeUndefined();
  });

  test('an empty class name differs from none', () => {
    const none = persistentVolumeClaims.parse({ metadata, spec: {} });
    const empty = persistentVolumeClaims.parse({ metadata, spec: { storageClassName: '' } });

    expect([none.spec.storageClassName, empty.spec.storageClassName]).toEqual([undefined, '']);
  });

  test('a class gets the defaults that the API server would give it', () => {
    expect(storageClasses.parse({ metadata, provisioner: 'p' })).toMatchObject({
      parameters: {},
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
      allowVolumeExpansion: false,
    });
  });

  test('a volume keeps whom it is for and how to mount it', () => {
    const volume = persistentVolumes.parse({
      metadata,
      spec: {
        capacity: { storage: '1Gi' },
        claimRef: { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'c', uid: 'cu' },
        glusterfs: { endpoints: 'e', endpointsNamespace: 'brickyard', path: 'vol_1' },
        csi: { driver: 'd', volumeHandle: 'h', volumeAttributes: { a: 'b' }, fsType: 'xfs' },
      },
      status: { phase: 'Bound' },
    });

    expect(volume.spec.claimRef).toEqual({ namespace: 'default', name: 'c', uid: 'cu' });
    expect(volume.spec.glusterfs).toEqual({ endpoints: 'e', endpointsNamespace: 'brickyard', path: 'vol_1' });
    expect(volume.spec.csi).toEqual({ driver: 'd', volumeHandle: 'h', volumeAttributes: { a: 'b' } });
    expect(volume.status.phase).toBe('Bound');
  });

  test.each([
    [endpoints, { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 1 }] }] }],
    [services, { spec: { clusterIP: 'None', ports: [{ port: 1 }] } }],
    [nodes, { status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] } }],
    [namespaces, { status: { phase: 'Active' } }],
    [leases, { spec: { holderIdentity: 'me', leaseTransitions: 3, renewTime: '2026-01-01T00:00:00.000000Z' } }],
    [events, { involvedObject: { kind: 'Pod' }, reason: 'R', count: 2 }],
  ])('%# reads and keeps what it needs', (resource, fields) => {
    expect(resource.parse({ metadata, ...fields })).toMatchObject(fields);
  });

  test('a Lease that nobody has held is free', () => {
    expect(leases.parse({ metadata }).spec).toEqual({ holderIdentity: '', leaseTransitions: 0 });
  });

  test.each([
    ['no metadata', { spec: {} }],
    ['no name', { metadata: { uid: 'u', resourceVersion: '1' }, spec: {} }],
    ['no uid', { metadata: { name: 'x', resourceVersion: '1' }, spec: {} }],
    ['no spec', { metadata }],
    ['a spec of another kind', { metadata, spec: { accessModes: 'ReadWriteMany' } }],
    ['nothing', undefined],
  ])('an object with %s is refused', (_name, raw) => {
    expect(() => persistentVolumeClaims.parse(raw)).toThrow(ZodError);
  });
});

describe('keys', () => {
  test.each<[ObjectName, string]>([
    [{ namespace: 'ns', name: 'n' }, 'ns/n'],
    [{ namespace: '', name: 'n' }, 'n'],
    [{ name: 'n' }, 'n'],
  ])('%o is %s, and back', (name, key) => {
    expect(keyOf(name)).toBe(key);
    expect(nameFromKey(key)).toEqual({ namespace: name.namespace ?? '', name: 'n' });
  });
});
