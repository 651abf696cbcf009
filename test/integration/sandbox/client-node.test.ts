/** The library that our controller uses, with the kubeconfig that the sandbox gives out. */
import {
  ApiException,
  CoordinationV1Api,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  V1MicroTime,
  Watch,
  setHeaderOptions,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { startTestApi } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { KubernetesObject } from '@kubernetes/client-node';
import type { KubeSandbox } from '../../../src/sandbox/api/start.ts';

let sandbox: KubeSandbox;
let config: KubeConfig;
beforeAll(async () => {
  sandbox = await startTestApi();
  config = new KubeConfig();
  config.loadFromString(sandbox.kubeconfig);
});
afterAll(async () => {
  await sandbox.close();
});

const namespace = 'default';

it('creates, reads, lists, patches and deletes with the typed client', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const made = await core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: 'typed' }, data: { a: '1' } },
  });
  expect(made.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/);
  const patched = await core.patchNamespacedConfigMap(
    { namespace, name: 'typed', body: { data: { b: '2' } } },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );
  expect(patched.data).toEqual({ a: '1', b: '2' });
  const page = await core.listNamespacedConfigMap({ namespace, limit: 1 });
  expect(page.items.map((item) => item.metadata?.name)).toEqual(['typed']);
  await core.deleteNamespacedConfigMap({ namespace, name: 'typed' });
  const gone = core.readNamespacedConfigMap({ namespace, name: 'typed' });
  await expect(gone).rejects.toSatisfy((error) => error instanceof ApiException && error.code === 404);
});

it('applies with the generic client', async () => {
  const objects = KubernetesObjectApi.makeApiClient(config);
  const body: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'applied', namespace, labels: { a: '1' } },
  };
  const applied = await objects.patch(body, undefined, undefined, 'me', true, PatchStrategy.ServerSideApply);
  expect(applied.metadata?.managedFields).toMatchObject([{ manager: 'me', operation: 'Apply' }]);
});

it('writes Lease times as V1MicroTime, and is refused with a Date', async () => {
  const leases = config.makeApiClient(CoordinationV1Api);
  const body = (renewTime: V1MicroTime) => ({ metadata: { name: 'l' }, spec: { holderIdentity: 'me', renewTime } });
  const refused = leases.createNamespacedLease({ namespace, body: body(new Date()) });
  await expect(refused).rejects.toSatisfy((error) => error instanceof ApiException && error.code === 400);
  const made = await leases.createNamespacedLease({ namespace, body: body(new V1MicroTime()) });
  expect(made.spec?.holderIdentity).toBe('me');
});

it('watches', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const seen: string[] = [];
  const abort = await new Watch(config).watch(
    `/api/v1/namespaces/${namespace}/secrets`,
    { allowWatchBookmarks: true },
    (phase: string, object: { readonly metadata: { readonly name: string } }) => {
      seen.push(`${phase} ${object.metadata.name}`);
    },
    () => undefined,
  );
  await core.createNamespacedSecret({ namespace, body: { metadata: { name: 's' }, stringData: { a: 'b' } } });
  await core.deleteNamespacedSecret({ namespace, name: 's' });
  await waitFor('both events', () => seen.length === 2);
  expect(seen).toEqual(['ADDED s', 'DELETED s']);
  abort.abort();
});
