import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/domain/clock.ts';
import { silentLog, type Log } from '../../../src/domain/log.ts';
import { WorkQueue, type WorkQueueOptions, type WorkResult } from '../../../src/kube/work-queue.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const done: WorkResult = { kind: 'done' };

function newQueue(clock: FakeClock, options: Partial<WorkQueueOptions<string>> = {}): WorkQueue<string> {
  return new WorkQueue<string>({ name: 'test', clock, random: () => 1, log: silentLog, workers: 1, ...options });
}

/** A processor whose every run ends when it is told to. */
class Gate {
  readonly begun: string[] = [];
  readonly #open = new Map<string, (result: WorkResult) => void>();

  readonly processor = (key: string): Promise<WorkResult> => {
    this.begun.push(key);
    return new Promise((resolve) => {
      this.#open.set(key, resolve);
    });
  };

  finish(key: string, result: WorkResult = done): void {
    this.#open.get(key)?.(result);
  }
}

describe('what is worked on', () => {
  test('a key that is added often is worked on once', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    const gate = new Gate();
    queue.add('a');
    queue.add('a');
    expect(queue.depth).toBe(1);
    queue.start(gate.processor);
    await clock.advance(0);
    gate.finish('a');
    await clock.advance(1_000);

    expect(gate.begun).toEqual(['a']);
    expect(queue.depth).toBe(0);
  });

  test('a key that is added while being worked on is worked on once more, afterwards', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock, { workers: 2 });
    const gate = new Gate();
    queue.start(gate.processor);
    queue.add('a');
    await clock.advance(0);
    queue.add('a');
    queue.add('a');
    await clock.advance(0);
    expect(gate.begun).toEqual(['a']);

    gate.finish('a');
    await clock.advance(0);
    expect(gate.begun).toEqual(['a', 'a']);

    gate.finish('a');
    await clock.advance(60_000);
    expect(gate.begun).toEqual(['a', 'a']);
  });

  test('a processor that adds its own key is called again', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    let runs = 0;
    queue.start(async (key) => {
      runs += 1;
      if (runs < 3) {
        queue.add(key);
      }
      return done;
    });
    queue.add('a');
    await clock.advance(0);

    expect(runs).toBe(3);
  });

  test('no more keys than there are workers are worked on at one time', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock, { workers: 2 });
    const gate = new Gate();
    queue.start(gate.processor);
    ['a', 'b', 'c'].forEach((key) => queue.add(key));
    await clock.advance(0);
    expect(gate.begun).toEqual(['a', 'b']);

    gate.finish('b');
    await clock.advance(0);
    expect(gate.begun).toEqual(['a', 'b', 'c']);
  });

  test('groups take turns', async () => {
    const clock = new FakeClock();
    const order: string[] = [];
    const queue = newQueue(clock, { groupOf: (key) => key.split('/')[0] ?? '' });
    ['big/1', 'big/2', 'big/3', 'small/1'].forEach((key) => queue.add(key));
    queue.start(async (key) => {
      order.push(key);
      return done;
    });
    await clock.advance(0);

    expect(order).toEqual(['big/1', 'small/1', 'big/2', 'big/3']);
  });
});

describe('delays', () => {
  test('a key comes when it is due, and at the earliest of several moments', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    const at: number[] = [];
    queue.start(async () => {
      at.push(clock.monotonic());
      return done;
    });
    queue.addAfter('a', 5_000);
    queue.addAfter('a', 2_000);
    queue.addAfter('a', 8_000);
    await clock.advance(60_000);

    expect(at).toEqual([2_000]);
  });

  test('many keys wait with one timer', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    let runs = 0;
    queue.start(async () => {
      runs += 1;
      return done;
    });
    for (let index = 0; index < 500; index += 1) {
      queue.addAfter(`key-${index}`, 1_000 + ((index * 7) % 100));
    }
    expect(clock.sleeping).toBeLessThanOrEqual(500);
    await clock.advance(0);
    expect(clock.sleeping).toBe(1);
    await clock.advance(2_000);

    expect(runs).toBe(500);
    expect(clock.sleeping).toBe(0);
  });

  test('a delay of weeks is no busy loop', async () => {
    const clock = new FakeClock();
    const slept: number[] = [];
    const watched: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => {
        slept.push(ms);
        return clock.sleep(ms, signal);
      },
    };
    const queue = newQueue(clock, { clock: watched });
    queue.start(async () => done);
    queue.addAfter('a', 100 * 24 * 3_600_000);
    await clock.advance(3 * 3_600_000);

    expect(slept).toEqual([3_600_000, 3_600_000, 3_600_000, 3_600_000]);
  });

  test('work that begins for another reason cancels the delay', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    let runs = 0;
    queue.start(async () => {
      runs += 1;
      return done;
    });
    queue.addAfter('a', 5_000);
    queue.add('a');
    await clock.advance(60_000);

    expect(runs).toBe(1);
  });

  test.each([0, -5, Number.NaN])('a delay of %d is none', async (ms) => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    let runs = 0;
    queue.start(async () => {
      runs += 1;
      return done;
    });
    queue.addAfter('a', ms);
    await clock.advance(0);

    expect(runs).toBe(1);
  });
});

