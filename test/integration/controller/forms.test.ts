import { afterEach, describe, expect, it } from 'vitest';
import { readCsiAttributes } from '../../../src/domain/csi-names.ts';
import { waitFor } from '../../support/wait-for.ts';
import { House } from './house.ts';

let house: House;
afterEach(async () => {
  await house.close();
});

function addNodes(...versions: readonly string[]): void {
  for (const [index, kubeletVersion] of versions.entries()) {
    const metadata = { name: `worker-${index}` };
    house.sandbox.api.create({ apiVersion: 'v1', kind: 'Node', metadata, status: { nodeInfo: { kubeletVersion } } });
  }
}

/** Reason and message of each event about the class `gluster`. */
function saidOfClass(): string[] {
  const { uid } = house.sandbox.api.find({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name: 'gluster' })
    ?.metadata ?? { uid: '' };
  return house.eventsAbout(uid ?? '');
}

describe('a PersistentVolume on Kubernetes 1.36', () => {
  it('is of the form csi, with attributes that lead to the servers', async () => {
    house = await House.open({ serverVersion: 'v1.36.0' });
    addNodes('v1.36.0', 'v1.35.4');
    const pv = await house.bound('data');
    expect(pv.spec.glusterfs).toBeUndefined();
    expect(pv.spec.csi).toMatchObject({ driver: 'glusterfs.brickyard.dev', volumeHandle: pv.spec.claimRef?.uid });
    const { endpoints, endpointsNamespace, volume } = readCsiAttributes(pv.spec.csi?.volumeAttributes ?? {});
    expect(house.glusterVolumes()).toEqual([volume]);
    const about = { apiVersion: 'v1', kind: 'Endpoints', name: endpoints, namespace: endpointsNamespace };
    expect(house.sandbox.api.find(about)).toBeDefined();
    expect(saidOfClass()).toEqual([]);
  });

  it('grows, keeps its data as long as it is bound, and goes without a trace', async () => {
    const storageClass = { allowVolumeExpansion: true };
    house = await House.open({ serverVersion: 'v1.36.0', storageClass });
    const pv = await house.bound('data');
    house.resizeClaim('data', '2Gi');
    const claim = await house.grown('data', '2Gi');
    expect(claim.metadata.annotations).toMatchObject({ 'volume.kubernetes.io/node-expansion-not-required': 'true' });
    expect(house.volume(pv.metadata.name)?.spec.capacity).toEqual({ storage: '2Gi' });
    house.deleteVolume(pv.metadata.name);
    await house.bound('other');
    expect(house.glusterVolumes()).toHaveLength(2);
    house.deleteClaim('data');
    house.deleteClaim('other');
    await house.emptied();
  });

  it('is of the old form where the class says so', async () => {
    house = await House.open({ serverVersion: 'v1.36.0', storageClass: { parameters: { mount: 'glusterfs' } } });
    const { spec } = await house.bound('data');
    expect(spec.csi).toBeUndefined();
    expect(spec.glusterfs?.path).toBe(house.glusterVolumes()[0]);
  });
});

describe('a PersistentVolume on Kubernetes 1.25', () => {
  it('is of the form glusterfs', async () => {
    house = await House.open({ serverVersion: 'v1.25.16' });
    addNodes('v1.25.16', 'v1.24.2');
    const { spec } = await house.bound('data');
    expect(spec.csi).toBeUndefined();
    expect(spec.glusterfs?.path).toBe(house.glusterVolumes()[0]);
  });

  it('is of the form csi where the class says so', async () => {
    house = await House.open({ serverVersion: 'v1.25.16', storageClass: { parameters: { mount: 'csi' } } });
    expect((await house.bound('data')).spec.csi?.driver).toBe('glusterfs.brickyard.dev');
    house.deleteClaim('data');
    await house.emptied();
  });

  it('keeps its form when the cluster is upgraded, while new ones get the other, and the author of the class is told', async () => {
    house = await House.open({ serverVersion: 'v1.25.16' });
    addNodes('v1.25.16', 'v1.25.16');
    const before = await house.bound('old');
    await house.stop();
    const node = { apiVersion: 'v1', kind: 'Node', name: 'worker-0' };
    house.sandbox.api.patch(node, { status: { nodeInfo: { kubeletVersion: 'v1.26.4' } } }, 'status');
    await house.start();
    expect((await house.bound('new')).spec.csi).toBeDefined();
    expect(house.volume(before.metadata.name)?.spec).toEqual(before.spec);
    await waitFor('the class is told', () => saidOfClass().length === 1);
    expect(saidOfClass()[0]).toContain('MixedKubeletVersions: ');
    expect(saidOfClass()[0]).toContain('v1.25.16 on 1 node, v1.26.4 on 1 node');
    house.deleteClaim('old');
    house.deleteClaim('new');
    await house.emptied();
  });
});

describe('a controller that may not list nodes', () => {
  it('goes by the version of the server, and says so', async () => {
    house = await House.open({ serverVersion: 'v1.25.16' });
    addNodes('v1.36.0');
    house.sandbox.faults.add({ match: { verb: 'list', resource: 'nodes' }, action: { do: 'refuse', code: 403 } });
    expect((await house.bound('data')).spec.glusterfs).toBeDefined();
    await waitFor('the class is told', () => saidOfClass().length === 1);
    expect(saidOfClass()[0]).toMatch(/^KubeletVersionsUnknown: .*the API server is v1\.25\.16$/);
  });
});
