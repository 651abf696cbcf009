import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Backoff, pauseAfter } from '../../../src/kube/backoff.ts';
import { DueHeap } from '../../../src/kube/due-heap.ts';
import { FairLine } from '../../../src/kube/fair-line.ts';
import { LruMap } from '../../../src/kube/lru-map.ts';
import { microTime, wholeSecondTime } from '../../../src/kube/micro-time.ts';
import { TokenBucket } from '../../../src/kube/token-bucket.ts';
import { FakeClock } from '../../support/fake-clock.ts';

describe('backoff', () => {
  const options = { firstMs: 100, capMs: 1_000 };

  test('doubles up to the cap, in the upper half of each step', () => {
    expect([1, 2, 3, 4, 5, 5_000].map((failures) => pauseAfter(failures, options, () => 0))).toEqual([
      50, 100, 200, 400, 500, 500,
    ]);
    expect([1, 2, 3, 4, 5, 5_000].map((failures) => pauseAfter(failures, options, () => 1))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
  });

  test('begins anew after a reset', () => {
    const backoff = new Backoff(options, () => 1);

    expect([backoff.next(), backoff.next(), backoff.failures]).toEqual([100, 200, 2]);
    backoff.reset();
    expect([backoff.failures, backoff.next()]).toEqual([0, 100]);
  });
});

describe('the heap of due keys', () => {
  interface Step {
    readonly kind: 'add' | 'delete' | 'take';
    readonly key: number;
    readonly at: number;
  }

  /** What the heap answers to each step. */
  function walk(steps: readonly Step[]): unknown[] {
    const heap = new DueHeap<number>();
    return steps.map(({ kind, key, at }) => {
      switch (kind) {
        case 'add':
          return [heap.add(key, at), heap.size];
        case 'delete':
          heap.delete(key);
          return heap.size;
        case 'take': {
          const next = heap.next();
          return [next, heap.takeDue(at) !== undefined, heap.size];
        }
      }
    });
  }

  /** The same by looking through everything. */
  function walkPlainly(steps: readonly Step[]): unknown[] {
    const due = new Map<number, number>();
    return steps.map(({ kind, key, at }) => {
      switch (kind) {
        case 'add': {
          const earlier = at < (due.get(key) ?? Number.POSITIVE_INFINITY);
          due.set(key, Math.min(at, due.get(key) ?? at));
          return [earlier, due.size];
        }
        case 'delete':
          due.delete(key);
          return due.size;
        case 'take': {
          const [first, next] = [...due].sort((a, b) => a[1] - b[1])[0] ?? [];
          const taken = first !== undefined && next !== undefined && next <= at && due.delete(first);
          return [next, taken, due.size];
        }
      }
    });
  }

  test('gives keys in the order of their moments, each at its earliest, none before its time', () => {
    const kind = fc.constantFrom<Step['kind'][]>('add', 'add', 'delete', 'take');
    // Each key has moments of its own, so that there are no ties and one answer only.
    const step = fc
      .record({ kind, key: fc.nat(20), at: fc.nat(50) })
      .map(({ kind, key, at }) => ({ kind, key, at: at * 100 + key }));

    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        expect(walk(steps)).toEqual(walkPlainly(steps));
      }),
    );
  });

  test('a key that is put off again and again does not fill it', () => {
    const heap = new DueHeap<string>();
    for (let round = 0; round < 10_000; round += 1) {
      heap.add('a', 1_000_000 + round);
      heap.delete('a');
      heap.add('a', 500_000 - round);
    }

    expect(heap.takeDue(490_001)).toBe('a');
    expect(heap.next()).toBeUndefined();
  });
});

describe('the fair line', () => {
  const line = (): FairLine<string> => new FairLine((key) => key.split('/')[0] ?? '');

  test('lets groups take turns, and keeps the order within a group', () => {
    const waiting = line();
    for (const key of ['a/1', 'a/2', 'a/3', 'b/1', 'c/1', 'c/2']) {
      waiting.add(key);
    }

    expect(Array.from({ length: 7 }, () => waiting.take())).toEqual([
      'a/1',
      'b/1',
      'c/1',
      'a/2',
      'c/2',
      'a/3',
      undefined,
    ]);
  });

  test('a newcomer is not put behind a thousand of another group', () => {
    const waiting = line();
    for (let index = 0; index < 1_000; index += 1) {
      waiting.add(`big/${index}`);
    }
    waiting.take();
    waiting.add('small/1');

    expect([waiting.take(), waiting.take()]).toContain('small/1');
  });

  test('has each key once', () => {
    const waiting = line();
    waiting.add('a/1');
    waiting.add('a/1');

    expect(waiting.size).toBe(1);
    expect([waiting.take(), waiting.take()]).toEqual(['a/1', undefined]);
    expect(waiting.size).toBe(0);
  });
});

describe('the map that forgets', () => {
  test('forgets what was not used for longest', () => {
    const map = new LruMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.set('c', 3);

    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([1, undefined, 3]);
  });
});

describe('stamps', () => {
  test.each([
    [Date.UTC(2026, 0, 2, 3, 4, 5, 678), '2026-01-02T03:04:05.678000Z', '2026-01-02T03:04:05Z'],
    [0, '1970-01-01T00:00:00.000000Z', '1970-01-01T00:00:00Z'],
  ])('%d has six digits as MicroTime and none as Time', (at, micro, whole) => {
    expect([microTime(at), wholeSecondTime(at)]).toEqual([micro, whole]);
  });
});

describe('the token bucket', () => {
  test('lets a burst through, then one call per period, in the order of asking', async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ qps: 10, burst: 3 }, clock);
    const through: number[] = [];
    const takes = Array.from({ length: 6 }, async (_, index) => {
      await bucket.take();
      through.push(index);
    });

    await clock.advance(0);
    expect(through).toEqual([0, 1, 2]);
    await clock.advance(100);
    expect(through).toEqual([0, 1, 2, 3]);
    await clock.advance(200);
    expect(through).toEqual([0, 1, 2, 3, 4, 5]);
    await Promise.all(takes);
  });

  test('fills up to the burst and no further', async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ qps: 10, burst: 2 }, clock);
    await clock.advance(3_600_000);

    await bucket.take();
    await bucket.take();
    let third = false;
    const taking = bucket.take().then(() => (third = true));
    await clock.advance(99);
    expect(third).toBe(false);
    await clock.advance(1);
    expect(await taking).toBe(true);
  });

  test('gives the token of who gave up to the next one', async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ qps: 1, burst: 1 }, clock);
    await bucket.take();
    const caller = new AbortController();
    const given = bucket.take(caller.signal);
    caller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');

    let taken = false;
    const next = bucket.take().then(() => (taken = true));
    await clock.advance(1_000);
    expect(await next).toBe(taken);
  });

  test.each([
    { qps: 0, burst: 1 },
    { qps: 1, burst: 0 },
    { qps: Number.NaN, burst: 1 },
  ])('refuses limits that let nothing through: %o', (limits) => {
    expect(() => new TokenBucket(limits, new FakeClock())).toThrow('expected qps > 0 and burst >= 1');
  });
});