describe('results', () => {
  test('a key that fails comes back ever more slowly, and at once after a success', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock, { backoff: { firstMs: 1_000, capMs: 4_000 } });
    const at: number[] = [];
    const failures: number[] = [];
    queue.start(async (_key, context) => {
      at.push(clock.monotonic());
      failures.push(context.failures);
      return at.length === 5 ? done : { kind: 'retry', reason: 'not yet' };
    });
    queue.add('a');
    await clock.advance(60_000);
    expect(at).toEqual([0, 1_000, 3_000, 7_000, 11_000]);
    expect(failures).toEqual([0, 1, 2, 3, 4]);
    expect(queue.failuresOf('a')).toBe(0);

    queue.add('a');
    await clock.advance(1_000);
    expect(at.slice(5)).toEqual([60_000, 61_000]);
  });

  test('a processor that throws is logged and its key tried again', async () => {
    const clock = new FakeClock();
    const errors: object[] = [];
    const log: Log = { ...silentLog, error: (fields) => errors.push(fields) };
    const queue = newQueue(clock, { log });
    let runs = 0;
    queue.start((key) => {
      runs += 1;
      if (runs === 1) {
        throw new Error(`boom ${key}`);
      }
      return Promise.resolve(done);
    });
    queue.add('a');
    await clock.advance(1_000);

    expect(runs).toBe(2);
    expect(errors).toEqual([expect.objectContaining({ queue: 'test', key: 'a', err: new Error('boom a') })]);
  });

  test('after a result of `after` the key comes at that moment, its failures forgotten', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    const results: WorkResult[] = [{ kind: 'retry', reason: 'x' }, { kind: 'after', ms: 300_000 }, done];
    const at: number[] = [];
    queue.start(async () => {
      at.push(clock.monotonic());
      return results.shift() ?? done;
    });
    queue.add('a');
    await clock.advance(3_600_000);

    expect(at).toEqual([0, 1_000, 301_000]);
    expect(queue.failuresOf('a')).toBe(0);
  });

  test('failures of one key do not slow another one', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    const at: Record<string, number[]> = { bad: [], good: [] };
    queue.start(async (key) => {
      at[key]?.push(clock.monotonic());
      return key === 'bad' ? { kind: 'retry', reason: 'x' } : done;
    });
    queue.add('bad');
    await clock.advance(10_000);
    queue.add('good');
    await clock.advance(0);

    expect(at['good']).toEqual([10_000]);
  });

  test('the observer sees sizes, waiting times and retries', async () => {
    const clock = new FakeClock();
    const gate = new Gate();
    const seen: unknown[] = [];
    const queue = newQueue(clock, {
      observer: {
        taken: (key, waitedMs) => seen.push(['taken', key, waitedMs]),
        finished: (key, result, tookMs) => seen.push(['finished', key, result, tookMs]),
        retried: (key, failures, pauseMs) => seen.push(['retried', key, failures, pauseMs]),
      },
    });
    queue.start(gate.processor);
    queue.add('a');
    await clock.advance(0);
    queue.add('b');
    await clock.advance(500);
    gate.finish('a', { kind: 'retry', reason: 'x' });
    await clock.advance(0);

    expect(seen).toEqual([
      ['taken', 'a', 0],
      ['finished', 'a', 'retry', 500],
      ['retried', 'a', 1, 1_000],
      ['taken', 'b', 500],
    ]);
  });
});

