import { describe, expect, it } from 'vitest';
import { nodeId, volumeNameFor } from '../../../src/domain/names.ts';
import { done } from '../../../src/domain/outcome.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { MemoryStore } from '../../../src/store/memory.ts';
import { benchOf, forever, idOf, realm, requestOf, restart, topologyOf, turning, valueOf } from './bench.ts';

const verbsOf = (log: readonly string[]): string[] => log.map((line) => line.split(' ')[0] ?? '');

describe('deleteVolume', () => {
  it('sees that the whole pool takes part, stops, deletes, and only then destroys the bricks and forgets', async () => {
    const { engine, storage } = await benchOf();
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    valueOf(await engine.confirmVolume(idOf(1)));
    storage.log.length = 0;
    valueOf(await engine.deleteVolume(idOf(1), forever));
    expect(verbsOf(storage.log)).toEqual([
      'listPeers',
      'stopVolume',
      'deleteVolume',
      'destroyBrick',
      'destroyBrick',
      'destroyBrick',
    ]);
    expect(storage.volumes()).toEqual([]);
    expect(storage.bricks()).toEqual([]);
    expect(engine.volumes()).toEqual([]);
    expect(engine.usage().every(({ used }) => used === 0)).toBe(true);
  });

  it('looks before and after what nobody has confirmed, or what another process began to delete', async () => {
    const looking = ['listPeers', 'volumeInfo', 'stopVolume', 'deleteVolume', 'volumeInfo'];
    const bench = await benchOf({ judge: ({ verb }) => (verb === 'stopVolume' ? 'lost-before' : 'normal') });
    for (const index of [1, 2]) {
      valueOf(await bench.engine.ensureVolume(requestOf(index), forever));
    }
    valueOf(await bench.engine.confirmVolume(idOf(2)));
    expect((await bench.engine.deleteVolume(idOf(2), forever)).kind).toBe('unknown');
    const { engine, storage } = await restart(bench);
    for (const index of [1, 2]) {
      storage.log.length = 0;
      valueOf(await engine.deleteVolume(idOf(index), forever));
      expect(verbsOf(storage.log).slice(0, looking.length)).toEqual(looking);
    }
  });

  it.each([
    ['with a brick of it', { kind: 'replicate', count: 3 }],
    ['without a brick of it, which would bring it back', { kind: 'replicate', count: 2 }],
  ] as const)('waits, by name, for a member that is rejected, %s', async (_case, durability) => {
    const { engine, storage } = await benchOf({ nodes: 3 });
    valueOf(await engine.ensureVolume(requestOf(1, { durability }), forever));
    valueOf(await engine.confirmVolume(idOf(1)));
    const used = new Set(storage.bricks().map((line) => line.split(' ')[0]));
    const sick = ['n1', 'n2', 'n3'].find((id) => (durability.count === 3 ? id === 'n2' : !used.has(id))) ?? '';
    storage.setRejected(sick, true);
    storage.log.length = 0;
    for (let time = 0; time < 2; time += 1) {
      expect(await engine.deleteVolume(idOf(1), forever)).toMatchObject({
        kind: 'waiting',
        on: { what: 'node', name: sick },
        reason: expect.stringMatching(/rejects n\d .*"A rejected node" in docs\/nodes.md/) as string,
      });
    }
    expect(verbsOf(storage.log).filter((verb) => !['listPeers', 'volumeInfo'].includes(verb))).toEqual([]);
    expect(storage.volumes()).toMatchObject([{ status: 'started' }]);
    storage.setRejected(sick, false);
    valueOf(await engine.deleteVolume(idOf(1), forever));
    expect(storage.bricks()).toEqual([]);
    expect(storage.violations).toEqual([]);
  });

  it('says that a member is down in other words than that it is rejected', async () => {
    const { engine, storage } = await benchOf({ nodes: 3 });
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    valueOf(await engine.confirmVolume(idOf(1)));
    storage.setGlusterd('n2', false);
    const outcome = await engine.deleteVolume(idOf(1), forever);
    expect(outcome).toMatchObject({ kind: 'waiting', on: { what: 'node', name: 'n2' } });
    expect('reason' in outcome ? outcome.reason : '').toContain('until glusterd runs there again');
    expect(storage.volumes()).toMatchObject([{ status: 'started' }]);
  });

  it('believes no node that has lost its pool when it says that there is no such volume', async () => {
    const { engine, storage } = await benchOf({ nodes: 3 });
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    for (const id of ['n1', 'n2', 'n3']) {
      storage.reinstall(id);
    }
    expect(await engine.deleteVolume(idOf(1), forever)).toMatchObject({ kind: 'waiting', on: { what: 'node' } });
    expect(storage.bricks()).toHaveLength(3);
  });

  it('forgets nothing while one member still has the volume, and ends it once the others have it too', async () => {
    let isSilent = true;
    const { engine, storage } = await benchOf({
      nodes: 4,
      judge: ({ verb }) => (verb === 'stopVolume' && isSilent ? 'lost-before' : 'normal'),
    });
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    valueOf(await engine.confirmVolume(idOf(1)));
    expect((await engine.deleteVolume(idOf(1), forever)).kind).toBe('unknown');
    isSilent = false;
    const free = ['n1', 'n2', 'n3', 'n4'].find((id) => !storage.bricks().some((line) => line.startsWith(`${id} `)));
    // With a brick of it or without: it would come back either way.
    for (const sick of ['n2', free ?? '']) {
      storage.leaveAlone(sick, volumeNameFor(idOf(1)));
      for (let time = 0; time < 2; time += 1) {
        const outcome = await engine.deleteVolume(idOf(1), forever);
        expect(outcome).toMatchObject({ kind: 'waiting', reason: expect.stringContaining(sick) as string });
      }
      expect(storage.bricks()).toHaveLength(3);
      expect(engine.volumes()).toHaveLength(1);
      storage.compare(sick);
    }
    valueOf(await engine.deleteVolume(idOf(1), forever));
    expect([storage.volumes(), storage.bricks(), engine.volumes()]).toEqual([[], [], []]);
  });

  it('waits for no node that is declared and not in the pool yet', async () => {
    const { engine, storage } = await benchOf();
    storage.addNode(nodeId('n4'), '10.0.0.4', {});
    storage.setUp('n4', false);
    await engine.applyTopology(topologyOf(4), { signal: forever });
    expect(engine.nodes().map(({ id }) => id)).toContain('n4');
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    storage.removeVolume(volumeNameFor(idOf(1)));
    valueOf(await engine.deleteVolume(idOf(1), forever));
    expect(storage.bricks()).toEqual([]);
  });

  it('is done for what is gone already, without asking anybody', async () => {
    const { engine, storage } = await benchOf();
    valueOf(await engine.deleteVolume(idOf(1), forever));
    expect(storage.log).toEqual([]);
  });

  it('finds by its name that a volume without a record stands, and leaves it', async () => {
    const bench = await benchOf();
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    bench.disk.documents.delete(JSON.stringify(['volume', idOf(1)]));
    const { engine, storage } = await restart(bench);
    const outcome = await engine.deleteVolume(idOf(1), forever, volumeNameFor(idOf(1)));
    expect(outcome).toMatchObject({ kind: 'waiting', on: { what: 'condition' } });
    expect(storage.volumes()).toHaveLength(1);
    valueOf(await engine.deleteVolume(idOf(2), forever, volumeNameFor(idOf(2))));
  });

  it('cannot tell whether a volume is gone when no cluster is known or none answers', async () => {
    const bench = await benchOf();
    for (const node of ['n1', 'n2', 'n3']) {
      bench.storage.setUp(node, false);
    }
    expect(await bench.engine.deleteVolume(idOf(1), forever, volumeNameFor(idOf(1)))).toMatchObject({
      kind: 'waiting',
      on: { what: 'node' },
    });
    bench.disk.documents.clear();
    const { engine } = await restart(bench);
    expect(await engine.deleteVolume(idOf(1), forever, volumeNameFor(idOf(1)))).toMatchObject({
      kind: 'waiting',
      on: { what: 'condition', name: 'topology' },
    });
  });

  it('waits for the peer that gluster names, keeps the record, and carries on when it is back', async () => {
    const { engine, storage, clock } = await benchOf();
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    storage.setUp('n2', false);
    const outcome = await engine.deleteVolume(idOf(1), forever);
    expect(outcome).toMatchObject({ kind: 'waiting', on: { what: 'node' } });
    expect(engine.volume(idOf(1))?.phase).toBe('deleting');
    expect(storage.bricks()).toHaveLength(3);
    storage.setUp('n2', true);
    await clock.advance(20_000);
    valueOf(await engine.deleteVolume(idOf(1), forever));
    expect(storage.bricks()).toEqual([]);
  });

  it('carries on after a restart', async () => {
    const bench = await benchOf({ judge: ({ verb }) => (verb === 'destroyBrick' ? 'lost-before' : 'normal') });
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    expect((await bench.engine.deleteVolume(idOf(1), forever)).kind).toBe('unknown');
    const { engine, storage } = await restart(bench);
    expect(engine.volume(idOf(1))?.phase).toBe('deleting');
    valueOf(await engine.deleteVolume(idOf(1), forever));
    expect(storage.bricks()).toEqual([]);
    expect(engine.volumes()).toEqual([]);
  });

  it('keeps the GID until the data is gone', async () => {
    const { engine, storage, clock } = await benchOf();
    const gidRange = { min: 2000, max: 2999 };
    valueOf(await engine.ensureVolume(requestOf(1, { gidRange }), forever));
    storage.setUp('n1', false);
    await engine.deleteVolume(idOf(1), forever);
    storage.setUp('n1', true);
    await clock.advance(20_000);
    expect(valueOf(await engine.ensureVolume(requestOf(2, { gidRange }), forever)).volume.gid).toBe(2001);
    valueOf(await engine.deleteVolume(idOf(1), forever));
    expect(valueOf(await engine.ensureVolume(requestOf(3, { gidRange }), forever)).volume.gid).toBe(2000);
  });

  it('stops an ensure between two steps, then deletes what it has made', async () => {
    const { engine, storage, clock } = await benchOf({
      judge: ({ verb }) => (verb === 'createVolume' ? 'hang' : 'normal'),
    });
    const ensuring = engine.ensureVolume(requestOf(1), forever);
    await clock.advance(0);
    expect(verbsOf(storage.log)).toContain('createVolume');
    const deleting = engine.deleteVolume(idOf(1), forever);
    // Whoever asks now is told at once.
    expect(await engine.ensureVolume(requestOf(1), forever)).toMatchObject({
      kind: 'waiting',
      on: { what: 'condition' },
    });
    await clock.advance(0);
    storage.settle();
    expect(await ensuring).toMatchObject({ kind: 'waiting', reason: 'stopped: the volume is being deleted' });
    valueOf(await turning(clock, deleting));
    // The step that ran was let finish, and no other was begun.
    expect(verbsOf(storage.log)).not.toContain('startVolume');
    expect(storage.volumes()).toEqual([]);
    expect(storage.bricks()).toEqual([]);
  });

  it('is one execution for callers who ask at the same time', async () => {
    const { engine, storage } = await benchOf();
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    storage.log.length = 0;
    const both = await Promise.all([engine.deleteVolume(idOf(1), forever), engine.deleteVolume(idOf(1), forever)]);
    expect(both.map(({ kind }) => kind)).toEqual(['done', 'done']);
    expect(verbsOf(storage.log).filter((verb) => verb === 'deleteVolume')).toHaveLength(1);
  });

  it('keeps an ensure away from what is going', async () => {
    const { engine, storage } = await benchOf();
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    storage.setUp('n1', false);
    await engine.deleteVolume(idOf(1), forever);
    const outcome = await engine.ensureVolume(requestOf(1), forever);
    expect(outcome).toMatchObject({ kind: 'waiting', on: { what: 'condition' } });
    expect(await engine.confirmVolume(idOf(1))).toMatchObject({ kind: 'rejected' });
  });

  it('says failed when gluster still has the volume after its delete', async () => {
    const bench = await benchOf();
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    bench.disk.kill();
    const engine = createEngine({
      ...bench.options,
      store: new MemoryStore(bench.disk),
      nodes: { ...bench.storage.port(), deleteVolume: async () => done() },
    });
    await engine.open(realm);
    expect(await engine.deleteVolume(idOf(1), forever)).toMatchObject({ kind: 'failed' });
    expect(bench.storage.bricks()).toHaveLength(3);
    expect(engine.volume(idOf(1))?.phase).toBe('deleting');
  });
});

describe('confirmVolume', () => {
  it('is idempotent, and rejected for what is not known', async () => {
    const { engine } = await benchOf();
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    valueOf(await engine.confirmVolume(idOf(1)));
    valueOf(await engine.confirmVolume(idOf(1)));
    expect(engine.volume(idOf(1))?.phase).toBe('ready');
    expect(await engine.confirmVolume(idOf(2))).toMatchObject({ kind: 'rejected' });
  });
});
