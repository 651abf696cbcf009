import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytes,
  describeSize,
  formatQuantity,
  GiB,
  parseQuantity,
  roundDown,
  roundUp,
  TiB,
} from '../../../src/domain/quantity.ts';

const size = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe('parseQuantity', () => {
  it.each([
    ['0', 0],
    ['1073741824', GiB],
    ['10Gi', 10 * GiB],
    ['+1Gi', GiB],
    [' 1Gi ', GiB],
    ['1.5G', 1_500_000_000],
    ['.5Ki', 512],
    ['5.', 5],
    ['1e9', 1_000_000_000],
    ['1E3', 1000],
    ['1.5e3', 1500],
    ['12e-1', 2],
    ['500M', 500_000_000],
    ['1k', 1000],
    ['2P', 2_000_000_000_000_000],
    ['7Pi', 7 * 1024 * TiB],
    // A fraction of a byte is rounded up, however small.
    ['1m', 1],
    ['1001m', 2],
    ['1u', 1],
    ['1n', 1],
    ['1e-4000', 1],
    ['0.1Gi', 107_374_183],
    ['1.0000000000000000001', 2],
    // Exact, where a product of floating point numbers is not.
    ['1.1Ti', 1_209_462_790_554],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9.007199254740991e15', Number.MAX_SAFE_INTEGER],
  ])('reads %j as %d bytes', (text, expected) => {
    expect(parseQuantity(text)).toBe(expected);
  });

  it.each([
    '',
    'Gi',
    '-1Gi',
    '1gi',
    '1ki',
    '1K',
    '1 Gi',
    '1GiB',
    '0x10',
    '1e',
    '1e+',
    '1_000',
    '.',
    'NaN',
    '1e10Gi',
    '1,5Gi',
  ])('refuses %j, naming it', (text) => {
    expect(() => parseQuantity(text)).toThrow(
      new RangeError(`expected a size such as 10Gi, 500M or 1073741824, got ${JSON.stringify(text)}`),
    );
  });

  it.each(['9007199254740992', '8Pi', '1E', '1Ei', '1e16', '1e4000'])('refuses %j as too large', (text) => {
    expect(() => parseQuantity(text)).toThrow(`expected a size of at most 8 PiB, got "${text}"`);
  });

  it('refuses text that is too long to be meant', () => {
    expect(() => parseQuantity(`1${'0'.repeat(100)}m`)).toThrow(RangeError);
  });

  it('reads back what formatQuantity wrote', () => {
    fc.assert(
      fc.property(size, (value) => {
        expect(parseQuantity(formatQuantity(bytes(value)))).toBe(value);
      }),
    );
  });

  it('agrees with whole numbers of every unit', () => {
    const units: readonly (readonly [string, number])[] = [
      ['', 1],
      ['k', 1e3],
      ['M', 1e6],
      ['G', 1e9],
      ['T', 1e12],
      ['Ki', 1024],
      ['Mi', 1024 ** 2],
      ['Gi', GiB],
      ['Ti', TiB],
    ];
    fc.assert(
      fc.property(fc.nat(8000), fc.constantFrom(...units), (count, [suffix, unit]) => {
        expect(parseQuantity(`${count}${suffix}`)).toBe(count * unit);
      }),
    );
  });
});

describe('formatQuantity', () => {
  it.each([
    [0, '0'],
    [1000, '1000'],
    [1024, '1Ki'],
    [1536 * 1024 ** 2, '1536Mi'],
    [10 * GiB, '10Gi'],
    [4 * TiB, '4Ti'],
    [5 * 1024 * TiB, '5Pi'],
  ])('writes %d bytes as %s', (value, expected) => {
    expect(formatQuantity(bytes(value))).toBe(expected);
  });
});

describe('bytes', () => {
  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %d', (value) => {
    expect(() => bytes(value)).toThrow(`expected a whole number of bytes from 0 to 2^53 - 1, got ${value}`);
  });
});

describe('rounding', () => {
  const unit = fc.integer({ min: 1, max: 2 ** 40 });

  it('gives the nearest multiple above and below', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 52 }), unit, (value, unit) => {
        const up = roundUp(value, unit);
        const down = roundDown(value, unit);
        expect(BigInt(up) % BigInt(unit)).toBe(0n);
        expect(BigInt(down) % BigInt(unit)).toBe(0n);
        expect(up - value).toBeGreaterThanOrEqual(0);
        expect(up - value).toBeLessThan(unit);
        expect(value - down).toBeGreaterThanOrEqual(0);
        expect(value - down).toBeLessThan(unit);
      }),
    );
  });

  it('rounds a fraction of a byte too', () => {
    expect(roundUp(8.25, 4)).toBe(12);
    expect(roundDown(8.25, 4)).toBe(8);
    expect(roundUp(8, 4)).toBe(8);
  });

  it('refuses what is too large afterwards', () => {
    expect(() => roundUp(Number.MAX_SAFE_INTEGER, 4096)).toThrow(RangeError);
  });
});

describe('describeSize', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [1.456 * GiB, '1.46 GiB'],
    [100 * TiB, '100 TiB'],
    [2 ** 53, '8 PiB'],
    [-2048, '-2 KiB'],
  ])('says %d as %s', (value, expected) => {
    expect(describeSize(value)).toBe(expected);
  });
});