describe('stopping', () => {
  test('nothing new is taken, what runs may finish, the rest is reported', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    const gate = new Gate();
    queue.start(gate.processor);
    ['running', 'waiting'].forEach((key) => queue.add(key));
    queue.addAfter('delayed', 1_000);
    await clock.advance(0);
    queue.add('running');

    const stopped = queue.stop(30_000);
    await clock.advance(10_000);
    queue.add('late');
    gate.finish('running', { kind: 'retry', reason: 'not yet' });

    const left = await stopped;
    expect(left.running).toEqual([]);
    expect([...left.waiting].sort()).toEqual(['delayed', 'late', 'running', 'waiting']);
    await clock.advance(3_600_000);
    expect(gate.begun).toEqual(['running']);
  });

  test('what still runs when the grace is over is told so', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    let abortedAt: number | undefined;
    queue.start(
      (_key, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            abortedAt = clock.monotonic();
            resolve({ kind: 'retry', reason: 'cut short' });
          });
        }),
    );
    queue.add('a');
    await clock.advance(0);
    const stopped = queue.stop(30_000);
    await clock.advance(31_000);

    expect(await stopped).toEqual({ running: [], waiting: ['a'] });
    expect(abortedAt).toBe(30_000);
  });

  test('what does not even end then is reported as running', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    queue.start(() => new Promise(() => undefined));
    queue.add('a');
    await clock.advance(0);
    const stopped = queue.stop(5_000);
    await clock.advance(6_000);

    expect(await stopped).toEqual({ running: ['a'], waiting: [] });
  });

  test('an idle queue stops at once', async () => {
    const clock = new FakeClock();
    const queue = newQueue(clock);
    queue.start(async () => done);

    expect(await queue.stop(30_000)).toEqual({ running: [], waiting: [] });
    expect(clock.sleeping).toBe(0);
  });
});

test.each([0, -1, 1.5, Number.NaN])('%d workers are refused', (workers) => {
  expect(() => newQueue(new FakeClock(), { workers })).toThrow('workers: expected a whole number from 1');
});

test('a queue cannot be started twice', () => {
  const queue = newQueue(new FakeClock());
  queue.start(async () => done);

  expect(() => queue.start(async () => done)).toThrow('queue test: started twice');
});

test('whatever happens, no key is with two workers, and every add is followed by a whole run', async () => {
  const key = fc.constantFrom('a/1', 'a/2', 'b/1', 'b/2', 'c/1');
  const result = fc.constantFrom<WorkResult[]>(done, { kind: 'retry', reason: 'x' }, { kind: 'after', ms: 700 });
  const step = fc.record({
    pauseMs: fc.nat(400),
    key,
    how: fc.constantFrom('add', 'addAfter', 'addRateLimited', 'forget'),
    ms: fc.nat(2_000),
  });
  const runs = fc.array(fc.record({ tookMs: fc.nat(900), result, throws: fc.boolean() }), { maxLength: 40 });

  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      runs,
      fc.integer({ min: 1, max: 3 }),
      async (steps, script, workers) => {
        const clock = new FakeClock();
        const queue = newQueue(clock, { workers, groupOf: (name) => name.split('/')[0] ?? '' });
        const running = new Set<string>();
        let overlaps = 0;
        let most = 0;
        // The last moment at which each key was asked for, and at which a run of it began.
        const asked = new Map<string, number>();
        const begun = new Map<string, number>();
        queue.start(async (name) => {
          overlaps += running.has(name) ? 1 : 0;
          running.add(name);
          most = Math.max(most, running.size);
          begun.set(name, clock.monotonic());
          const next = script.shift();
          await clock.sleep(next?.tookMs ?? 10);
          running.delete(name);
          if (next?.throws === true) {
            throw new Error('thrown on purpose');
          }
          return next?.result ?? done;
        });

        for (const { pauseMs, key: name, how, ms } of steps) {
          await clock.advance(pauseMs);
          if (how === 'forget') {
            queue.forget(name);
            continue;
          }
          asked.set(name, clock.monotonic());
          if (how === 'addAfter') {
            queue.addAfter(name, ms);
          } else {
            queue[how](name);
          }
        }
        await clock.advance(24 * 3_600_000);

        expect(overlaps).toBe(0);
        expect(most).toBeLessThanOrEqual(workers);
        const forgotten = [...asked].filter(([name, at]) => (begun.get(name) ?? -1) < at);
        expect(forgotten).toEqual([]);
        expect(queue.depth).toBe(0);
        expect(running.size).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});
