import { describe, expect, it } from 'vitest';
import { parseTopologyFile, TopologyFileError } from '../../../src/api/topology-file.ts';

/** A node of the file, the way heketi's own examples write it. */
const node = (name: string, storage: string, zone: unknown, devices: unknown[] = ['/dev/vdb']) => ({
  node: { hostnames: { manage: [name], storage: [storage] }, zone },
  devices,
});

function complaint(document: unknown): string {
  try {
    parseTopologyFile(document);
  } catch (error) {
    if (error instanceof TopologyFileError) {
      return error.message;
    }
    throw error;
  }
  return 'accepted';
}

describe('topology file', () => {
  it("reads heketi's format", () => {
    const topology = parseTopologyFile({
      clusters: [
        {
          block: true,
          file: true,
          nodes: [
            node('node0.example.test', '10.0.0.1', 1),
            node('node1.example.test', '10.0.0.2', 2, [
              { name: '/dev/vdc', tags: { arbiter: 'required' }, destroydata: true },
            ]),
          ],
        },
      ],
    });
    expect(topology).toEqual({
      clusters: [
        {
          nodes: [
            {
              id: 'node0.example.test',
              manage: 'node0.example.test',
              storage: '10.0.0.1',
              zone: '1',
              tags: {},
              devices: [{ name: '/dev/vdb', tags: {}, wipe: false }],
            },
            {
              id: 'node1.example.test',
              manage: 'node1.example.test',
              storage: '10.0.0.2',
              zone: '2',
              tags: {},
              devices: [{ name: '/dev/vdc', tags: { arbiter: 'required' }, wipe: true }],
            },
          ],
        },
      ],
    });
  });

  it('takes names for zones and an id for a cluster', () => {
    const topology = parseTopologyFile({ clusters: [{ id: 'east', nodes: [node('a', '10.0.0.1', 'rack-b')] }] });
    expect(topology.clusters[0]).toMatchObject({ id: 'east', nodes: [{ zone: 'rack-b' }] });
  });

  it('takes a serial number for a device, which heketi has no field for', () => {
    const disk = { name: '/dev/vdb', serial: 'QM00001' };
    const topology = parseTopologyFile({ clusters: [{ nodes: [node('a', '10.0.0.1', 1, [disk])] }] });
    expect(topology.clusters[0]?.nodes[0]?.devices).toEqual([
      { name: '/dev/vdb', tags: {}, wipe: false, serial: 'QM00001' },
    ]);
    const shady = { name: '/dev/vdb', serial: '$(reboot)' };
    expect(() => parseTopologyFile({ clusters: [{ nodes: [node('a', '10.0.0.1', 1, [shady])] }] })).toThrow(/serial/);
  });

  it('uses the first of several host names, as heketi does', () => {
    const several = { node: { hostnames: { manage: ['a', 'b'], storage: ['10.0.0.1', '10.1.0.1'] }, zone: 1 } };
    expect(parseTopologyFile({ clusters: [{ nodes: [several] }] }).clusters[0]?.nodes[0]).toMatchObject({
      id: 'a',
      storage: '10.0.0.1',
      devices: [],
    });
  });

  it.each<{ name: string; document: unknown; expected: string }>([
    { name: 'no clusters', document: { clusters: [] }, expected: 'clusters: expected at least one cluster' },
    {
      name: 'a cluster without nodes',
      document: { clusters: [{ nodes: [] }] },
      expected: 'clusters[0].nodes: expected at least one node',
    },
    {
      name: 'a zone 0',
      document: { clusters: [{ nodes: [node('a', '10.0.0.1', 0)] }] },
      expected:
        'clusters[0].nodes[0].node.zone: expected a number from 1 or a name of letters, digits, _ . and -, got 0',
    },
    {
      name: 'a relative device path',
      document: { clusters: [{ nodes: [node('a', '10.0.0.1', 1, ['vdb'])] }] },
      expected:
        'clusters[0].nodes[0].devices[0]: device: expected an absolute path such as /dev/vdb, without . or .. in it, got "vdb"',
    },
    {
      name: 'a device with a command in its name',
      document: { clusters: [{ nodes: [node('a', '10.0.0.1', 1, ['/dev/vdb; reboot'])] }] },
      expected:
        'clusters[0].nodes[0].devices[0]: device: expected an absolute path such as /dev/vdb, without . or .. in it, got "/dev/vdb; reboot"',
    },
    {
      name: 'a mistyped key',
      document: { clusters: [{ nodes: [{ ...node('a', '10.0.0.1', 1), devcies: [] }] }] },
      expected: 'clusters[0].nodes[0]: expected no such key: devcies (did you mean devices?)',
    },
    {
      name: 'a cluster without file volumes',
      document: { clusters: [{ file: false, nodes: [node('a', '10.0.0.1', 1)] }] },
      expected: 'clusters[0].file: expected true or nothing: a cluster without file volumes is of no use here',
    },
    {
      name: 'a storage host that two nodes have',
      document: { clusters: [{ nodes: [node('a', '10.0.0.1', 1), node('b', '10.0.0.1', 1)] }] },
      expected: 'clusters[0].nodes[1].node.hostnames.storage[0]: storage host 10.0.0.1: expected one node, got several',
    },
    {
      name: 'a device twice',
      document: { clusters: [{ nodes: [node('a', '10.0.0.1', 1, ['/dev/vdb', { name: '/dev/vdb' }])] }] },
      expected: 'clusters[0].nodes[0].devices[1]: node a: expected device /dev/vdb once, got it twice',
    },
    {
      name: 'a mistyped key that had to be there',
      document: { cluster: [{ nodes: [node('a', '10.0.0.1', 1)] }] },
      expected: 'clusters: expected a list, got nothing\nexpected no such key: cluster (did you mean clusters?)',
    },
  ])('refuses $name', ({ document, expected }) => {
    expect(complaint(document)).toBe(expected);
  });

  it('reports all problems at once', () => {
    const document = { clusters: [{ nodes: [node('UP_PER', '10.0.0.1', -1), node('b', 'not a host', 1)] }] };
    expect(complaint(document).split('\n')).toHaveLength(3);
  });
});
