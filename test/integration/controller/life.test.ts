import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { House } from './house.ts';

let house: House;
afterEach(async () => {
  await house.close();
});

const finalizer = 'external-provisioner.volume.kubernetes.io/finalizer';

describe('a claim', () => {
  it('gets a volume that can be mounted, with three API writes, events included', async () => {
    house = await House.open();
    const before = house.sandbox.stats.writes('brickyard/');
    const pv = await house.bound('data', 'default', { resources: { requests: { storage: '2500Mi' } } });
    const { uid } = pv.spec.claimRef ?? { uid: '' };
    await waitFor('both events are written', () => house.eventsAbout(uid).length === 2);

    expect(pv).toMatchObject({
      metadata: { finalizers: expect.arrayContaining([finalizer]) as string[] },
      spec: {
        capacity: { storage: '2500Mi' },
        glusterfs: { endpoints: 'gluster-default', endpointsNamespace: 'brickyard', path: `vol_${uid}` },
        persistentVolumeReclaimPolicy: 'Delete',
      },
    });
    expect(house.sandbox.stats.writes('brickyard/') - before).toBe(3);
    expect(house.eventsAbout(uid).toSorted()).toEqual([
      'Provisioning: External provisioner is provisioning volume for claim "default/data"',
      `ProvisioningSucceeded: Successfully provisioned volume pvc-${uid}`,
    ]);
    expect(house.simulation.inspect().pools.flatMap((pool) => pool.volumes)).toMatchObject([
      { name: `vol_${uid}`, status: 'started', bricks: [{}, {}, {}] },
    ]);
    expect(house.endpointAddresses()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
  });

  it('takes everything with it when it is deleted', async () => {
    house = await House.open();
    await house.bound('data');
    house.deleteClaim('data');
    await expect(house.emptied()).resolves.toBeUndefined();
    expect(house.simulation.inspect().notUnderstood).toEqual([]);
  });

  it('leaves object and data with policy Retain', async () => {
    house = await House.open();
    house.deleteClass();
    house.createClass({ reclaimPolicy: 'Retain' });
    const pv = await house.bound('data');
    expect(pv.metadata.finalizers).not.toContain(finalizer);
    house.deleteClaim('data');
    await waitFor('the volume is released', () => house.volume(pv.metadata.name)?.status.phase === 'Released');
    // A claim that is served afterwards shows that the controller has been past the released one.
    await house.bound('later');
    expect(house.glusterVolumes()).toHaveLength(2);
  });

  it('can be deleted after its class', async () => {
    house = await House.open();
    await house.bound('data');
    house.deleteClass();
    house.deleteClaim('data');
    await expect(house.emptied()).resolves.toBeUndefined();
  });

  it('goes with its namespace, bound or not', async () => {
    house = await House.open();
    house.sandbox.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
    await house.bound('data', 'team');
    house.createClaim('too-large', 'team', { resources: { requests: { storage: '900Gi' } } });
    house.sandbox.api.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'team' });
    await expect(house.emptied()).resolves.toBeUndefined();
    await waitFor('no claim is left', () => house.claim('too-large', 'team') === undefined);
  });

  it('of the same name again gets a volume of its own', async () => {
    house = await House.open();
    const first = await house.bound('data');
    house.deleteClaim('data');
    await waitFor('the claim is gone', () => house.claim('data') === undefined);
    const second = await house.bound('data');
    expect(second.metadata.name).not.toBe(first.metadata.name);
    await waitFor('the first volume is gone', () => house.glusterVolumes().length === 1);
    expect(house.glusterVolumes()).toEqual([second.spec.glusterfs?.path]);
  });

  it('that is deleted while its volume is made leaves nothing', async () => {
    house = await House.open();
    house.simulation.faults.add({ effect: { kind: 'slow', ms: 300 }, argv: 'volume create' });
    house.createClaim('data');
    await waitFor('the record is written', () => house.engine.volumes().length === 1);
    house.deleteClaim('data');
    await expect(house.emptied()).resolves.toBeUndefined();
  });
});

describe('a hundred claims at once', () => {
  it('are all served with three API writes each, one volume and a GID of its own', async () => {
    house = await House.open({ nodes: 4, gib: 200 });
    const names = Array.from({ length: 100 }, (_none, index) => `claim-${index}`);
    const before = house.sandbox.stats.writes('brickyard/');
    const claims = names.map((name) => house.createClaim(name));
    await Promise.all(names.map((name) => house.bound(name)));
    await waitFor('every event is written', () =>
      claims.every(({ metadata }) => house.eventsAbout(metadata.uid).length === 2),
    );
    expect(house.sandbox.stats.writes('brickyard/') - before).toBe(300);
    expect(new Set(house.glusterVolumes()).size).toBe(100);
    const gids = house.volumes().map((pv) => pv.metadata.annotations['pv.beta.kubernetes.io/gid']);
    expect(new Set(gids).size).toBe(100);
    names.forEach((name) => house.deleteClaim(name));
    await expect(house.emptied()).resolves.toBeUndefined();
  });
});
