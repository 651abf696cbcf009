/** What the API refuses, in the code, reason and words of the real one. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ApiError } from '../../../src/sandbox/api/errors.ts';
import { create } from '../../../src/sandbox/api/verbs/create.ts';
import { claim, claimRef, startControlPlane, storageClass, volume, volumeRef } from './control-plane.ts';
import type { Manifest } from '../../../src/sandbox/api/client.ts';
import type { JsonObject } from '../../../src/sandbox/api/json.ts';
import type { ControlPlane } from './control-plane.ts';

let plane: ControlPlane;
beforeEach(() => {
  plane = startControlPlane();
});
afterEach(() => {
  plane.stop();
});

function refusal(act: () => unknown): ApiError {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiError) {
      return error;
    }
    throw error;
  }
  throw new Error('expected a refusal');
}

/** Creates over the whole pipeline and returns the warnings. */
function createWarned(manifest: Manifest, fieldValidation: 'Ignore' | 'Warn' | 'Strict' = 'Warn'): readonly string[] {
  const { core } = plane;
  const kind = core.kinds.byType(manifest.apiVersion, manifest.kind);
  if (kind === undefined) {
    throw new Error(`no kind ${manifest.kind}`);
  }
  const warnings: string[] = [];
  const namespace = kind.namespaced ? 'default' : undefined;
  create(core, kind, namespace, manifest, {
    manager: 't',
    dryRun: false,
    fieldValidation,
    warn: (text) => warnings.push(text),
  });
  return warnings;
}

describe('a claim is invalid', () => {
  it.each([
    [
      'without access modes',
      { accessModes: [] },
      'spec.accessModes: Required value: at least 1 access mode is required',
    ],
    [
      'with an unknown access mode',
      { accessModes: ['ReadSometimes'] },
      'spec.accessModes: Unsupported value: "ReadSometimes": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    ],
    [
      'with RWOP and another mode',
      { accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] },
      'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
    ],
    ['without a size', { resources: {} }, 'spec.resources[storage]: Required value'],
    [
      'of no size',
      { resources: { requests: { storage: '0' } } },
      'spec.resources[storage]: Invalid value: "0": must be greater than zero',
    ],
    [
      'of negative size',
      { resources: { requests: { storage: '-1Gi' } } },
      'spec.resources[storage]: Invalid value: "-1Gi": must be greater than zero',
    ],
    [
      'with an unknown volume mode',
      { volumeMode: 'Tape' },
      'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
    ],
  ])('%s', (_what, spec, message) => {
    const error = refusal(() => plane.api.create(claim('data', spec)));
    expect(error.status()).toMatchObject({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      reason: 'Invalid',
      code: 422,
      message: `PersistentVolumeClaim "data" is invalid: ${message}`,
      details: { name: 'data', kind: 'PersistentVolumeClaim', causes: [{ field: message.split(': ')[0] }] },
    });
  });

  it('in several ways at once, each a cause', () => {
    const error = refusal(() => plane.api.create(claim('data', { accessModes: [], resources: {} })));
    expect(error.message).toBe(
      'PersistentVolumeClaim "data" is invalid: [spec.accessModes: Required value: at least 1 access mode is required, spec.resources[storage]: Required value]',
    );
    expect(error.details?.['causes']).toHaveLength(2);
  });
});

