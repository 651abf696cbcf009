import { describe, expect, it } from 'vitest';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { VolumeRequest } from '../../../src/domain/volume.ts';
import type { GrowthProgress } from '../../../src/engine/api.ts';
import { defaultLimits } from '../../../src/domain/placement/request.ts';
import type { FakeCall, Verdict } from '../../support/fake-storage/calls.ts';
import {
  benchOf,
  forever,
  idOf,
  requestOf,
  restart,
  turning,
  valueOf,
  type Bench,
  type BenchOptions,
} from './bench.ts';

const verbsOf = (log: readonly string[]): string[] => log.map((line) => line.split(' ')[0] ?? '');

/** Bricks of 1 GiB only: whatever is to be larger needs sets. */
const bySets: BenchOptions = { nodes: 4, limits: { ...defaultLimits, maxBrickSize: bytes(GiB) } };

async function withVolume(options: BenchOptions = {}, changes: Partial<VolumeRequest> = {}): Promise<Bench> {
  const bench = await benchOf(options);
  valueOf(await bench.engine.ensureVolume(requestOf(1, changes), forever));
  valueOf(await bench.engine.confirmVolume(idOf(1)));
  bench.storage.log.length = 0;
  return bench;
}

function once(verb: FakeCall['verb'], verdict: Verdict): (call: FakeCall) => Verdict {
  let armed = true;
  return (call) => {
    const hit = armed && call.verb === verb;
    armed &&= !hit;
    return hit ? verdict : 'normal';
  };
}

const grow = ({ engine }: Bench, gib: number, tell?: (progress: GrowthProgress) => void) =>
  engine.growVolume(idOf(1), bytes(gib * GiB), forever, tell);

const recordOf = ({ engine }: Bench) => {
  const record = engine.volume(idOf(1));
  if (record === undefined) {
    throw new Error('no record');
  }
  return record;
};

