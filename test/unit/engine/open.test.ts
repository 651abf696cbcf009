import { describe, expect, it } from 'vitest';
import { GiB } from '../../../src/domain/quantity.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { MemoryStore } from '../../../src/store/memory.ts';
import { benchOf, forever, idOf, realm, requestOf, restart, turning, valueOf, type Bench } from './bench.ts';

/** Changes a document's text behind the engine's back. */
function tamper(
  bench: Bench,
  kind: 'meta' | 'cluster' | 'node' | 'volume',
  id: string,
  change: (text: string) => string,
): void {
  const key = JSON.stringify([kind, id]);
  const document = bench.disk.documents.get(key);
  if (document === undefined) {
    throw new Error(`no ${key}`);
  }
  bench.disk.documents.set(key, { ...document, text: change(document.text) });
}

async function opened(bench: Bench, otherRealm = realm): Promise<unknown> {
  bench.disk.kill();
  const engine = createEngine({ ...bench.options, store: new MemoryStore(bench.disk) });
  return engine.open(otherRealm).then(
    () => 'opened',
    (error: unknown) => error,
  );
}

describe('open', () => {
  it('refuses the store of another realm, and lets go of it', async () => {
    const bench = await benchOf();
    const refused = await opened(bench, 'another');
    expect(String(refused)).toContain('the store belongs to the realm test-realm, not to another');
    expect(bench.disk.holder).toBeUndefined();
    expect(await opened(bench)).toBe('opened');
  });

  it('refuses a newer schema, an illegible meta document, and volumes without one', async () => {
    const bench = await benchOf();
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    tamper(bench, 'meta', 'store', (text) => text.replace('"schema":1', '"schema":2'));
    expect(String(await opened(bench))).toContain('schema 2, this one reads up to 1');
    tamper(bench, 'meta', 'store', () => '{');
    expect(String(await opened(bench))).toContain('does not say whose it is');
    bench.disk.documents.delete(JSON.stringify(['meta', 'store']));
    expect(String(await opened(bench))).toContain('does not say whose they are');
  });

  it('takes a topology that was written before the first engine came', async () => {
    const bench = await benchOf();
    bench.disk.documents.delete(JSON.stringify(['meta', 'store']));
    expect(await opened(bench, 'first to come')).toBe('opened');
    expect(String(await opened(bench, 'second'))).toContain('belongs to the realm first to come');
  });

  it('does nothing before it, and nothing after close', async () => {
    const bench = await benchOf();
    const fresh = createEngine({ ...bench.options });
    expect(await fresh.ensureVolume(requestOf(1), forever)).toMatchObject({ kind: 'waiting' });
    await bench.engine.close();
    expect(await bench.engine.ensureVolume(requestOf(1), forever)).toMatchObject({ kind: 'waiting' });
    expect(await bench.engine.deleteVolume(idOf(1), forever)).toMatchObject({ kind: 'waiting' });
    expect(await bench.engine.confirmVolume(idOf(1))).toMatchObject({ kind: 'waiting' });
    expect(await bench.engine.sweep(forever)).toMatchObject({ kind: 'waiting' });
    expect(bench.storage.log).toEqual([]);
    expect(bench.disk.holder).toBeUndefined();
  });
});

describe('close', () => {
  it('lets the running step finish, begins no other, and gives the store back', async () => {
    const bench = await benchOf({ judge: ({ verb }) => (verb === 'createVolume' ? 'hang' : 'normal') });
    const ensuring = bench.engine.ensureVolume(requestOf(1), forever);
    await bench.clock.advance(0);
    const closing = bench.engine.close();
    await bench.clock.advance(0);
    expect(bench.disk.holder).toBeDefined();
    bench.storage.settle();
    await turning(bench.clock, closing);
    expect(await ensuring).toMatchObject({ kind: 'waiting', reason: 'stopped: the engine is closing' });
    expect(bench.storage.volumes()).toMatchObject([{ status: 'created' }]);
    expect(bench.disk.holder).toBeUndefined();
  });
});

describe('a document that cannot be read', () => {
  async function damaged(change: (text: string) => string): Promise<Bench> {
    const bench = await benchOf({ deviceSize: 3 * GiB });
    const gidRange = { min: 2000, max: 2999 };
    valueOf(await bench.engine.ensureVolume(requestOf(1, { gidRange }), forever));
    valueOf(await bench.engine.ensureVolume(requestOf(2, { gidRange }), forever));
    tamper(bench, 'volume', idOf(1), change);
    return restart(bench);
  }

  it('is shown and kept, and stops nobody else', async () => {
    const { engine, disk } = await damaged((text) => text.replace('"creating"', '"perplexed"'));
    expect(engine.quarantined()).toMatchObject([{ kind: 'volume', id: idOf(1) }]);
    expect(engine.quarantined()[0]?.problem).toContain('phase');
    expect(engine.volumes().map(({ id }) => id)).toEqual([idOf(2)]);
    valueOf(await engine.confirmVolume(idOf(2)));
    valueOf(await engine.deleteVolume(idOf(2), forever));
    expect(disk.documents.get(JSON.stringify(['volume', idOf(1)]))?.text).toContain('perplexed');
  });

  it('keeps its space and its GID where they are legible', async () => {
    const { engine } = await damaged((text) => text.replace('"creating"', '"perplexed"'));
    expect(engine.usage().map(({ bricks }) => bricks)).toEqual([2, 2, 2]);
    const gidRange = { min: 2000, max: 2999 };
    expect(await engine.ensureVolume(requestOf(3, { gidRange }), forever)).toMatchObject({ kind: 'waiting' });
    valueOf(await engine.deleteVolume(idOf(2), forever));
    expect(valueOf(await engine.ensureVolume(requestOf(3, { gidRange }), forever)).volume.gid).toBe(2001);
  });

  it('is neither overwritten nor deleted by work on its volume', async () => {
    const { engine, storage } = await damaged(() => 'not JSON at all');
    storage.log.length = 0;
    for (const outcome of [
      await engine.ensureVolume(requestOf(1), forever),
      await engine.deleteVolume(idOf(1), forever),
      await engine.confirmVolume(idOf(1)),
    ]) {
      expect(outcome).toMatchObject({ kind: 'waiting', on: { what: 'condition', name: 'record' } });
    }
    expect(storage.log).toEqual([]);
  });

  it('may be that of a node, whose bricks then stay where they are', async () => {
    const bench = await benchOf();
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    tamper(bench, 'node', 'n2', () => '[]');
    const { engine, storage } = await restart(bench);
    expect(engine.nodes().map(({ id }) => id)).toEqual(['n1', 'n3']);
    expect(await engine.deleteVolume(idOf(1), forever)).toMatchObject({ kind: 'waiting', on: { what: 'condition' } });
    expect(engine.volumes()).toHaveLength(1);
    expect(storage.bricks()).toHaveLength(1);
  });

  it('may be that of a cluster, which its nodes still name', async () => {
    const bench = await benchOf();
    tamper(bench, 'cluster', 'east', () => '{}');
    const { engine } = await restart(bench);
    expect(engine.clusters()).toEqual([{ id: 'east' }]);
    valueOf(await engine.ensureVolume(requestOf(1), forever));
  });

  it('may carry an id that is not its own', async () => {
    const { engine } = await damaged((text) => text.replaceAll(idOf(1), idOf(7)));
    expect(engine.quarantined()).toMatchObject([{ id: idOf(1), problem: `id: expected ${idOf(1)}, got ${idOf(7)}` }]);
    expect(engine.volume(idOf(7))).toBeUndefined();
  });
});
