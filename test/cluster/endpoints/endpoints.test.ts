import { afterAll, beforeAll, expect, it } from 'vitest';
import { mountSourceOf } from '../../support/mount-source.ts';
import { waitFor } from '../../support/wait-for.ts';
import { patience, startTestCluster, type TestCluster } from '../support/cluster.ts';
import { bound, createClaim, createClass, isNotFound } from '../support/objects.ts';

let cluster: TestCluster;
let endpoints: { readonly namespace: string; readonly name: string };

beforeAll(async () => {
  cluster = await startTestCluster();
  const sc = await createClass(cluster);
  const volume = await bound(cluster, await createClaim(cluster, await cluster.namespace(), sc.metadata.name));
  ({ endpoints } = mountSourceOf(volume));
});

afterAll(async () => {
  await cluster?.close();
});

async function addresses(): Promise<string[] | undefined> {
  try {
    const { subsets } = await cluster.core.readNamespacedEndpoints(endpoints);
    return subsets?.flatMap((subset) => subset.addresses?.map((address) => address.ip) ?? []).sort();
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}

const allNodes = async (): Promise<string[]> => (await cluster.storage.nodes()).map(({ address }) => address).sort();
const isRight = async (): Promise<boolean> => JSON.stringify(await addresses()) === JSON.stringify(await allNodes());

it('the PV points at the Endpoints of its gluster cluster, in our namespace, with every node in it', async () => {
  expect(endpoints.namespace).toBe(cluster.systemNamespace);
  expect(await addresses()).toEqual(await allNodes());
});

it('a Service without selector of the same name keeps them alive', async () => {
  const service = await cluster.core.readNamespacedService(endpoints);
  expect(service.spec?.clusterIP).toBe('None');
  expect(service.spec?.selector).toBeUndefined();
});

it('they are restored when somebody deletes the Service and with it the Endpoints', async () => {
  await cluster.core.deleteNamespacedService(endpoints);
  await cluster.core.deleteNamespacedEndpoints(endpoints).catch((error: unknown) => {
    if (!isNotFound(error)) {
      throw error;
    }
  });
  await waitFor('the Endpoints are back', isRight, patience);
  await waitFor('the Service is back', () => cluster.core.readNamespacedService(endpoints), patience);
});

it('they are put right when somebody edits them', async () => {
  const current = await cluster.core.readNamespacedEndpoints(endpoints);
  await cluster.core.replaceNamespacedEndpoints({
    ...endpoints,
    body: Object.assign(current, { subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 1 }] }] }),
  });
  await waitFor('the addresses are right again', isRight, patience);
});