describe('growVolume', () => {
  it('extends the bricks where they are, tells gluster what it is now, and each step as it ends', async () => {
    const bench = await withVolume();
    const steps: string[] = [];
    const grown = valueOf(await grow(bench, 3, ({ step, outcome }) => void steps.push(`${step} ${outcome.kind}`)));
    expect(verbsOf(bench.storage.log)).toEqual(['growBrick', 'growBrick', 'growBrick', 'setVolumeOptions']);
    expect(grown.volume).toMatchObject({ phase: 'ready', size: 3 * GiB });
    expect(grown.volume.growth).toBeUndefined();
    expect(grown.bricks).toHaveLength(3);
    expect(steps).toEqual(['record done', 'extend done', 'record done']);
    expect(bench.storage.volumes()[0]?.options.get('user.brickyard.size')).toBe(String(3 * GiB));
  });

  it('is content with what is there, and refuses to shrink, naming both sizes', async () => {
    const bench = await withVolume({}, { size: bytes(10 * GiB) });
    for (const size of [10 * GiB, 10 * GiB - 1]) {
      expect((await bench.engine.growVolume(idOf(1), bytes(size), forever)).kind).toBe('done');
    }
    expect(await grow(bench, 5)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringMatching(/has 10 GiB and cannot be made as small as 5 GiB/) as string,
    });
    expect(bench.storage.log).toEqual([]);
  });

  it('adds a set when bricks cannot grow, and follows the rebalance to its end, also after a restart', async () => {
    const bench = await withVolume(bySets);
    const grown = valueOf(await grow(bench, 2));
    expect(verbsOf(bench.storage.log)).toEqual([
      'ensureBrick',
      'ensureBrick',
      'ensureBrick',
      'addBricks',
      'setVolumeOptions',
      'startRebalance',
    ]);
    expect(grown.bricks).toEqual(bench.storage.volumes()[0]?.bricks.map(({ host, path }) => `${host}:${path}`));
    expect(recordOf(bench)).toMatchObject({ phase: 'ready', size: 2 * GiB, rebalance: { task: 'task-2' } });
    const next = await restart(bench);
    expect(await next.engine.sweep(forever)).toMatchObject({ kind: 'waiting', on: { what: 'condition' } });
    expect(await next.engine.sweep(forever)).toMatchObject({ kind: 'done' });
    expect(recordOf(next).rebalance).toBeUndefined();
    bench.storage.log.length = 0;
    expect((await next.engine.sweep(forever)).kind).toBe('done');
    expect(bench.storage.log).toEqual([]);
  });

  it('begins a rebalance again that failed, or that nobody is known to have begun', async () => {
    const bench = await withVolume({ ...bySets, judge: once('startRebalance', 'lost-after') });
    valueOf(await grow(bench, 2));
    expect(recordOf(bench).rebalance).toEqual({ since: expect.any(String) as string });
    expect((await bench.engine.sweep(forever)).kind).toBe('waiting');
    expect(recordOf(bench).rebalance?.task).toBe('task-2');
    bench.storage.failRebalance();
    for (let round = 0; round < 6 && (await bench.engine.sweep(forever)).kind !== 'done'; round += 1) {
      expect(recordOf(bench).rebalance).toBeDefined();
    }
    expect(recordOf(bench).rebalance).toBeUndefined();
    expect(verbsOf(bench.storage.log).filter((verb) => verb === 'startRebalance')).toHaveLength(3);
  });

  it('records nothing when there is no room, and says why', async () => {
    const bench = await withVolume({ deviceSize: 4 * GiB });
    const before = recordOf(bench);
    expect(await grow(bench, 10)).toMatchObject({
      kind: 'waiting',
      on: { what: 'capacity' },
      reason: expect.stringMatching(/no brick of vol_\S+ can grow enough where it is.*replicate 3 of 9 GiB/) as string,
    });
    expect(recordOf(bench)).toEqual(before);
    expect(bench.storage.log).toEqual([]);
  });

  it('takes the space before anything is touched, and keeps saying what is served', async () => {
    const bench = await withVolume({ deviceSize: 4 * GiB, judge: once('growBrick', 'fail') });
    const free = bench.engine.usage().map((usage) => usage.free);
    expect((await grow(bench, 3)).kind).toBe('failed');
    expect(recordOf(bench)).toMatchObject({ phase: 'growing', size: GiB, growth: { size: 3 * GiB } });
    expect(bench.engine.usage().every((usage, index) => (free[index] ?? 0) - usage.free >= 2 * GiB)).toBe(true);
    const next = await restart(bench);
    expect(next.engine.usage()).toEqual(bench.engine.usage());
    // Whoever asks where it is hears it at once, with what it has.
    const found = valueOf(await next.engine.ensureVolume(requestOf(1), forever));
    expect(found.volume).toMatchObject({ phase: 'growing', size: GiB });
    expect(valueOf(await grow(next, 3)).volume).toMatchObject({ phase: 'ready', size: 3 * GiB });
  });

  it('finishes what is under way before it goes further', async () => {
    const bench = await withVolume({ judge: once('growBrick', 'lost-after') });
    expect((await grow(bench, 2)).kind).toBe('unknown');
    expect(valueOf(await grow(bench, 5)).volume.size).toBe(5 * GiB);
    expect(bench.storage.volumes()[0]?.options.get('user.brickyard.size')).toBe(String(5 * GiB));
  });

  it('is carried on by a sweep when nobody asks any more', async () => {
    const bench = await withVolume();
    bench.storage.setUp('n2', false);
    expect(await grow(bench, 2)).toMatchObject({ kind: 'waiting', on: { what: 'node', name: 'n2' } });
    bench.storage.setUp('n2', true);
    const next = await restart(bench);
    expect((await next.engine.sweep(forever)).kind).toBe('done');
    expect(recordOf(next)).toMatchObject({ phase: 'ready', size: 2 * GiB });
  });

  it('turns away what cannot grow: unknown, being created, being deleted', async () => {
    const bench = await benchOf();
    expect((await grow(bench, 2)).kind).toBe('rejected');
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    expect(await grow(bench, 2)).toMatchObject({
      kind: 'waiting',
      reason: expect.stringContaining('created') as string,
    });
    valueOf(await bench.engine.confirmVolume(idOf(1)));
    const [deleted, grown] = await Promise.all([bench.engine.deleteVolume(idOf(1), forever), grow(bench, 2)]);
    expect([deleted.kind, grown.kind]).toEqual(['done', 'waiting']);
  });

  it('makes way for a delete between two steps, and all of it goes', async () => {
    const bench = await withVolume({ ...bySets, judge: once('addBricks', 'hang') });
    const growing = grow(bench, 2);
    await bench.clock.advance(0);
    const deleting = bench.engine.deleteVolume(idOf(1), forever);
    await bench.clock.advance(0);
    bench.storage.settle();
    expect(await turning(bench.clock, growing)).toMatchObject({ kind: 'waiting' });
    valueOf(await turning(bench.clock, deleting));
    expect(bench.storage.bricks()).toEqual([]);
    expect(bench.storage.volumes()).toEqual([]);
    expect(bench.storage.violations).toEqual([]);
    expect(bench.engine.usage().every(({ used }) => used === 0)).toBe(true);
  });
});