describe('a claim that exists', () => {
  beforeEach(async () => {
    plane.api.create(storageClass());
    const made = plane.api.create(claim());
    plane.api.create(volume('pv', made));
    await plane.settle();
  });
  const change = (spec: JsonObject) => () => plane.api.patch(claimRef('data'), { spec });
  const size = (storage: string): JsonObject => ({ resources: { requests: { storage } } });

  it('keeps its spec', () => {
    expect(refusal(change({ accessModes: ['ReadWriteOnce'] })).message).toMatch(
      /spec: Forbidden: spec is immutable after creation/,
    );
    expect(refusal(change({ volumeName: 'other' })).message).toMatch(/spec is immutable/);
  });

  it('can be grown, and taken back to above its real size only', () => {
    change(size('5Gi'))();
    change(size('2Gi'))();
    expect(refusal(change(size('1Gi'))).message).toMatch(
      /requests\.storage: Forbidden: field can not be less than status\.capacity/,
    );
  });

  it('cannot be grown when its class does not allow it', () => {
    plane.api.patch(
      { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name: 'gold' },
      { allowVolumeExpansion: false },
    );
    expect(refusal(change(size('2Gi')))).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message:
        'persistentvolumeclaims "data" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    });
  });

  it('cannot be grown before it is bound', () => {
    plane.api.create(claim('other', { storageClassName: 'absent' }));
    expect(refusal(() => plane.api.patch(claimRef('other'), { spec: size('2Gi') })).message).toMatch(
      /Only bound persistent volume claims can be expanded/,
    );
  });

  it('cannot be shrunk at all before 1.32', async () => {
    plane.stop();
    plane = startControlPlane({ serverVersion: 'v1.25.0' });
    plane.api.create(storageClass());
    const made = plane.api.create(claim());
    plane.api.create(volume('pv', made));
    await plane.settle();
    change(size('5Gi'))();
    expect(refusal(change(size('3Gi'))).message).toMatch(/field can not be less than previous value/);
  });

  it('has its status written through the subresource only', () => {
    const main = plane.api.patch(claimRef('data'), { status: { phase: 'Lost' }, metadata: { labels: { a: 'b' } } });
    expect(main).toMatchObject({ metadata: { labels: { a: 'b' } }, status: { phase: 'Bound' } });
    const status = plane.api.patch(
      claimRef('data'),
      { status: { capacity: { storage: '2048Mi' } }, spec: size('9Gi') },
      'status',
    );
    expect(status).toMatchObject({ spec: size('1Gi'), status: { capacity: { storage: '2Gi' } } });
  });

  it('takes the words of growth into its status, and no others', () => {
    const growth = (word: string) => ({
      allocatedResources: { storage: '2Gi' },
      allocatedResourceStatuses: { storage: word },
    });
    const write = (word: string) => plane.api.patch(claimRef('data'), { status: growth(word) }, 'status');
    expect(write('ControllerResizeInfeasible')['status']).toMatchObject(growth('ControllerResizeInfeasible'));
    expect(refusal(() => write('ControllerResizeFailed'))).toMatchObject({ code: 422, reason: 'Invalid' });
    const negative = { status: { allocatedResources: { storage: '-1Gi' } } };
    expect(refusal(() => plane.api.patch(claimRef('data'), negative, 'status')).message).toMatch(
      /status\.allocatedResources\[storage\].*must be greater than or equal to 0/,
    );
  });

  it.each(['v1.20.15', 'v1.25.16', 'v1.31.0'])(
    'of %s loses the words of growth, the conditions not',
    (serverVersion) => {
      plane.stop();
      plane = startControlPlane({ serverVersion });
      plane.api.create(storageClass());
      plane.api.create(claim());
      const conditions = [{ type: 'ControllerResizeError', status: 'True' }];
      const allocated = {
        allocatedResources: { storage: '2Gi' },
        allocatedResourceStatuses: { storage: 'ControllerResizeInProgress' },
      };
      const written = plane.api.patch(claimRef('data'), { status: { conditions, ...allocated } }, 'status');
      expect(written['status']).toEqual({ phase: 'Pending', conditions });
    },
  );
});

describe('a volume is invalid', () => {
  const gluster = (more: object): JsonObject => ({ glusterfs: { endpoints: 'e', path: 'p', ...more } });
  it.each<[string, object, string]>([
    ['without a source', { glusterfs: null }, 'spec: Required value: must specify a volume type'],
    [
      'with two sources',
      { hostPath: { path: '/x' } },
      'spec.hostPath: Forbidden: may not specify more than 1 volume type',
    ],
    ['without capacity', { capacity: {} }, 'spec.capacity: Required value'],
    ['without access modes', { accessModes: [] }, 'spec.accessModes: Required value'],
    ['without endpoints', gluster({ endpoints: '' }), 'spec.glusterfs.endpoints: Required value'],
    ['without a path', gluster({ path: '' }), 'spec.glusterfs.path: Required value'],
    [
      'with .. in its path',
      gluster({ path: 'a/../b' }),
      'spec.glusterfs.path: Invalid value: "a/../b": must not contain \'..\'',
    ],
    [
      'with a bad endpoints namespace',
      gluster({ endpointsNamespace: 'A B' }),
      'spec.glusterfs.endpointsNamespace: Invalid value: "A B": if the endpointnamespace is set, it must be a valid namespace name',
    ],
    ['of csi without a driver', { glusterfs: null, csi: { volumeHandle: 'h' } }, 'spec.csi.driver: Required value'],
    ['of csi without a handle', { glusterfs: null, csi: { driver: 'd' } }, 'spec.csi.volumeHandle: Required value'],
    [
      'with an unknown reclaim policy',
      { persistentVolumeReclaimPolicy: 'Burn' },
      'spec.persistentVolumeReclaimPolicy: Unsupported value: "Burn": supported values: "Delete", "Recycle", "Retain"',
    ],
  ])('%s', (_what, spec, message) => {
    const error = refusal(() => plane.api.create(volume('pv', undefined, spec)));
    expect(error.message).toContain(message);
    expect(error.code).toBe(422);
  });

  it('is refused a change of its source, but not of its size', () => {
    plane.api.create(volume('pv'));
    plane.api.patch(volumeRef('pv'), { spec: { capacity: { storage: '2Gi' } } });
    expect(refusal(() => plane.api.patch(volumeRef('pv'), { spec: { glusterfs: { path: 'other' } } })).message).toMatch(
      /spec\.persistentvolumesource: Forbidden: spec\.persistentvolumesource is immutable after creation/,
    );
  });
});

