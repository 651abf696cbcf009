/**
 * Sizes. Inside the house every size is a whole number of bytes; text forms exist at the edges only.
 * The grammar is Kubernetes' resource quantity (`10Gi`, `1.5G`, `1e9`, `500M`).
 */

/** A whole, non-negative number of bytes, at most 2^53 - 1 (8 PiB). */
export type Bytes = number & { readonly __brand: 'Bytes' };

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
export const TiB = 1024 * GiB;

const suffixes: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['m', 1e-3],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
  ['P', 1e15],
  ['E', 1e18],
  ['Ki', KiB],
  ['Mi', MiB],
  ['Gi', GiB],
  ['Ti', TiB],
  ['Pi', 1024 * TiB],
  ['Ei', 1024 * 1024 * TiB],
]);

const grammar = /^\+?(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|([mkMGTPE]|[KMGTPE]i))?$/;

/** Marks a number as bytes. Throws RangeError when it is not a whole number from 0 to 2^53 - 1. */
export function bytes(value: number): Bytes {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`expected a whole number of bytes from 0 to 2^53 - 1, got ${value}`);
  }
  return value as Bytes;
}

/**
 * Reads a Kubernetes quantity as bytes, rounding a fraction of a byte up (as the API server does).
 * Throws RangeError naming the text when it is no quantity, is negative, or exceeds 2^53 - 1 bytes.
 */
export function parseQuantity(text: string): Bytes {
  const match = grammar.exec(text.trim());
  if (match === null) {
    throw new RangeError(`expected a size such as 10Gi, 500M or 1073741824, got ${JSON.stringify(text)}`);
  }
  const [, digits = '', exponent = '', suffix = ''] = match;
  const value = Number(digits + exponent) * (suffixes.get(suffix) ?? 1);
  // A product such as 1.1 * 2^30 is off by far less than a thousandth of a byte: do not round that up to one more.
  const whole = Math.ceil(value - 1e-3);
  if (!Number.isSafeInteger(whole)) {
    throw new RangeError(`expected a size of at most 8 PiB, got ${JSON.stringify(text)}`);
  }
  return bytes(Math.max(0, whole));
}

/** The shortest exact Kubernetes quantity in binary units: `10Gi`, `1536Mi`, `1000`. */
export function formatQuantity(size: Bytes): string {
  for (const [suffix, unit] of [
    ['Pi', 1024 * TiB],
    ['Ti', TiB],
    ['Gi', GiB],
    ['Mi', MiB],
    ['Ki', KiB],
  ] as const) {
    if (size > 0 && size % unit === 0) {
      return `${size / unit}${suffix}`;
    }
  }
  return String(size);
}

/** For people: at most two decimals and a unit, `1.46 GiB`. Never parsed back. */
export function describeSize(size: number): string {
  for (const [name, unit] of [
    ['PiB', 1024 * TiB],
    ['TiB', TiB],
    ['GiB', GiB],
    ['MiB', MiB],
    ['KiB', KiB],
  ] as const) {
    if (Math.abs(size) >= unit) {
      return `${Number((size / unit).toFixed(2))} ${name}`;
    }
  }
  return `${size} B`;
}

/** `size` rounded up to a whole multiple of `unit` bytes. */
export function roundUp(size: number, unit: number): Bytes {
  return bytes(Math.ceil(size / unit) * unit);
}

/** `size` rounded down to a whole multiple of `unit` bytes. */
export function roundDown(size: number, unit: number): Bytes {
  return bytes(Math.floor(size / unit) * unit);
}
