import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lane, type Release } from '../../../src/engine/lane.ts';
import { forever } from './bench.ts';

function laneOf(limit: number): { lane: Lane; seen: { running: number; waiting: number } } {
  const seen = { running: 0, waiting: 0 };
  const lane = new Lane(limit, (running, waiting) => {
    Object.assign(seen, { running, waiting });
  });
  return { lane, seen };
}

/** Enters for each key in order; says who was admitted, in which order, when places are given back one by one. */
async function orderOf(lane: Lane, keys: readonly string[]): Promise<string[]> {
  const admitted: string[] = [];
  const releases: Release[] = [];
  const entered = keys.map(async (key) => {
    const release = await lane.enter(key, forever);
    admitted.push(key);
    releases.push(release ?? (() => undefined));
  });
  for (let done = 0; done < keys.length; done += 1) {
    await Promise.resolve();
    await Promise.resolve();
    releases.shift()?.();
  }
  await Promise.all(entered);
  return admitted;
}

describe('Lane', () => {
  it('lets the queues of different keys take turns, each in its own order', async () => {
    const { lane } = laneOf(1);
    expect(await orderOf(lane, ['a', 'a', 'a', 'a', 'b', 'c', 'b'])).toEqual(['a', 'a', 'b', 'c', 'a', 'b', 'a']);
  });

  it('tells how many hold a place and how many wait', async () => {
    const { lane, seen } = laneOf(2);
    const releases = [await lane.enter('a', forever), await lane.enter('a', forever)];
    const third = lane.enter('a', forever);
    expect(seen).toEqual({ running: 2, waiting: 1 });
    releases[0]?.();
    releases[0]?.();
    await third;
    expect(seen).toEqual({ running: 2, waiting: 0 });
    releases[1]?.();
    (await third)?.();
    expect(seen).toEqual({ running: 0, waiting: 0 });
  });

  it('lets go of who is told to stop, and of who was told before', async () => {
    const { lane, seen } = laneOf(1);
    const held = await lane.enter('a', forever);
    const stop = new AbortController();
    const waiting = lane.enter('a', stop.signal);
    const behind = lane.enter('a', forever);
    stop.abort();
    expect(await waiting).toBeUndefined();
    expect(await lane.enter('a', stop.signal)).toBeUndefined();
    expect(seen).toEqual({ running: 1, waiting: 1 });
    held?.();
    expect(await behind).toBeTypeOf('function');
  });

  it('sends away those who wait, not those who hold', async () => {
    const { lane, seen } = laneOf(1);
    const held = await lane.enter('a', forever);
    const waiting = [lane.enter('a', forever), lane.enter('b', forever)];
    lane.dismiss();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
    expect(seen).toEqual({ running: 1, waiting: 0 });
    held?.();
    expect(await lane.enter('a', forever)).toBeTypeOf('function');
  });

  it('never admits more than its limit, forgets nobody, and ends empty', async () => {
    const step = fc.record({
      what: fc.constantFrom('enter', 'enter', 'enter', 'release', 'release', 'stop', 'dismiss'),
      key: fc.constantFrom('a', 'b', 'c'),
      nth: fc.nat(10),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 50 }), async (limit, steps) => {
        const { lane, seen } = laneOf(limit);
        const held: Release[] = [];
        const stops: AbortController[] = [];
        let entered = 0;
        let answered = 0;
        for (const { what, key, nth } of steps) {
          if (what === 'enter') {
            const stop = new AbortController();
            stops.push(stop);
            entered += 1;
            void lane.enter(key, stop.signal).then((release) => {
              answered += 1;
              return release === undefined ? 0 : held.push(release);
            });
          } else if (what === 'release') {
            held.splice(nth, 1)[0]?.();
          } else if (what === 'stop') {
            stops[nth]?.abort();
          } else {
            lane.dismiss();
          }
          await Promise.resolve();
          await Promise.resolve();
          expect(seen.running).toBeLessThanOrEqual(limit);
          expect(held).toHaveLength(seen.running);
          expect(entered - answered).toBe(seen.waiting);
          // Nobody waits while a place is free.
          expect(seen.waiting === 0 || seen.running === limit).toBe(true);
        }
        while (held.length > 0) {
          held.pop()?.();
          await Promise.resolve();
          await Promise.resolve();
        }
        expect(seen).toEqual({ running: 0, waiting: 0 });
        expect(answered).toBe(entered);
      }),
    );
  });
});
