import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Log } from '../../../src/domain/log.ts';
import { silentLog } from '../../../src/domain/log.ts';
import type { CallReport } from '../../../src/kube/caller.ts';
import {
  isAborted,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isOutcomeUnknown,
  isTransient,
  KubeError,
} from '../../../src/kube/errors.ts';
import { events, persistentVolumeClaims, persistentVolumes, storageClasses } from '../../../src/kube/resources.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { waitFor } from '../../support/wait-for.ts';
import { claimJson, clientFor, json, startServer, status, type Handler } from './server.ts';

const volumeJson = {
  metadata: { name: 'pvc-1', uid: 'u1', resourceVersion: '7' },
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany'] },
};

async function rejection(promise: Promise<unknown>): Promise<KubeError> {
  const error: unknown = await promise.then(
    () => expect.unreachable('should have rejected'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof KubeError)) {
    throw new Error('not a KubeError', { cause: error });
  }
  return error;
}

describe('reading', () => {
  test('get gives the parsed object, asks politely and says who is asking', async () => {
    const server = await startServer((_request, response) => json(response, 200, claimJson('a', '5')));

    const claim = await clientFor(server.url).get(persistentVolumeClaims, { namespace: 'default', name: 'a' });

    expect(claim?.metadata.resourceVersion).toBe('5');
    expect(claim).not.toHaveProperty('metadata.managedFields');
    expect(server.seen[0]?.path).toBe('/api/v1/namespaces/default/persistentvolumeclaims/a');
    expect(server.seen[0]?.headers).toMatchObject({ 'user-agent': 'brickyard/1.2.3', accept: 'application/json' });
  });

  test('get gives undefined for what is not there', async () => {
    const server = await startServer((_request, response) => status(response, 404, 'NotFound'));

    expect(await clientFor(server.url).get(storageClasses, { name: 'gluster' })).toBeUndefined();
    expect(server.seen[0]?.path).toBe('/apis/storage.k8s.io/v1/storageclasses/gluster');
  });

  test('a compressed answer is read', async () => {
    const server = await startServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync(JSON.stringify(claimJson('a', '5'))));
    });

    const claim = await clientFor(server.url).get(persistentVolumeClaims, { namespace: 'default', name: 'a' });

    expect(claim?.metadata.name).toBe('a');
    expect(server.seen[0]?.headers['accept-encoding']).toBe('gzip');
  });

  test('a name cannot lead to another object', async () => {
    const server = await startServer((_request, response) => status(response, 404, 'NotFound'));
    const client = clientFor(server.url);

    await client.get(persistentVolumes, { name: '../persistentvolumeclaims/x?y' });
    const empty = await rejection(client.get(persistentVolumes, { name: '' }));

    expect(server.seen.map((request) => request.path)).toEqual([
      '/api/v1/persistentvolumes/..%2Fpersistentvolumeclaims%2Fx%3Fy',
    ]);
    expect(empty.message).toContain('persistentvolumes: expected a name, got ""');
  });
});

