/** `maxVolumesPerNamespace`: what is above it waits and is told so; other namespaces do not notice. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ownOf, startTestCluster, type TestCluster } from '../support/cluster.ts';
import { bound, createClaim, createClass, deleteClaim, event, getClaim, nothingLeft } from '../support/objects.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster({ config: { limits: { maxVolumesPerNamespace: 2 } } });
});

afterAll(async () => {
  await cluster?.close();
});

it('a claim above the limit of its namespace waits, and is served when another one goes', async ({ skip }) => {
  ownOf(cluster, skip, 'needs a limit in the configuration');
  const { name } = (await createClass(cluster)).metadata;
  const [full, other] = [await cluster.namespace(), await cluster.namespace()];
  const first = await createClaim(cluster, full, name);
  const second = await createClaim(cluster, full, name);
  await bound(cluster, first);
  await bound(cluster, second);

  const third = await createClaim(cluster, full, name);
  await event(cluster, third, 'ProvisioningFailed', new RegExp(`${full} has 2 volumes.*maxVolumesPerNamespace`));
  await bound(cluster, await createClaim(cluster, other, name));
  expect((await getClaim(cluster, third)).status?.phase).toBe('Pending');
  expect(await cluster.storage.bricks(third.uid)).toEqual([]);

  await deleteClaim(cluster, first);
  await bound(cluster, third);
  await nothingLeft(cluster, first);
});
