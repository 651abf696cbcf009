import { afterEach, describe, expect, it } from 'vitest';

import { claim, claimRef, eventsAbout, startControlPlane, storageClass, volume, volumeRef } from './control-plane.ts';
import type { ControlPlane } from './control-plane.ts';

let plane: ControlPlane;
afterEach(() => {
  plane.stop();
});

async function boundPair(options: Parameters<typeof startControlPlane>[0] = {}, spec: object = {}): Promise<void> {
  plane = startControlPlane(options);
  plane.api.create(storageClass());
  const made = plane.api.create(claim());
  plane.api.create(volume('pv', made, spec));
  await plane.settle();
}

describe('a claim of an external class', () => {
  it.each([
    ['v1.32.0', ['volume.beta.kubernetes.io/storage-provisioner', 'volume.kubernetes.io/storage-provisioner']],
    ['v1.25.16', ['volume.beta.kubernetes.io/storage-provisioner', 'volume.kubernetes.io/storage-provisioner']],
    ['v1.20.15', ['volume.beta.kubernetes.io/storage-provisioner']],
  ])('stays Pending, and on %s names its provisioner in %j', async (serverVersion, names) => {
    plane = startControlPlane({ serverVersion });
    plane.api.create(storageClass());
    plane.api.create(claim());
    await plane.settle();
    const found = plane.api.get(claimRef('data'));
    expect(found['status']).toEqual({ phase: 'Pending' });
    expect(Object.keys(found.metadata.annotations ?? {}).toSorted()).toEqual(names);
    expect(Object.values(found.metadata.annotations ?? {})).toEqual(names.map(() => 'brickyard.dev/gluster'));
    expect(eventsAbout(plane.api, 'data')).toEqual([
      expect.stringMatching(/^ExternalProvisioning: .*brickyard\.dev\/gluster/),
    ]);
  });

  it('waits for its class to exist, and says so', async () => {
    plane = startControlPlane();
    plane.api.create(claim());
    await plane.settle();
    expect(eventsAbout(plane.api, 'data')).toEqual([
      'ProvisioningFailed: storageclass.storage.k8s.io "gold" not found',
    ]);
    plane.api.create(storageClass());
    await plane.settle();
    expect(plane.api.get(claimRef('data')).metadata.annotations).toHaveProperty([
      'volume.kubernetes.io/storage-provisioner',
    ]);
  });

  it('of an in-tree name gets no annotation and the recorded complaint', async () => {
    plane = startControlPlane();
    plane.api.create(storageClass('gold', { provisioner: 'kubernetes.io/glusterfs' }));
    plane.api.create(claim());
    await plane.settle();
    expect(plane.api.get(claimRef('data')).metadata.annotations).toBeUndefined();
    expect(eventsAbout(plane.api, 'data')).toEqual([
      'ProvisioningFailed: no volume plugin matched name: kubernetes.io/glusterfs',
    ]);
  });

  it('with WaitForFirstConsumer is left alone until a node is selected', async () => {
    plane = startControlPlane();
    plane.api.create(storageClass('gold', { volumeBindingMode: 'WaitForFirstConsumer' }));
    plane.api.create(claim());
    await plane.settle();
    expect(plane.api.get(claimRef('data')).metadata.annotations).toBeUndefined();
    expect(eventsAbout(plane.api, 'data')).toEqual([
      'WaitForFirstConsumer: waiting for first consumer to be created before binding',
    ]);
    plane.api.patch(claimRef('data'), { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'n1' } } });
    await plane.settle();
    expect(plane.api.get(claimRef('data')).metadata.annotations).toHaveProperty([
      'volume.kubernetes.io/storage-provisioner',
    ]);
  });

  it('without a class gets the default class, also when that comes later', async () => {
    plane = startControlPlane();
    plane.api.create(claim('data', { storageClassName: null }));
    await plane.settle();
    expect(eventsAbout(plane.api, 'data')).toEqual([
      'FailedBinding: no persistent volumes available for this claim and no storage class is set',
    ]);
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    plane.api.create(storageClass('gold', { metadata: { name: 'gold', annotations } }));
    plane.api.create(claim('later', { storageClassName: null }));
    await plane.settle();
    expect(plane.api.get(claimRef('data'))['spec']).toMatchObject({ storageClassName: 'gold' });
    expect(plane.api.get(claimRef('later'))['spec']).toMatchObject({ storageClassName: 'gold' });
  });
});