describe('cancelGrowth', () => {
  const cancel = ({ engine }: Bench) => engine.cancelGrowth(idOf(1), forever);

  it('keeps bricks as large as they are, and the size is what the smallest serves', async () => {
    const bench = await withVolume({
      judge: ({ verb, node }) => (verb === 'growBrick' && node === 'n3' ? 'silent' : 'normal'),
    });
    expect((await grow(bench, 3)).kind).toBe('waiting');
    const next = await restart(bench);
    const { volume } = valueOf(await cancel(next));
    expect(volume).toMatchObject({ phase: 'ready', size: GiB });
    const sizes = new Map(volume.brickSets.flat().map(({ node, size }) => [node as string, size]));
    expect(Object.fromEntries(sizes)).toEqual({ n1: 3 * GiB, n2: 3 * GiB, n3: GiB });
    expect(valueOf(await grow(next, 3)).volume.size).toBe(3 * GiB);
  });

  it('counts exactly what a brick took whose growth failed half-way', async () => {
    const bench = await withVolume({ judge: once('growBrick', 'fail') });
    expect((await grow(bench, 3)).kind).toBe('failed');
    const { volume } = valueOf(await cancel(bench));
    for (const { node, id, size, footprint } of volume.brickSets.flat()) {
      expect(bench.storage.extentOf(node, id)).toEqual({ size, footprint });
    }
    expect(volume.size).toBe(GiB);
  });

  it('destroys sets that gluster has not got, and keeps those that it has', async () => {
    const failing = await withVolume({ ...bySets, judge: once('addBricks', 'fail') });
    expect((await grow(failing, 2)).kind).toBe('failed');
    expect(failing.storage.bricks()).toHaveLength(6);
    expect(valueOf(await cancel(failing)).volume).toMatchObject({ phase: 'ready', size: GiB });
    expect(failing.storage.bricks()).toHaveLength(3);
    // The same ids may be used again.
    expect(valueOf(await grow(failing, 2)).volume.size).toBe(2 * GiB);
    for (const verdict of ['lost-after', 'late'] as const) {
      const lost = await withVolume({ ...bySets, judge: once('addBricks', verdict) });
      expect((await grow(lost, 2)).kind).toBe('unknown');
      expect(valueOf(await cancel(lost)).volume).toMatchObject({ phase: 'ready', size: 2 * GiB, rebalance: {} });
      expect(lost.storage.bricks()).toHaveLength(6);
      expect(lost.storage.violations).toEqual([]);
    }
  });

  it('leaves bricks on a node that does not answer to a sweep, and never hands out their names again', async () => {
    const bench = await withVolume({ ...bySets, judge: once('addBricks', 'fail') });
    expect((await grow(bench, 2)).kind).toBe('failed');
    const taken = new Set(
      recordOf(bench)
        .growth?.sets.flat()
        .map(({ id }) => id),
    );
    const node = recordOf(bench).growth?.sets[0]?.[0]?.node ?? '';
    bench.storage.setUp(node, false);
    const { volume } = valueOf(await cancel(bench));
    expect(volume.discarded).toMatchObject([{ node }]);
    bench.storage.setUp(node, true);
    await bench.clock.advance(20_000);
    const grown = valueOf(await grow(bench, 2)).volume;
    expect(grown.brickSets[1]?.filter(({ id }) => taken.has(id))).toEqual([]);
    for (let round = 0; round < 4 && (await bench.engine.sweep(forever)).kind !== 'done'; round += 1) {
      await bench.clock.advance(20_000);
    }
    expect(recordOf(bench).discarded ?? []).toEqual([]);
    expect(bench.storage.bricks()).toHaveLength(6);
    expect(bench.storage.violations).toEqual([]);
  });

  it('stops a growth that is waiting, is carried on after a crash, and does nothing where nothing grows', async () => {
    const bench = await withVolume();
    valueOf(await cancel(bench));
    expect(bench.storage.log).toEqual([]);
    bench.storage.setUp('n2', false);
    expect((await grow(bench, 2)).kind).toBe('waiting');
    expect((await cancel(bench)).kind).toBe('waiting');
    expect(recordOf(bench).growth?.undo).toBe(true);
    bench.storage.setUp('n2', true);
    const next = await restart(bench);
    expect((await next.engine.sweep(forever)).kind).toBe('done');
    expect(recordOf(next)).toMatchObject({ phase: 'ready', size: GiB });
    expect((await next.engine.cancelGrowth(idOf(9), forever)).kind).toBe('rejected');
  });
});

