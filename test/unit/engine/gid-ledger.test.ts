import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GidLedger } from '../../../src/engine/gid-ledger.ts';

describe('GidLedger', () => {
  it('hands out the lowest number of the range that nobody holds, over all ranges', () => {
    const gids = new GidLedger();
    expect(gids.take({ min: 10, max: 12 }, 'a')).toBe(10);
    expect(gids.take({ min: 9, max: 12 }, 'b')).toBe(9);
    expect(gids.take({ min: 9, max: 12 }, 'c')).toBe(11);
    gids.release(10, 'a');
    expect(gids.take({ min: 9, max: 12 }, 'd')).toBe(10);
    expect(gids.take({ min: 10, max: 12 }, 'e')).toBe(12);
    expect(gids.take({ min: 10, max: 12 }, 'f')).toBeUndefined();
    gids.release(11, 'c');
    expect(gids.take({ min: 10, max: 12 }, 'f')).toBe(11);
  });

  it('keeps a number that two hold until both let go', () => {
    const gids = new GidLedger();
    gids.hold(5, 'a');
    gids.hold(5, 'b');
    gids.release(5, 'a');
    gids.release(5, 'a');
    expect(gids.take({ min: 5, max: 5 }, 'c')).toBeUndefined();
    gids.release(5, 'b');
    expect(gids.take({ min: 5, max: 5 }, 'c')).toBe(5);
  });

  it('gives ten thousand volumes ten thousand numbers in a row', () => {
    const gids = new GidLedger();
    const range = { min: 2000, max: 2_147_483_647 };
    const taken = Array.from({ length: 10_000 }, (_, index) => gids.take(range, String(index)));
    expect(taken).toEqual(Array.from({ length: 10_000 }, (_, index) => 2000 + index));
  });

  it('agrees with a search from the bottom, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ what: fc.constant('take' as const), min: fc.integer({ min: 1, max: 12 }), size: fc.nat(8) }),
      fc.record({ what: fc.constant('hold' as const), gid: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ what: fc.constant('release' as const), nth: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const gids = new GidLedger();
        const answers: (readonly [number | undefined, number | undefined])[] = [];
        const held: { gid: number; holder: string }[] = [];
        steps.forEach((happening, index) => {
          const holder = String(index);
          if (happening.what === 'take') {
            const { min, size } = happening;
            const free = Array.from({ length: size + 1 }, (_, offset) => min + offset).find((gid) =>
              held.every((other) => other.gid !== gid),
            );
            answers.push([gids.take({ min, max: min + size }, holder), free]);
            held.push(...(free === undefined ? [] : [{ gid: free, holder }]));
          } else if (happening.what === 'hold') {
            gids.hold(happening.gid, holder);
            held.push({ gid: happening.gid, holder });
          } else {
            for (const { gid, holder } of held.splice(happening.nth, 1)) {
              gids.release(gid, holder);
            }
          }
        });
        expect(answers.map(([taken]) => taken)).toEqual(answers.map(([, free]) => free));
      }),
    );
  });
});
