import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/sandbox/api/json.ts';
import { waitFor } from '../../support/wait-for.ts';
import { House } from './house.ts';

const provisioner = 'brickyard.dev/glusterfs';
const zoneLabel = 'topology.kubernetes.io/zone';
const selected = 'volume.kubernetes.io/selected-node';
const chosen = {
  'volume.kubernetes.io/storage-provisioner': provisioner,
  'volume.beta.kubernetes.io/storage-provisioner': provisioner,
};

let house: House;
// Storage nodes 1 to 5 are in zones 1 to 5.
beforeEach(async () => {
  house = await House.open({ nodes: 5 });
  for (const zone of ['1', '2', '3', '4', '5']) {
    house.sandbox.api.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: `worker-${zone}`, labels: { [zoneLabel]: zone } },
    });
  }
  house.sandbox.api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker-nowhere' } });
});
afterEach(async () => {
  await house.close();
});

const allowed = (...values: string[]): JsonObject => ({
  allowedTopologies: [{ matchLabelExpressions: [{ key: zoneLabel, values }] }],
});

function useClass(fields: JsonObject): void {
  house.deleteClass();
  house.createClass(fields);
}

/** As the scheduler does for the pod of a claim. */
function selectNode(claim: string, node: string): void {
  house.sandbox.api.patch(
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'default', name: claim },
    { metadata: { annotations: { ...chosen, [selected]: node } } },
  );
}

/** Zones of the bricks of each claim's volume. */
function zonesOf(claim: string): string[] {
  const uid = house.claim(claim)?.metadata.uid;
  const record = house.engine.volumes().find(({ id }) => id === uid);
  return (record?.brickSets ?? [])
    .flat()
    .map(({ node }) => node.replace('node-', ''))
    .sort();
}

describe('a class that waits for the first consumer', () => {
  it('has a replica in the zone of the pod, whichever that is, and volumes that every node may use', async () => {
    useClass({ volumeBindingMode: 'WaitForFirstConsumer', parameters: { volumetype: 'replicate:2' } });
    for (const zone of ['5', '1', '4', '2', '3', '1', '1']) {
      const claim = `data-${zone}-${house.engine.volumes().length}`;
      house.createClaim(claim);
      selectNode(claim, `worker-${zone}`);
      const pv = await house.bound(claim);
      expect(zonesOf(claim)).toContain(zone);
      expect(
        house.sandbox.api.find({ apiVersion: 'v1', kind: 'PersistentVolume', name: pv.metadata.name }),
      ).not.toHaveProperty('spec.nodeAffinity');
    }
  });

  it.each(['worker-nowhere', 'worker-gone'])('serves claims whose pod is on %s', async (node) => {
    useClass({ volumeBindingMode: 'WaitForFirstConsumer' });
    house.createClaim('data');
    selectNode('data', node);
    await house.bound('data');
    expect(zonesOf('data')).toHaveLength(3);
  });

  it('gives a claim back to the scheduler when its allowed zones are full, and serves it when they have room', async () => {
    useClass({ volumeBindingMode: 'WaitForFirstConsumer', ...allowed('1', '2') });
    const { uid } = house.createClaim('data').metadata;
    selectNode('data', 'worker-1');
    const given = await waitFor('the node is taken off', () => {
      const claim = house.claim('data');
      return claim?.metadata.annotations[selected] === undefined ? claim : undefined;
    });
    expect(given.spec.volumeName).toBe('');
    expect(house.engine.volumes()).toEqual([]);
    const told = await waitFor('the reason is told', () =>
      house.eventsAbout(uid).find((event) => event.startsWith('ProvisioningFailed')),
    );
    expect(told).toContain('is in zone 3, which is not allowed');
    expect(told).toContain('with zone 3 allowed as well');

    useClass({ volumeBindingMode: 'WaitForFirstConsumer', ...allowed('1', '2', '4') });
    selectNode('data', 'worker-4');
    await house.bound('data');
    expect(zonesOf('data')).toEqual(['1', '2', '4']);
  });
});

describe('allowedTopologies', () => {
  it('keep data to their zones, that of growth as well', async () => {
    useClass({ allowVolumeExpansion: true, ...allowed('2', '3', '5') });
    const { spec } = await house.bound('data');
    expect(zonesOf('data')).toEqual(['2', '3', '5']);
    // Each node has 100 GiB, and there are two more nodes.
    house.resizeClaim('data', '150Gi');
    const uid = spec.claimRef?.uid ?? '';
    const told = await waitFor('the reason is told', () =>
      house.eventsAbout(uid).find((event) => event.startsWith('VolumeResizeFailed')),
    );
    expect(told).toContain('is in zone 4, which is not allowed');
  });

  it('with a key that says nothing here are told to the claim and to the class', async () => {
    useClass({
      allowedTopologies: [{ matchLabelExpressions: [{ key: 'kubernetes.io/hostname', values: ['worker-1'] }] }],
    });
    const { uid } = house.createClaim('data').metadata;
    const told = await waitFor('the reason is told', () => house.eventsAbout(uid)[0]);
    expect(told).toMatch(
      /^ProvisioningFailed: StorageClass gluster: .*expected topology\.kubernetes\.io\/zone, got kubernetes\.io\/hostname/,
    );
  });
});
