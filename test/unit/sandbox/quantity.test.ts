import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseQuantity } from '../../../src/domain/quantity.ts';
import { canonicalQuantity, compareQuantities } from '../../../src/sandbox/api/schema/quantity.ts';

describe('a quantity is written back in its canonical form', () => {
  it.each([
    ['1Gi', '1Gi'],
    ['1024Mi', '1Gi'],
    ['0.5Gi', '512Mi'],
    ['1.5Gi', '1536Mi'],
    ['1000Mi', '1000Mi'],
    ['1000M', '1G'],
    ['1500M', '1500M'],
    ['1000000', '1M'],
    ['1024', '1024'],
    ['100m', '100m'],
    ['1000m', '1'],
    ['0.1', '100m'],
    ['1e9', '1e9'],
    ['1E3', '1e3'],
    ['12e6', '12e6'],
    ['0Gi', '0'],
    ['-1Gi', '-1Gi'],
    ['+5', '5'],
    ['1E', '1E'],
    ['1Ki', '1Ki'],
    ['.5Ki', '512'],
  ])('%s -> %s', (given, expected) => {
    expect(canonicalQuantity(given)).toBe(expected);
  });

  it.each(['', 'Gi', '1GiB', '1 Gi', 'ten', '1e99', '1..2', '--1', '1Kib'])('%j is no quantity', (text) => {
    expect(canonicalQuantity(text)).toBeUndefined();
  });

  it('never changes the size, and is stable', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.constantFrom('', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi'),
        (count, suffix) => {
          const text = `${count}${suffix}`;
          const canonical = canonicalQuantity(text) ?? '';
          expect(parseQuantity(canonical)).toBe(parseQuantity(text));
          expect(canonicalQuantity(canonical)).toBe(canonical);
          expect(compareQuantities(canonical, text)).toBe(0);
        },
      ),
    );
  });

  it('compares across suffixes', () => {
    expect(compareQuantities('1Gi', '1G')).toBe(1);
    expect(compareQuantities('999Mi', '1Gi')).toBe(-1);
    expect(compareQuantities(undefined, '1')).toBe(-1);
  });
});
