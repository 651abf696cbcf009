import { describe, expect, it } from 'vitest';
import { Lanes, type Attempt } from '../../../src/gluster/lane.ts';
import type { CommandResult } from '../../../src/gluster/runner.ts';
import { SessionSlots } from '../../../src/gluster/ssh/slots.ts';
import { patience } from '../../../src/gluster/patience.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const never = new AbortController().signal;
const exited: CommandResult = { kind: 'exited', exitCode: 0, stdout: '', stderr: '' };

/** An attempt that lasts until `end` is called. */
function lasting(name: string, begun: string[]): { readonly attempt: Attempt; readonly end: () => void } {
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  return {
    attempt: (remainingMs) => {
      begun.push(`${name} ${remainingMs}`);
      return promise;
    },
    end: () => resolve(exited),
  };
}

describe('the lanes of one sender', () => {
  it('let one command through at a time, in order, and count the wait', async () => {
    const clock = new FakeClock();
    const lanes = new Lanes(clock);
    const begun: string[] = [];
    const [first, second, third] = ['first', 'second', 'third'].map((name) => lasting(name, begun));
    if (first === undefined || second === undefined || third === undefined) {
      throw new Error('three were made');
    }
    const results = [
      lanes.run('a', 1_000, never, first.attempt),
      lanes.run('a', 1_000, never, second.attempt),
      lanes.run('b', 1_000, never, third.attempt),
    ];
    await clock.advance(300);
    expect(begun).toEqual(['first 1000', 'third 1000']);
    first.end();
    await clock.advance(0);
    expect(begun).toEqual(['first 1000', 'third 1000', 'second 700']);
    second.end();
    third.end();
    expect(await Promise.all(results)).toEqual([exited, exited, exited]);
  });

  it('let nobody overtake who waits behind one that gave up', async () => {
    const clock = new FakeClock();
    const lanes = new Lanes(clock);
    const begun: string[] = [];
    const first = lasting('first', begun);
    const last = lasting('last', begun);
    const held = lanes.run('a', 10_000, never, first.attempt);
    const caller = new AbortController();
    const givenUp = lanes.run('a', 10_000, caller.signal, lasting('given up', begun).attempt);
    const late = lanes.run('a', 100, never, lasting('late', begun).attempt);
    const waiting = lanes.run('a', 10_000, never, last.attempt);
    await clock.advance(200);
    caller.abort(new Error('enough'));
    expect(await givenUp).toMatchObject({ kind: 'not-started', cause: 'aborted' });
    expect(await late).toMatchObject({ kind: 'lost' });
    expect(begun).toEqual(['first 10000']);
    first.end();
    await held;
    await clock.advance(0);
    expect(begun).toEqual(['first 10000', 'last 9800']);
    last.end();
    expect(await waiting).toEqual(exited);
    expect(clock.sleeping).toBe(0);
  });

  it('ask again, less and less often, while a stranger holds the lane', async () => {
    const clock = new FakeClock();
    const tries: number[] = [];
    const result = new Lanes(clock).run('a', 60_000, never, async () => {
      tries.push(clock.monotonic());
      return clock.monotonic() < 4_000 ? { kind: 'lane-busy' } : exited;
    });
    await clock.advance(6_000);
    expect(await result).toEqual(exited);
    expect(tries).toEqual([0, 50, 150, 350, 750, 1_550, 2_550, 3_550, 4_550]);
  });

  it('give up with the deadline, and with the caller', async () => {
    const clock = new FakeClock();
    const lanes = new Lanes(clock);
    const busy: Attempt = async () => ({ kind: 'lane-busy' });
    const caller = new AbortController();
    const late = lanes.run('a', 1_000, never, busy);
    const givenUp = lanes.run('b', 60_000, caller.signal, busy);
    await clock.advance(1_000);
    expect(await late).toEqual({
      kind: 'lost',
      reason: 'deadline passed while an earlier command of its lane was running',
    });
    caller.abort(new Error('enough'));
    expect(await givenUp).toMatchObject({ kind: 'not-started', cause: 'aborted' });
  });
});

describe('the sessions of one connection', () => {
  it('are given out in order, and not to who has left', async () => {
    const clock = new FakeClock();
    const slots = new SessionSlots();
    const patient = patience(clock, 1_000_000, never);
    for (let count = 0; count < 10; count += 1) {
      expect(await slots.take(patient)).toBe('taken');
    }
    const order: string[] = [];
    const late = slots.take(patience(clock, 100, never));
    const next = slots.take(patient).then((how) => order.push(`next ${how}`));
    const last = slots.take(patient).then((how) => order.push(`last ${how}`));
    await clock.advance(100);
    expect(await late).toBe('deadline');
    slots.release();
    await next;
    slots.release();
    await last;
    expect(order).toEqual(['next taken', 'last taken']);
    expect(slots.taken).toBe(10);
  });

  it('are no more than the other end gives', async () => {
    const slots = new SessionSlots();
    const patient = patience(new FakeClock(), 1_000_000, never);
    await Promise.all([slots.take(patient), slots.take(patient), slots.take(patient)]);
    slots.refused();
    expect(slots.taken).toBe(2);
    let third = false;
    const waiting = slots.take(patient).then(() => (third = true));
    await Promise.resolve();
    expect(third).toBe(false);
    slots.release();
    await waiting;
    expect(slots.taken).toBe(2);
  });
});
