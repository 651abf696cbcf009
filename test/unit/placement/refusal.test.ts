import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterId, deviceName, hostName, nodeId } from '../../../src/domain/names.ts';
import { explainPlaced, explainRefusal } from '../../../src/domain/placement/explain.ts';
import { unreachable, type Hindrance, type Obstacle } from '../../../src/domain/placement/seat.ts';
import { placeVolume } from '../../../src/domain/placement/place.ts';
import type { PlacementPool } from '../../../src/domain/placement/pool.ts';
import { describeRefusal, type Refusal } from '../../../src/domain/placement/refusal.ts';
import { describeRemedy, type Remedy } from '../../../src/domain/placement/remedy.ts';
import { defaultLimits, type PlacementRequest } from '../../../src/domain/placement/request.ts';
import { bytes, GiB, TiB } from '../../../src/domain/quantity.ts';
import { nodeRecord, type NodeRecord } from '../../../src/domain/topology.ts';
import { load, node, nodesArbitrary, poolOf, request, requestArbitrary, volumeNumbered } from './arbitraries.ts';

function refused(pool: PlacementPool, wanted: PlacementRequest): Refusal {
  const answer = placeVolume(pool, wanted);
  if (answer.kind !== 'refused') {
    throw new Error('expected a refusal, got a place');
  }
  return answer;
}

const remediesOf = (refusal: Refusal): string[] => refusal.wouldFit.map(describeRemedy);

describe('a refusal', () => {
  it('names the nodes that would do, the one that would not, and what would help', () => {
    const pool = poolOf(
      node(1, 'z1', [20]),
      node(2, 'z2', [20]),
      node(3, 'z3', [20], { state: 'offline' }),
      node(4, 'z3', [5]),
    );
    const refusal = refused(pool, request());
    expect(refusal.permanent).toBe(false);
    expect(refusal.shortfall).toContain('replicate 3 of 10 GiB needs 3 nodes with 10.05 GiB free on a device');
    expect(refusal.shortfall).toContain('2 have it (n1, n2)');
    expect(refusal.shortfall).toContain('node n3 is offline');
    expect(refusal.shortfall).toContain('node n4 has 5 GiB free of the 10.05 GiB needed');
    expect(remediesOf(refusal)).toEqual([
      'node n3 online',
      '5.05 GiB more on /dev/d0 of node n4',
      'one more node with a device of 10.05 GiB',
      'a size of at most 4 GiB',
    ]);
  });

  it('with zones required counts zones, and says that preferring them would do', () => {
    const pool = poolOf(node(1, 'z1', [20]), node(2, 'z2', [20]), node(3, 'z2', [20]));
    const refusal = refused(pool, request({ zoneSpread: 'require' }));
    expect(refusal.shortfall).toContain('needs 3 zones with 10.05 GiB free on a device; 2 have it (z1, z2)');
    expect(remediesOf(refusal)).toContain('zoneSpread prefer');
  });

  it('says of each device why it was passed over', () => {
    const bare = node(5, 'z', [20]);
    const pool = poolOf(
      node(1, 'z', [20], { state: 'failed' }),
      node(2, 'z', [3]),
      node(3, 'z', [20], { tags: { media: 'disk' } }),
      node(4, 'z', [20], { tags: { media: 'ssd', arbiter: 'required' } }),
      {
        ...bare,
        tags: { media: 'ssd' },
        devices: bare.devices.map((each) => Object.assign({}, each, { reserved: 15 * GiB })),
      },
    );
    pool.hinder(nodeId('n2'), unreachable);
    const refusal = refused(
      pool,
      request({ durability: { kind: 'replicate', count: 2 }, tagMatch: [{ key: 'media', op: '=', value: 'ssd' }] }),
    );
    const reasons = refusal.zones.flatMap(({ nodes }) => nodes.map(({ devices }) => devices[0]?.passedOver?.kind));
    expect(reasons).toEqual(['unusable', 'unusable', 'wrong tag', 'wrong role', 'reserved']);
  });

  it('is permanent when no topology could help', () => {
    const pool = poolOf(node(1, 'z', [20]));
    const refusal = refused(pool, request({ size: bytes(500 * TiB) }));
    expect(refusal).toMatchObject({ permanent: true, wouldFit: [] });
    expect(refusal.shortfall).toBe(
      'replicate 3 of 500 TiB needs 125 sets of 3 bricks of at most 4 TiB, and the limit is 32 bricks a volume',
    );
  });

  it('says when the cluster has its fill of volumes, but lets a volume be planned again that is one of them', () => {
    const here = node(1, 'z', [90]);
    const pool = poolOf(here, node(2, 'z', [90]), node(3, 'z', [90]));
    pool.occupy(load(1, here, 0, GiB));
    const limits = { ...defaultLimits, maxVolumesPerCluster: 1 };
    const refusal = refused(pool, request({ limits, volume: volumeNumbered(2) }));
    expect(refusal.shortfall).toBe('the cluster has 1 volumes, and its limit is 1');
    expect(placeVolume(pool, request({ limits, volume: volumeNumbered(1) })).kind).toBe('placed');
  });

  it('of an empty cluster asks for nodes', () => {
    const refusal = refused(poolOf(), request());
    expect(refusal.shortfall).toContain('none has it');
    expect(remediesOf(refusal)).toEqual(['3 more nodes, each in another zone, with a device of 10.05 GiB']);
  });

  it('fits in an event, however many nodes there are', () => {
    const long = 'a'.repeat(200);
    const nodes = Array.from({ length: 60 }, (_, number) => ({
      ...node(number, 'z'.repeat(63), [2]),
      id: nodeId(`${long}.n${number}`),
    }));
    const limits = { ...defaultLimits, maxBricksPerVolume: 3 };
    const refusal = refused(poolOf(...nodes), request({ limits }));
    const line = describeRefusal(refusal);
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(1024);
    expect(line).not.toContain('\n');
  });

  it('is explained as a tree, and so is a plan', () => {
    const pool = poolOf(node(1, 'z1', [20]), node(2, 'z2', [20]), node(3, 'z3', [5]));
    expect(explainRefusal(refused(pool, request()))).toEqual(
      expect.arrayContaining([
        'zone z1',
        '  node n1',
        '    /dev/d0 has 20 GiB of 20 GiB free, room for 1 brick',
        '    /dev/d0 has 5 GiB free of the 10.05 GiB needed',
        'tried 1 set: needs 3 bricks of 10.05 GiB, room for 2',
        'would fit with a size of at most 4 GiB',
      ]),
    );
    const wanted = request({ durability: { kind: 'replicate', count: 2 } });
    const answer = placeVolume(pool, wanted);
    expect(answer.kind === 'placed' ? explainPlaced(pool, wanted, answer) : []).toEqual(
      expect.arrayContaining([
        'replicate 2 of 10 GiB fits in 1 brick set',
        '  node n1 (zone z1) /dev/d0: 10 GiB, takes 10.05 GiB: 0.0 % used, 50.3 % after',
      ]),
    );
  });
});