describe('lists', () => {
  const paged: Handler = ({ query }, response) => {
    const from = Number(query.get('continue') ?? '0');
    const limit = Number(query.get('limit') ?? '1000');
    const items = Array.from({ length: Math.min(limit, 5 - from) }, (_, index) => claimJson(`c${from + index}`, '1'));
    const more = from + limit < 5 ? { continue: String(from + limit) } : {};
    json(response, 200, { metadata: { resourceVersion: '99', ...more }, items });
  };

  test('all pages are joined', async () => {
    const server = await startServer(paged);

    const list = await clientFor(server.url).list(persistentVolumeClaims, { pageSize: 2, labelSelector: 'a=b' });

    expect(list.items.map((claim) => claim.metadata.name)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4']);
    expect(list.resourceVersion).toBe('99');
    expect(server.seen.map(({ query }) => query.toString())).toEqual([
      'labelSelector=a%3Db&limit=2',
      'labelSelector=a%3Db&limit=2&continue=2',
      'labelSelector=a%3Db&limit=2&continue=4',
    ]);
  });

  test('pages come one by one, the next only when it is asked for', async () => {
    const server = await startServer(paged);
    const sizes: number[] = [];

    for await (const page of clientFor(server.url).pages(persistentVolumeClaims, { pageSize: 3 })) {
      sizes.push(page.items.length);
      expect(server.seen).toHaveLength(sizes.length);
    }

    expect(sizes).toEqual([3, 2]);
  });

  test('a continue token that expires on the way starts the list anew', async () => {
    let expired = false;
    const server = await startServer((request, response) => {
      if (request.query.has('continue') && !expired) {
        expired = true;
        status(response, 410, 'Expired', 'The provided continue parameter is too old');
        return;
      }
      void paged(request, response);
    });

    const list = await clientFor(server.url).list(persistentVolumeClaims, { pageSize: 2 });

    expect(list.items).toHaveLength(5);
    expect(server.seen.map(({ query }) => query.get('continue'))).toEqual([null, '2', null, '2', '4']);
  });

  test('a list whose token expires every time is fetched in one piece', async () => {
    const server = await startServer((request, response) => {
      if (request.query.has('continue')) {
        status(response, 410, 'Expired');
        return;
      }
      void paged(request, response);
    });

    const list = await clientFor(server.url).list(persistentVolumeClaims, { pageSize: 2 });

    expect(list.items).toHaveLength(5);
    expect(server.seen.at(-1)?.query.has('limit')).toBe(false);
  });

  test('who reads page by page is told that the token has expired', async () => {
    const server = await startServer((request, response) => {
      if (request.query.has('continue')) {
        status(response, 410, 'Expired');
        return;
      }
      void paged(request, response);
    });

    const pages = clientFor(server.url).pages(persistentVolumeClaims, { pageSize: 2 });
    await pages.next();

    expect(isExpired(await rejection(pages.next()))).toBe(true);
  });

  test('an object that cannot be read is left out, named and logged', async () => {
    const errors: object[] = [];
    const log: Log = { ...silentLog, error: (fields) => errors.push(fields) };
    const server = await startServer((_request, response) =>
      json(response, 200, {
        metadata: { resourceVersion: '9' },
        items: [claimJson('good', '1'), claimJson('bad', '2', { spec: { accessModes: 'all' } })],
      }),
    );

    const list = await clientFor(server.url, { log }).list(persistentVolumeClaims);

    expect(list.items.map((claim) => claim.metadata.name)).toEqual(['good']);
    expect(list.unreadable).toEqual(['default/bad']);
    expect(errors).toEqual([expect.objectContaining({ object: 'default/bad', resource: 'persistentvolumeclaims' })]);
  });
});

describe('writing', () => {
  test('create posts the body with its kind and gives what the server made of it', async () => {
    const server = await startServer((_request, response) => json(response, 201, volumeJson));

    const made = await clientFor(server.url).create(persistentVolumes, { metadata: { name: 'pvc-1' } });

    expect(made.metadata.uid).toBe('u1');
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1/persistentvolumes',
      body: { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pvc-1' } },
    });
    expect(server.seen[0]?.headers['content-type']).toBe('application/json');
  });

  test.each([
    ['merge', { type: 'merge' }, 'application/merge-patch+json', ''],
    ['json', { type: 'json', subresource: 'status' }, 'application/json-patch+json', ''],
    [
      'apply',
      { type: 'apply', fieldManager: 'brickyard', force: true },
      'application/apply-patch+yaml',
      'fieldManager=brickyard&force=true',
    ],
  ] as const)('a %s patch names its type', async (_name, options, contentType, query) => {
    const server = await startServer((_request, response) => json(response, 200, volumeJson));

    await clientFor(server.url).patch(persistentVolumes, { name: 'pvc-1' }, { a: 1 }, options);

    const [request] = server.seen;
    expect(request?.headers['content-type']).toBe(contentType);
    expect(request?.query.toString()).toBe(query);
    expect(request?.path).toBe(`/api/v1/persistentvolumes/pvc-1${options.type === 'json' ? '/status' : ''}`);
  });

  test('delete carries its preconditions, and what is gone already is gone', async () => {
    const answers = [200, 404];
    const server = await startServer((_request, response) => status(response, answers.shift() ?? 500, 'NotFound'));
    const client = clientFor(server.url);

    expect(await client.delete(persistentVolumes, { name: 'pvc-1' }, { uid: 'u1' })).toBe('deleted');
    expect(await client.delete(persistentVolumes, { name: 'pvc-1' })).toBe('gone');
    expect(server.seen[0]?.body).toMatchObject({ kind: 'DeleteOptions', preconditions: { uid: 'u1' } });
    expect(server.seen[1]?.body).not.toHaveProperty('preconditions');
  });

  test('refusals keep their code, reason and causes', async () => {
    const server = await startServer((_request, response) =>
      json(response, 422, {
        kind: 'Status',
        code: 422,
        reason: 'Invalid',
        message: 'PersistentVolume "x" is invalid',
        details: { causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.capacity' }] },
      }),
    );

    const error = await rejection(clientFor(server.url).create(persistentVolumes, { metadata: { name: 'x' } }));

    expect(error).toMatchObject({
      kind: 'status',
      code: 422,
      reason: 'Invalid',
      causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.capacity' }],
    });
    expect(error.message).toBe('create persistentvolumes /api/v1/persistentvolumes: PersistentVolume "x" is invalid');
    expect(isOutcomeUnknown(error)).toBe(false);
  });

  test.each([
    [409, 'AlreadyExists', isAlreadyExists],
    [409, 'Conflict', isConflict],
    [403, 'Forbidden', isForbidden],
  ] as const)('%d %s is recognised, and the write is not repeated', async (code, reason, predicate) => {
    const server = await startServer((_request, response) => status(response, code, reason));

    const error = await rejection(clientFor(server.url).create(persistentVolumes, { metadata: { name: 'x' } }));

    expect(predicate(error)).toBe(true);
    expect(server.seen).toHaveLength(1);
  });
});

describe('when calls fail', () => {
  test('a read is repeated until it works', async () => {
    let calls = 0;
    const server = await startServer((_request, response) => {
      calls += 1;
      if (calls === 1) {
        status(response, 500, 'InternalError');
      } else if (calls === 2) {
        response.socket?.resetAndDestroy();
      } else {
        json(response, 200, claimJson('a', '5'));
      }
    });

    const claim = await clientFor(server.url).get(persistentVolumeClaims, { namespace: 'default', name: 'a' });

    expect(claim?.metadata.name).toBe('a');
    expect(calls).toBe(3);
  });

  test('a read that never works rejects with the last failure', async () => {
    const server = await startServer((_request, response) => status(response, 503, 'ServiceUnavailable', 'no leader'));

    const error = await rejection(clientFor(server.url, { retries: 1 }).get(storageClasses, { name: 'a' }));

    expect(error).toMatchObject({ code: 503, reason: 'ServiceUnavailable' });
    expect(error.message).toContain('no leader');
    expect(isTransient(error)).toBe(true);
    expect(isOutcomeUnknown(error)).toBe(false);
    expect(server.seen).toHaveLength(2);
  });

  test.each<[string, Handler]>([
    ['the connection is reset', (_request, response) => void response.socket?.resetAndDestroy()],
    [
      'the answer breaks off',
      (_request, response) => {
        response.writeHead(201, { 'content-length': '1000' });
        response.write('{"metadata":', () => response.socket?.resetAndDestroy());
      },
    ],
    [
      'the server says 500',
      (_request, response) => status(response, 500, 'InternalError', 'etcdserver: request timed out'),
    ],
    ['the answer is no volume', (_request, response) => json(response, 201, { hello: 'world' })],
  ])('the outcome of a write is unknown when %s, and it is not repeated', async (_name, handler) => {
    const server = await startServer(handler);

    const error = await rejection(clientFor(server.url).create(persistentVolumes, { metadata: { name: 'x' } }));

    expect(isOutcomeUnknown(error)).toBe(true);
    expect(server.seen).toHaveLength(1);
  });

  test('a write to a server that is not there has not happened', async () => {
    const server = await startServer(() => undefined);
    await server.close();

    const error = await rejection(
      clientFor(server.url, { retries: 1 }).create(persistentVolumes, { metadata: { name: 'x' } }),
    );

    expect(error).toMatchObject({ kind: 'network', reason: 'ECONNREFUSED', unsent: true });
    expect(isTransient(error)).toBe(true);
    expect(isOutcomeUnknown(error)).toBe(false);
  });

  test('a write that was sent away with 429 is repeated after the time that was asked for', async () => {
    const clock = new FakeClock();
    let refuse = true;
    const server = await startServer((_request, response) => {
      if (refuse) {
        refuse = false;
        json(response, 429, { kind: 'Status', code: 429, reason: 'TooManyRequests' }, { 'retry-after': '7' });
      } else {
        json(response, 201, volumeJson);
      }
    });

    const made = clientFor(server.url, { clock }).create(persistentVolumes, { metadata: { name: 'pvc-1' } });
    await waitFor('the first answer', () => server.seen.length === 1 && clock.sleeping === 1);
    await clock.advance(7_000);
    expect(server.seen).toHaveLength(1);
    await clock.advance(500);

    expect((await made).metadata.name).toBe('pvc-1');
    expect(server.seen).toHaveLength(2);
  });

  test('a server that asks for too much patience gets none', async () => {
    const server = await startServer((_request, response) =>
      json(response, 429, { kind: 'Status', code: 429, reason: 'TooManyRequests' }, { 'retry-after': '3600' }),
    );

    const error = await rejection(clientFor(server.url).get(storageClasses, { name: 'a' }));

    expect(error).toMatchObject({ code: 429, retryAfterMs: 3_600_000 });
    expect(server.seen).toHaveLength(1);
  });

  test('a server that does not answer is given up after the deadline', async () => {
    const clock = new FakeClock();
    const server = await startServer(() => undefined);

    const call = rejection(clientFor(server.url, { clock }).create(persistentVolumes, { metadata: { name: 'x' } }));
    await waitFor('the request', () => server.seen.length === 1);
    await clock.advance(30_000);

    const error = await call;
    expect(error).toMatchObject({ kind: 'timeout', reason: 'DeadlineExceeded' });
    expect(isOutcomeUnknown(error)).toBe(true);
  });

  test('a body that never ends is given up after the deadline', async () => {
    const clock = new FakeClock();
    const server = await startServer((_request, response) => {
      response.writeHead(200);
      response.write('{"metadata":');
    });

    const call = rejection(clientFor(server.url, { clock, retries: 0 }).get(storageClasses, { name: 'a' }));
    await waitFor('the request', () => server.seen.length === 1);
    await clock.advance(30_000);

    expect((await call).kind).toBe('timeout');
  });

  test('the caller can end a call', async () => {
    const server = await startServer(() => undefined);
    const caller = new AbortController();

    const call = rejection(clientFor(server.url).get(storageClasses, { name: 'a' }, { signal: caller.signal }));
    await waitFor('the request', () => server.seen.length === 1);
    caller.abort(new Error('shutting down'));

    const error = await call;
    expect(isAborted(error)).toBe(true);
    expect(error.message).toContain('shutting down');
  });

  test('an answer that is no JSON is shown in the message', async () => {
    const server = await startServer((_request, response) => {
      response.writeHead(502);
      response.end('<html>Bad Gateway</html>');
    });

    const error = await rejection(clientFor(server.url, { retries: 0 }).get(storageClasses, { name: 'a' }));

    expect(error.message).toBe(
      'get storageclasses /apis/storage.k8s.io/v1/storageclasses/a: HTTP 502: <html>Bad Gateway</html>',
    );
  });
});

describe('the pool', () => {
  test('calls one after another share their connections', async () => {
    const server = await startServer((_request, response) => json(response, 200, claimJson('a', '5')));
    const client = clientFor(server.url);

    for (let call = 0; call < 50; call += 1) {
      await client.get(persistentVolumeClaims, { namespace: 'default', name: 'a' });
    }

    // A second one, when a call comes in the moment between the end of a body and its connection being free again.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  test('calls side by side never use more connections than allowed', async () => {
    const server = await startServer((_request, response) => json(response, 200, claimJson('a', '5')));
    const client = clientFor(server.url, { connections: 4 });

    await Promise.all(
      Array.from({ length: 100 }, () => client.get(persistentVolumeClaims, { namespace: 'default', name: 'a' })),
    );

    expect(server.seen).toHaveLength(100);
    expect(server.connections()).toBeLessThanOrEqual(4);
  });

  test('an isolated client is not held up by calls that fill the pool', async () => {
    const server = await startServer((request, response) => {
      if (request.path.endsWith('/lease')) {
        json(response, 200, claimJson('lease', '1'));
      }
    });
    const client = clientFor(server.url, { connections: 2 });
    const isolated = client.isolated('lease', { qps: 10, burst: 10 });
    const stuck = Promise.allSettled(
      Array.from({ length: 5 }, () => client.get(persistentVolumeClaims, { namespace: 'default', name: 'stuck' })),
    );
    await waitFor('a full pool', () => server.seen.length === 2);

    const found = await isolated.get(persistentVolumeClaims, { namespace: 'default', name: 'lease' });

    expect(found?.metadata.name).toBe('lease');
    await isolated.close();
    await client.close();
    await stuck;
  });

  test('one that may not write sends no write, and reads; an isolated client of it does as it is told', async () => {
    const server = await startServer((_request, response) => json(response, 200, claimJson('a', '5')));
    let leads = false;
    const client = clientFor(server.url, { mayWrite: () => leads });
    const name = { namespace: 'default', name: 'a' };
    const body = { metadata: { name: 'a', namespace: 'default' } };

    const refused = await Promise.all(
      [
        client.create(persistentVolumeClaims, body),
        client.replace(persistentVolumeClaims, name, body),
        client.patch(persistentVolumeClaims, name, {}, { type: 'merge', subresource: 'status' }),
        client.delete(persistentVolumeClaims, name),
        client.withBucket('events').create(persistentVolumeClaims, body),
      ].map(rejection),
    );
    expect(refused.map((error) => [isAborted(error), isOutcomeUnknown(error)])).toEqual(
      refused.map(() => [true, false]),
    );
    expect(refused[0]?.message).toContain('this process does not lead any more');
    expect(server.seen).toEqual([]);

    await client.get(persistentVolumeClaims, name);
    const isolated = client.isolated('lease', { qps: 10, burst: 10 });
    await isolated.replace(persistentVolumeClaims, name, body);
    leads = true;
    await client.create(persistentVolumeClaims, body);
    expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'PUT', 'POST']);
    await isolated.close();
  });

  test('a write that is to be tried again is not, when the right to write was lost meanwhile', async () => {
    const clock = new FakeClock();
    const server = await startServer((_request, response) => status(response, 429, 'TooManyRequests'));
    let leads = true;
    const client = clientFor(server.url, { clock, mayWrite: () => leads });
    let ended = false;
    const error = rejection(client.create(persistentVolumeClaims, { metadata: { name: 'a', namespace: 'default' } }));
    void error.finally(() => (ended = true));
    await waitFor('the first try', () => server.seen.length === 1);
    leads = false;
    await waitFor('the end', async () => {
      await clock.advance(1_000);
      return ended;
    });

    expect(isAborted(await error)).toBe(true);
    expect(server.seen).toHaveLength(1);
  });

  test('a closed client refuses calls', async () => {
    const server = await startServer((_request, response) => json(response, 200, claimJson('a', '5')));
    const client = clientFor(server.url);
    await client.close();

    const error = await rejection(client.get(storageClasses, { name: 'a' }));

    expect(error.message).toContain('the client has been closed');
    expect(server.seen).toHaveLength(0);
  });
});

