import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FakeClock } from '../../support/fake-clock.ts';
import { startTestApi } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait-for.ts';
import { EventLines } from './event-lines.ts';
import type { KubeSandbox } from '../../../src/sandbox/api/start.ts';

let sandbox: KubeSandbox;
let clock: FakeClock;
beforeEach(async () => {
  clock = new FakeClock();
  sandbox = await startTestApi({ clock, trusts: async () => false });
});
afterEach(async () => {
  await sandbox.close();
});

type Answer = { readonly code: number; readonly body: Record<string, unknown>; readonly headers: Headers };

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${sandbox.url}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = (response.headers.get('content-type') ?? '').startsWith('application/json');
  return {
    code: response.status,
    body: json ? (JSON.parse(text) as Record<string, unknown>) : { text },
    headers: response.headers,
  };
}

const maps = '/api/v1/namespaces/default/configmaps';
const map = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
});

describe('the door', () => {
  const plain = (): string => new URL(sandbox.url).origin;

  it('opens to the secret path, and to the token in a header', async () => {
    expect((await fetch(`${sandbox.url}/version`)).status).toBe(200);
    expect((await fetch(`${plain()}/version`, { headers: { Authorization: `Bearer ${sandbox.token}` } })).status).toBe(
      200,
    );
  });

  it.each([
    ['no credential', {}],
    ['a wrong token', { Authorization: 'Bearer wrong' }],
    ['another scheme', { Authorization: 'Basic eDp5' }],
  ])('stays closed to %s', async (_what, headers) => {
    const response = await fetch(`${plain()}${maps}`, { headers });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ kind: 'Status', reason: 'Unauthorized', code: 401 });
  });

  it.each(['/healthz', '/readyz', '/livez', '/readyz/ping'])('says that it is well to anybody, at %s', async (path) => {
    const response = await fetch(`${plain()}${path}`);
    expect([response.status, await response.text()]).toEqual([200, 'ok']);
  });

  it('lets in who the machine says is the same user', async () => {
    await sandbox.close();
    sandbox = await startTestApi({ clock, trusts: async () => true });
    expect((await fetch(`${plain()}/version`)).status).toBe(200);
    expect((await fetch(`${plain()}/version`, { headers: { Authorization: 'Bearer wrong' } })).status).toBe(401);
  });
});

