/** The form csi of PersistentVolumes: what the node plugin will be given, and that nothing else depends on the form. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mountSourceOf } from '../../support/mount-source.ts';
import { ownOf, startTestCluster, type TestCluster } from '../support/cluster.ts';
import {
  bound,
  createClaim,
  createClass,
  deleteClaim,
  getVolume,
  grown,
  names,
  resizeClaim,
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

const csi = { parameters: { mount: 'csi' } };

describe('a claim of a class with mount: csi', () => {
  it('gets a PV with all that the node plugin needs to mount it', async () => {
    const sc = await createClass(cluster, { ...csi, mountOptions: ['log-level=WARNING'] });
    const claim = await createClaim(cluster, namespace, sc.metadata.name);
    const volume = await bound(cluster, claim);
    expect(volume.spec?.glusterfs).toBeUndefined();
    expect(volume.spec?.mountOptions).toEqual(['log-level=WARNING']);
    expect(volume.spec?.csi).toEqual({
      driver: 'glusterfs.brickyard.dev',
      volumeHandle: claim.uid,
      volumeAttributes: {
        endpointsNamespace: cluster.systemNamespace,
        endpoints: 'gluster-default',
        volume: names(volume).gluster,
        cluster: 'default',
      },
    });
    expect(volume.metadata?.annotations?.['pv.beta.kubernetes.io/gid']).toMatch(/^\d+$/);
  });

  it('has servers to mount from: the addresses of its Endpoints', async () => {
    const sc = await createClass(cluster, csi);
    const { endpoints } = mountSourceOf(await bound(cluster, await createClaim(cluster, namespace, sc.metadata.name)));
    const { subsets = [] } = await cluster.core.readNamespacedEndpoints(endpoints);
    const addresses = subsets.flatMap((subset) => (subset.addresses ?? []).map(({ ip }) => ip));
    const nodes = await cluster.storage.nodes();
    expect(addresses.toSorted()).toEqual(nodes.map(({ address }) => address).toSorted());
  });

  it('grows, with nothing for the nodes to do', async () => {
    const sc = await createClass(cluster, { ...csi, allowVolumeExpansion: true });
    const claim = await createClaim(cluster, namespace, sc.metadata.name);
    const { pv } = names(await bound(cluster, claim));
    await resizeClaim(cluster, claim, '3Gi');
    const { metadata } = await grown(cluster, claim, '3Gi');
    expect(metadata?.annotations?.['volume.kubernetes.io/node-expansion-not-required']).toBe('true');
    expect((await getVolume(cluster, pv))?.spec?.capacity).toEqual({ storage: '3Gi' });
  });

  it('takes volume and data with it when it goes, after a change of the controller too', async ({ skip }) => {
    const own = ownOf(cluster, skip, 'kills the controller');
    const sc = await createClass(cluster, csi);
    const claim = await createClaim(cluster, namespace, sc.metadata.name);
    const { pv, gluster } = names(await bound(cluster, claim));
    await own.killAndStart();
    await deleteClaim(cluster, claim);
    await volumeGone(cluster, pv);
    expect((await cluster.storage.volumes()).map(({ name }) => name)).not.toContain(gluster);
  });
});

describe('the form of a PV', () => {
  it('is the one that its class says, and otherwise the one that all kubelets of the cluster mount', async () => {
    const formOf = async (parameters: Record<string, string>): Promise<string> => {
      const sc = await createClass(cluster, { parameters });
      return mountSourceOf(await bound(cluster, await createClaim(cluster, namespace, sc.metadata.name))).form;
    };
    const { items } = await cluster.core.listNode();
    const minors = items.map(({ status }) => Number(status?.nodeInfo?.kubeletVersion.split('.')[1]));
    expect(await formOf({})).toBe([cluster.minor, ...minors].every((minor) => minor < 26) ? 'glusterfs' : 'csi');
    expect(await formOf({ mount: 'glusterfs' })).toBe('glusterfs');
    expect(await formOf({ mount: 'csi' })).toBe('csi');
  });
});