describe('binding', () => {
  it('joins a claim and the volume made for it, on both sides', async () => {
    await boundPair();
    expect(plane.api.get(claimRef('data'))).toMatchObject({
      metadata: {
        annotations: { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' },
        finalizers: ['kubernetes.io/pvc-protection'],
      },
      spec: { volumeName: 'pv' },
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany'] },
    });
    const pv = plane.api.get(volumeRef('pv'));
    expect(pv).toMatchObject({ metadata: { finalizers: ['kubernetes.io/pv-protection'] }, status: { phase: 'Bound' } });
    expect(pv.metadata.annotations).not.toHaveProperty(['pv.kubernetes.io/bound-by-controller']);
  });

  it('takes the volume’s size into the claim’s status, not the size asked for', async () => {
    await boundPair({}, { capacity: { storage: '3Gi' } });
    expect(plane.api.get(claimRef('data'))['status']).toMatchObject({ capacity: { storage: '3Gi' } });
  });

  it('gives a claim the smallest free volume that fits, and marks it as chosen by the controller', async () => {
    plane = startControlPlane();
    plane.api.create(storageClass());
    for (const [name, storage] of [
      ['small', '512Mi'],
      ['big', '5Gi'],
      ['right', '2Gi'],
    ] as const) {
      plane.api.create(volume(name, undefined, { capacity: { storage } }));
    }
    await plane.settle();
    expect(plane.api.get(volumeRef('big'))['status']).toMatchObject({ phase: 'Available' });
    plane.api.create(claim());
    await plane.settle();
    expect(plane.api.get(claimRef('data'))['spec']).toMatchObject({ volumeName: 'right' });
    expect(plane.api.get(volumeRef('right'))).toMatchObject({
      metadata: { annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } },
      spec: { claimRef: { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'data' } },
    });
  });

  it.each([
    ['another class', { storageClassName: 'silver' }],
    ['fewer access modes', { accessModes: ['ReadWriteOnce'] }],
    ['another volume mode', { volumeMode: 'Block' }],
  ])('does not take a free volume with %s', async (_why, spec) => {
    plane = startControlPlane();
    plane.api.create(storageClass());
    plane.api.create(volume('pv', undefined, spec));
    plane.api.create(claim());
    await plane.settle();
    expect(plane.api.get(claimRef('data'))['spec']).not.toHaveProperty('volumeName');
  });

  it('obeys the selector of a claim', async () => {
    plane = startControlPlane();
    plane.api.create(volume('plain', undefined));
    plane.api.create(volume('fast', undefined, {}, { labels: { tier: 'fast' } }));
    await plane.settle();
    plane.api.create(
      claim('data', { selector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['fast'] }] } }),
    );
    await plane.settle();
    expect(plane.api.get(claimRef('data'))['spec']).toMatchObject({ volumeName: 'fast' });
  });

  it('binds a claim that names its volume, and says why when it cannot', async () => {
    plane = startControlPlane();
    plane.api.create(volume('pv', undefined));
    plane.api.create(claim('big', { volumeName: 'pv', resources: { requests: { storage: '9Gi' } } }));
    plane.api.create(claim('good', { volumeName: 'pv' }));
    await plane.settle();
    expect(plane.api.get(claimRef('good'))['status']).toMatchObject({ phase: 'Bound' });
    expect(plane.api.get(claimRef('good')).metadata.annotations).not.toHaveProperty([
      'pv.kubernetes.io/bound-by-controller',
    ]);
    expect(eventsAbout(plane.api, 'big')[0]).toBe(
      'VolumeMismatch: Cannot bind to requested volume "pv": requested PV is too small',
    );
  });

  it('never binds a volume whose claimRef has another uid; it is Released', async () => {
    plane = startControlPlane();
    plane.api.create(storageClass());
    const made = plane.api.create(claim());
    const stranger = { claimRef: { namespace: 'default', name: 'data', uid: '00000000-0000-4000-8000-000000000000' } };
    plane.api.create(volume('pv', made, stranger));
    await plane.settle();
    expect(plane.api.get(volumeRef('pv'))['status']).toMatchObject({ phase: 'Released' });
    expect(plane.api.get(claimRef('data'))['status']).toEqual({ phase: 'Pending' });
  });

  it('calls a claim Lost when its volume vanishes, and Bound again when it is back', async () => {
    await boundPair();
    const reference = plane.api.get(claimRef('data'));
    plane.api.delete(volumeRef('pv'));
    plane.api.patch(volumeRef('pv'), { metadata: { finalizers: null } });
    await plane.settle();
    expect(plane.api.get(claimRef('data'))['status']).toEqual({ phase: 'Lost' });
    expect(eventsAbout(plane.api, 'data')).toContain(
      'ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    );
    plane.api.create(volume('pv', reference));
    await plane.settle();
    expect(plane.api.get(claimRef('data'))['status']).toMatchObject({ phase: 'Bound' });
  });
});

