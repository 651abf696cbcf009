import { describe, expect, it } from 'vitest';
import type { DesiredNode, DesiredTopology } from '../../../src/domain/desired-topology.ts';
import { clusterId, deviceName, hostName, nodeId } from '../../../src/domain/names.ts';
import { GiB } from '../../../src/domain/quantity.ts';
import type { TopologyProgress } from '../../../src/engine/api.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { MemoryStore } from '../../../src/store/memory.ts';
import { MortalStore } from '../../support/mortal-store.ts';
import { benchOf, device, forever, idOf, realm, requestOf, restart, topologyOf, valueOf, type Bench } from './bench.ts';

/** The bench's topology with changed nodes. */
function changed(count: number, change: (node: DesiredNode) => DesiredNode | undefined): DesiredTopology {
  return {
    clusters: topologyOf(count).clusters.map((cluster) =>
      Object.assign({}, cluster, { nodes: cluster.nodes.map(change).filter((node) => node !== undefined) }),
    ),
  };
}

/** A bench of three nodes that knows none of them yet. */
async function emptyBench(options: Parameters<typeof benchOf>[0] = {}): Promise<Bench> {
  const bench = await benchOf(options);
  bench.disk.documents.clear();
  return restart(bench);
}

describe('applyTopology', () => {
  it('makes peers of the nodes, prepares the devices, and records their sizes', async () => {
    const { engine, storage } = await emptyBench();
    const progress: string[] = [];
    const onProgress = ({ step, node, outcome }: TopologyProgress): void => {
      progress.push(`${step} ${node} ${outcome.kind}`);
    };
    const plan = valueOf(await engine.applyTopology(topologyOf(3), { signal: forever, onProgress }));
    expect(plan.changes.map(({ kind }) => kind)).toEqual([
      'cluster-added',
      ...['n1', 'n2', 'n3'].flatMap(() => ['node-added', 'device-added']),
    ]);
    expect(storage.log.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'listPeers n1',
      'ensurePeer n1',
      'ensurePeer n1',
      'prepareDevice n1',
      'prepareDevice n2',
      'prepareDevice n3',
    ]);
    expect(engine.clusters()).toEqual([{ id: 'east' }]);
    expect(engine.nodes().map(({ devices }) => devices[0]?.size)).toEqual([100 * GiB, 100 * GiB, 100 * GiB]);
    expect(progress.filter((line) => line.startsWith('device'))).toEqual(
      ['n1', 'n2', 'n3'].map((node) => `device ${node} done`),
    );
  });

  it('changes nothing the second time, also after a restart', async () => {
    const bench = await benchOf();
    const { engine, disk } = await restart(bench);
    expect(engine.planTopology(topologyOf(3))).toMatchObject({ changes: [], unchanged: { nodes: 3, devices: 3 } });
    const before = new Map(disk.documents);
    expect(valueOf(await engine.applyTopology(topologyOf(3), { signal: forever })).changes).toEqual([]);
    expect(disk.documents).toEqual(before);
  });

  it('carries on where a node was missing, and uses the others in the meantime', async () => {
    const { engine, storage, clock } = await emptyBench({ nodes: 4 });
    storage.setUp('n4', false);
    const first = await engine.applyTopology(topologyOf(4), { signal: forever });
    expect(first).toMatchObject({ kind: 'waiting', on: { what: 'node' } });
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    expect(engine.usage().find(({ node }) => node === 'n4')).toMatchObject({ unusable: 'not prepared' });
    storage.setUp('n4', true);
    await clock.advance(20_000);
    valueOf(await engine.applyTopology(topologyOf(4), { signal: forever }));
    expect(engine.usage().find(({ node }) => node === 'n4')).toMatchObject({ size: 100 * GiB });
  });

  it('makes one pool, whichever node is missing at which try', async () => {
    const { engine, storage, clock } = await emptyBench({ nodes: 4 });
    storage.setUp('n1', false);
    // The first node of a new pool is always the same one, so nothing begins without it.
    expect(await engine.applyTopology(topologyOf(4), { signal: forever })).toMatchObject({ kind: 'waiting' });
    storage.setUp('n1', true);
    storage.setUp('n3', false);
    await clock.advance(20_000);
    expect(await engine.applyTopology(topologyOf(4), { signal: forever })).toMatchObject({ kind: 'waiting' });
    storage.setUp('n1', false);
    storage.setUp('n3', true);
    await clock.advance(20_000);
    // n1 is not needed any more: n2 is in the pool.
    expect(await engine.applyTopology(topologyOf(4), { signal: forever })).toMatchObject({ kind: 'waiting' });
    expect(engine.nodes().every(({ devices }) => devices[0]?.size !== undefined)).toBe(true);
    const n2 = engine.nodes().find(({ id }) => id === 'n2');
    const peers = n2 === undefined ? [] : valueOf(await storage.port().listPeers(n2, { signal: forever }));
    expect(peers).toHaveLength(4);
  });

  it('leaves a device alone that holds something, names the holder, and takes it once told to wipe', async () => {
    const { engine, storage } = await benchOf({ nodes: 3 });
    const added = deviceName('/dev/vdc');
    storage.addNode(nodeId('n4'), '10.0.0.4', { [device]: 10 * GiB, [added]: 10 * GiB });
    storage.occupyDevice('n4', added, 'an ext4 file system');
    const desired = (wipe: boolean): DesiredTopology =>
      changed(4, (node) =>
        node.id === 'n4' ? { ...node, devices: [...node.devices, { name: added, tags: {}, wipe }] } : node,
      );
    const refused = await engine.applyTopology(desired(false), { signal: forever });
    // Not rejected: that would say that nothing was done.
    expect(refused).toMatchObject({ kind: 'failed' });
    expect('reason' in refused ? refused.reason : '').toContain('/dev/vdc of n4 holds an ext4 file system');
    // The node's other device is in use all the same.
    expect(engine.usage().filter(({ node }) => node === 'n4')).toMatchObject([
      { size: 10 * GiB },
      { unusable: 'not prepared' },
    ]);
    expect(engine.planTopology(desired(true)).changes).toMatchObject([
      { kind: 'device-changed', fields: [{ field: 'wipe', from: 'false', to: 'true' }] },
    ]);
    valueOf(await engine.applyTopology(desired(true), { signal: forever }));
    // The agreement is used up: it shall not be there when the disk is another one.
    expect(engine.nodes()[3]?.devices.map(({ wipe }) => wipe)).toEqual([false, false]);
    expect(engine.planTopology(desired(true)).changes).toEqual([]);
  });

  it('never prepares a device again that holds bricks', async () => {
    const { engine, storage } = await benchOf();
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    storage.log.length = 0;
    valueOf(await engine.applyTopology(topologyOf(3), { signal: forever }));
    expect(storage.log.filter((line) => line.includes('Device')).map((line) => line.split(' ')[0])).toEqual(
      ['n1', 'n2', 'n3'].map(() => 'inspectDevice'),
    );
  });

  it('does nothing at all when something in it is refused', async () => {
    const { engine, storage, disk } = await benchOf({ nodes: 4 });
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    storage.log.length = 0;
    const before = new Map(disk.documents);
    const used = engine.volume(idOf(1))?.brickSets[0]?.[0]?.node;
    const desired = changed(5, (node) => (node.id === used ? undefined : node));
    const outcome = await engine.applyTopology(desired, { signal: forever });
    expect(outcome).toMatchObject({ kind: 'rejected' });
    expect('reason' in outcome ? outcome.reason : '').toContain(
      `node ${used} is not in the topology any more but holds 1 bricks`,
    );
    expect(storage.log).toEqual([]);
    expect(disk.documents).toEqual(before);
  });

  it('drops an empty node, and tells who listens', async () => {
    const bench = await benchOf({ nodes: 4 });
    let told = 0;
    const stop = bench.engine.onTopologyChange(() => {
      told += 1;
    });
    const desired = changed(4, (node) => (node.id === 'n4' ? undefined : node));
    valueOf(await bench.engine.applyTopology(desired, { signal: forever }));
    expect(told).toBeGreaterThan(0);
    expect(bench.engine.nodes().map(({ id }) => id)).toEqual(['n1', 'n2', 'n3']);
    stop();
    told = 0;
    const { engine } = await restart(bench);
    expect(engine.nodes(clusterId('east'))).toHaveLength(3);
    expect(engine.usage().map(({ node }) => node)).toEqual(['n1', 'n2', 'n3']);
    valueOf(await engine.applyTopology(topologyOf(4), { signal: forever }));
    expect(told).toBe(0);
  });

  it('detaches a node that goes from its pool, so that another pool may have it', async () => {
    const { engine, storage } = await benchOf({ nodes: 4 });
    const without = changed(4, (node) => (node.id === 'n4' ? undefined : node));
    const steps: string[] = [];
    const onProgress = ({ step, node, outcome }: TopologyProgress): void => {
      if (step === 'leave') {
        steps.push(`${node} ${outcome.kind}`);
      }
    };
    valueOf(await engine.applyTopology(without, { signal: forever, onProgress }));
    expect(steps).toEqual(['n4 done']);
    expect(storage.log.filter((line) => line.startsWith('removePeer'))).toEqual(['removePeer n1 10.0.0.4']);
    valueOf(await engine.applyTopology(topologyOf(4), { signal: forever }));
    expect(engine.usage().find(({ node }) => node === 'n4')).toMatchObject({ free: 100 * GiB });
  });

  it('keeps a node that goes, and what it can do, until it could be detached', async () => {
    const { engine, storage, clock } = await benchOf({ nodes: 4 });
    const without = changed(4, (node) => (node.id === 'n4' ? undefined : node));
    storage.setUp('n4', false);
    expect(await engine.applyTopology(without, { signal: forever })).toMatchObject({ kind: 'waiting' });
    expect(engine.nodes().map(({ id }) => id)).toContain('n4');
    storage.setUp('n4', true);
    await clock.advance(20_000);
    expect(engine.usage().find(({ node }) => node === 'n4')).not.toHaveProperty('unusable');
    valueOf(await engine.applyTopology(without, { signal: forever }));
    expect(engine.nodes().map(({ id }) => id)).not.toContain('n4');
  });

  it('prepares a device only when it has the serial number that was asked for', async () => {
    const { engine, storage } = await emptyBench();
    const marked = changed(3, (node) => ({
      ...node,
      devices: node.devices.map((each) => Object.assign({}, each, { serial: `disk-of-${node.id}` })),
    }));
    for (const id of ['n1', 'n2']) {
      storage.setSerial(id, device, `disk-of-${id}`);
    }
    storage.setSerial('n3', device, 'somebody-elses');
    const outcome = await engine.applyTopology(marked, { signal: forever });
    expect('reason' in outcome ? outcome.reason : '').toContain(
      'expected serial number disk-of-n3, got somebody-elses',
    );
    expect(engine.nodes().map(({ devices }) => devices[0]?.size !== undefined)).toEqual([true, true, false]);
    storage.setSerial('n3', device, 'disk-of-n3');
    valueOf(await engine.applyTopology(marked, { signal: forever }));
  });

  it('is done one at a time', async () => {
    const { engine } = await emptyBench();
    const [first, second] = await Promise.all([
      engine.applyTopology(topologyOf(3), { signal: forever }),
      engine.applyTopology(topologyOf(3), { signal: forever }),
    ]);
    expect(valueOf(first).changes).toHaveLength(7);
    expect(valueOf(second).changes).toEqual([]);
  });

  it('is unknown when a record may not have been written, and right at the next try', async () => {
    const bench = await emptyBench();
    bench.disk.kill();
    let failing = true;
    const store = new MortalStore(new MemoryStore(bench.disk), (write) =>
      failing && write === 'put node n2' ? 'reject-before' : 'normal',
    );
    const engine = createEngine({ ...bench.options, store });
    await engine.open(realm);
    expect(await engine.applyTopology(topologyOf(3), { signal: forever })).toMatchObject({ kind: 'unknown' });
    failing = false;
    valueOf(await engine.applyTopology(topologyOf(3), { signal: forever }));
    expect(engine.nodes()).toHaveLength(3);
  });

  it('stops for a caller who has gone', async () => {
    const { engine, storage } = await emptyBench();
    expect(await engine.applyTopology(topologyOf(3), { signal: AbortSignal.abort() })).toMatchObject({
      kind: 'waiting',
    });
    expect(storage.log).toEqual([]);
    expect(engine.nodes()).toEqual([]);
  });

  it('follows a change of zone, of tags and of the management host', async () => {
    const { engine } = await benchOf();
    const desired = changed(3, (node) =>
      node.id === 'n2' ? { ...node, zone: 'attic', tags: { media: 'ssd' }, manage: hostName('n2.example') } : node,
    );
    expect(engine.planTopology(desired).changes).toMatchObject([
      { kind: 'node-changed', fields: [{ field: 'zone' }, { field: 'manage' }, { field: 'tags', to: 'media=ssd' }] },
    ]);
    valueOf(await engine.applyTopology(desired, { signal: forever }));
    expect(engine.nodes()[1]).toMatchObject({ zone: 'attic', tags: { media: 'ssd' }, manage: 'n2.example' });
    expect(engine.usage()[1]).toMatchObject({ zone: 'attic' });
  });
});
