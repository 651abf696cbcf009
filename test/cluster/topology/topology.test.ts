/** Zones as an administrator writes them into a class, and as the scheduler names them by a node. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { patience, startTestCluster, type TestCluster } from '../support/cluster.ts';
import { bound, createClaim, createClass, event, getClaim, type ClaimRef } from '../support/objects.ts';

const zoneLabel = 'topology.kubernetes.io/zone';
const selected = 'volume.kubernetes.io/selected-node';

let cluster: TestCluster;
let namespace: string;
beforeAll(async () => {
  cluster = await startTestCluster();
  namespace = await cluster.namespace();
});
afterAll(async () => {
  await cluster?.close();
});

const allowed = (...values: string[]) => [{ matchLabelExpressions: [{ key: zoneLabel, values }] }];

/** A node that no kubelet stands behind, in that zone. */
async function createNode(zone: string): Promise<string> {
  const name = `test-${randomBytes(4).toString('hex')}`;
  await cluster.core.createNode({ body: { metadata: { name, labels: { [zoneLabel]: zone } } } });
  cluster.cleanUp(() => cluster.core.deleteNode({ name }));
  return name;
}

/** What the scheduler does for the first pod of a claim. */
async function selectNode(claim: ClaimRef, node: string): Promise<void> {
  const { metadata } = await getClaim(cluster, claim);
  const annotations = { ...metadata?.annotations, [selected]: node };
  await cluster.core.patchNamespacedPersistentVolumeClaim({
    namespace: claim.namespace,
    name: claim.name,
    body: [
      {
        op: metadata?.annotations === undefined ? 'add' : 'replace',
        path: '/metadata/annotations',
        value: annotations,
      },
    ],
  });
}

const zones = async (): Promise<string[]> => [
  ...new Set((await cluster.storage.nodes()).map(({ zone }) => zone).sort()),
];

/** Zones that have a brick of the claim's volume, once for each brick. */
async function zonesOf(claim: ClaimRef): Promise<string[]> {
  return (await cluster.storage.bricks(claim.uid)).map(({ zone }) => zone).sort();
}

describe('a claim whose pod is on a node of a zone', () => {
  it('has a replica in that zone, and a PersistentVolume for every node', async () => {
    const sc = await createClass(cluster, {
      volumeBindingMode: 'WaitForFirstConsumer',
      parameters: { volumetype: 'replicate:2' },
    });
    for (const zone of await zones()) {
      const claim = await createClaim(cluster, namespace, sc.metadata.name);
      await selectNode(claim, await createNode(zone));
      const pv = await bound(cluster, claim);
      expect(await zonesOf(claim)).toContain(zone);
      expect(pv.spec?.nodeAffinity).toBeUndefined();
    }
  });
});

describe('allowedTopologies', () => {
  it('keep the data in their zones', async () => {
    const some = (await zones()).slice(0, 2);
    const sc = await createClass(cluster, {
      allowedTopologies: allowed(...some),
      parameters: { volumetype: 'replicate:2' },
    });
    const claim = await createClaim(cluster, namespace, sc.metadata.name);
    await bound(cluster, claim);
    expect(await zonesOf(claim)).toEqual(some);
  });

  it('with too few zones say what is missing, and give a claim with a node back to the scheduler', async () => {
    const [zone = ''] = await zones();
    const sc = await createClass(cluster, {
      volumeBindingMode: 'WaitForFirstConsumer',
      allowedTopologies: allowed(zone),
    });
    const claim = await createClaim(cluster, namespace, sc.metadata.name);
    await selectNode(claim, await createNode(zone));
    await event(cluster, claim, 'ProvisioningFailed', /which is not allowed.*allowed as well/);
    await waitFor(
      'the annotation is gone',
      async () => (await getClaim(cluster, claim)).metadata?.annotations?.[selected] === undefined,
      patience,
    );
  });

  it('with a mistyped key are refused with the right one', async () => {
    const sc = await createClass(cluster, {
      allowedTopologies: [{ matchLabelExpressions: [{ key: 'topology.kubernetes.io/zones', values: ['a'] }] }],
    });
    const claim = await createClaim(cluster, namespace, sc.metadata.name);
    const told = await event(cluster, claim, 'ProvisioningFailed');
    expect(told).toContain(`expected ${zoneLabel}, got topology.kubernetes.io/zones`);
  });
});
