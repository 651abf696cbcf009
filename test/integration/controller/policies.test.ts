import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { House } from './house.ts';

const finalizer = 'external-provisioner.volume.kubernetes.io/finalizer';
let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(async () => {
  await house.close();
});

describe('a PersistentVolume that the user deletes before its claim', () => {
  it('keeps its data while the claim is bound, and loses it with the claim', async () => {
    const pv = await house.bound('data');
    house.deleteVolume(pv.metadata.name);
    // Served afterwards, so the controller has been past the deletion.
    await house.bound('later');
    expect(house.volume(pv.metadata.name)?.metadata.deletionTimestamp).toBeDefined();
    expect(house.glusterVolumes()).toContain(pv.spec.glusterfs?.path);

    house.deleteClaim('data');
    await waitFor('its data is gone', () => !house.glusterVolumes().includes(pv.spec.glusterfs?.path ?? ''));
    await waitFor('the object is gone', () => house.volume(pv.metadata.name) === undefined);
    expect(house.glusterVolumes()).toHaveLength(1);
  });
});

describe('a policy that is changed', () => {
  it('from Delete to Retain takes the finalizer off and keeps the data', async () => {
    const { name } = (await house.bound('data')).metadata;
    house.patchVolume(name, { spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    await waitFor('the finalizer is off', () => !house.volume(name)?.metadata.finalizers.includes(finalizer));
    house.deleteClaim('data');
    await waitFor('it is released', () => house.volume(name)?.status.phase === 'Released');
    house.deleteVolume(name);
    await waitFor('the object is gone', () => house.volume(name) === undefined);
    await house.bound('later');
    expect(house.glusterVolumes()).toHaveLength(2);
  });

  it('from Retain to Delete puts it on, and the data goes with the claim', async () => {
    house.deleteClass();
    house.createClass({ reclaimPolicy: 'Retain' });
    const { name } = (await house.bound('data')).metadata;
    house.patchVolume(name, { spec: { persistentVolumeReclaimPolicy: 'Delete' } });
    await waitFor('the finalizer is on', () => house.volume(name)?.metadata.finalizers.includes(finalizer));
    house.deleteClaim('data');
    await expect(house.emptied()).resolves.toBeUndefined();
  });

  it('from Retain to Delete after the release takes the data at once', async () => {
    house.deleteClass();
    house.createClass({ reclaimPolicy: 'Retain' });
    const { name } = (await house.bound('data')).metadata;
    house.deleteClaim('data');
    await waitFor('it is released', () => house.volume(name)?.status.phase === 'Released');
    house.patchVolume(name, { spec: { persistentVolumeReclaimPolicy: 'Delete' } });
    await expect(house.emptied()).resolves.toBeUndefined();
  });
});

describe('a PersistentVolume that is being deleted while its policy becomes Retain', () => {
  it('goes with its claim, and the data stays', async () => {
    const { name } = (await house.bound('data')).metadata;
    house.deleteVolume(name);
    house.patchVolume(name, { spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    await waitFor('the finalizer is off', () => !house.volume(name)?.metadata.finalizers.includes(finalizer));
    house.deleteClaim('data');
    await waitFor('the object is gone', () => house.volume(name) === undefined);
    await house.bound('later');
    expect(house.glusterVolumes()).toHaveLength(2);
  });
});

describe('a namespace that is deleted', () => {
  it('leaves PersistentVolumes with policy Retain, their data, and nothing that holds them back', async () => {
    house.deleteClass();
    house.createClass({ reclaimPolicy: 'Retain' });
    house.sandbox.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
    const pv = await house.bound('data', 'team');
    house.sandbox.api.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'team' });
    await waitFor('it is released', () => house.volume(pv.metadata.name)?.status.phase === 'Released');
    expect(house.claim('data', 'team')).toBeUndefined();
    // Served afterwards, so the controller has been past the release.
    await house.bound('later');
    expect(house.glusterVolumes()).toContain(pv.spec.glusterfs?.path);
    house.deleteVolume(pv.metadata.name);
    await waitFor('the object is gone', () => house.volume(pv.metadata.name) === undefined);
    expect(house.glusterVolumes()).toContain(pv.spec.glusterfs?.path);
  });
});

describe('a class that is replaced while claims of it are bound', () => {
  it.each([
    ['by one with another policy', { reclaimPolicy: 'Retain' }],
    ['by one that can never work', { parameters: { volumtype: 'none' } }],
    ['by one of another provisioner', { provisioner: 'example.com/nfs' }],
  ])('changes nothing for them: what counts is said by their PersistentVolumes: %s', async (_name, fields) => {
    await house.bound('data');
    house.deleteClass();
    house.createClass(fields);
    house.deleteClaim('data');
    await expect(house.emptied()).resolves.toBeUndefined();
  });
});

describe('a delete that storage does not allow yet', () => {
  it('is told on the object, and goes on when the node is back', async () => {
    const pv = await house.bound('data');
    const fault = house.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-3' });
    house.deleteClaim('data');
    const told = await waitFor('the reason is told', () =>
      house.eventsAbout(pv.metadata.uid).find((event) => event.startsWith('VolumeFailedDelete')),
    );
    expect(told).toMatch(/^VolumeFailedDelete: waiting: .*node-3|10\.0\.0\.3/);
    expect(house.volume(pv.metadata.name)).toBeDefined();
    house.simulation.faults.remove(fault);
    await expect(house.emptied()).resolves.toBeUndefined();
  });
});