/** The topology with a remedy carried out, made from the records alone. */
function remedied(nodes: readonly NodeRecord[], wanted: PlacementRequest, remedy: Remedy): NodeRecord[] {
  const changed = (id: string, change: (record: NodeRecord) => NodeRecord): NodeRecord[] =>
    nodes.map((each) => (each.id === id ? change(each) : each));
  switch (remedy.kind) {
    case 'node online':
      return changed(remedy.node, (each) => ({ ...each, state: 'online' }));
    case 'device online':
      return changed(remedy.node, (each) => ({
        ...each,
        devices: each.devices.map((device) =>
          device.name === remedy.device ? Object.assign({}, device, { state: 'online' as const }) : device,
        ),
      }));
    case 'more room':
      return nodes.map((each) => ({
        ...each,
        devices: each.devices.map((device) => {
          const more = remedy.devices.find(({ node, device: name }) => node === each.id && name === device.name);
          return more === undefined ? device : Object.assign({}, device, { size: bytes((device.size ?? 0) + more.by) });
        }),
      }));
    case 'more nodes':
      return [...nodes, ...Array.from({ length: remedy.count }, (_, number) => added(number, wanted, remedy.size))];
    case 'node reachable':
    case 'node in order':
    case 'device in order':
    case 'smaller volume':
    case 'zone spread':
    case 'no tag rules':
    case 'zones allowed':
      return [...nodes];
  }
}

function added(number: number, wanted: PlacementRequest, size: number): NodeRecord {
  const name = `added${number}`;
  return nodeRecord.parse({
    id: nodeId(name),
    cluster: clusterId('c'),
    zone: wanted.allowedZones?.[number % wanted.allowedZones.length] ?? `added${number}`,
    manage: hostName(name),
    storage: hostName(name),
    tags: Object.fromEntries((wanted.tagMatch ?? []).map(({ key, value }) => [key, value])),
    devices: [{ name: deviceName('/dev/added'), size }],
  });
}

