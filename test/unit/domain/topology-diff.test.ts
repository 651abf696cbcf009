import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DesiredCluster, DesiredNode, DesiredTopology } from '../../../src/domain/desired-topology.ts';
import { clusterId, deviceName, hostName, nodeId, type ClusterId } from '../../../src/domain/names.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import { diffTopology, resolveClusters, type KnownTopology } from '../../../src/domain/topology-diff.ts';
import type { NodeRecord } from '../../../src/domain/topology.ts';

const vdb = deviceName('/dev/vdb');
const vdc = deviceName('/dev/vdc');

function wanted(id: string, changes: Partial<DesiredNode> = {}): DesiredNode {
  return {
    id: nodeId(id),
    zone: '1',
    manage: hostName(id),
    storage: hostName(`${id}.storage`),
    tags: {},
    devices: [{ name: vdb, tags: {}, wipe: false }],
    ...changes,
  };
}

const cluster = (nodes: readonly DesiredNode[], id?: string): DesiredCluster =>
  id === undefined ? { nodes } : { id: clusterId(id), nodes };

const topology = (...clusters: readonly DesiredCluster[]): DesiredTopology => ({ clusters });

function prepared(node: NodeRecord): NodeRecord {
  const devices = node.devices.map((device) => Object.assign({}, device, { size: bytes(GiB), wipe: false }));
  return { ...node, devices };
}

/** What is known after `desired` was loaded and its devices were prepared, with bricks on the named nodes. */
function known(desired: DesiredTopology, bricks: Readonly<Record<string, number>> = {}): KnownTopology {
  const nothing: KnownTopology = { clusters: [], nodes: [], bricksOn: () => 0 };
  const { records } = diffTopology(nothing, desired);
  return {
    clusters: records.clusters,
    nodes: records.nodes.map(prepared),
    bricksOn: (node, device) => (device === vdc ? 0 : (bricks[node] ?? 0)),
  };
}

const ids = (before: KnownTopology, desired: DesiredTopology): readonly ClusterId[] => resolveClusters(before, desired);

describe('which cluster is meant', () => {
  const none: KnownTopology = { clusters: [], nodes: [], bricksOn: () => 0 };

  it('is what its name says', () => {
    expect(ids(none, topology(cluster([wanted('a')], 'east')))).toEqual(['east']);
  });

  it('is the default one for the first file without names', () => {
    expect(ids(none, topology(cluster([wanted('a')])))).toEqual(['default']);
  });

  it('is named after the smallest node from the second one on', () => {
    const desired = topology(cluster([wanted('b')]), cluster([wanted('d'), wanted('c.example.test')]));
    expect(ids(none, desired)).toEqual(['default', 'c-c-example-test']);
    expect(ids(none, topology(cluster([wanted('a')], 'default'), cluster([wanted('b')])))).toEqual(['default', 'c-b']);
  });

  it('is found by its nodes, whatever the order of the file', () => {
    const desired = topology(cluster([wanted('a'), wanted('b')]), cluster([wanted('c'), wanted('d')]));
    const before = known(desired);
    expect(ids(before, topology(cluster([wanted('c'), wanted('new')]), cluster([wanted('b')])))).toEqual([
      'c-c',
      'default',
    ]);
  });

  it('never is another one that happens to have the derived name', () => {
    const before = known(topology(cluster([wanted('x')], 'default'), cluster([wanted('y')], 'c-b')));
    expect(ids(before, topology(cluster([wanted('b')])))).toEqual(['c-b-2']);
  });

  it('has a valid name, however long the node names are', () => {
    const long = `${'a'.repeat(34)}-.b`.replace('-.', '.-b.').replace('.-', '.');
    const desired = topology(cluster([wanted('z')]), cluster([wanted(long)]));
    for (const id of ids(none, desired)) {
      expect(clusterId(id)).toBe(id);
    }
  });
});

