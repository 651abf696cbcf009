import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  done,
  failed,
  isDone,
  joinOutcomes,
  rejected,
  unknown,
  waiting,
  type Outcome,
} from '../../../src/domain/outcome.ts';

const onCapacity = waiting({ what: 'capacity' }, 'no space');

describe('joinOutcomes', () => {
  it('gives all values, in order, when every outcome is done', () => {
    expect(joinOutcomes([done(1), done(2)])).toEqual(done([1, 2]));
    expect(joinOutcomes([])).toEqual(done([]));
  });

  it.each<readonly [string, readonly Outcome<number>[], Outcome<number>['kind']]>([
    ['unknown over everything', [failed('a'), unknown('b'), onCapacity, rejected('c'), done(1)], 'unknown'],
    ['waiting over failed', [failed('a'), onCapacity], 'waiting'],
    ['failed over rejected', [rejected('a'), failed('b')], 'failed'],
    ['rejected when nothing was done', [rejected('a'), rejected('b')], 'rejected'],
    ['failed for rejected beside something done', [rejected('a'), done(1)], 'failed'],
  ])('says %s', (_, outcomes, kind) => {
    expect(joinOutcomes(outcomes).kind).toBe(kind);
  });

  it('gives every reason once, the decisive one first, and keeps what is waited for', () => {
    expect(joinOutcomes([failed('b'), onCapacity, failed('b'), failed('a')])).toEqual(
      waiting({ what: 'capacity' }, 'no space; b; a'),
    );
  });

  it('never says done when something is not, nor anything that an outcome does not say', () => {
    const outcome = fc.constantFrom<Outcome<number>>(done(1), rejected('r'), failed('f'), onCapacity, unknown('u'));
    fc.assert(
      fc.property(fc.array(outcome, { maxLength: 6 }), (outcomes) => {
        const joined = joinOutcomes(outcomes);
        expect(isDone(joined)).toBe(outcomes.every(isDone));
        expect(joined.kind === 'unknown').toBe(outcomes.some(({ kind }) => kind === 'unknown'));
        // What `rejected` promises holds for each of them.
        expect(joined.kind === 'rejected').toBe(
          outcomes.length > 0 && outcomes.every(({ kind }) => kind === 'rejected'),
        );
      }),
    );
  });
});
