import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PersistentVolumeClaim } from '../../../src/kube/resources.ts';
import type { JsonObject } from '../../../src/sandbox/api/json.ts';
import { nodeSpecs } from '../../support/simulated-cluster.ts';
import { waitFor } from '../../support/wait-for.ts';
import { House } from './house.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(async () => {
  await house.close();
});

/** The ProvisioningFailed event of the claim. */
function failure(claim: PersistentVolumeClaim): Promise<string> {
  return waitFor(`claim ${claim.metadata.name} is told`, () =>
    house.eventsAbout(claim.metadata.uid).find((event) => event.startsWith('ProvisioningFailed')),
  );
}

describe('a claim that can never work as written', () => {
  it.each<[string, JsonObject, RegExp]>([
    ['block mode', { volumeMode: 'Block' }, /spec\.volumeMode: expected Filesystem, got Block/],
    ['a selector', { selector: { matchLabels: { a: 'b' } } }, /spec\.selector: expected none/],
    [
      'a data source',
      { dataSource: { kind: 'PersistentVolumeClaim', name: 'other' } },
      /spec\.dataSource: expected none/,
    ],
  ])('is told why: %s', async (_name, spec, message) => {
    const claim = house.createClaim('data', 'default', spec);
    await expect(failure(claim)).resolves.toMatch(message);
    expect(house.engine.volumes()).toEqual([]);
    expect(house.claim('data')?.status.phase).toBe('Pending');
  });
});

describe('a class with problems', () => {
  it('is named with every problem, and a better one of its name is taken up at once', async () => {
    house.deleteClass();
    house.createClass({ parameters: { resturl: 'http://heketi:8080', volumtype: 'replicate:3' } });
    const claim = house.createClaim('data');
    const told = await failure(claim);
    expect(told).toMatch(/StorageClass gluster: resturl: .*; volumtype: no such parameter; did you mean volumetype\?/);
    house.deleteClass();
    house.createClass({ parameters: { volumetype: 'replicate:3' } });
    await expect(house.bound('data')).resolves.toMatchObject({ status: { phase: 'Bound' } });
  });

  it('that storage cannot serve is told so, and lifted by another class', async () => {
    house.deleteClass();
    house.createClass({ parameters: { clusterid: 'nowhere' } });
    const claim = house.createClaim('data');
    await expect(failure(claim)).resolves.toMatch(/nowhere/);
    house.deleteClass();
    house.createClass();
    await expect(house.bound('data')).resolves.toMatchObject({ status: { phase: 'Bound' } });
  });

  it('that does not exist yet is waited for', async () => {
    house.deleteClass();
    house.createClaim('data');
    house.createClass();
    await expect(house.bound('data')).resolves.toMatchObject({ status: { phase: 'Bound' } });
  });
});

describe('a claim without room', () => {
  it('is told the proof: what is needed, what each node lacks, and what would help', async () => {
    await house.bound('first', 'default', { resources: { requests: { storage: '60Gi' } } });
    const claim = house.createClaim('second', 'default', { resources: { requests: { storage: '80Gi' } } });
    const told = await failure(claim);
    expect(told).toMatch(
      /^ProvisioningFailed: waiting: replicate 3 of 80 GiB needs 3 nodes with [\d.]+ GiB free on a device/,
    );
    for (const node of ['node-1', 'node-2', 'node-3']) {
      expect(told).toMatch(new RegExp(`node ${node} has [\\d.]+ GiB free of the [\\d.]+ GiB needed`));
    }
    expect(told).toMatch(/It would fit with .*; or with .* more nodes.*; or with a size of at most \d+ GiB$/);
  });

  it('is served when a deletion makes room', async () => {
    await house.bound('first', 'default', { resources: { requests: { storage: '80Gi' } } });
    const second = house.createClaim('second', 'default', { resources: { requests: { storage: '80Gi' } } });
    await expect(failure(second)).resolves.toMatch(/waiting: /);
    house.deleteClaim('first');
    await expect(house.bound('second')).resolves.toMatchObject({ status: { phase: 'Bound' } });
  });

  it('is served when nodes are added', async () => {
    const claim = house.createClaim('wide', 'default', { resources: { requests: { storage: '150Gi' } } });
    await expect(failure(claim)).resolves.toMatch(/waiting: /);
    nodeSpecs(6)
      .slice(3)
      .forEach((spec) => house.simulation.addNode(spec));
    await house.loadNodes(6);
    await expect(house.bound('wide')).resolves.toMatchObject({ status: { phase: 'Bound' } });
  });
});

describe('WaitForFirstConsumer', () => {
  it('waits for the scheduler', async () => {
    house.deleteClass();
    house.createClass({ volumeBindingMode: 'WaitForFirstConsumer' });
    house.createClaim('late');
    house.sandbox.api.create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'immediate' },
      provisioner: 'brickyard.dev/glusterfs',
    });
    await house.bound('early', 'default', { storageClassName: 'immediate' });
    expect(house.engine.volumes()).toHaveLength(1);
    house.sandbox.api.patch(
      { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'default', name: 'late' },
      {
        metadata: {
          annotations: {
            'volume.kubernetes.io/selected-node': 'worker-1',
            'volume.beta.kubernetes.io/storage-provisioner': 'brickyard.dev/glusterfs',
            'volume.kubernetes.io/storage-provisioner': 'brickyard.dev/glusterfs',
          },
        },
      },
    );
    await expect(house.bound('late')).resolves.toMatchObject({ status: { phase: 'Bound' } });
  });
});