describe('answers', () => {
  it('leave the type out of the items of a list of built-in objects', async () => {
    await call('POST', maps, map('a'));
    const { body } = await call('GET', maps);
    expect(body).toMatchObject({
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: expect.stringMatching(/^\d+$/) as string },
    });
    const [item] = body['items'] as readonly object[];
    expect(item).toMatchObject({ metadata: { name: 'a' } });
    expect(item).not.toHaveProperty('kind');
    expect(item).not.toHaveProperty('apiVersion');
  });

  it.each<[string, string, string, unknown, Record<string, string>, number, object]>([
    ['an unknown resource', 'GET', '/api/v1/gadgets', undefined, {}, 404, { text: '404 page not found\n' }],
    ['an unknown group', 'GET', '/apis/no.such/v1', undefined, {}, 404, {}],
    ['a create in no namespace', 'POST', '/api/v1/configmaps', map('a'), {}, 405, { reason: 'MethodNotAllowed' }],
    ['an object in no namespace', 'GET', '/api/v1/configmaps/a', undefined, {}, 404, { reason: 'NotFound' }],
    [
      'a volume in a namespace',
      'GET',
      '/api/v1/namespaces/default/persistentvolumes',
      undefined,
      {},
      404,
      { reason: 'NotFound' },
    ],
    ['a method that is not there', 'PUT', maps, {}, {}, 405, { reason: 'MethodNotAllowed' }],
    ['a body that is not JSON', 'POST', maps, '{', {}, 400, { reason: 'BadRequest' }],
    ['no body', 'POST', maps, undefined, {}, 400, { reason: 'BadRequest' }],
    [
      'a body of an unknown type',
      'POST',
      maps,
      '<a/>',
      { 'Content-Type': 'text/xml' },
      415,
      { reason: 'UnsupportedMediaType' },
    ],
    [
      'a patch of an unknown type',
      'PATCH',
      `${maps}/a`,
      {},
      {},
      415,
      {
        reason: 'UnsupportedMediaType',
        message: expect.stringContaining('application/strategic-merge-patch+json') as string,
      },
    ],
    [
      'another kind',
      'POST',
      maps,
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } },
      {},
      400,
      { reason: 'BadRequest' },
    ],
    [
      'another namespace',
      'POST',
      maps,
      map('a', { metadata: { name: 'a', namespace: 'kube-system' } }),
      {},
      400,
      { message: 'the namespace of the provided object does not match the namespace sent on the request' },
    ],
    ['an unknown dry run', 'POST', `${maps}?dryRun=Some`, map('a'), {}, 422, { reason: 'Invalid' }],
    [
      'a version on create',
      'POST',
      maps,
      map('a', { metadata: { name: 'a', resourceVersion: '1' } }),
      {},
      500,
      { message: 'resourceVersion should not be set on objects to be created' },
    ],
    ['an unknown subresource', 'GET', `${maps}/a/status`, undefined, {}, 404, {}],
  ])('to %s', async (_what, method, path, body, headers, code, expected) => {
    await call('POST', maps, map('a', { data: {} }));
    await call('DELETE', `${maps}/a`);
    const answer = await call(method, path, body, headers);
    expect(answer.code).toBe(code);
    expect(answer.body).toMatchObject(expected);
  });

  it('to a create, an update, a patch and a delete', async () => {
    expect(await call('POST', maps, map('a'))).toMatchObject({ code: 201, body: { kind: 'ConfigMap' } });
    expect(await call('PUT', `${maps}/a`, map('a', { data: { k: '1' } }))).toMatchObject({
      code: 200,
      body: { data: { k: '1' } },
    });
    const merge = { 'Content-Type': 'application/merge-patch+json' };
    expect(await call('PATCH', `${maps}/a`, { data: { k: '2' } }, merge)).toMatchObject({
      code: 200,
      body: { data: { k: '2' } },
    });
    const json = { 'Content-Type': 'application/json-patch+json' };
    const wrong = await call('PATCH', `${maps}/a`, [{ op: 'test', path: '/data/k', value: '3' }], json);
    expect(wrong).toMatchObject({ code: 422, body: { reason: 'Invalid' } });
    expect(await call('DELETE', `${maps}/a`)).toMatchObject({
      code: 200,
      body: { kind: 'Status', status: 'Success', details: { name: 'a', kind: 'configmaps' } },
    });
    expect(await call('GET', `${maps}/a`)).toMatchObject({ code: 404 });
  });

  it('in YAML, from YAML', async () => {
    const yaml = { 'Content-Type': 'application/yaml', Accept: 'application/yaml' };
    const { code, body } = await call(
      'POST',
      maps,
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {k: "1"}\n',
      yaml,
    );
    expect(code).toBe(201);
    expect(body['text']).toContain('kind: ConfigMap\n');
  });

  it('to a dry run change nothing', async () => {
    expect(await call('POST', `${maps}?dryRun=All`, map('a'))).toMatchObject({
      code: 201,
      body: { metadata: { name: 'a' } },
    });
    expect((await call('GET', `${maps}/a`)).code).toBe(404);
    await call('POST', maps, map('a'));
    await call('PUT', `${maps}/a?dryRun=All`, map('a', { data: { k: '1' } }));
    await call('DELETE', `${maps}/a?dryRun=All`);
    expect((await call('GET', `${maps}/a`)).body).not.toHaveProperty('data');
  });

  it('warn in headers', async () => {
    const pv = {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'pv' },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteMany'],
        glusterfs: { endpoints: 'e', path: 'p' },
        colour: 'red',
      },
    };
    const { headers } = await call('POST', '/api/v1/persistentvolumes', pv);
    expect(headers.get('warning')).toBe(
      String.raw`299 - "unknown field \"spec.colour\"", 299 - "spec.glusterfs: deprecated in v1.25, non-functional in v1.26+"`,
    );
    const patched = await call(
      'PATCH',
      '/api/v1/persistentvolumes/pv',
      { metadata: { labels: { a: 'b' } } },
      { 'Content-Type': 'application/merge-patch+json' },
    );
    expect(patched.headers.get('warning')).toContain('spec.glusterfs: deprecated');
  });

  it('to a PUT of a Lease that is not there create it, and of a ConfigMap do not', async () => {
    const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases/l';
    expect(
      (await call('PUT', leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' } }))
        .code,
    ).toBe(201);
    expect((await call('PUT', `${maps}/none`, map('none'))).code).toBe(404);
  });

  it('delete a collection by selector', async () => {
    await call('POST', maps, map('a', { metadata: { name: 'a', labels: { x: '1' } } }));
    await call('POST', maps, map('b'));
    expect((await call('DELETE', `${maps}?labelSelector=x%3D1`)).code).toBe(200);
    expect((await call('GET', maps)).body['items']).toMatchObject([{ metadata: { name: 'b' } }]);
  });

  it('show events through both of their doors', async () => {
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'e' },
      regarding: { kind: 'Pod', name: 'p', namespace: 'default' },
      note: 'hello',
      reason: 'Testing',
      type: 'Normal',
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'me',
    };
    expect((await call('POST', '/apis/events.k8s.io/v1/namespaces/default/events', event)).code).toBe(201);
    const core = await call('GET', '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dp');
    expect(core.body['items']).toMatchObject([
      { involvedObject: { name: 'p' }, message: 'hello', reportingComponent: 'me' },
    ]);
    const newer = await call('GET', '/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dp');
    expect(newer.body['items']).toMatchObject([{ regarding: { name: 'p' }, note: 'hello' }]);
    expect((await call('GET', '/apis/events.k8s.io/v1/namespaces/default/events/e')).body).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      note: 'hello',
    });
  });

  it('say which version it plays', async () => {
    expect((await call('GET', '/version')).body).toMatchObject({ major: '1', minor: '32', gitVersion: 'v1.32.0' });
  });
});

