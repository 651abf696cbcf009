import { describe, expect, it } from 'vitest';
import { clusterId, deviceName, hostName, nodeId } from '../../../src/domain/names.ts';
import { withNode, withoutNode, type KnownNodes, type NodeWish } from '../../../src/domain/node-wish.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import { diffTopology } from '../../../src/domain/topology-diff.ts';
import { nodeRecord } from '../../../src/domain/topology.ts';

const vdb = deviceName('/dev/vdb');
const vdc = deviceName('/dev/vdc');
const east = clusterId('east');
const recorded = nodeRecord.parse({
  id: 'a',
  cluster: 'east',
  zone: '1',
  manage: 'a.example',
  storage: '10.0.0.1',
  state: 'offline',
  tags: { rack: 'r1' },
  devices: [{ name: '/dev/vdb', size: GiB, tags: { media: 'ssd' }, reserved: 7, serial: 'A1' }],
});
const known: KnownNodes = { clusters: [{ id: east }], nodes: [recorded] };

const wish = (changes: Partial<NodeWish> = {}): NodeWish => ({ id: nodeId('a'), tags: {}, devices: [], ...changes });

const changesOf = (from: KnownNodes, changes: Partial<NodeWish>) =>
  diffTopology({ ...from, bricksOn: () => 1 }, withNode(from, wish(changes)));

describe('a node that is added', () => {
  it('is called by its name wherever nothing else was said, in the only cluster', () => {
    const plan = changesOf(known, { id: nodeId('b'), zone: '2', devices: [{ name: vdb, wipe: true, serial: 'B1' }] });
    expect(plan.refusals).toEqual([]);
    expect(plan.records.nodes).toEqual([
      nodeRecord.parse({
        id: 'b',
        cluster: 'east',
        zone: '2',
        manage: 'b',
        storage: 'b',
        devices: [{ name: '/dev/vdb', wipe: true, serial: 'B1' }],
      }),
    ]);
  });

  it('is the first of the cluster default where there is none', () => {
    expect(changesOf({ clusters: [], nodes: [] }, { zone: '1' }).clusters).toEqual(['default']);
  });

  it('changes nothing when it is there already, and keeps what was set by other means', () => {
    for (const again of [{}, { zone: '1', storage: hostName('10.0.0.1') }, { devices: [{ name: vdb, wipe: true }] }]) {
      expect(changesOf(known, again).changes).toEqual([]);
    }
  });

  it('gets more devices and tags, beside those that it has', () => {
    const { changes, refusals, records } = changesOf(known, {
      tags: { row: '7' },
      devices: [{ name: vdc, wipe: false }],
    });
    expect(refusals).toEqual([]);
    expect(changes.map(({ kind }) => kind).sort()).toEqual(['device-added', 'node-changed']);
    expect(records.nodes[0]).toMatchObject({
      state: 'offline',
      tags: { rack: 'r1', row: '7' },
      devices: [{ name: vdb, size: bytes(GiB), tags: { media: 'ssd' }, reserved: 7, serial: 'A1' }, { name: vdc }],
    });
  });

  it('says nothing of the other nodes of its cluster', () => {
    const other = nodeRecord.parse({ ...recorded, id: 'z', manage: 'z', storage: 'z' });
    expect(changesOf({ ...known, nodes: [recorded, other] }, { devices: [] }).changes).toEqual([]);
  });

  it.each<[string, KnownNodes, Partial<NodeWish>, string]>([
    [
      'another zone than recorded',
      known,
      { zone: '2' },
      'zone: expected 1, as node a is recorded, got 2; what is recorded is changed by loading a topology',
    ],
    ['another storage host', known, { storage: hostName('10.0.0.9') }, 'storage: expected 10.0.0.1'],
    ['another cluster', known, { cluster: clusterId('west') }, 'cluster: expected east'],
    [
      'a new node without a zone',
      known,
      { id: nodeId('b') },
      'zone: expected the failure domain of the new node b, got nothing',
    ],
    [
      'a new node without a cluster where there are two',
      { clusters: [{ id: east }, { id: clusterId('west') }], nodes: [] },
      { id: nodeId('b'), zone: '1' },
      'cluster: expected one of east, west, got nothing',
    ],
  ])('is refused with %s', (_, from, changes, message) => {
    expect(() => withNode(from, wish(changes))).toThrow(message);
  });
});

describe('a node that is to go', () => {
  it('is all that goes', () => {
    const other = nodeRecord.parse({ ...recorded, id: 'z', manage: 'z', storage: 'z' });
    const from = { ...known, nodes: [recorded, other] };
    const plan = diffTopology({ ...from, bricksOn: () => 0 }, withoutNode(from, nodeId('a')));
    expect(plan.changes).toEqual([{ kind: 'node-dropped', cluster: 'east', node: 'a' }]);
  });

  it('has to be there', () => {
    expect(() => withoutNode(known, nodeId('b'))).toThrow('node: expected one of a, got b');
  });
});