describe('limits and reports', () => {
  test('calls wait for their bucket, and buckets do not share tokens', async () => {
    const clock = new FakeClock();
    const server = await startServer((_request, response) => json(response, 200, claimJson('a', '5')));
    const buckets = { default: { qps: 1, burst: 2 }, events: { qps: 1, burst: 1 } };
    const client = clientFor(server.url, { clock, buckets });
    const name = { namespace: 'default', name: 'a' };

    await client.get(persistentVolumeClaims, name);
    await client.get(persistentVolumeClaims, name);
    const third = client.get(persistentVolumeClaims, name);
    await client.withBucket('events').get(persistentVolumeClaims, name);
    expect(server.seen).toHaveLength(3);

    await clock.advance(1_000);
    await third;
    expect(server.seen).toHaveLength(4);
  });

  test('writes of status have a bucket of their own, where one is named', async () => {
    const clock = new FakeClock();
    const server = await startServer((_request, response) => json(response, 200, claimJson('a', '5')));
    const buckets = { default: { qps: 1, burst: 1 }, status: { qps: 1, burst: 1 } };
    const client = clientFor(server.url, { clock, buckets });
    const name = { namespace: 'default', name: 'a' };
    const patch = (): Promise<unknown> =>
      client.patch(persistentVolumeClaims, name, {}, { type: 'merge', subresource: 'status' });

    await patch();
    const second = patch();
    await client.get(persistentVolumeClaims, name);
    expect(server.seen.map(({ method }) => method)).toEqual(['PATCH', 'GET']);

    await clock.advance(1_000);
    await second;
    expect(server.seen).toHaveLength(3);
  });

  test('every try is reported, with verb, resource and code', async () => {
    const reports: CallReport[] = [];
    let calls = 0;
    const server = await startServer((_request, response) => {
      calls += 1;
      status(response, calls === 1 ? 500 : 404, 'whatever');
    });
    const client = clientFor(server.url, { observer: { called: (report) => reports.push(report) } });

    await client.get(storageClasses, { name: 'a' });
    await client.withBucket('events').delete(events, { namespace: 'default', name: 'e' });

    expect(reports.map(({ verb, resource, code, bucket }) => [verb, resource, code, bucket])).toEqual([
      ['get', 'storageclasses', 500, 'default'],
      ['get', 'storageclasses', 404, 'default'],
      ['delete', 'events', 404, 'events'],
    ]);
  });

  test('each warning of the server is logged once', async () => {
    const warnings: object[] = [];
    const log: Log = { ...silentLog, warn: (fields) => warnings.push(fields) };
    const server = await startServer((_request, response) =>
      json(response, 200, volumeJson, {
        warning: '299 - "spec.glusterfs: deprecated in v1.25", 299 kube "say \\"hello\\""',
      }),
    );
    const client = clientFor(server.url, { log });

    await client.get(persistentVolumes, { name: 'pvc-1' });
    await client.withBucket('other').get(persistentVolumes, { name: 'pvc-1' });

    expect(warnings).toEqual([{ warning: 'spec.glusterfs: deprecated in v1.25' }, { warning: 'say "hello"' }]);
  });
});
