import { describe, expect, it } from 'vitest';
import type { EngineObserver } from '../../../src/engine/ports.ts';
import type { FakeCall } from '../../support/fake-storage/calls.ts';
import { benchOf, forever, idOf, requestOf, turning, valueOf } from './bench.ts';

const toNode = (call: FakeCall, node: string): boolean => call.node === node;
const many = (count: number, from = 1): number[] => Array.from({ length: count }, (_, index) => from + index);

describe('a node that hangs', () => {
  it('holds up only those volumes that have bricks on it', async () => {
    const { engine, clock } = await benchOf({
      nodes: 6,
      judge: (call) => (toNode(call, 'n1') && call.verb === 'ensureBrick' ? 'hang' : 'normal'),
    });
    const outcomes = new Map<number, string>();
    for (const index of many(30)) {
      void engine.ensureVolume(requestOf(index), forever).then((outcome) => outcomes.set(index, outcome.kind));
    }
    await clock.advance(0);
    const onStuck = many(30).filter((index) =>
      engine
        .volume(idOf(index))
        ?.brickSets.flat()
        .some(({ node }) => node === 'n1'),
    );
    expect(onStuck.length).toBeGreaterThan(4);
    expect([...outcomes.keys()].sort((a, b) => a - b)).toEqual(many(30).filter((index) => !onStuck.includes(index)));
    expect(new Set(outcomes.values())).toEqual(new Set(['done']));
  });

  it('is found silent when a call is overdue, and those who queue for it go elsewhere', async () => {
    const { engine, clock, storage } = await benchOf({
      nodes: 6,
      judge: (call) => (toNode(call, 'n1') && call.verb === 'ensureBrick' ? 'hang' : 'normal'),
      patience: { overdue: 20_000 },
    });
    const outcomes: string[] = [];
    for (const index of many(30)) {
      void engine.ensureVolume(requestOf(index), forever).then((outcome) => outcomes.push(outcome.kind));
    }
    await clock.advance(0);
    const before = outcomes.length;
    await clock.advance(20_000);
    // All but those whose own calls hang: two, the width of the node's lane.
    expect(before).toBeLessThan(28);
    expect(outcomes).toHaveLength(28);
    expect(new Set(outcomes)).toEqual(new Set(['done']));
    expect(storage.log.filter((line) => line.startsWith('ensureBrick n1'))).toHaveLength(2);
  });

  it('as the way into gluster blocks others no longer than until its calls are overdue', async () => {
    const { engine, clock } = await benchOf({
      nodes: 4,
      judge: (call) => (toNode(call, 'n1') && call.verb === 'createVolume' ? 'hang' : 'normal'),
      lanes: { cluster: 2 },
      patience: { overdue: 20_000 },
    });
    const outcomes: string[] = [];
    for (const index of many(40)) {
      void engine.ensureVolume(requestOf(index), forever).then((outcome) => outcomes.push(outcome.kind));
    }
    await clock.advance(0);
    expect(outcomes.length).toBeLessThan(38);
    await clock.advance(20_000);
    // Two places, two hanging calls: everybody else went through another node.
    expect(outcomes).toHaveLength(38);
    expect(new Set(outcomes)).toEqual(new Set(['done']));
  });

  it('is used again when it answers after all', async () => {
    const { engine, clock, storage } = await benchOf({
      judge: (call) => (toNode(call, 'n1') && call.verb === 'ensureBrick' ? 'hang' : 'normal'),
      patience: { avoidNode: 600_000, overdue: 1000 },
    });
    const ensuring = engine.ensureVolume(requestOf(1), forever);
    await clock.advance(1000);
    expect(engine.usage().map(({ unusable }) => unusable)).toEqual(['node unreachable', undefined, undefined]);
    storage.settle();
    valueOf(await turning(clock, ensuring));
    expect(engine.usage().map(({ unusable }) => unusable)).toEqual([undefined, undefined, undefined]);
  });
});