describe('the rules for the place of a volume', () => {
  const recorded = {
    zoneSpread: 'require',
    preferredZones: ['z4'],
    allowedZones: ['z2', 'z3', 'z4'],
    tagMatch: [],
  } as const;
  const nodesOf = (bench: Bench): string[][] =>
    recordOf(bench).brickSets.map((set) => set.map(({ node }) => node).sort());

  it('hold for the sets that growth adds, also after a restart', async () => {
    const first = await withVolume({ ...bySets, nodes: 5 }, recorded);
    expect(recordOf(first).placement).toEqual(recorded);
    const bench = await restart(first);
    valueOf(await grow(bench, 3));
    expect(nodesOf(bench)).toEqual(Array.from({ length: 3 }, () => ['n2', 'n3', 'n4']));
  });

  it('leave no trace in the record of a volume without any', async () => {
    expect(recordOf(await withVolume())).not.toHaveProperty('placement');
  });

  it('are named when they stand in the way, and it is said that there is room elsewhere', async () => {
    const { engine } = await benchOf({ nodes: 4 });
    const outcome = await engine.ensureVolume(requestOf(1, { allowedZones: ['z1', 'z2'] }), forever);
    expect(outcome).toMatchObject({ kind: 'waiting', on: { what: 'capacity', elsewhere: true } });
    const tooLarge = await engine.ensureVolume(requestOf(2, { size: bytes(3000 * GiB) }), forever);
    expect(tooLarge).toMatchObject({ kind: 'waiting', on: { what: 'capacity' } });
    expect(tooLarge).not.toHaveProperty('on.elsewhere');
    const misspelt = await engine.ensureVolume(requestOf(3, { allowedZones: ['zone 1'] }), forever);
    expect(misspelt).toMatchObject({ kind: 'rejected' });
    expect(misspelt.kind === 'rejected' ? misspelt.reason : '').toContain('got "zone 1"');
  });
});
