import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../../src/domain/nearest.ts';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['gidmni', 'gidmin', 1],
    ['ab', 'ba', 1],
    ['abc', 'abc', 0],
  ])('from %j to %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it('is symmetric, zero only for equal words, and no longer than the longer word', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe('nearest', () => {
  it('finds the word that was meant', () => {
    expect(nearest('zonespraed', ['mount', 'zonespread', 'snapfactor'])).toBe('zonespread');
  });

  it('finds none when all are far, or the word is too long to be a slip', () => {
    expect(nearest('fstype', ['mount', 'zonespread'])).toBeUndefined();
    expect(nearest('m'.repeat(10_000), ['mount'])).toBeUndefined();
  });
});
