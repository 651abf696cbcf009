import { describe, expect, it } from 'vitest';
import { Operations, usualLimits, type Submission } from '../../../src/agent/server/operations.ts';
import { longestDeadlineMs } from '../../../src/agent/protocol/verbs.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const id = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

function submission(index: number, change: Partial<Submission> = {}): Submission {
  return {
    operation: id(index),
    sender: { id: id(0), sequence: index },
    expires: Number.POSITIVE_INFINITY,
    content: String(index),
    effect: 'change',
    about: `brick ${index}`,
    work: async () => index,
    ...change,
  };
}

/** Joins or begins it, as the server does. */
const ask = (operations: Operations, wanted: Submission): Promise<unknown> =>
  (operations.find(wanted) ?? operations.submit(wanted)).ended;

describe('kept results', () => {
  it('outlive the longest time in which they may be asked for, and are then forgotten', async () => {
    const clock = new FakeClock();
    const operations = new Operations(clock);
    await ask(operations, submission(1));
    await clock.advance(longestDeadlineMs);
    expect(operations.find(submission(1))).toBeDefined();
    await clock.advance(60_000);
    expect(operations.find(submission(1))).toBeUndefined();
  });

  it('of changes are not forgotten for new ones: those are refused', async () => {
    const clock = new FakeClock();
    const operations = new Operations(clock, { ...usualLimits, kept: 3 });
    for (const index of [1, 2, 3]) {
      await ask(operations, submission(index));
    }
    await clock.advance(0);
    expect(() => operations.submit(submission(4))).toThrow('the results of 3 operations are kept already');
    expect(operations.find(submission(1))).toBeDefined();
    await clock.advance(longestDeadlineMs + 60_000);
    expect(await ask(operations, submission(4))).toBe(4);
  });

  it('of reads are, the oldest first', async () => {
    const operations = new Operations(new FakeClock(), { ...usualLimits, kept: 2 });
    for (const index of [1, 2, 3]) {
      await ask(operations, submission(index, { effect: 'read' }));
    }
    expect(operations.find(submission(1))).toBeUndefined();
    expect(operations.find(submission(2))).toBeDefined();
    expect(operations.find(submission(3))).toBeDefined();
  });
});

describe('changes', () => {
  it('run at most as many at once as there are places; called off while it waits, one does nothing', async () => {
    const clock = new FakeClock();
    const operations = new Operations(clock, { ...usualLimits, changes: 2 });
    const gate = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await gate.promise;
      running -= 1;
    };
    const asked = [1, 2, 3, 4, 5].map((index) => ask(operations, submission(index, { work })));
    await clock.advance(0);
    expect(running).toBe(2);
    operations.cancel(id(5), 'not wanted');
    gate.resolve();
    expect((await Promise.all(asked))[4]).toEqual({ kind: 'failed', reason: 'called off before it began' });
    expect(most).toBe(2);
    await operations.idle();
    expect(operations.active).toBe(0);
  });

  it('of one thing keep their order, whichever caller they are from', async () => {
    const operations = new Operations(new FakeClock());
    const order: number[] = [];
    const asked = [5, 3, 4, 1, 2].map((index) =>
      ask(
        operations,
        submission(index, {
          about: 'brick',
          sender: { id: id(100 + index), sequence: 0 },
          work: async () => {
            await Promise.resolve();
            order.push(index);
          },
        }),
      ),
    );
    await Promise.all(asked);
    expect(order).toEqual([5, 3, 4, 1, 2]);
  });

  it('that were overtaken are known as such for as long as they could still arrive', async () => {
    const clock = new FakeClock();
    const operations = new Operations(clock);
    const about = 'brick';
    await ask(operations, submission(7, { about }));
    await clock.advance(15_000);
    expect(() => operations.submit(submission(6, { about }))).toThrow('a later operation of the same caller has begun');
    expect(await ask(operations, submission(8, { about }))).toBe(8);
  });
});
