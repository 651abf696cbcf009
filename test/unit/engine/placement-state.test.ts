import { describe, expect, it } from 'vitest';
import { deviceName, nodeId } from '../../../src/domain/names.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { MemoryStore } from '../../../src/store/memory.ts';
import { MortalStore } from '../../support/mortal-store.ts';
import { benchOf, device, forever, realm, requestOf, restart, topologyOf, valueOf } from './bench.ts';

const n1 = nodeId('n1');

describe('setPlacementState', () => {
  it('keeps new bricks off a node, and lets them come back', async () => {
    const { engine } = await benchOf({ nodes: 3 });
    expect(valueOf(await engine.setPlacementState({ node: n1 }, 'offline'))).toEqual({
      changed: true,
      before: 'online',
    });
    expect(engine.planVolume(requestOf(1))).toMatchObject({ kind: 'refused' });
    expect(engine.usage()[0]).toMatchObject({ unusable: 'node offline' });
    valueOf(await engine.setPlacementState({ node: n1 }, 'online'));
    expect(engine.planVolume(requestOf(1))).toMatchObject({ kind: 'placed' });
  });

  it('knows one device from another', async () => {
    const { engine } = await benchOf({ nodes: 3 });
    expect(valueOf(await engine.setPlacementState({ node: n1, device }, 'failed'))).toMatchObject({ changed: true });
    expect(engine.nodes()[0]).toMatchObject({ state: 'online', devices: [{ state: 'failed' }] });
    expect(engine.usage()[0]).toMatchObject({ unusable: 'device failed' });
  });

  it('writes nothing the second time, and tells nobody', async () => {
    const { engine, disk } = await benchOf();
    valueOf(await engine.setPlacementState({ node: n1 }, 'offline'));
    const before = new Map(disk.documents);
    let told = 0;
    engine.onTopologyChange(() => {
      told += 1;
    });
    expect(valueOf(await engine.setPlacementState({ node: n1 }, 'offline'))).toEqual({
      changed: false,
      before: 'offline',
    });
    expect([disk.documents, told]).toEqual([before, 0]);
  });

  it('lasts over a restart, and over loading the topology again', async () => {
    const { engine } = await restart(
      await (async () => {
        const bench = await benchOf();
        valueOf(await bench.engine.setPlacementState({ node: n1 }, 'offline'));
        return bench;
      })(),
    );
    valueOf(await engine.applyTopology(topologyOf(3), { signal: forever }));
    expect(engine.nodes()[0]).toMatchObject({ id: 'n1', state: 'offline' });
  });

  it('leaves what is there alone', async () => {
    const { engine, storage } = await benchOf();
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    const bricks = storage.bricks();
    storage.log.length = 0;
    valueOf(await engine.setPlacementState({ node: n1 }, 'failed'));
    expect([storage.bricks(), storage.log]).toEqual([bricks, []]);
    expect(engine.usage()[0]).toMatchObject({ bricks: 1 });
  });

  it.each([
    [{ node: nodeId('nowhere') }, 'node: expected a node of the topology, got "nowhere"'],
    [
      { node: n1, device: deviceName('/dev/none') },
      'device: expected a device of a node of the topology, got "n1:/dev/none"',
    ],
  ])('rejects %j', async (target, reason) => {
    const { engine } = await benchOf();
    expect(await engine.setPlacementState(target, 'offline')).toMatchObject({ kind: 'rejected', reason });
  });

  it('closes a place before the record is written, and opens one only after', async () => {
    const bench = await benchOf({ nodes: 3 });
    const closing = bench.engine.setPlacementState({ node: n1 }, 'offline');
    await Promise.resolve();
    expect(bench.engine.planVolume(requestOf(1)).kind).toBe('refused');
    valueOf(await closing);
    const opening = bench.engine.setPlacementState({ node: n1 }, 'online');
    await Promise.resolve();
    expect(bench.engine.planVolume(requestOf(1)).kind).toBe('refused');
    valueOf(await opening);
    expect(bench.engine.planVolume(requestOf(1)).kind).toBe('placed');
  });

  it('is unknown when the record may not have been written, and settled by the next call', async () => {
    const bench = await benchOf();
    bench.disk.kill();
    let failing = true;
    const store = new MortalStore(new MemoryStore(bench.disk), (write) =>
      failing && write === 'put node n1' ? 'reject-before' : 'normal',
    );
    const engine = createEngine({ ...bench.options, store });
    await engine.open(realm);
    expect(await engine.setPlacementState({ node: n1 }, 'offline')).toMatchObject({ kind: 'unknown' });
    expect(engine.planVolume(requestOf(1)).kind).toBe('placed');
    failing = false;
    expect(valueOf(await engine.setPlacementState({ node: n1 }, 'offline'))).toMatchObject({ changed: true });
  });

  it('waits for a load that came first, and does not undo it', async () => {
    const bench = await benchOf({ nodes: 3 });
    const desired = topologyOf(3);
    const moved = {
      clusters: desired.clusters.map((cluster) => ({
        ...cluster,
        nodes: cluster.nodes.map((node) => ({ ...node, zone: 'attic' })),
      })),
    };
    const [applied, changed] = await Promise.all([
      bench.engine.applyTopology(moved, { signal: forever }),
      bench.engine.setPlacementState({ node: n1 }, 'offline'),
    ]);
    expect([applied.kind, changed.kind]).toEqual(['done', 'done']);
    expect(bench.engine.nodes()[0]).toMatchObject({ zone: 'attic', state: 'offline' });
  });

  it('does nothing on an engine that is closed', async () => {
    const { engine, disk } = await benchOf();
    await engine.close();
    const before = new Map(disk.documents);
    expect(await engine.setPlacementState({ node: n1 }, 'offline')).toMatchObject({ kind: 'waiting' });
    expect(disk.documents).toEqual(before);
  });
});