describe('diffTopology', () => {
  const base = topology(cluster([wanted('a'), wanted('b'), wanted('c')], 'east'));

  it('finds nothing to do for what is there already', () => {
    const plan = diffTopology(known(base), base);
    expect(plan).toMatchObject({ changes: [], refusals: [], unchanged: { nodes: 3, devices: 3 } });
    expect(plan.records).toEqual({ clusters: [], nodes: [], dropNodes: [] });
  });

  it('adds nodes and devices, and writes only what differs', () => {
    const more = { devices: [...wanted('b').devices, { name: vdc, tags: {}, wipe: true }] };
    const desired = topology(cluster([wanted('a'), wanted('b', more), wanted('c'), wanted('d')], 'east'));
    const plan = diffTopology(known(base), desired);
    expect(plan.changes).toEqual([
      { kind: 'device-added', cluster: 'east', node: 'b', device: vdc, wipe: true },
      { kind: 'node-added', cluster: 'east', node: 'd' },
      { kind: 'device-added', cluster: 'east', node: 'd', device: vdb, wipe: false },
    ]);
    expect(plan.records.nodes.map(({ id }) => id)).toEqual(['b', 'd']);
    // What is known of the old device stays.
    expect(plan.records.nodes[0]?.devices[0]).toMatchObject({ name: vdb, size: GiB });
    expect(plan.unchanged).toEqual({ nodes: 3, devices: 3 });
  });

  it('drops what is empty, and says so', () => {
    const desired = topology(cluster([wanted('a'), wanted('b', { devices: [] })], 'east'));
    const plan = diffTopology(known(base), desired);
    expect(plan.refusals).toEqual([]);
    expect(plan.changes).toEqual([
      { kind: 'device-dropped', cluster: 'east', node: 'b', device: vdb },
      { kind: 'node-dropped', cluster: 'east', node: 'c' },
    ]);
    expect(plan.records.dropNodes).toEqual(['c']);
  });

  it('refuses to drop what holds data, and to rename what gluster knows', () => {
    const moved = wanted('a', { storage: hostName('elsewhere') });
    const desired = topology(cluster([moved, wanted('b', { devices: [] })], 'east'));
    const plan = diffTopology(known(base, { a: 4, b: 2, c: 1 }), desired);
    expect(plan.refusals.map(({ reason }) => reason)).toEqual([
      'storage host of a: 4 bricks are known to gluster under a.storage, so it cannot become elsewhere',
      'device /dev/vdb of node b is not in the topology any more but holds 2 bricks; list it, or move them away first',
      'node c is not in the topology any more but holds 1 bricks; list it, or move them away first',
    ]);
    expect(plan.records.dropNodes).toEqual([]);
  });

  it('leaves clusters alone that are not mentioned', () => {
    const before = known(topology(...base.clusters, cluster([wanted('w')], 'west')));
    expect(diffTopology(before, base).changes).toEqual([]);
  });

  it('refuses to move a node to another cluster', () => {
    const desired = topology(cluster([wanted('w'), wanted('a')], 'west'));
    expect(diffTopology(known(base), desired).refusals).toMatchObject([{ node: 'a', cluster: 'west' }]);
  });

  it('refuses a server that is known under another name, unless that name goes', () => {
    const twin = wanted('twin', { storage: hostName('a.storage') });
    const elsewhere = topology(cluster([twin], 'west'));
    expect(diffTopology(known(base), elsewhere).refusals.map(({ reason }) => reason)).toEqual([
      'host a.storage of node twin is already a host of node a in cluster east',
    ]);
    const renamed = topology(cluster([twin, wanted('b'), wanted('c')], 'east'));
    expect(diffTopology(known(base), renamed).refusals).toEqual([]);
  });

  it('does not ask for a wipe again once the device is prepared', () => {
    const eager = wanted('a', { devices: [{ name: vdb, tags: {}, wipe: true }] });
    const desired = topology(cluster([eager, wanted('b'), wanted('c')], 'east'));
    expect(diffTopology(known(base), desired).changes).toEqual([]);
    const unprepared: KnownTopology = {
      ...known(base),
      nodes: diffTopology({ clusters: [], nodes: [], bricksOn: () => 0 }, base).records.nodes,
    };
    expect(diffTopology(unprepared, desired).changes).toMatchObject([
      { kind: 'device-changed', node: 'a', fields: [{ field: 'wipe', from: 'false', to: 'true' }] },
    ]);
  });

  it('carries the serial number that a device must have', () => {
    const marked = wanted('a', { devices: [{ name: vdb, tags: {}, wipe: false, serial: 'QM00001' }] });
    const plan = diffTopology(known(base), topology(cluster([marked, wanted('b'), wanted('c')], 'east')));
    expect(plan.changes).toMatchObject([
      { kind: 'device-changed', node: 'a', fields: [{ field: 'serial', from: 'any', to: 'QM00001' }] },
    ]);
    expect(plan.records.nodes[0]?.devices[0]?.serial).toBe('QM00001');
    const back = diffTopology({ ...known(base), nodes: plan.records.nodes }, topology(cluster([wanted('a')], 'east')));
    expect(back.records.nodes[0]?.devices[0]).not.toHaveProperty('serial');
  });

  it('has nothing left to do after its records were written, whatever was wanted', () => {
    const node = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e').map((id) => nodeId(id)),
      zone: fc.constantFrom('1', '2'),
      tags: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')),
      devices: fc.uniqueArray(
        fc.record({
          name: fc.constantFrom(vdb, vdc),
          tags: fc.constant({}),
          wipe: fc.boolean(),
          serial: fc.constantFrom(undefined, 'A1', 'B2'),
        }),
        { selector: ({ name }) => name },
      ),
    });
    const desired = fc
      .uniqueArray(node, { selector: ({ id }) => id, minLength: 1 })
      .map((nodes) => topology(cluster(nodes.map((changes) => wanted(changes.id, changes)))));
    fc.assert(
      fc.property(desired, desired, (first, second) => {
        const before = known(first);
        const plan = diffTopology(before, second);
        expect(plan.refusals).toEqual([]);
        const written = new Map(plan.records.nodes.map((record) => [record.id, record]));
        const after: KnownTopology = {
          clusters: [...before.clusters, ...plan.records.clusters],
          nodes: [
            ...before.nodes.filter(({ id }) => !plan.records.dropNodes.includes(id) && !written.has(id)),
            ...written.values(),
          ],
          bricksOn: () => 0,
        };
        expect(diffTopology(after, second).changes).toEqual([]);
        // And what nobody asked to change is as it was.
        expect(diffTopology(before, first).changes).toEqual([]);
      }),
    );
  });
});