function remediedRequest(wanted: PlacementRequest, remedy: Remedy): PlacementRequest {
  switch (remedy.kind) {
    case 'smaller volume':
      return { ...wanted, size: remedy.size };
    case 'zone spread':
      return { ...wanted, zoneSpread: remedy.zoneSpread };
    case 'no tag rules':
      return { ...wanted, tagMatch: [] };
    case 'zones allowed':
      return { ...wanted, allowedZones: [...(wanted.allowedZones ?? []), ...remedy.zones] };
    case 'node online':
    case 'node reachable':
    case 'node in order':
    case 'device in order':
    case 'device online':
    case 'more room':
    case 'more nodes':
      return wanted;
  }
}

/** What speaks against the nth node: each third one answers nothing, each third one has a problem, each third one no disks. */
function hindranceOf(number: number): Hindrance {
  const missing: Obstacle = { why: 'device missing', because: 'pulled out' };
  const disks = [0, 1, 2, 3].map((disk) => [deviceName(`/dev/d${disk}`), missing] as const);
  const all: readonly Hindrance[] = [
    unreachable,
    { node: { why: 'node in trouble', because: 'installed anew' } },
    { devices: new Map(disks) },
  ];
  return all[number % all.length] ?? unreachable;
}

describe('a node or device that was observed to be out of order', () => {
  it('takes nothing, and is named with the reason and with what would help', () => {
    const pool = poolOf(node(1, 'z1', [20]), node(2, 'z2', [20]), node(3, 'z3', [20]));
    pool.hinder(nodeId('n3'), { node: { why: 'node in trouble', because: 'gluster was installed anew' } });
    const inTrouble = refused(pool, request({ size: bytes(10 * GiB) }));
    expect(describeRefusal(inTrouble)).toContain('node n3 is in trouble (gluster was installed anew)');
    expect(remediesOf(inTrouble)).toContain('node n3 in order again');
    pool.hinder(nodeId('n3'), {
      devices: new Map([[deviceName('/dev/d0'), { why: 'device empty', because: 'another disk' }]]),
    });
    const empty = refused(pool, request({ size: bytes(10 * GiB) }));
    expect(describeRefusal(empty)).toContain('node n3: its device is empty (another disk)');
    expect(remediesOf(empty)).toContain('device /dev/d0 of node n3 in order again');
    expect(explainRefusal(empty)).toContain('    /dev/d0 is not used: device empty (another disk)');
    pool.hinder(nodeId('n3'), undefined);
    expect(placeVolume(pool, request({ size: bytes(10 * GiB) })).kind).toBe('placed');
  });
});

describe('what a refusal says would fit', () => {
  it('does fit once it is so', () => {
    let claims = 0;
    fc.assert(
      fc.property(
        nodesArbitrary,
        requestArbitrary,
        fc.subarray([0, 1, 2, 3, 4, 5]),
        fc.boolean(),
        (nodes, plain, silent, hasRule) => {
          const wanted = hasRule ? { ...plain, tagMatch: [{ key: 'media', op: '=', value: 'ssd' } as const] } : plain;
          const build = (records: readonly NodeRecord[], answering?: Remedy): PlacementPool => {
            const pool = poolOf(...records);
            for (const number of silent) {
              pool.hinder(nodeId(`n${number}`), hindranceOf(number));
            }
            if (answering?.kind === 'node reachable' || answering?.kind === 'node in order') {
              pool.hinder(answering.node, undefined);
            }
            if (answering?.kind === 'device in order') {
              const devices = new Map(pool.hindrance(answering.node)?.devices);
              devices.delete(answering.device);
              pool.hinder(answering.node, { devices });
            }
            return pool;
          };
          const answer = placeVolume(build(nodes), wanted);
          const remedies = answer.kind === 'refused' ? answer.wouldFit : [];
          claims += remedies.length;
          const untrue = remedies.filter((remedy) => {
            const pool = build(remedied(nodes, wanted, remedy), remedy);
            return placeVolume(pool, remediedRequest(wanted, remedy)).kind !== 'placed';
          });
          expect(untrue).toEqual([]);
          expect(answer.kind === 'refused' ? describeRefusal(answer).length : 1).toBeLessThanOrEqual(1024);
        },
      ),
      { numRuns: 1500 },
    );
    expect(claims).toBeGreaterThan(1000);
  });
});