describe('names, labels and annotations', () => {
  const configMap = (metadata: object): Manifest => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', ...metadata },
  });
  it.each<[string, Manifest, RegExp]>([
    [
      'an upper-case name',
      configMap({ name: 'Big' }),
      /metadata\.name: Invalid value: "Big": a lowercase RFC 1123 subdomain/,
    ],
    ['a name of 254 characters', configMap({ name: 'x'.repeat(254) }), /must be no more than 253 characters/],
    ['no name', configMap({ name: '' }), /metadata\.name: Required value: name or generateName is required/],
    [
      'a Service name that begins with a digit',
      { apiVersion: 'v1', kind: 'Service', metadata: { name: '1a' }, spec: { ports: [{ port: 1 }] } },
      /a DNS-1035 label/,
    ],
    [
      'a label value of 64 characters',
      configMap({ labels: { a: 'x'.repeat(64) } }),
      /metadata\.labels: Invalid value: "x{64}": must be no more than 63 characters/,
    ],
    ['a label key with two slashes', configMap({ labels: { 'a/b/c': 'x' } }), /a qualified name must consist of/],
    [
      'annotations over 256 KiB',
      configMap({ annotations: { a: 'x'.repeat(262_144) } }),
      /metadata\.annotations: Too long: may not be more than 262144 bytes/,
    ],
    [
      'a bare finalizer',
      configMap({ finalizers: ['mine'] }),
      /name is neither a standard finalizer name nor is it fully qualified/,
    ],
    [
      'two controlling owners',
      configMap({
        ownerReferences: ['u1', 'u2'].map((uid) => ({
          apiVersion: 'v1',
          kind: 'Pod',
          name: 'p',
          uid,
          controller: true,
        })),
      }),
      /Only one reference can have Controller set to true/,
    ],
  ])('%s is refused', (_what, manifest, message) => {
    expect(refusal(() => plane.api.create(manifest))).toMatchObject({
      code: 422,
      message: expect.stringMatching(message) as string,
    });
  });

  it('generateName gets five letters that make no words', () => {
    const made = plane.api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'x-' } });
    expect(made.metadata.name).toMatch(/^x-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });
});

