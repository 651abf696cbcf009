import { describe, expect, it } from 'vitest';
import { nodeId } from '../../../src/domain/names.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { FakeCall, Verdict } from '../../support/fake-storage/calls.ts';
import { benchOf, forever, idOf, requestOf, restart, valueOf, type Bench } from './bench.ts';

/** The nodes of the volume's bricks. */
function placeOf({ engine }: Bench, index: number): readonly string[] {
  return (engine.volume(idOf(index))?.brickSets.flat() ?? []).map(({ node }) => node).sort();
}

describe('a volume whose node dies before it stands', () => {
  it('is planned onto other nodes, in the same call, and remembers what may still stand on the dead one', async () => {
    const bench = await benchOf({ nodes: 4 });
    const { engine, storage } = bench;
    const dead = engine.planVolume(requestOf(1));
    const victim = dead.kind === 'placed' ? dead.brickSets[0]?.[1]?.node : undefined;
    storage.setUp(String(victim), false);
    const { volume } = valueOf(await engine.ensureVolume(requestOf(1), forever));
    expect(placeOf(bench, 1)).not.toContain(victim);
    expect(volume.discarded?.map(({ node }) => node)).toEqual([victim]);
    // The rest of the first plan is gone, and the ids of the second are new.
    expect(storage.bricks()).toHaveLength(3);
    expect(volume.brickSets.flat().every(({ id }) => id.endsWith('-1'))).toBe(true);
    expect(engine.usage().find(({ node }) => node === victim)).toMatchObject({
      bricks: 1,
      unusable: 'node unreachable',
    });
  });

  it('keeps what is discarded over a restart, until a sweep finds the node alive', async () => {
    const first = await benchOf({
      nodes: 4,
      // The brick on n1 is made, but nobody hears of it, and then n1 is gone.
      judge: ({ verb, node }) => (verb === 'ensureBrick' && node === 'n1' ? 'lost-after' : 'normal'),
    });
    expect((await first.engine.ensureVolume(requestOf(1), forever)).kind).toBe('unknown');
    expect(placeOf(first, 1)).toContain('n1');
    first.storage.setUp('n1', false);
    const second = await restart(first);
    valueOf(await second.engine.ensureVolume(requestOf(1), forever));
    valueOf(await second.engine.confirmVolume(idOf(1)));
    expect(second.storage.bricks()).toHaveLength(4);

    const third = await restart(second);
    expect(await third.engine.sweep(forever)).toMatchObject({ kind: 'waiting', on: { what: 'node', name: 'n1' } });
    third.storage.setUp('n1', true);
    // Left alone for a while after its silence.
    expect((await third.engine.sweep(forever)).kind).toBe('waiting');
    await third.clock.advance(15_000);
    valueOf(await third.engine.sweep(forever));
    expect(third.storage.bricks()).toHaveLength(3);
    expect(third.engine.volume(idOf(1))?.discarded).toEqual([]);
    expect(third.engine.usage().find(({ node }) => node === 'n1')).toMatchObject({ bricks: 0, used: 0 });
    third.storage.log.length = 0;
    valueOf(await third.engine.sweep(forever));
    expect(third.storage.log).toEqual([]);
  });

  it('waits for the node, naming it, when there is no other place', async () => {
    const { engine, storage } = await benchOf({ nodes: 3 });
    storage.setUp('n2', false);
    const outcome = await engine.ensureVolume(requestOf(1), forever);
    expect(outcome).toMatchObject({ kind: 'waiting', on: { what: 'node', name: 'n2' } });
    // Nothing is undone: the retry needs less.
    expect(storage.bricks()).toHaveLength(2);
  });

  it('may take over the space of its own first plan', async () => {
    // Each node has room for one brick of 2 GiB, spare metadata included, and no more.
    const bench = await benchOf({ nodes: 4, deviceSize: 2 * GiB + 64 * 1024 ** 2 });
    const request = requestOf(1, { size: bytes(2 * GiB) });
    const first = bench.engine.planVolume(request);
    const victim = first.kind === 'placed' ? String(first.brickSets[0]?.[0]?.node) : '';
    bench.storage.setUp(victim, false);
    valueOf(await bench.engine.ensureVolume(request, forever));
    expect(placeOf(bench, 1)).toEqual(['n1', 'n2', 'n3', 'n4'].filter((node) => node !== victim));
    expect(bench.storage.violations).toEqual([]);
  });

  it('moves on when gluster itself says that a peer is gone', async () => {
    let armed = true;
    const bench = await benchOf({
      nodes: 4,
      judge: ({ verb }: FakeCall): Verdict => {
        if (verb === 'createVolume' && armed) {
          armed = false;
          bench.storage.setUp('n2', false);
        }
        return 'normal';
      },
    });
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    expect(placeOf(bench, 1)).toEqual(['n1', 'n3', 'n4']);
  });

  it('is never moved once gluster has it', async () => {
    const bench = await benchOf({ nodes: 4 });
    const { engine, storage, clock } = bench;
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    const place = placeOf(bench, 1);
    storage.setUp(place[0] ?? '', false);
    await clock.advance(60_000);
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    expect(placeOf(bench, 1)).toEqual(place);
  });

  it('has the create of its first plan deleted when that lands after all', async () => {
    let created = 0;
    const bench = await benchOf({
      nodes: 4,
      judge: ({ verb }) => (verb === 'createVolume' && (created += 1) === 1 ? 'late' : 'normal'),
    });
    const { engine, storage } = bench;
    expect((await engine.ensureVolume(requestOf(1), forever)).kind).toBe('unknown');
    const [firstPlace] = placeOf(bench, 1);
    // It lands between the look that finds nothing and the destruction of the first bricks.
    storage.setUp(firstPlace ?? '', false);
    let destroyed = 0;
    const next = await restart(bench, ({ verb }) => {
      if (verb === 'destroyBrick' && (destroyed += 1) === 1) {
        storage.setUp(firstPlace ?? '', true);
        storage.settle();
        storage.setUp(firstPlace ?? '', false);
      }
      return 'normal';
    });
    // It is found when gluster is looked at before the second plan is carried out, but gluster deletes nothing without
    // all peers.
    expect(await next.engine.ensureVolume(requestOf(1), forever)).toMatchObject({
      kind: 'waiting',
      on: { what: 'node' },
    });
    expect(storage.volumes()).toMatchObject([{ status: 'created' }]);
    storage.setUp(firstPlace ?? '', true);
    await next.clock.advance(20_000);
    valueOf(await next.engine.ensureVolume(requestOf(1), forever));
    expect(storage.volumes()).toMatchObject([{ status: 'started' }]);
    expect(storage.volumes()[0]?.bricks.every(({ path }) => path.includes('-1/brick'))).toBe(true);
    valueOf(await next.engine.sweep(forever));
    expect(storage.bricks()).toHaveLength(3);
    expect(storage.violations).toEqual([]);
  });
});

describe('a silent node', () => {
  it('gets no new bricks for a while, then is tried again', async () => {
    const bench = await benchOf({ nodes: 4, patience: { avoidNode: 10_000 } });
    const { engine, storage, clock } = bench;
    storage.setUp('n1', false);
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    storage.setUp('n1', true);
    storage.log.length = 0;
    valueOf(await engine.ensureVolume(requestOf(2), forever));
    expect(placeOf(bench, 2)).not.toContain(nodeId('n1'));
    expect(storage.log.filter((line) => line.includes(' n1 '))).toEqual([]);
    await clock.advance(10_000);
    valueOf(await engine.ensureVolume(requestOf(3), forever));
    expect(placeOf(bench, 3)).toContain(nodeId('n1'));
  });
});
