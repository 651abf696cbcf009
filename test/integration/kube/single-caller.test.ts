/** Single objects by a pod's ServiceAccount, on real files and a real TLS server. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/cli/system-clock.ts';
import { ServiceAccount } from '../../../src/kube/service-account.ts';
import { SingleCaller } from '../../../src/kube/single-caller.ts';
import { eventBody } from '../../../src/kube/event-body.ts';
import { events, type KubeEventBody } from '../../../src/kube/resources/event.ts';
import { endpoints } from '../../../src/kube/resources/endpoints.ts';
import { json, startServer, status, type Handler, type TestServer } from './server.ts';

const pem = (name: string): Promise<string> => readFile(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');
const name = { namespace: 'brickyard', name: 'gluster-default' };
const object = {
  metadata: { ...name, uid: 'u', resourceVersion: '1' },
  subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 1 }] }],
};

interface Pod {
  readonly folder: string;
  readonly server: TestServer;
  readonly caller: SingleCaller;
}

async function pod(handler: Handler, which = 'old'): Promise<Pod> {
  const folder = await mkdtemp(join(tmpdir(), 'brickyard-single-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'token'), 'first\n');
  await writeFile(join(folder, 'ca.crt'), await pem('ca-old.crt'));
  const server = await startServer(handler, {
    key: await pem(`server-${which}.key`),
    cert: await pem(`server-${which}.crt`),
  });
  const environment = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: new URL(server.url).port };
  const account = new ServiceAccount(environment, folder);
  return { folder, server, caller: new SingleCaller({ account, clock: systemClock, version: '1', timeoutMs: 5_000 }) };
}

describe('single calls', () => {
  test('gets one, with the token of the moment', async () => {
    const { folder, server, caller } = await pod((_request, response) => json(response, 200, object));
    expect(await caller.get(endpoints, name)).toMatchObject({ subsets: [{ addresses: [{ ip: '10.0.0.1' }] }] });
    await writeFile(join(folder, 'token'), 'second');
    await caller.get(endpoints, name);
    expect(server.seen.map(({ method, path, headers }) => [method, path, headers.authorization])).toEqual([
      ['GET', '/api/v1/namespaces/brickyard/endpoints/gluster-default', 'Bearer first'],
      ['GET', '/api/v1/namespaces/brickyard/endpoints/gluster-default', 'Bearer second'],
    ]);
  });

  test('creates and patches one', async () => {
    const event = { metadata: { namespace: 'default', name: 'worker-1.0' }, count: 1 };
    const { server, caller } = await pod((_request, response) => {
      json(response, 201, {
        ...event,
        involvedObject: {},
        metadata: { ...event.metadata, uid: 'u', resourceVersion: '1' },
      });
    });
    const body: KubeEventBody = eventBody(
      {
        about: { apiVersion: 'v1', kind: 'Node', name: 'worker-1', uid: 'worker-1' },
        type: 'Warning',
        reason: 'R',
        message: 'm',
      },
      { name: 'worker-1.0', firstAt: 0, lastAt: 0, count: 1 },
      'worker-1',
    );
    expect(await caller.create(events, body)).toMatchObject({ count: 1 });
    await caller.patch(events, event.metadata, { count: 2 }, { type: 'merge' });
    expect(server.seen.map(({ method, path, headers }) => [method, path, headers['content-type']])).toEqual([
      ['POST', '/api/v1/namespaces/default/events', 'application/json'],
      ['PATCH', '/api/v1/namespaces/default/events/worker-1.0', 'application/merge-patch+json'],
    ]);
    expect(server.seen.map(({ body: sent }) => sent)).toEqual([
      { apiVersion: 'v1', kind: 'Event', ...body },
      { count: 2 },
    ]);
  });

  test('says of a write without an answer that it may have been done', async () => {
    const { caller } = await pod(() => undefined);
    const patch = caller.patch(events, { namespace: 'default', name: 'e' }, {}, { type: 'merge', timeoutMs: 200 });
    await expect(patch).rejects.toMatchObject({ kind: 'timeout', unsent: false });
  });

  test('tells what is not there from what may not be seen', async () => {
    const missing = await pod((_request, response) => status(response, 404, 'NotFound'));
    expect(await missing.caller.get(endpoints, name)).toBeUndefined();
    const forbidden = await pod((_request, response) => status(response, 403, 'Forbidden'));
    await expect(forbidden.caller.get(endpoints, name)).rejects.toMatchObject({ kind: 'status', code: 403 });
  });

  test('gives its token to no server of another authority', async () => {
    const { server, caller } = await pod((_request, response) => json(response, 200, object), 'new');
    await expect(caller.get(endpoints, name)).rejects.toMatchObject({ kind: 'network', unsent: true });
    expect(server.seen).toEqual([]);
  });

  test('waits for no silent server longer than it may, nor for longer than its caller', async () => {
    const { caller } = await pod(() => undefined);
    await expect(caller.get(endpoints, name, { timeoutMs: 200 })).rejects.toMatchObject({ kind: 'timeout' });
    await expect(caller.get(endpoints, name, { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({
      kind: 'aborted',
    });
  });

  test.each([
    ['a page', (response: Parameters<Handler>[1]) => void response.end('<html>')],
    ['another object', (response: Parameters<Handler>[1]) => json(response, 200, { kind: 'List' })],
  ])('takes %s for no answer', async (_what, send) => {
    const { caller } = await pod((_request, response) => send(response));
    await expect(caller.get(endpoints, name)).rejects.toMatchObject({ kind: 'protocol' });
  });
});