describe('StorageClasses, Endpoints, Services and Leases', () => {
  it.each(['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'])('a class keeps its %s', (field) => {
    plane.api.create(storageClass('gold', { parameters: { a: 'b' } }));
    const values: Record<string, JsonObject> = {
      provisioner: { provisioner: 'other' },
      parameters: { parameters: { a: 'c' } },
      reclaimPolicy: { reclaimPolicy: 'Retain' },
      volumeBindingMode: { volumeBindingMode: 'WaitForFirstConsumer' },
    };
    const reference = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name: 'gold' };
    expect(refusal(() => plane.api.patch(reference, values[field] ?? {}))).toMatchObject({
      code: 422,
      message: expect.stringContaining(`${field}: Forbidden`) as string,
    });
  });

  it('a class gets its defaults', () => {
    expect(plane.api.create(storageClass())).toMatchObject({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
  });

  it.each([
    ['host.example', /must be a valid IP address/],
    ['127.0.0.1', /may not be in the loopback range/],
    ['169.254.1.1', /may not be in the link-local range/],
    ['0.0.0.0', /may not be unspecified/],
    ['::1', /may not be in the loopback range/],
  ])('an Endpoints address %s is refused', (ip, message) => {
    const subsets = [{ addresses: [{ ip }], ports: [{ port: 1 }] }];
    const error = refusal(() =>
      plane.api.create({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'e' }, subsets }),
    );
    expect(error.message).toMatch(message);
    expect(error.message).toContain('subsets[0].addresses[0].ip');
  });

  it('a Service gets an address of its own, keeps it, and headless stays headless', () => {
    const service = (name: string, spec: object): Manifest => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { ports: [{ port: 80 }], ...spec },
    });
    const made = plane.api.create(service('a', {}));
    const address = (made['spec'] as { readonly clusterIP: string }).clusterIP;
    expect(address).toMatch(/^10\.(?:9[6-9]|10\d|11[01])\./);
    expect(plane.api.create(service('b', { clusterIP: 'None' }))['spec']).toMatchObject({
      clusterIP: 'None',
      clusterIPs: ['None'],
    });
    const replaced = plane.api.update({ ...made, spec: { ports: [{ port: 81 }] } });
    expect(replaced['spec']).toMatchObject({
      clusterIP: address,
      ports: [{ port: 81, protocol: 'TCP', targetPort: 81 }],
    });
    const moved = {
      ...made,
      metadata: replaced.metadata,
      spec: { ports: [{ port: 81 }], clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'] },
    };
    expect(refusal(() => plane.api.update(moved)).message).toMatch(/may not change once set/);
  });

  it.each(['2026-01-01T00:00:00.123Z', '2026-01-01T00:00:00Z', 'now'])(
    'a Lease renewed at %s is refused with 400',
    (renewTime) => {
      const lease = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'l' },
        spec: { renewTime },
      };
      const error = refusal(() => plane.api.create(lease));
      expect(error).toMatchObject({ code: 400, reason: 'BadRequest' });
      expect(error.message).toMatch(
        /^Lease in version "v1" cannot be handled as a Lease: parsing time .* cannot parse .* as "\.000000"$/,
      );
    },
  );

  it('a Lease with six digits is taken, and cannot be replaced blindly', () => {
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: { renewTime: '2026-01-01T00:00:00.123456Z' },
    };
    const made = plane.api.create(lease);
    expect(made['spec']).toEqual({ renewTime: '2026-01-01T00:00:00.123456Z' });
    const blind = { ...made, metadata: { name: 'l', namespace: 'default' } };
    expect(refusal(() => plane.api.update(blind)).message).toMatch(
      /metadata\.resourceVersion: Invalid value: 0: must be specified for an update/,
    );
  });
});

describe('fields', () => {
  it('that do not exist are dropped with a warning, or refused when strict', () => {
    const manifest = claim('data', { colour: 'red' });
    expect(createWarned(manifest)).toEqual(['unknown field "spec.colour"']);
    expect(plane.api.get(claimRef('data'))['spec']).not.toHaveProperty('colour');
    expect(refusal(() => createWarned(claim('two', { colour: 'red' }), 'Strict')).status()).toMatchObject({
      code: 400,
      message: 'strict decoding error: unknown field "spec.colour"',
    });
    expect(createWarned(claim('three', { colour: 'red' }), 'Ignore')).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    [
      'a number for a text',
      { storageClassName: 3 },
      /cannot unmarshal number into Go struct field PersistentVolumeClaim\.spec\.storageClassName of type string/,
    ],
    [
      'a text for a list',
      { accessModes: 'RWX' },
      /cannot unmarshal string into Go struct field PersistentVolumeClaim\.spec\.accessModes/,
    ],
    ['no quantity', { resources: { requests: { storage: '1 big' } } }, /quantities must match the regular expression/],
  ])('of the wrong type are refused with 400: %s', (_what, spec, message) => {
    expect(refusal(() => plane.api.create(claim('data', spec)))).toMatchObject({
      code: 400,
      message: expect.stringMatching(message) as string,
    });
  });

  it('are stored in canonical form', () => {
    expect(plane.api.create(claim('data', { resources: { requests: { storage: '1024Mi' } } }))['spec']).toMatchObject({
      resources: { requests: { storage: '1Gi' } },
      volumeMode: 'Filesystem',
    });
  });

  it.each([
    ['v1.25.0', []],
    ['v1.26.0', ['spec.glusterfs: deprecated in v1.25, non-functional in v1.26+']],
  ])('on %s a glusterfs volume is warned about: %j', (serverVersion, expected) => {
    plane.stop();
    plane = startControlPlane({ serverVersion });
    expect(createWarned(volume('pv'))).toEqual(expected);
  });

  it.each([
    ['v1.32.0', []],
    ['v1.33.0', ['v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice']],
  ])('on %s Endpoints are warned about: %j', (serverVersion, expected) => {
    plane.stop();
    plane = startControlPlane({ serverVersion });
    expect(createWarned({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'e' } })).toEqual(expected);
  });
});