describe('lanes', () => {
  it('bound what runs at once, and tell how many wait', async () => {
    const most = { cluster: 0, node: 0, waiting: 0 };
    const observer: EngineObserver = {
      stepFinished: () => undefined,
      laneChanged: (lane, _, running, waiting) => {
        most[lane] = Math.max(most[lane], running);
        most.waiting = Math.max(most.waiting, waiting);
      },
    };
    const { engine } = await benchOf({ observer, lanes: { cluster: 3, node: 2 } });
    const outcomes = await Promise.all(many(20).map((index) => engine.ensureVolume(requestOf(index), forever)));
    expect(outcomes.every(({ kind }) => kind === 'done')).toBe(true);
    expect(most).toEqual({ cluster: 3, node: 2, waiting: 18 });
  });

  it('are shared fairly between namespaces', async () => {
    const { engine, storage } = await benchOf({ lanes: { cluster: 1, node: 1 } });
    const ownerIn = (namespace: string, index: number): ReturnType<typeof requestOf>['owner'] => ({
      ...requestOf(index).owner,
      namespace,
    });
    const greedy = many(50).map((index) =>
      engine.ensureVolume(requestOf(index, { owner: ownerIn('greedy', index) }), forever),
    );
    const modest = await engine.ensureVolume(requestOf(99, { owner: ownerIn('modest', 99) }), forever);
    expect(modest.kind).toBe('done');
    // Few of the fifty that came before were served before it.
    expect(storage.volumes().length).toBeLessThan(8);
    await Promise.all(greedy);
    expect(storage.volumes()).toHaveLength(51);
  });

  it('report every step with its outcome', async () => {
    const steps: string[] = [];
    const observer: EngineObserver = {
      stepFinished: (step, outcome) => {
        steps.push(`${step} ${outcome}`);
      },
      laneChanged: () => undefined,
    };
    const { engine } = await benchOf({ observer });
    steps.length = 0;
    valueOf(
      await engine.ensureVolume(requestOf(1, { options: [{ key: 'performance.cache-size', value: '64MB' }] }), forever),
    );
    valueOf(await engine.deleteVolume(idOf(1), forever));
    expect(steps).toEqual([
      'plan done',
      'commit done',
      ...many(3).map(() => 'bricks done'),
      'create done',
      'options done',
      'start done',
      'look done',
      'stop done',
      'delete done',
      'look done',
      ...many(3).map(() => 'destroy-bricks done'),
      'forget done',
    ]);
  });
});

describe('a caller who gives up', () => {
  it('aborts the running call, and learns that the rest is not known', async () => {
    const { engine, clock, storage } = await benchOf({
      judge: ({ verb }) => (verb === 'createVolume' ? 'hang' : 'normal'),
    });
    const patience = new AbortController();
    const ensuring = engine.ensureVolume(requestOf(1), patience.signal);
    await clock.advance(0);
    patience.abort();
    expect(await turning(clock, ensuring)).toMatchObject({ kind: 'unknown' });
    expect(storage.volumes()).toEqual([]);
    expect(engine.volumes()).toHaveLength(1);
  });

  it('leaves a queue without having taken anything', async () => {
    const { engine, clock, storage } = await benchOf({
      judge: ({ verb, about }) => (verb === 'ensureBrick' && about.startsWith(idOf(1)) ? 'hang' : 'normal'),
      lanes: { node: 1 },
    });
    const first = engine.ensureVolume(requestOf(1), forever);
    const patience = new AbortController();
    const second = engine.ensureVolume(requestOf(2), patience.signal);
    await clock.advance(0);
    patience.abort();
    expect(await turning(clock, second)).toMatchObject({ kind: 'waiting' });
    storage.settle();
    valueOf(await turning(clock, first));
  });
});

describe('many volumes at once', () => {
  it('never overlap in their plans: what fits is made, the rest waits for space', async () => {
    // 20 bricks of 1 GiB fit on each node, metadata included.
    const { engine, storage } = await benchOf({ nodes: 3, deviceSize: 20 * (1024 + 16) * 1024 ** 2 });
    const gidRange = { min: 2000, max: 9999 };
    const outcomes = await Promise.all(
      many(40).map((index) => engine.ensureVolume(requestOf(index, { gidRange }), forever)),
    );
    const made = outcomes.filter(({ kind }) => kind === 'done');
    expect(made.length).toBeGreaterThanOrEqual(20);
    expect(made.length).toBeLessThan(40);
    expect(outcomes.filter(({ kind }) => kind !== 'done')).toMatchObject(
      many(40 - made.length).map(() => ({ kind: 'waiting', on: { what: 'capacity' } })),
    );
    expect(storage.violations).toEqual([]);
    expect(new Set(engine.volumes().map(({ gid }) => gid)).size).toBe(made.length);
    expect(engine.usage().every(({ used, size }) => used <= size)).toBe(true);
  });
});