describe('after the claim is deleted', () => {
  it('an external volume is Released, and left to its provisioner', async () => {
    await boundPair();
    plane.api.delete(claimRef('data'));
    await plane.settle();
    expect(plane.api.find(claimRef('data'))).toBeUndefined();
    expect(plane.api.get(volumeRef('pv'))['status']).toMatchObject({ phase: 'Released' });
    plane.api.delete(volumeRef('pv'));
    await plane.settle();
    expect(plane.api.find(volumeRef('pv'))).toBeUndefined();
  });

  it('Released can come as late as in real life', async () => {
    await boundPair({ binder: { releaseDelay: 9300 } });
    plane.api.delete(claimRef('data'));
    await plane.settle();
    expect(plane.api.get(volumeRef('pv'))['status']).toMatchObject({ phase: 'Bound' });
    await plane.clock.advance(9300);
    await plane.settle();
    expect(plane.api.get(volumeRef('pv'))['status']).toMatchObject({ phase: 'Released' });
  });

  it.each([
    ['kubernetes.io/glusterfs', 'no volume plugin matched name: kubernetes.io/glusterfs'],
    [undefined, 'error getting deleter volume plugin for volume "pv": no volume plugin matched'],
  ])('a volume provisioned by %s is Failed', async (provisioner, why) => {
    plane = startControlPlane();
    plane.api.create(storageClass());
    const made = plane.api.create(claim());
    const annotations = provisioner === undefined ? null : { 'pv.kubernetes.io/provisioned-by': provisioner };
    plane.api.create(volume('pv', made, {}, { annotations }));
    await plane.settle();
    plane.api.delete(claimRef('data'));
    await plane.settle();
    expect(plane.api.get(volumeRef('pv'))['status']).toMatchObject({ phase: 'Failed', message: why });
    expect(eventsAbout(plane.api, 'pv')).toEqual([`VolumeFailedDelete: ${why}`]);
  });

  it('a volume with policy Retain stays Released', async () => {
    await boundPair({}, { persistentVolumeReclaimPolicy: 'Retain' });
    plane.api.delete(claimRef('data'));
    await plane.settle();
    await plane.clock.advance(60_000);
    expect(plane.api.get(volumeRef('pv'))['status']).toMatchObject({ phase: 'Released' });
    expect(eventsAbout(plane.api, 'pv')).toEqual([]);
  });

  it('a new claim of the same name does not get the old one’s volume', async () => {
    await boundPair();
    plane.api.delete(claimRef('data'));
    await plane.settle();
    plane.api.create(claim());
    await plane.settle();
    expect(plane.api.get(claimRef('data'))['status']).toEqual({ phase: 'Pending' });
    expect(plane.api.get(volumeRef('pv'))['status']).toMatchObject({ phase: 'Released' });
  });
});

describe('protection', () => {
  const pod = (spec: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'user', namespace: 'default' },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
      ...spec,
    },
  });

  it('keeps a claim while a pod on a node uses it', async () => {
    await boundPair();
    plane.api.create(pod({ nodeName: 'n1' }));
    expect(plane.api.delete(claimRef('data'))).toBe(false);
    await plane.settle();
    expect(plane.api.get(claimRef('data')).metadata.deletionTimestamp).toBeDefined();
    plane.api.delete({ apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'user' });
    await plane.settle();
    expect(plane.api.find(claimRef('data'))).toBeUndefined();
  });

  it('does not wait for a pod that no node has', async () => {
    await boundPair();
    plane.api.create(pod({}));
    plane.api.delete(claimRef('data'));
    await plane.settle();
    expect(plane.api.find(claimRef('data'))).toBeUndefined();
  });

  it('keeps a bound volume until its claim is gone', async () => {
    await boundPair();
    plane.api.delete(volumeRef('pv'));
    await plane.settle();
    expect(plane.api.get(volumeRef('pv')).metadata.deletionTimestamp).toBeDefined();
    plane.api.delete(claimRef('data'));
    await plane.settle();
    expect(plane.api.find(volumeRef('pv'))).toBeUndefined();
  });

  it.each([
    ['v1.36.0', true],
    ['v1.25.16', false],
  ])('on %s puts the pv-controller finalizer on in-tree volumes: %s', async (serverVersion, held) => {
    plane = startControlPlane({ serverVersion });
    plane.api.create(
      volume('pv', undefined, {}, { annotations: { 'pv.kubernetes.io/provisioned-by': 'kubernetes.io/glusterfs' } }),
    );
    await plane.settle();
    expect(plane.api.get(volumeRef('pv')).metadata.finalizers?.includes('kubernetes.io/pv-controller')).toBe(held);
    plane.api.delete(volumeRef('pv'));
    await plane.settle();
    expect(plane.api.find(volumeRef('pv')) !== undefined).toBe(held);
  });
});