describe('writing', () => {
  const reference = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'a' };
  const make = (metadata: object = {}) =>
    plane.api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', ...metadata }, data: { k: '1' } });

  it('the same name twice is refused', () => {
    make();
    expect(refusal(() => make()).status()).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "a" already exists',
      details: { name: 'a', kind: 'configmaps' },
    });
  });

  it('names its group in what is not found', () => {
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'default', name: 'x' };
    expect(refusal(() => plane.api.get(lease)).status()).toMatchObject({
      code: 404,
      reason: 'NotFound',
      message: 'leases.coordination.k8s.io "x" not found',
      details: { name: 'x', group: 'coordination.k8s.io', kind: 'leases' },
    });
  });

  it('into a namespace that does not exist is refused', () => {
    const error = refusal(() =>
      plane.api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'nowhere' } }),
    );
    expect(error).toMatchObject({ code: 404, message: 'namespaces "nowhere" not found' });
  });

  it('an old version is refused as a conflict', () => {
    const made = make();
    plane.api.update({ ...made, data: { k: '2' } });
    expect(refusal(() => plane.api.update({ ...made, data: { k: '3' } })).status()).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    });
  });

  it('with another uid is refused as a conflict', () => {
    const made = make();
    expect(refusal(() => plane.api.update({ ...made, metadata: { ...made.metadata, uid: 'x' } })).message).toMatch(
      /Precondition failed: UID in precondition: x, UID in object meta: /,
    );
  });

  it('nothing new makes no new version', () => {
    const made = make();
    expect(plane.api.update(made).metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    expect(plane.api.patch(reference, { data: { k: '1' } }).metadata.resourceVersion).toBe(
      made.metadata.resourceVersion,
    );
  });

  it('a patch with an old version is refused', () => {
    make();
    expect(
      refusal(() => plane.api.patch(reference, { metadata: { resourceVersion: '1' }, data: { k: '9' } })).code,
    ).toBe(409);
  });

  it('an object that is being deleted takes no new finalizer, and goes with its last one', () => {
    make({ finalizers: ['example.dev/a'] });
    expect(plane.api.delete(reference)).toBe(false);
    const marked = plane.api.get(reference);
    expect(marked.metadata).toMatchObject({ deletionGracePeriodSeconds: 0, deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(
      refusal(() => plane.api.patch(reference, { metadata: { finalizers: ['example.dev/a', 'example.dev/b'] } }))
        .message,
    ).toMatch(
      /no new finalizers can be added if the object is being deleted, found new finalizers \[\]string\{"example.dev\/b"\}/,
    );
    plane.api.patch(reference, { metadata: { finalizers: [] } });
    expect(plane.api.find(reference)).toBeUndefined();
  });

  it.each([
    [{ uid: 'x' }, /the UID in the precondition \(x\) does not match the UID in record/],
    [
      { resourceVersion: '1' },
      /the ResourceVersion in the precondition \(1\) does not match the ResourceVersion in record/,
    ],
  ])('a delete with precondition %j is refused', (preconditions, message) => {
    make();
    expect(refusal(() => plane.api.delete(reference, { preconditions }))).toMatchObject({
      code: 409,
      message: expect.stringMatching(message) as string,
    });
  });

  it.each(['default', 'kube-system', 'kube-public'])('namespace %s cannot be deleted', (name) => {
    expect(refusal(() => plane.api.delete({ apiVersion: 'v1', kind: 'Namespace', name })).code).toBe(403);
  });

  it('what cannot change is refused', () => {
    const made = make();
    const moved = { ...made, metadata: { ...made.metadata, creationTimestamp: '2020-01-01T00:00:00Z' } };
    expect(refusal(() => plane.api.update(moved)).message).toMatch(
      /metadata\.creationTimestamp: Invalid value: .* field is immutable/,
    );
  });
});
