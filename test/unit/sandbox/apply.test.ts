import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ApiError } from '../../../src/sandbox/api/errors.ts';
import { apply } from '../../../src/sandbox/api/verbs/apply.ts';
import { patch, patchTypes } from '../../../src/sandbox/api/verbs/patch.ts';
import { startControlPlane } from './control-plane.ts';
import { show } from '../../../src/sandbox/api/json.ts';
import type { JsonObject } from '../../../src/sandbox/api/json.ts';
import type { Subresource } from '../../../src/sandbox/api/kinds/kind.ts';
import type { KubeObject } from '../../../src/sandbox/api/object.ts';
import type { Target } from '../../../src/sandbox/api/verbs/update.ts';
import type { ControlPlane } from './control-plane.ts';

let plane: ControlPlane;
beforeEach(() => {
  plane = startControlPlane();
});
afterEach(() => {
  plane.stop();
});

const configMap = { apiVersion: 'v1', kind: 'ConfigMap' };
const options = (manager: string) => ({
  manager,
  dryRun: false,
  fieldValidation: 'Strict' as const,
  warn: () => undefined,
});

function target(type: string, name: string, subresource?: Subresource): Target {
  const kind = plane.core.kinds.byType('v1', type);
  if (kind === undefined) {
    throw new Error(type);
  }
  return { kind, namespace: kind.namespaced ? 'default' : undefined, name, subresource };
}

function applyMap(
  manager: string,
  data: JsonObject,
  more: { readonly force?: boolean; readonly labels?: JsonObject } = {},
): KubeObject {
  const metadata = { name: 'm', ...(more.labels === undefined ? {} : { labels: more.labels }) };
  return apply(
    plane.core,
    target('ConfigMap', 'm'),
    { ...configMap, metadata, data },
    { ...options(manager), force: more.force ?? false },
  ).object;
}

/** manager -> its paths, dotted. */
function owners(object: KubeObject): Record<string, readonly string[]> {
  const paths = (fields: JsonObject, prefix: string): readonly string[] =>
    Object.entries(fields).flatMap(([name, inner]) => {
      const here = name === '.' ? prefix : `${prefix}/${name}`;
      const below = Object.keys(inner as JsonObject);
      return below.length === 0 ? [here] : paths(inner as JsonObject, here);
    });
  const entries = (object.metadata['managedFields'] ?? []) as readonly JsonObject[];
  return Object.fromEntries(
    entries.map((entry) => [
      `${show(entry['manager'])} ${show(entry['operation'])}`,
      paths(entry['fieldsV1'] as JsonObject, '').toSorted(),
    ]),
  );
}

