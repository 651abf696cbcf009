import { describe, expect, it } from 'vitest';
import {
  prospectsOf,
  type KnownCluster,
  type KnownRecord,
  type Prospects,
  type ServerAddresses,
} from '../../../src/controller/legacy/prospects.ts';
import { recogniseLegacy } from '../../../src/controller/legacy/recognise.ts';
import { persistentVolumes } from '../../../src/kube/resources.ts';
import { heketiVolume, inTreeVolume } from '../../support/legacy-objects.ts';
import { provisioner } from './objects.ts';

const seen = (id: string, hosts: readonly string[], ...volumes: string[]): KnownCluster => ({
  id,
  hosts: new Set(hosts),
  volumes: new Set(volumes),
});
const unseen = (id: string, hosts: readonly string[]): KnownCluster => ({
  id,
  hosts: new Set(hosts),
  volumes: { unseen: 'no node of it answers' },
});
const unreadable: ServerAddresses = { unknown: 'Endpoints may not be read' };
const recorded = (cluster: string): KnownRecord => ({ name: heketiVolume, cluster, adopted: true });

function prospects(
  addresses: ServerAddresses,
  clusters: readonly KnownCluster[],
  records: readonly KnownRecord[] = [],
): Prospects {
  const legacy = recogniseLegacy(persistentVolumes.parse(inTreeVolume()), provisioner);
  if (legacy === undefined) {
    throw new Error('not recognised');
  }
  return prospectsOf(legacy, addresses, { kind: 'known', clusters, records });
}

const east = ['10.0.0.1', '10.0.0.2'];
const west = ['10.1.0.1', '10.1.0.2'];

describe('the cluster of a volume of yesterday', () => {
  it('is the one whose nodes its Endpoints name', () => {
    expect(prospects(east, [seen('west', west), seen('east', east, heketiVolume)])).toEqual({
      cluster: { kind: 'told', id: 'east', by: 'endpoints' },
      gluster: { kind: 'present' },
      record: undefined,
      next: 'adopt',
    });
  });

  it('is told by one address, when other servers are no nodes any more', () => {
    expect(prospects(['10.9.9.9', '10.0.0.2'], [seen('east', east, heketiVolume)])).toMatchObject({
      cluster: { id: 'east' },
      next: 'adopt',
    });
  });

  it('is the only one that has the volume, where nothing is known of its servers', () => {
    expect(prospects(unreadable, [seen('west', west), seen('east', east, heketiVolume)])).toMatchObject({
      cluster: { kind: 'told', id: 'east', by: 'volume name' },
      gluster: { kind: 'present' },
      next: 'adopt',
    });
  });

  it('is that of its record, though that cluster does not answer', () => {
    expect(prospects(unreadable, [unseen('east', east)], [recorded('east')])).toEqual({
      cluster: { kind: 'told', id: 'east', by: 'record' },
      gluster: { kind: 'unknown', reason: 'cluster east did not answer: no node of it answers' },
      record: recorded('east'),
      next: 'ask-again',
    });
  });

  it.each<{ name: string; addresses: ServerAddresses; clusters: KnownCluster[]; reason: string }>([
    {
      name: 'Endpoints of several clusters',
      addresses: [...east, ...west],
      clusters: [seen('west', west), seen('east', east, heketiVolume)],
      reason: 'its Endpoints name nodes of several clusters: west, east',
    },
    {
      name: 'the volume in another cluster than its servers',
      addresses: east,
      clusters: [seen('west', west, heketiVolume), seen('east', east)],
      reason: 'its Endpoints name nodes of east, but the volume is in west',
    },
    {
      name: 'the volume in two clusters',
      addresses: unreadable,
      clusters: [seen('west', west, heketiVolume), seen('east', east, heketiVolume)],
      reason: `there is a volume ${heketiVolume} in each of west, east`,
    },
  ])('is not guessed from $name', ({ addresses, clusters, reason }) => {
    expect(prospects(addresses, clusters)).toEqual({
      cluster: { kind: 'unknown', reason, contradiction: true },
      gluster: { kind: 'unknown', reason },
      record: undefined,
      next: 'look-into',
    });
  });

  it.each<{ name: string; addresses: ServerAddresses; reason: string }>([
    {
      name: 'servers that are no nodes',
      addresses: ['10.9.9.9'],
      reason: 'its servers (10.9.9.9) belong to no cluster of the topology',
    },
    {
      name: 'Endpoints without servers',
      addresses: [],
      reason: 'its Endpoints name no server, and no cluster of the topology is known to have the volume',
    },
    {
      name: 'Endpoints that cannot be read',
      addresses: unreadable,
      reason: 'Endpoints may not be read, and no cluster of the topology is known to have the volume',
    },
  ])('is unknown with $name', ({ addresses, reason }) => {
    expect(prospects(addresses, [seen('east', east)])).toMatchObject({
      cluster: { kind: 'unknown', reason, contradiction: false },
      gluster: { kind: 'unknown' },
      next: 'load-topology',
    });
  });
});

describe('the gluster volume of yesterday', () => {
  it('is absent only when its own cluster says so', () => {
    expect(prospects(east, [seen('east', east), seen('west', west)])).toMatchObject({
      gluster: { kind: 'absent' },
      next: 'look-into',
    });
    expect(prospects(east, [unseen('east', east), seen('west', west)])).toMatchObject({
      gluster: { kind: 'unknown' },
      next: 'ask-again',
    });
  });

  it('asks for nothing once it is recorded', () => {
    expect(prospects(east, [seen('east', east, heketiVolume)], [recorded('east')])).toEqual({
      cluster: { kind: 'told', id: 'east', by: 'record' },
      gluster: { kind: 'present' },
      record: recorded('east'),
      next: 'nothing',
    });
  });

  it('is not taken for recorded by the namesake of another cluster', () => {
    expect(prospects(east, [seen('east', east, heketiVolume), seen('west', west)], [recorded('west')])).toMatchObject({
      record: undefined,
      next: 'adopt',
    });
  });

  it('is unknown when nobody could be asked', () => {
    const legacy = recogniseLegacy(persistentVolumes.parse(inTreeVolume()), provisioner);
    expect(legacy).toBeDefined();
    expect(legacy && prospectsOf(legacy, east, { kind: 'unknown', reason: 'no server runs' })).toEqual({
      cluster: { kind: 'unknown', reason: 'no server runs', contradiction: false },
      gluster: { kind: 'unknown', reason: 'no server runs' },
      record: undefined,
      next: 'ask-again',
    });
  });
});
