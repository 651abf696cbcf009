import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../../src/sandbox/api/errors.ts';
import type { JsonObject } from '../../../src/sandbox/api/json.ts';
import { startControlPlane, volume, type ControlPlane } from './control-plane.ts';

let plane: ControlPlane;
beforeEach(() => {
  plane = startControlPlane();
});

/** What the server says when it refuses, with its code. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ApiError) {
      return `${error.code} ${error.message}`;
    }
    throw error;
  }
  throw new Error('expected a refusal');
}

const storage = 'storage.k8s.io/v1';
const driver = (spec: object = {}, name = 'glusterfs.brickyard.dev') => ({
  apiVersion: storage,
  kind: 'CSIDriver',
  metadata: { name },
  spec: { attachRequired: false, ...spec },
});
const node = (...drivers: JsonObject[]) => ({
  apiVersion: storage,
  kind: 'CSINode',
  metadata: { name: 'worker-1' },
  spec: { drivers },
});
const ours = { name: 'glusterfs.brickyard.dev', nodeID: 'worker-1', topologyKeys: null };

describe('a CSIDriver', () => {
  it('is stored with its defaults', () => {
    expect(plane.api.create(driver())['spec']).toMatchObject({
      attachRequired: false,
      podInfoOnMount: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      volumeLifecycleModes: ['Persistent'],
    });
  });

  it.each([
    ['a name of 64 characters', driver({}, 'x'.repeat(64)), 'metadata.name: Too long: may not be more than 63 bytes'],
    ['an unknown policy', driver({ fsGroupPolicy: 'Root' }), 'spec.fsGroupPolicy: Unsupported value: "Root"'],
    [
      'an unknown mode',
      driver({ volumeLifecycleModes: ['Cached'] }),
      'spec.volumeLifecycleModes: Unsupported value: "Cached"',
    ],
  ])('is refused with %s', (_what, body, message) => {
    expect(refusal(() => plane.api.create(body))).toContain(message);
  });

  it('keeps what kubelets have acted on', () => {
    plane.api.create(driver());
    const reference = { apiVersion: storage, kind: 'CSIDriver', name: 'glusterfs.brickyard.dev' };
    const change = (spec: object) => () => plane.api.patch(reference, { spec: spec as Record<string, boolean> });
    expect(refusal(change({ attachRequired: true }))).toContain(
      'spec.attachRequired: Invalid value: true: field is immutable',
    );
    expect(change({ podInfoOnMount: true })()['spec']).toMatchObject({ podInfoOnMount: true });
  });
});

describe('a CSINode', () => {
  it('says which plugins a node has', () => {
    expect(plane.api.create(node(ours))['spec']).toMatchObject({ drivers: [{ name: ours.name, nodeID: 'worker-1' }] });
  });

  it.each([
    ['a driver twice', node(ours, ours), 'spec.drivers[1].name: Duplicate value: "glusterfs.brickyard.dev"'],
    ['no id', node({ name: 'a.b' }), 'spec.drivers[0].nodeID: Required value'],
    ['no name', node({ nodeID: 'x' }), 'spec.drivers[0].name: Required value'],
    [
      'less than no volumes',
      node({ ...ours, allocatable: { count: -1 } }),
      'spec.drivers[0].allocatable.count: Invalid value: -1',
    ],
  ])('is refused with %s', (_what, body, message) => {
    expect(refusal(() => plane.api.create(body))).toContain(message);
  });

  it('lets no driver change its id, but lets it go and come anew', () => {
    plane.api.create(node(ours));
    const reference = { apiVersion: storage, kind: 'CSINode', name: 'worker-1' };
    const set = (...drivers: JsonObject[]) => plane.api.patch(reference, { spec: { drivers } });
    expect(refusal(() => set({ ...ours, nodeID: 'other' }))).toContain(
      'spec.drivers[0].nodeID: Invalid value: "other"',
    );
    set();
    expect(set({ ...ours, nodeID: 'other' })['spec']).toMatchObject({ drivers: [{ nodeID: 'other' }] });
  });
});

describe('a csi volume', () => {
  const csi = (more: object) =>
    volume('pv', undefined, { glusterfs: null, csi: { driver: 'd', volumeHandle: 'h', ...more } });
  it.each([
    [
      'a driver that is no DNS name',
      { driver: 'a_b' },
      'spec.csi.driver: Invalid value: "a_b": a lowercase RFC 1123 subdomain',
    ],
    [
      'a driver of 64 characters',
      { driver: 'x'.repeat(64) },
      'spec.csi.driver: Too long: may not be more than 63 bytes',
    ],
    ['half a secret', { nodeStageSecretRef: { name: 's' } }, 'spec.csi.nodeStageSecretRef.namespace: Required value'],
  ])('is refused with %s', (_what, more, message) => {
    expect(refusal(() => plane.api.create(csi(more)))).toContain(message);
  });

  it('may have a driver with capitals, and attributes of any kind', () => {
    const spec = { driver: 'Example.COM', volumeAttributes: { a: '', 'b/c': 'd' } };
    expect(plane.api.create(csi(spec))['spec']).toMatchObject({ csi: spec });
  });

  it('is warned about on no version', () => {
    const later = startControlPlane({ serverVersion: 'v1.36.0' });
    expect(later.api.create(csi({}))['spec']).toMatchObject({ csi: { driver: 'd' } });
  });
});

describe('what a node plugin is installed with', () => {
  const template = (labels: JsonObject) => ({
    metadata: { labels },
    spec: { containers: [{ name: 'node', image: 'brickyard-node' }] },
  });
  const daemonSet = (labels: JsonObject) => ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'node', namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'node' } }, template: template(labels) },
  });

  it('is a DaemonSet that chooses its own pods', () => {
    expect(refusal(() => plane.api.create(daemonSet({ app: 'other' })))).toContain(
      '`selector` does not match template `labels`',
    );
    expect(plane.api.create(daemonSet({ app: 'node' }))['status']).toMatchObject({ desiredNumberScheduled: 0 });
  });

  it('are roles with verbs, and bindings that keep their role', () => {
    const rbac = 'rbac.authorization.k8s.io/v1';
    const metadata = { name: 'system:node', namespace: 'default' };
    const rule = { apiGroups: [''], resources: ['endpoints'] };
    const role = { apiVersion: rbac, kind: 'Role', metadata };
    expect(refusal(() => plane.api.create({ ...role, rules: [rule] }))).toContain('rules[0].verbs: Required value');
    plane.api.create({ ...role, rules: [{ ...rule, verbs: ['get'] }] });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name };
    plane.api.create({ apiVersion: rbac, kind: 'RoleBinding', metadata, roleRef });
    const reference = { apiVersion: rbac, kind: 'RoleBinding', ...metadata };
    expect(refusal(() => plane.api.patch(reference, { roleRef: { name: 'other' } }))).toContain(
      'cannot change roleRef',
    );
  });
});
