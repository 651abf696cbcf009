/** The author of a StorageClass of ours that can never work is told, before anybody has made a claim of it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { V1StorageClass } from '@kubernetes/client-node';
import { waitFor } from '../../support/wait-for.ts';
import { patience, startTestCluster, type TestCluster } from '../support/cluster.ts';
import { bound, createClaim, createClass } from '../support/objects.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterAll(async () => {
  await cluster?.close();
});

/** Events about the class, which stand in `default` because it has no namespace. */
async function told({ metadata }: V1StorageClass): Promise<string[]> {
  const { items } = await cluster.core.listNamespacedEvent({
    namespace: 'default',
    fieldSelector: `involvedObject.name=${metadata?.name}`,
  });
  return items
    .filter(({ involvedObject }) => involvedObject.uid === metadata?.uid)
    .map(({ reason, message }) => `${reason}: ${message}`);
}

it.each([
  ['a mistyped parameter', { volumetpye: 'replicate:3' }, /^InvalidStorageClass: .*volumetpye.*volumetype/s],
  ["heketi's address", { resturl: 'http://heketi:8080' }, /^InvalidStorageClass: .*resturl/s],
])('a class with %s gets an event that says what to change', async (_what, parameters, message) => {
  const sc = await createClass(cluster, { parameters });
  const events = await waitFor(
    'the class is told',
    async () => {
      const said = await told(sc);
      return said.length > 0 ? said : undefined;
    },
    patience,
  );
  expect(events).toEqual([expect.stringMatching(message)]);
});

it('a class that works, and one of somebody else, are told nothing', async () => {
  const good = await createClass(cluster);
  const foreign = await createClass(cluster, {
    provisioner: 'example.com/not-brickyard',
    parameters: { volumetpye: 'replicate:3' },
  });
  await bound(cluster, await createClaim(cluster, await cluster.namespace(), good.metadata.name));
  expect([...(await told(good)), ...(await told(foreign))]).toEqual([]);
});