describe('server-side apply', () => {
  it('creates what is not there, and owns just what it said', () => {
    const made = applyMap('one', { a: '1' });
    expect(made['data']).toEqual({ a: '1' });
    expect(owners(made)).toEqual({ 'one Apply': ['/f:data/f:a'] });
  });

  it('lets two appliers own different fields, and the same field with the same value', () => {
    applyMap('one', { a: '1', both: 'x' });
    const shared = applyMap('two', { b: '2', both: 'x' });
    expect(shared['data']).toEqual({ a: '1', b: '2', both: 'x' });
    expect(owners(shared)).toEqual({
      'one Apply': ['/f:data/f:a', '/f:data/f:both'],
      'two Apply': ['/f:data/f:b', '/f:data/f:both'],
    });
  });

  it('refuses another value for a field of somebody else, naming owner and field', () => {
    applyMap('one', { a: '1' });
    let refusal: ApiError | undefined;
    try {
      applyMap('two', { a: '2' });
    } catch (error) {
      refusal = error as ApiError;
    }
    expect(refusal?.status()).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "one" using v1: .data.a',
      details: {
        causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one" using v1', field: '.data.a' }],
      },
    });
  });

  it('takes the field over when forced', () => {
    applyMap('one', { a: '1', rest: 'r' });
    const taken = applyMap('two', { a: '2' }, { force: true });
    expect(taken['data']).toEqual({ a: '2', rest: 'r' });
    expect(owners(taken)).toEqual({ 'one Apply': ['/f:data/f:rest'], 'two Apply': ['/f:data/f:a'] });
  });

  it('removes what the applier does not say any more, unless somebody else owns it too', () => {
    applyMap('one', { mine: '1', shared: 's' });
    applyMap('two', { shared: 's' });
    const left = applyMap('one', { other: 'o' });
    expect(left['data']).toEqual({ shared: 's', other: 'o' });
  });

  it('conflicts with an ordinary write of the same field, and not with one of another', () => {
    plane.api.create({ ...configMap, metadata: { name: 'm' }, data: { a: '1' } });
    expect(applyMap('two', { b: '2' })['data']).toEqual({ a: '1', b: '2' });
    expect(() => applyMap('two', { a: '2', b: '2' })).toThrow(
      'Apply failed with 1 conflict: conflict with "test" using v1: .data.a',
    );
  });

  it('loses a field to whoever writes it afterwards', () => {
    applyMap('one', { a: '1', b: '1' });
    plane.api.patch({ ...configMap, name: 'm' }, { data: { a: '2' } });
    expect(owners(plane.api.get({ ...configMap, name: 'm' }))).toEqual({
      'one Apply': ['/f:data/f:b'],
      'test Update': ['/f:data/f:a'],
    });
    expect(() => applyMap('one', { a: '1', b: '1' })).toThrow(/conflict with "test"/);
  });

  it('twice is once: the second writes nothing', () => {
    const first = applyMap('one', { a: '1' });
    expect(applyMap('one', { a: '1' }).metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  it('lists several conflicts in one answer', () => {
    applyMap('one', { a: '1', b: '1' });
    expect(() => applyMap('two', { a: '2', b: '2' })).toThrow(
      /Apply failed with 2 conflicts: .*\.data\.a\n.*\.data\.b/s,
    );
  });

  it('merges keyed lists by key, and takes out only its own items', () => {
    const service = (manager: string, ports: readonly JsonObject[]) =>
      apply(
        plane.core,
        target('Service', 's'),
        { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { clusterIP: 'None', ports } },
        { ...options(manager), force: true },
      ).object['spec'] as { readonly ports: readonly JsonObject[] };
    service('one', [{ name: 'a', port: 1, protocol: 'TCP' }]);
    expect(service('two', [{ name: 'b', port: 2, protocol: 'TCP' }]).ports.map((port) => port['name'])).toEqual([
      'a',
      'b',
    ]);
    expect(service('one', [{ name: 'c', port: 3, protocol: 'TCP' }]).ports.map((port) => port['name'])).toEqual([
      'b',
      'c',
    ]);
  });

  it('keeps an item in which somebody else owns something, keys and all', () => {
    const body = (ports: readonly JsonObject[]): JsonObject => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's' },
      spec: { clusterIP: 'None', ports },
    });
    const one = { ...options('one'), force: false };
    const ports = [
      { name: 'a', port: 1, protocol: 'TCP' },
      { name: 'b', port: 2, protocol: 'TCP' },
    ];
    apply(plane.core, target('Service', 's'), body(ports), one);
    const change = { spec: { ports: [{ port: 1, name: 'kept' }] } };
    patch(plane.core, target('Service', 's'), patchTypes.strategic, change, options('two'));
    const { object } = apply(plane.core, target('Service', 's'), body(ports.slice(1)), one);
    const left = (object['spec'] as { readonly ports: readonly JsonObject[] }).ports;
    expect(left).toMatchObject([
      { port: 1, protocol: 'TCP', name: 'kept' },
      { name: 'b', port: 2 },
    ]);
  });

  it('on the status subresource owns and writes the status only', () => {
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    plane.api.create({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'c' }, spec });
    const status = { conditions: [{ type: 'Resizing', status: 'True' }] };
    const body = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c', labels: { not: 'this' } },
      status,
    };
    const { object } = apply(plane.core, target('PersistentVolumeClaim', 'c', 'status'), body, {
      ...options('grower'),
      force: false,
    });
    expect(object['status']).toEqual({ phase: 'Pending', ...status });
    expect(object.metadata.labels).toBeUndefined();
    expect(owners(object)['grower Apply']).toEqual([
      '/f:status/f:conditions/k:{"type":"Resizing"}',
      '/f:status/f:conditions/k:{"type":"Resizing"}/f:status',
      '/f:status/f:conditions/k:{"type":"Resizing"}/f:type',
    ]);
  });

  it.each<[string, JsonObject, string, RegExp]>([
    [
      'without a manager',
      { ...configMap, metadata: { name: 'm' } },
      '',
      /fieldManager: Required value: is required for apply patch/,
    ],
    [
      'with managedFields',
      { ...configMap, metadata: { name: 'm', managedFields: [{}] } },
      'x',
      /metadata\.managedFields must be nil/,
    ],
    ['of another name', { ...configMap, metadata: { name: 'n' } }, 'x', /does not match the name on the URL/],
    ['without a kind', { metadata: { name: 'm' } }, 'x', /'Kind' or 'apiVersion' is missing/],
  ])('%s is refused', (_what, body, manager, message) => {
    expect(() => apply(plane.core, target('ConfigMap', 'm'), body, { ...options(manager), force: false })).toThrow(
      message,
    );
  });
});

describe('managedFields', () => {
  it('say that the creator owns all but the status', () => {
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const made = plane.api.create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'c', labels: { a: 'b' } },
      spec,
    });
    expect(owners(made)).toEqual({
      'test Update': [
        '/f:metadata/f:finalizers',
        '/f:metadata/f:finalizers/v:"kubernetes.io/pvc-protection"',
        '/f:metadata/f:labels',
        '/f:metadata/f:labels/f:a',
        '/f:spec/f:accessModes',
        '/f:spec/f:resources/f:requests',
        '/f:spec/f:resources/f:requests/f:storage',
        '/f:spec/f:volumeMode',
      ],
    });
  });

  it('can be reset by a client, as kubectl does when it changes over to server-side apply', () => {
    applyMap('one', { a: '1' });
    const body = [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }];
    const reset = patch(plane.core, target('ConfigMap', 'm'), patchTypes.json, body, options('two'));
    expect(reset.metadata['managedFields']).toBeUndefined();
    expect(reset['data']).toEqual({ a: '1' });
  });

  it('survive writes that do not mention them', () => {
    const made = applyMap('one', { a: '1' });
    const { managedFields: _dropped, ...metadata } = made.metadata;
    const written = plane.api.update({ ...made, metadata, data: { a: '1', b: '2' } });
    expect(owners(written)).toEqual({ 'one Apply': ['/f:data/f:a'], 'test Update': ['/f:data/f:b'] });
  });
});