describe('growing a bound claim', () => {
  const grow = (storage: string): void => {
    plane.api.patch(claimRef('data'), { spec: { resources: { requests: { storage } } } });
  };

  it('is left to an external controller from 1.26 on, and the status is not touched', async () => {
    await boundPair();
    grow('2Gi');
    await plane.settle();
    expect(eventsAbout(plane.api, 'data')).toContain(
      'ExternalExpanding: waiting for an external controller to expand this PVC',
    );
    expect(plane.api.get(claimRef('data'))['status']).toMatchObject({ capacity: { storage: '1Gi' } });
  });

  it('is grabbed by the in-tree expander on 1.25, which fails again and again until somebody else has done it', async () => {
    await boundPair({ serverVersion: 'v1.25.16' });
    grow('2Gi');
    await plane.settle();
    const failures = (): number =>
      eventsAbout(plane.api, 'data').filter((one) => one.startsWith('VolumeResizeFailed')).length;
    expect(plane.api.get(claimRef('data'))).toMatchObject({
      metadata: { annotations: { 'volume.kubernetes.io/storage-resizer': 'kubernetes.io/glusterfs' } },
      status: { conditions: [{ type: 'Resizing', status: 'True' }] },
    });
    expect(failures()).toBe(1);
    await plane.clock.advance(60_000);
    await plane.settle();
    expect(failures()).toBe(3);
    plane.api.patch(claimRef('data'), { status: { capacity: { storage: '2Gi' }, conditions: null } }, 'status');
    await plane.clock.advance(120_000);
    await plane.settle();
    expect(failures()).toBe(3);
    expect(plane.api.get(claimRef('data'))['status']).toEqual({
      phase: 'Bound',
      accessModes: ['ReadWriteMany'],
      capacity: { storage: '2Gi' },
    });
  });
});

describe('the in-tree expander of 1.25', () => {
  it('writes the size as soon as it finds the PersistentVolume large enough, and leaves what it does not know', async () => {
    await boundPair({ serverVersion: 'v1.25.16' });
    const other = { type: 'ControllerResizeError', status: 'True', message: 'no room' };
    plane.api.patch(claimRef('data'), { status: { conditions: [other] } }, 'status');
    plane.api.patch(claimRef('data'), { spec: { resources: { requests: { storage: '2Gi' } } } });
    await plane.settle();
    plane.api.patch(volumeRef('pv'), { spec: { capacity: { storage: '3Gi' } } });
    await plane.clock.advance(60_000);
    await plane.settle();
    expect(plane.api.get(claimRef('data'))['status']).toMatchObject({
      capacity: { storage: '2Gi' },
      conditions: [other],
    });
    expect(eventsAbout(plane.api, 'data')).toContain(
      'VolumeResizeSuccessful: ExpandVolume succeeded for volume default/data',
    );
  });
});

describe('namespaces, Services and definitions', () => {
  it('a deleted namespace takes its contents with it, and waits for their finalizers', async () => {
    plane = startControlPlane();
    plane.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
    plane.api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'team' } });
    const held = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team', name: 'held' };
    plane.api.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', namespace: 'team', finalizers: ['example.dev/x'] },
    });
    plane.api.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'team' });
    expect(() =>
      plane.api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b', namespace: 'team' } }),
    ).toThrow(/because it is being terminated/);
    await plane.settle();
    expect(
      plane.api.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'team' }).map((one) => one.metadata.name),
    ).toEqual(['held']);
    plane.api.patch(held, { metadata: { finalizers: null } });
    await plane.clock.advance(1000);
    await plane.settle();
    expect(plane.api.find({ apiVersion: 'v1', kind: 'Namespace', name: 'team' })).toBeUndefined();
  });

  it('a new namespace gets a default ServiceAccount', async () => {
    plane = startControlPlane();
    await plane.settle();
    expect(
      plane.api.find({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'kube-system', name: 'default' }),
    ).toBeDefined();
  });

  it('Endpoints go with the Service of their name, and not before', async () => {
    plane = startControlPlane();
    const metadata = { name: 'pool', namespace: 'default' };
    plane.api.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { clusterIP: 'None', ports: [{ port: 1 }] },
    });
    plane.api.create({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata,
      subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 1 }] }],
    });
    await plane.settle();
    const endpoints = { apiVersion: 'v1', kind: 'Endpoints', namespace: 'default', name: 'pool' };
    expect(plane.api.find(endpoints)).toBeDefined();
    plane.api.delete({ apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'pool' });
    await plane.settle();
    expect(plane.api.find(endpoints)).toBeUndefined();
  });
});
