/**
 * Sizes. Inside the house every size is a whole number of bytes; text forms exist at the edges only.
 * The grammar is Kubernetes' resource quantity (`10Gi`, `1.5G`, `1e9`, `500M`):
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

/** A whole, non-negative number of bytes, at most 2^53 - 1 (8 PiB). */
export type Bytes = number & { readonly __brand: 'Bytes' };

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
export const TiB = 1024 * GiB;

/** What a suffix multiplies by: a power of ten, or of 1024. */
const suffixes: ReadonlyMap<string, { readonly base: 10n | 1024n; readonly power: number }> = new Map([
  ['n', { base: 10n, power: -9 }],
  ['u', { base: 10n, power: -6 }],
  ['m', { base: 10n, power: -3 }],
  ['', { base: 10n, power: 0 }],
  ['k', { base: 10n, power: 3 }],
  ['M', { base: 10n, power: 6 }],
  ['G', { base: 10n, power: 9 }],
  ['T', { base: 10n, power: 12 }],
  ['P', { base: 10n, power: 15 }],
  ['E', { base: 10n, power: 18 }],
  ['Ki', { base: 1024n, power: 1 }],
  ['Mi', { base: 1024n, power: 2 }],
  ['Gi', { base: 1024n, power: 3 }],
  ['Ti', { base: 1024n, power: 4 }],
  ['Pi', { base: 1024n, power: 5 }],
  ['Ei', { base: 1024n, power: 6 }],
]);

const grammar = /^\+?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,4})|([numkMGTPE]|[KMGTPE]i))?$/;

/** Longer text is no size that anybody means, and would cost time to compute with. */
const longestQuantity = 64;

/** Marks a number as bytes. Throws RangeError when it is not a whole number from 0 to 2^53 - 1. */
export function bytes(value: number): Bytes {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`expected a whole number of bytes from 0 to 2^53 - 1, got ${value}`);
  }
  return value as Bytes;
}

/**
 * Reads a Kubernetes quantity as bytes, rounding a fraction of a byte up (as the API server does). Exact: nothing is
 * computed in floating point. Throws RangeError naming the text when it is no quantity, is negative, or exceeds 2^53 - 1
 * bytes.
 */
export function parseQuantity(text: string): Bytes {
  const match = text.length > longestQuantity ? null : grammar.exec(text.trim());
  if (match === null) {
    throw new RangeError(`expected a size such as 10Gi, 500M or 1073741824, got ${JSON.stringify(text)}`);
  }
  const [, whole = '', decimals = '', onlyDecimals = '', exponent = '0', suffix = ''] = match;
  const fraction = decimals + onlyDecimals;
  const { base = 10n, power = 0 } = suffixes.get(suffix) ?? {};
  const digits = BigInt(whole + fraction);
  const tens = Number(exponent) - fraction.length + (base === 10n ? power : 0);
  const above = digits * (base === 1024n ? base ** BigInt(power) : 1n) * (tens > 0 ? 10n ** BigInt(tens) : 1n);
  const below = tens < 0 ? 10n ** BigInt(-tens) : 1n;
  const value = (above + below - 1n) / below;
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`expected a size of at most 8 PiB, got ${JSON.stringify(text)}`);
  }
  return bytes(Number(value));
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
  // By the remainder, which is exact: a quotient near 2^53 is not.
  const rest = size % unit;
  return bytes(rest === 0 ? size : size - rest + unit);
}

/** `size` rounded down to a whole multiple of `unit` bytes. */
export function roundDown(size: number, unit: number): Bytes {
  return bytes(size - (size % unit));
}
