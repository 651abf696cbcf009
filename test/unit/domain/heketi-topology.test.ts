import { describe, expect, it } from 'vitest';
import { parseHeketiTopology, TopologyFileError } from '../../../src/domain/heketi-topology.ts';

function nodeOf(changes: Record<string, unknown> = {}, devices: unknown = ['/dev/vdb']): unknown {
  return { node: { hostnames: { manage: ['n1'], storage: ['10.0.0.1'] }, zone: 1, ...changes }, devices };
}

function hosts(manage: string, storage: string): Record<string, unknown> {
  return { hostnames: { manage: [manage], storage: [storage] } };
}

function problemsOf(file: unknown): readonly string[] {
  try {
    parseHeketiTopology(typeof file === 'string' ? file : JSON.stringify(file));
  } catch (error) {
    if (error instanceof TopologyFileError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

describe("heketi's topology.json", () => {
  it('is read in full', () => {
    const text = JSON.stringify({
      clusters: [
        {
          nodes: [
            nodeOf({ ...hosts('Node0.Example.test', '10.0.0.1'), zone: 1, tags: { rack: 'a' } }, [
              '/dev/vdb',
              { name: '/dev/vdc', tags: { arbiter: 'required' }, destroydata: true },
              { name: '/dev/vdd' },
            ]),
          ],
          block: true,
          file: true,
        },
        { name: 'west', nodes: [nodeOf({ ...hosts('n2', '10.0.0.2'), zone: 'attic' }, [])] },
      ],
    });
    expect(parseHeketiTopology(`\uFEFF${text}`)).toEqual({
      clusters: [
        {
          nodes: [
            {
              id: 'node0.example.test',
              zone: '1',
              manage: 'node0.example.test',
              storage: '10.0.0.1',
              tags: { rack: 'a' },
              devices: [
                { name: '/dev/vdb', tags: {}, wipe: false },
                { name: '/dev/vdc', tags: { arbiter: 'required' }, wipe: true },
                { name: '/dev/vdd', tags: {}, wipe: false },
              ],
            },
          ],
        },
        {
          id: 'west',
          nodes: [{ id: 'n2', zone: 'attic', manage: 'n2', storage: '10.0.0.2', tags: {}, devices: [] }],
        },
      ],
    });
  });

  it('may leave out the devices of a node', () => {
    expect(problemsOf({ clusters: [{ nodes: [{ node: { ...hosts('a', 'b'), zone: 1 } }] }] })).toEqual([]);
  });

  it.each<readonly [string, unknown, readonly string[]]>([
    ['text that is not JSON', '{"clusters": [', ['expected JSON: ']],
    ['another file', [], ['expected an object with clusters, got []']],
    ['no clusters', {}, ['clusters: expected a list of clusters, got nothing']],
    [
      'an unknown key at the top',
      { clusters: [], cluster: 1 },
      ['unknown key "cluster"; expected an object with clusters'],
    ],
    [
      'an unknown key in a node',
      { clusters: [{ nodes: [nodeOf({ zonee: 2 })] }] },
      ['clusters[0].nodes[0].node: unknown key "zonee"; expected hostnames, zone and tags'],
    ],
    [
      'an unknown key in a device',
      { clusters: [{ nodes: [nodeOf({}, [{ name: '/dev/vdb', destroyData: true }])] }] },
      [
        'clusters[0].nodes[0].devices[0]: unknown key "destroyData"; expected a path, or an object with name, tags and destroydata',
      ],
    ],
    [
      'a cluster without nodes',
      { clusters: [{ nodes: [] }] },
      ['clusters[0].nodes: expected at least one node, got []'],
    ],
    [
      'zone 0',
      { clusters: [{ nodes: [nodeOf(), nodeOf(), nodeOf({ zone: 0 })] }] },
      [
        'clusters[0].nodes[2].node.zone: expected a whole number from 1, or a name of letters, digits, _, . and -, got 0',
      ],
    ],
    [
      'no zone',
      { clusters: [{ nodes: [nodeOf({ zone: undefined })] }] },
      [
        'clusters[0].nodes[0].node.zone: expected a whole number from 1, or a name of letters, digits, _, . and -, got nothing',
      ],
    ],
    [
      'no management host',
      { clusters: [{ nodes: [nodeOf({ hostnames: { manage: [], storage: ['a'] } })] }] },
      ['clusters[0].nodes[0].node.hostnames.manage: expected at least one host name, got []'],
    ],
    [
      'no storage hosts',
      { clusters: [{ nodes: [nodeOf({ hostnames: { manage: ['a'] } })] }] },
      ['clusters[0].nodes[0].node.hostnames.storage: expected a list of host names, got nothing'],
    ],
    [
      'a host that would be an option',
      { clusters: [{ nodes: [nodeOf(hosts('n1', '--force'))] }] },
      ['clusters[0].nodes[0].node.hostnames.storage[0]: expected an IP address or a DNS name, got "--force"'],
    ],
    [
      'a management host that cannot be an id',
      { clusters: [{ nodes: [nodeOf(hosts('fe80::1', 'fe80::2'))] }] },
      [
        'clusters[0].nodes[0].node.hostnames.manage[0]: expected a DNS name or an IPv4 address, which becomes the id of the node, got "fe80::1"',
      ],
    ],
    [
      'a device that is no path',
      { clusters: [{ nodes: [nodeOf({}, ['vdb', '/dev/../vdb', 5])] }] },
      [
        'clusters[0].nodes[0].devices[0]: expected an absolute path such as /dev/vdb, got "vdb"',
        'clusters[0].nodes[0].devices[1]: expected an absolute path such as /dev/vdb, got "/dev/../vdb"',
        'clusters[0].nodes[0].devices[2]: expected a path, or an object with name, tags and destroydata, got 5',
      ],
    ],
    [
      'a consent that is neither true nor false',
      { clusters: [{ nodes: [nodeOf({}, [{ name: '/dev/vdb', destroydata: 'yes' }])] }] },
      ['clusters[0].nodes[0].devices[0].destroydata: expected true or false, got "yes"'],
    ],
    [
      'a cluster that takes no file volumes',
      { clusters: [{ file: false, nodes: [nodeOf()] }] },
      ['clusters[0].file: expected true: a cluster without file volumes has no use here, got false'],
    ],
    [
      'two names for one cluster',
      { clusters: [{ name: 'a', id: 'b', nodes: [nodeOf()] }] },
      ['clusters[0].id: expected the same as name, got "b"'],
    ],
    [
      'malformed tags',
      { clusters: [{ nodes: [nodeOf({ tags: { 'a b': 'c' } })] }] },
      ['clusters[0].nodes[0].node.tags: expected an object of texts'],
    ],
    [
      'a host or a device that stands there twice',
      {
        clusters: [
          { nodes: [nodeOf({}, ['/dev/vdb', { name: '/dev/vdb' }])] },
          { nodes: [nodeOf(hosts('n2', '10.0.0.1')), nodeOf(hosts('n1', '10.0.0.3'))] },
        ],
      },
      [
        'clusters[0].nodes[0].devices[1]: device /dev/vdb stands at clusters[0].nodes[0].devices[0] already',
        'clusters[1].nodes[0].node.hostnames.storage[0]: host 10.0.0.1 stands at clusters[0].nodes[0].node.hostnames.storage[0] already',
        'clusters[1].nodes[1].node.hostnames.manage[0]: host n1 stands at clusters[0].nodes[0].node.hostnames.manage[0] already',
      ],
    ],
    [
      'a cluster that stands there twice',
      {
        clusters: [
          { name: 'a', nodes: [nodeOf()] },
          { id: 'a', nodes: [nodeOf(hosts('n2', '10.0.0.2'))] },
        ],
      },
      ['clusters[1].name: cluster a stands at clusters[0].name already'],
    ],
  ])('is refused for %s, by path, expectation and what came', (_, file, problems) => {
    const found = problemsOf(file);
    expect(found).toHaveLength(problems.length);
    expect(problems.map((problem, index) => found[index]?.slice(0, problem.length))).toEqual(problems);
  });

  it('lets one host be both management and storage of a node', () => {
    expect(problemsOf({ clusters: [{ nodes: [nodeOf(hosts('n1', 'n1')), nodeOf(hosts('n2', 'n2'))] }] })).toEqual([]);
  });

  it('keeps the same device name on different nodes apart', () => {
    expect(problemsOf({ clusters: [{ nodes: [nodeOf(), nodeOf(hosts('n2', '10.0.0.2'))] }] })).toEqual([]);
  });
});