it('a client that goes away in the middle of an answer does no harm', async () => {
  for (let n = 0; n < 20; n += 1) {
    const aborted = new AbortController();
    const answer = fetch(`${sandbox.url}${maps}?watch=true`, { signal: aborted.signal });
    aborted.abort();
    await expect(answer).rejects.toThrow(/aborted/);
    await call('POST', maps, map(`n${n}`));
  }
  expect((await call('GET', maps)).body['items']).toHaveLength(20);
});

describe('a watch over HTTP', () => {
  it('sends what is there, then each change, each as one line', async () => {
    await call('POST', maps, map('a'));
    const lines = await EventLines.open(`${sandbox.url}${maps}?watch=true`);
    await call('POST', maps, map('b'));
    await call('DELETE', `${maps}/a`);
    expect((await lines.take(3)).map(({ type, object }) => [type, object.kind, object.metadata.name])).toEqual([
      ['ADDED', 'ConfigMap', 'a'],
      ['ADDED', 'ConfigMap', 'b'],
      ['DELETED', 'ConfigMap', 'a'],
    ]);
    lines.close();
  });

  it('from a version sends only what came later', async () => {
    const { body } = await call('POST', maps, map('a'));
    const version = (body['metadata'] as { readonly resourceVersion: string }).resourceVersion;
    await call('POST', maps, map('b'));
    const lines = await EventLines.open(`${sandbox.url}${maps}?watch=true&resourceVersion=${version}`);
    expect((await lines.take(1)).map(({ object }) => object.metadata.name)).toEqual(['b']);
    lines.close();
  });

  it('gets a bookmark about once a minute, and one before its time is up', async () => {
    const lines = await EventLines.open(`${sandbox.url}${maps}?watch=true&allowWatchBookmarks=true&timeoutSeconds=100`);
    await clock.advance(64_000);
    const [first] = await lines.take(1);
    expect(first).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { resourceVersion: expect.stringMatching(/^\d+$/) as string } },
    });
    await clock.advance(36_000);
    expect((await lines.take(1))[0]?.type).toBe('BOOKMARK');
    await lines.ended();
  });

  it('ends by itself within an hour when the client set no limit', async () => {
    const lines = await EventLines.open(`${sandbox.url}${maps}?watch=true`);
    await clock.advance(3_600_000);
    await expect(lines.ended()).resolves.toBeUndefined();
  });

  it('leaves nothing behind when the client goes', async () => {
    const quiet = clock.sleeping;
    const lines = await EventLines.open(`${sandbox.url}${maps}?watch=true`);
    expect(sandbox.faults.openWatches()).toHaveLength(1);
    lines.close();
    await waitFor('the watch to be forgotten', () => sandbox.faults.openWatches().length === 0);
    await waitFor('its timers to be stopped', async () => {
      await clock.advance(0);
      return clock.sleeping === quiet;
    });
    expect(sandbox.faults.openWatches()).toEqual([]);
  });
});
