import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../src/sandbox/api/object.ts';
import { nodeSpecs } from '../../support/simulated-cluster.ts';
import { waitFor } from '../../support/wait-for.ts';
import { House, ownNamespace } from './house.ts';

const place = { apiVersion: 'v1', namespace: ownNamespace, name: 'gluster-default' } as const;
let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(async () => {
  await house.close();
});

function object(kind: 'Endpoints' | 'Service'): KubeObject | undefined {
  return house.sandbox.api.find({ ...place, kind });
}

const first = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];

describe('the Endpoints of a gluster cluster', () => {
  it('come back when somebody deletes them', async () => {
    const { uid } = object('Endpoints')?.metadata ?? {};
    house.sandbox.api.delete({ ...place, kind: 'Endpoints' });
    await waitFor('they are back', () => object('Endpoints') !== undefined);
    expect(object('Endpoints')?.metadata.uid).not.toBe(uid);
    expect(house.endpointAddresses()).toEqual(first);
  });

  it('come back when somebody deletes the Service, which takes them along', async () => {
    const service = object('Service')?.metadata.uid;
    const endpoints = object('Endpoints')?.metadata.uid;
    house.sandbox.api.delete({ ...place, kind: 'Service' });
    await waitFor('both are back', () => {
      const now = new Set([object('Service')?.metadata.uid, object('Endpoints')?.metadata.uid]);
      return !now.has(undefined) && !now.has(service) && !now.has(endpoints);
    });
    expect(house.endpointAddresses()).toEqual(first);
  });

  it('are put right when somebody edits them', async () => {
    house.sandbox.api.patch(
      { ...place, kind: 'Endpoints' },
      { subsets: [{ addresses: [{ ip: '10.9.9.9' }], ports: [{ port: 1 }] }] },
    );
    await waitFor('they are right again', () => house.endpointAddresses().includes('10.0.0.2'));
    expect(house.endpointAddresses()).toEqual(first);
  });

  it('name a node that joins', async () => {
    nodeSpecs(4)
      .slice(3)
      .forEach((spec) => house.simulation.addNode(spec));
    await house.loadNodes(4);
    await waitFor('the new node is named', () => house.endpointAddresses().includes('10.0.0.4'));
    expect(house.endpointAddresses()).toEqual([...first, '10.0.0.4']);
  });
});
