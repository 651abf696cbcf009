import { describe, expect, it } from 'vitest';
import { clusterId, hostName, nodeId } from '../../../src/domain/names.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import { usualShape } from '../../../src/domain/volume-shape.ts';
import { benchOf, device, forever, idOf, requestOf, topologyOf, valueOf, type Bench } from './bench.ts';

const east = clusterId('east');
const attic = clusterId('attic');

/** The bench with a second cluster of one node, which comes before the other by name. */
async function withSmallCluster(): Promise<Bench> {
  const bench = await benchOf();
  const small = {
    id: nodeId('s1'),
    zone: 'z',
    manage: hostName('s1'),
    storage: hostName('10.1.0.1'),
    tags: {},
    devices: [{ name: device, tags: {}, wipe: false }],
  };
  bench.storage.addNode(small.id, small.storage, { [device]: 50 * GiB });
  const desired = { clusters: [...topologyOf(3).clusters, { id: attic, nodes: [small] }] };
  valueOf(await bench.engine.applyTopology(desired, { signal: forever }));
  return bench;
}

describe('explainPlan', () => {
  it('says where a volume would go, and makes none', async () => {
    const { engine, disk, storage } = await benchOf();
    const before = new Map(disk.documents);
    const { plan, explanation } = engine.explainPlan(usualShape, []);
    expect(plan).toMatchObject({ kind: 'placed', cluster: 'east' });
    expect(explanation.filter((line) => line.includes('node n'))).toHaveLength(3);
    expect([disk.documents, storage.log, engine.volumes()]).toEqual([before, [], []]);
    expect(engine.usage().every(({ used }) => used === 0)).toBe(true);
  });

  it('proves device by device why not', async () => {
    const { engine } = await benchOf();
    valueOf(await engine.setPlacementState({ node: nodeId('n2') }, 'offline'));
    const { plan, explanation } = engine.explainPlan(usualShape, []);
    expect(plan).toMatchObject({ kind: 'refused', permanent: false });
    expect(explanation).toEqual(
      expect.arrayContaining([
        'cluster east',
        '  zone z2',
        '      /dev/vdb is not used: node offline',
        '  would fit with node n2 online',
      ]),
    );
  });

  it('keeps to tag rules', async () => {
    const { engine } = await benchOf();
    const { plan } = engine.explainPlan({ ...usualShape, tagMatch: [{ key: 'media', op: '=', value: 'ssd' }] }, []);
    expect(plan.kind === 'refused' ? plan.reason : '').toContain('media=ssd');
  });

  it('keeps to the allowed zones, and prefers those of a pod', async () => {
    const { engine } = await benchOf({ nodes: 4 });
    const zonesOf = (shape: Partial<typeof usualShape>): readonly string[] => {
      const { plan } = engine.explainPlan({ ...usualShape, ...shape }, []);
      return plan.kind === 'placed' ? plan.brickSets.flat().map(({ node }) => node.replace('n', 'z')) : [plan.reason];
    };
    const two = { durability: { kind: 'replicate', count: 2 } } as const;
    expect([...zonesOf({ ...two, allowedZones: ['z2', 'z4'] })].sort()).toEqual(['z2', 'z4']);
    expect(zonesOf({ allowedZones: ['z2', 'z4'] })).toEqual([expect.stringContaining('z2')]);
    for (const zone of ['z1', 'z2', 'z3', 'z4']) {
      expect(zonesOf({ preferredZones: [zone] })).toContain(zone);
    }
  });

  it('says also why a cluster was passed over', async () => {
    const { engine } = await withSmallCluster();
    const { plan, explanation } = engine.explainPlan(usualShape, []);
    expect(plan).toMatchObject({ kind: 'placed', cluster: 'east' });
    expect(explanation.filter((line) => line.startsWith('cluster'))).toEqual(['cluster attic', 'cluster east']);
    const asked = engine.explainPlan(usualShape, [east, attic]);
    expect(asked.explanation.filter((line) => line.startsWith('cluster'))).toEqual(['cluster east']);
  });
});

describe('headroom', () => {
  it('falls by what is made, and is counted by cluster', async () => {
    const { engine } = await withSmallCluster();
    const shape = { ...usualShape, size: bytes(GiB) };
    const before = engine.headroom(east, shape);
    expect(before).toMatchObject({ endedBy: 'space' });
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    expect(engine.headroom(east, shape).volumes).toBe(before.volumes - 1);
    expect(engine.headroom(attic, shape).volumes).toBe(0);
  });
});

describe('forecastLoss', () => {
  it('names the volumes that would be degraded, and puts them to another node where there is one', async () => {
    const { engine } = await benchOf({ nodes: 4 });
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    const used = engine.volume(idOf(1))?.brickSets[0]?.[0]?.node ?? nodeId('none');
    const loss = engine.forecastLoss(used, [usualShape]);
    expect(loss?.volumes).toEqual([{ volume: idOf(1), fate: 'degraded', bricks: 1, rebuildable: 1 }]);
    const [headroom] = loss?.headroom ?? [];
    expect(headroom?.now).toEqual(engine.headroom(east, usualShape));
    expect(headroom?.after.volumes).toBeLessThan(headroom?.now.volumes ?? 0);
  });

  it('does not know a node that is not there', async () => {
    const { engine } = await benchOf();
    expect(engine.forecastLoss(nodeId('nowhere'), [usualShape])).toBeUndefined();
  });
});
