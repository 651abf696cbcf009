import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mountSourceOf } from '../../support/mount-source.ts';
import { waitFor } from '../../support/wait-for.ts';
import { patience, startTestCluster, type TestCluster } from '../support/cluster.ts';
import {
  bound,
  createClaim,
  createClass,
  deleteClaim,
  finalizer,
  event,
  eventsOf,
  getClaim,
  getVolume,
  isThere,
  names,
  volumeGone,
} from '../support/objects.ts';

let cluster: TestCluster;
let namespace: string;

beforeAll(async () => {
  cluster = await startTestCluster();
  namespace = await cluster.namespace();
});

afterAll(async () => {
  await cluster?.close();
});

describe('a claim', () => {
  it('becomes a bound PV with all that a kubelet and a later delete need', async () => {
    const sc = await createClass(cluster, { mountOptions: ['log-level=WARNING'] });
    const claim = await createClaim(cluster, namespace, sc.metadata.name, { size: '2Gi' });
    const volume = await bound(cluster, claim);
    expect(volume.metadata).toMatchObject({
      name: `pvc-${claim.uid}`,
      annotations: { 'pv.kubernetes.io/provisioned-by': cluster.provisioner },
    });
    expect(volume.metadata?.finalizers).toContain(finalizer);
    expect(volume.metadata?.annotations?.['pv.beta.kubernetes.io/gid']).toMatch(/^\d+$/);
    expect(volume.spec).toMatchObject({
      accessModes: ['ReadWriteMany'],
      capacity: { storage: '2Gi' },
      claimRef: { namespace, name: claim.name, uid: claim.uid },
      mountOptions: ['log-level=WARNING'],
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: sc.metadata.name,
      volumeMode: 'Filesystem',
    });
    expect(mountSourceOf(volume).endpoints.namespace).toBe(cluster.systemNamespace);
    expect((await getClaim(cluster, claim)).status?.capacity).toEqual({ storage: '2Gi' });
  });

  it('gets a started volume whose replicas stand on three nodes', async () => {
    const sc = await createClass(cluster);
    const claim = await createClaim(cluster, namespace, sc.metadata.name);
    const volume = await bound(cluster, claim);
    await waitFor(
      'its volume is started',
      async () => (await cluster.storage.volumes()).find(({ name }) => name === names(volume).gluster)?.started,
      patience,
    );
    const bricks = await cluster.storage.bricks(claim.uid);
    expect(new Set(bricks.map(({ node }) => node)).size).toBe(3);
  });

  it('is told once what happens to it', async () => {
    const sc = await createClass(cluster);
    const claim = await createClaim(cluster, namespace, sc.metadata.name);
    await bound(cluster, claim);
    expect(await event(cluster, claim, 'ProvisioningSucceeded')).toContain(`pvc-${claim.uid}`);
    await event(cluster, claim, 'Provisioning');
    const said = (await eventsOf(cluster, claim)).map((each) => each.reason);
    expect(said.filter((reason) => reason === 'ProvisioningSucceeded')).toHaveLength(1);
    expect(said.filter((reason) => reason === 'Provisioning')).toHaveLength(1);
  });

  it('that asks for less than the smallest brick gets, and is told of, what was really allocated', async () => {
    const sc = await createClass(cluster);
    const volume = await bound(cluster, await createClaim(cluster, namespace, sc.metadata.name, { size: '100Mi' }));
    expect(volume.spec?.capacity).toEqual({ storage: '1Gi' });
  });

  it('with its class in the beta annotation is served too', async () => {
    const sc = await createClass(cluster);
    const claim = await createClaim(cluster, namespace, undefined, {
      annotations: { 'volume.beta.kubernetes.io/storage-class': sc.metadata.name },
    });
    expect((await bound(cluster, claim)).spec?.storageClassName).toBe(sc.metadata.name);
  });

  it('of a class that waits for the first consumer is served once a node is selected', async () => {
    const sc = await createClass(cluster, { volumeBindingMode: 'WaitForFirstConsumer' });
    const waits = await createClaim(cluster, namespace, sc.metadata.name);
    const other = await createClaim(cluster, namespace, (await createClass(cluster)).metadata.name);
    await bound(cluster, other); // A claim made later is bound by now, so the first one was looked at and left.
    expect((await getClaim(cluster, waits)).status?.phase).toBe('Pending');
    expect(await getVolume(cluster, `pvc-${waits.uid}`)).toBeUndefined();
    await annotate(waits.name, { 'volume.kubernetes.io/selected-node': 'some-node' });
    await bound(cluster, waits);
  });

  it('of another provisioner is left alone', async () => {
    const sc = await createClass(cluster, { provisioner: 'example.com/not-brickyard' });
    const claim = await createClaim(cluster, namespace, sc.metadata.name);
    await bound(cluster, await createClaim(cluster, namespace, (await createClass(cluster)).metadata.name));
    const said = await eventsOf(cluster, claim);
    expect(said.map((each) => each.source?.component ?? '').filter((name) => name.includes('brickyard'))).toEqual([]);
    expect(await getVolume(cluster, `pvc-${claim.uid}`)).toBeUndefined();
  });

  it('made again under the same name gets a volume of its own', async () => {
    const sc = await createClass(cluster);
    const first = await createClaim(cluster, namespace, sc.metadata.name, { name: 'again' });
    await bound(cluster, first);
    await deleteClaim(cluster, first);
    await volumeGone(cluster, `pvc-${first.uid}`);
    const second = await createClaim(cluster, namespace, sc.metadata.name, { name: 'again' });
    expect((await bound(cluster, second)).metadata?.name).toBe(`pvc-${second.uid}`);
  });
});

describe('deleting', () => {
  it('a claim of policy Delete takes the PV, the volume and its bricks away', async () => {
    const sc = await createClass(cluster);
    const claim = await createClaim(cluster, namespace, sc.metadata.name);
    const { pv, gluster } = names(await bound(cluster, claim));
    await deleteClaim(cluster, claim);
    await volumeGone(cluster, pv);
    expect(await isThere(cluster, gluster)).toBe(false);
    expect(await cluster.storage.bricks(claim.uid)).toEqual([]);
  });

  it('works without the class', async () => {
    const sc = await createClass(cluster);
    const claim = await createClaim(cluster, namespace, sc.metadata.name);
    const { pv } = names(await bound(cluster, claim));
    await cluster.storageApi.deleteStorageClass({ name: sc.metadata.name });
    await deleteClaim(cluster, claim);
    await volumeGone(cluster, pv);
  });
});

async function annotate(name: string, annotations: Record<string, string>): Promise<void> {
  const claim = await cluster.core.readNamespacedPersistentVolumeClaim({ namespace, name });
  await cluster.core.replaceNamespacedPersistentVolumeClaim({
    namespace,
    name,
    body: {
      ...claim,
      metadata: { ...claim.metadata, annotations: { ...claim.metadata?.annotations, ...annotations } },
    },
  });
}
