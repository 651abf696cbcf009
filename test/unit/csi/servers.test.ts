import { describe, expect, it } from 'vitest';
import { serversFrom, type EndpointsApi } from '../../../src/csi/servers.ts';
import { volumeName } from '../../../src/domain/names.ts';
import { KubeError } from '../../../src/kube/errors.ts';

const volume = { endpointsNamespace: 'brickyard', endpoints: 'gluster-default', volume: volumeName('vol') };
const forever = { signal: new AbortController().signal };

/** An API that has what `found` gives, of any kind. */
const api = (found: () => unknown): EndpointsApi & { readonly asked: unknown[] } => {
  const asked: unknown[] = [];
  return {
    asked,
    get: async (resource, name) => {
      asked.push([resource.plural, name]);
      const object = found();
      return object === undefined ? undefined : resource.parse(object);
    },
  };
};

const object = (subsets: unknown) => ({
  metadata: { name: 'gluster-default', namespace: 'brickyard', uid: 'u', resourceVersion: '1' },
  subsets,
});

const refused = (code: number, kind: 'status' | 'network' = 'status'): (() => undefined) => {
  return () => {
    throw new KubeError('no', { kind, code });
  };
};

describe('the servers of a volume', () => {
  it('are the addresses of one Endpoints object, those that are not ready last', async () => {
    const kube = api(() =>
      object([
        { addresses: [{ ip: '10.0.0.2' }], notReadyAddresses: [{ ip: '10.0.0.9' }], ports: [{ port: 1 }] },
        { addresses: [{ ip: '10.0.0.1' }, { ip: 'FD00::1' }, { ip: '10.0.0.2' }], ports: [{ port: 1 }] },
      ]),
    );
    expect(await serversFrom(kube).of(volume, forever)).toEqual({
      kind: 'done',
      value: ['10.0.0.2', '10.0.0.1', 'fd00::1', '10.0.0.9'],
    });
    expect(kube.asked).toEqual([['endpoints', { namespace: 'brickyard', name: 'gluster-default' }]]);
  });

  it.each([
    ['waiting', 'is the controller running?', () => undefined],
    ['waiting', 'expected the addresses of storage nodes, got none', () => object([])],
    ['waiting', 'could not be read', refused(503)],
    ['waiting', 'could not be read', refused(0, 'network')],
    ['failed', 'needs the right to "get" it', refused(403)],
    ['failed', 'could not be read', refused(422)],
  ] satisfies [string, string, () => unknown][])('are a reason to be %s: %s', async (kind, reason, found) => {
    const outcome = await serversFrom(api(found)).of(volume, forever);
    expect(outcome).toMatchObject({ kind });
    expect(JSON.stringify(outcome)).toContain(JSON.stringify(reason).slice(1, -1));
    expect(JSON.stringify(outcome)).toContain('Endpoints brickyard/gluster-default');
  });
});
