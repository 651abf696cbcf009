import { describe, expect, it } from 'vitest';

import { negotiate } from '../../../src/sandbox/api/http/negotiate.ts';
import { parseProtobuf } from '../../../src/sandbox/api/http/protobuf.ts';
import { parseResourcePath } from '../../../src/sandbox/api/http/request-path.ts';
import { ownerOf } from '../../../src/sandbox/api/http/same-user.ts';
import { ageOf } from '../../../src/sandbox/api/kinds/kind.ts';
import { table } from '../../../src/sandbox/api/table.ts';
import { claim, claimRef, startControlPlane, storageClass, volume, volumeRef } from './control-plane.ts';
import type { Manifest } from '../../../src/sandbox/api/client.ts';

describe('a path', () => {
  it.each([
    ['/api/v1/namespaces', ['v1', 'namespaces', undefined, undefined, undefined]],
    ['/api/v1/namespaces/team', ['v1', 'namespaces', undefined, 'team', undefined]],
    ['/api/v1/namespaces/team/finalize', ['v1', 'namespaces', undefined, 'team', 'finalize']],
    ['/api/v1/namespaces/team/secrets', ['v1', 'secrets', 'team', undefined, undefined]],
    ['/api/v1/namespaces/team/secrets/s', ['v1', 'secrets', 'team', 's', undefined]],
    ['/api/v1/persistentvolumes/pv/status', ['v1', 'persistentvolumes', undefined, 'pv', 'status']],
    [
      '/apis/storage.k8s.io/v1/storageclasses/gold',
      ['storage.k8s.io/v1', 'storageclasses', undefined, 'gold', undefined],
    ],
    ['/apis/apps/v1/namespaces/team/statefulsets/s/status', ['apps/v1', 'statefulsets', 'team', 's', 'status']],
    ['/api/v1/configmaps/a%2Fb', ['v1', 'configmaps', undefined, 'a/b', undefined]],
  ])('%s', (path, [apiVersion, plural, namespace, name, subresource]) => {
    expect(parseResourcePath(path)).toEqual({ apiVersion, plural, namespace, name, subresource });
  });

  it.each(['/', '/api', '/api/v1', '/apis/apps/v1', '/version', '/api/v1//x', '/api/v1/a/b/c/d', '/api/v1/%zz'])(
    '%s is of no resource',
    (path) => {
      expect(parseResourcePath(path)).toBeUndefined();
    },
  );
});

describe('the form of the answer', () => {
  it.each([
    [undefined, 'object'],
    ['*/*', 'object'],
    ['application/vnd.kubernetes.protobuf,application/json', 'object'],
    [
      'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
      'table',
    ],
    [
      'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      'partial',
    ],
    ['application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json', 'discovery'],
    ['application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json', 'object'],
  ])('for %s is %s', (accept, as) => {
    expect(negotiate(accept).as).toBe(as);
  });
});

describe('a protobuf body', () => {
  const field = (number: number, ...value: readonly (string | Buffer)[]): Buffer => {
    const bytes = Buffer.concat(value.map((part) => Buffer.from(part)));
    return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  };
  const envelope = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
    Buffer.concat([Buffer.from('k8s\0'), field(1, field(1, apiVersion), field(2, kind)), field(2, raw)]);

  it('of a ConfigMap is read, maps and all', () => {
    const entry = (key: string, value: string): Buffer => Buffer.concat([field(1, key), field(2, value)]);
    const raw = Buffer.concat([
      field(1, field(1, 'm'), field(3, 'team'), field(11, entry('app', 'db')), field(14, 'a/x'), field(14, 'b/x')),
      field(2, entry('k', 'v')),
      field(2, entry('l', '')),
      field(3, entry('bin', '\u0001')),
      Buffer.from([4 << 3, 1]),
    ]);
    expect(parseProtobuf(envelope('v1', 'ConfigMap', raw))).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'm', namespace: 'team', labels: { app: 'db' }, finalizers: ['a/x', 'b/x'] },
      data: { k: 'v', l: '' },
      binaryData: { bin: 'AQ==' },
      immutable: true,
    });
  });

  it('of a kind that is not known is refused with 415', () => {
    expect(() => parseProtobuf(envelope('v1', 'Unheard', Buffer.alloc(0)))).toThrow(
      expect.objectContaining({ code: 415 }),
    );
  });

  it.each([
    ['is no envelope', Buffer.from('{"kind":"ConfigMap"}')],
    ['ends too early', Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x0a, 0x20, 0x01])])],
  ])('that %s is refused with 400', (_what, body) => {
    expect(() => parseProtobuf(body)).toThrow(expect.objectContaining({ code: 400 }));
  });
});

