/** Resource quantities as the API server writes them back: `1024Mi` comes out as `1Gi`, `0.5Gi` as `512Mi`. */

const grammar = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/;
const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
/** Quantities are whole multiples of this part of one (a nano), as in Kubernetes; finer ones are rounded up. */
const scale = 1_000_000_000n;

type Parsed = { readonly nanos: bigint; readonly form: 'binary' | 'decimal' | 'exponent' };

/** The real server's complaint about a text that is no quantity. */
export const quantityProblem =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

function parse(text: string): Parsed | undefined {
  const match = grammar.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, sign = '', digits = '', exponent, suffix = ''] = match;
  const power = exponent === undefined ? 0 : Number(exponent.slice(1));
  if (Math.abs(power) > 30) {
    return undefined;
  }
  const [whole = '', fraction = ''] = digits.split('.');
  let top = BigInt(`${whole}${fraction}` || '0') * scale;
  let bottom = 10n ** BigInt(fraction.length);
  const binary = binarySuffixes.indexOf(suffix);
  if (binary > 0) {
    top *= 1024n ** BigInt(binary);
  } else {
    const thousands = decimalSuffixes.indexOf(suffix) - decimalSuffixes.indexOf('');
    const shift = power + thousands * 3;
    top *= 10n ** BigInt(Math.max(0, shift));
    bottom *= 10n ** BigInt(Math.max(0, -shift));
  }
  const nanos = top % bottom === 0n ? top / bottom : top / bottom + 1n;
  const form = binary > 0 ? 'binary' : exponent === undefined ? 'decimal' : 'exponent';
  return { nanos: sign === '-' ? -nanos : nanos, form };
}

/** The canonical text of a quantity, or undefined when it is none. */
export function canonicalQuantity(text: string): string | undefined {
  const parsed = parse(text);
  if (parsed === undefined) {
    return undefined;
  }
  const { nanos, form } = parsed;
  if (nanos === 0n) {
    return '0';
  }
  if (form === 'binary' && nanos % scale === 0n) {
    return withSuffix(nanos / scale, 1024n, binarySuffixes);
  }
  if (form === 'exponent') {
    let [value, power] = [nanos, -9];
    while (value % 1000n === 0n) {
      [value, power] = [value / 1000n, power + 3];
    }
    return power === 0 ? String(value) : `${value}e${power}`;
  }
  return withSuffix(nanos, 1000n, decimalSuffixes);
}

function withSuffix(value: bigint, unit: bigint, suffixes: readonly string[]): string {
  let [rest, at] = [value, 0];
  while (rest % unit === 0n && at < suffixes.length - 1) {
    [rest, at] = [rest / unit, at + 1];
  }
  return `${rest}${suffixes[at] ?? ''}`;
}

/** Negative, zero or positive, as `a` is smaller than, equal to or larger than `b`. What is no quantity counts as 0. */
export function compareQuantities(a: string | undefined, b: string | undefined): number {
  const left = parse(a ?? '0')?.nanos ?? 0n;
  const right = parse(b ?? '0')?.nanos ?? 0n;
  return left < right ? -1 : left > right ? 1 : 0;
}