it('the owner of a loopback connection stands in the kernel’s table', () => {
  const lines = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 1',
    '   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 2',
  ];
  expect(ownerOf(lines.join('\n'), 50_000, 8080)).toBe(1001);
  expect(ownerOf(lines.join('\n'), 50_001, 8080)).toBeUndefined();
});

it.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [185, '3m5s'],
  [600, '10m'],
  [3 * 3600, '3h'],
  [3 * 3600 + 60, '3h1m'],
  [9 * 3600, '9h'],
  [49 * 3600, '2d1h'],
  [10 * 86_400, '10d'],
])('%d seconds ago is %s', (seconds, text) => {
  expect(ageOf('2026-01-01T00:00:00Z', Date.UTC(2026, 0, 1) + seconds * 1000)).toBe(text);
});

describe('what kubectl get shows', () => {
  it.each<[string, Manifest, readonly string[], readonly unknown[]]>([
    [
      'a class',
      storageClass(),
      ['Name', 'Provisioner', 'ReclaimPolicy', 'VolumeBindingMode', 'AllowVolumeExpansion', 'Age'],
      ['gold', 'brickyard.dev/gluster', 'Delete', 'Immediate', true, '5s'],
    ],
    [
      'Endpoints',
      {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { name: 'e' },
        subsets: [{ addresses: [1, 2, 3, 4].map((n) => ({ ip: `10.0.0.${n}` })), ports: [{ port: 1 }] }],
      },
      ['Name', 'Endpoints', 'Age'],
      ['e', '10.0.0.1:1,10.0.0.2:1,10.0.0.3:1 + 1 more...', '5s'],
    ],
    [
      'a Lease',
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec: { holderIdentity: 'me' } },
      ['Name', 'Holder', 'Age'],
      ['l', 'me', '5s'],
    ],
    [
      'a Secret',
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { a: 'b' } },
      ['Name', 'Type', 'Data', 'Age'],
      ['s', 'Opaque', 1, '5s'],
    ],
    [
      'a Node',
      { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', labels: { 'node-role.kubernetes.io/worker': '' } } },
      ['Name', 'Status', 'Roles', 'Age', 'Version'],
      ['n', 'Unknown', 'worker', '5s', ''],
    ],
  ])('of %s', (_what, manifest, names, cells) => {
    const plane = startControlPlane();
    const made = plane.api.create(manifest);
    plane.stop();
    const kind = plane.core.kinds.byType(manifest.apiVersion, manifest.kind);
    const columns = kind?.columns(plane.core.context.version).filter((column) => column.priority === undefined) ?? [];
    expect(columns.map((column) => column.name)).toEqual(names);
    expect(columns.map((column) => column.cell(made, plane.clock.now() + 5000))).toEqual(cells);
  });

  it.each([
    ['v1.32.0', ['data', 'Bound', 'pv', '1Gi', 'RWX', 'gold', '<unset>', '0s', 'Filesystem']],
    ['v1.25.0', ['data', 'Bound', 'pv', '1Gi', 'RWX', 'gold', '0s', 'Filesystem']],
  ])('of a claim and its volume on %s', async (serverVersion, cells) => {
    const plane = startControlPlane({ serverVersion });
    plane.api.create(storageClass());
    plane.api.create(volume('pv', plane.api.create(claim())));
    await plane.settle();
    plane.stop();
    const rowOf = (type: string, object: object): unknown => {
      const kind = plane.core.kinds.byType('v1', type);
      const options = {
        version: plane.core.context.version,
        now: plane.clock.now(),
        includeObject: 'None' as const,
        headers: true,
      };
      return kind === undefined ? undefined : table(kind, [object as never], {}, options)['rows'];
    };
    expect(rowOf('PersistentVolumeClaim', plane.api.get(claimRef('data')))).toEqual([{ cells }]);
    expect(rowOf('PersistentVolume', plane.api.get(volumeRef('pv')))).toMatchObject([
      { cells: expect.arrayContaining(['pv', '1Gi', 'RWX', 'Delete', 'Bound', 'default/data', 'gold']) as unknown[] },
    ]);
  });
});
