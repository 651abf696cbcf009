/** What a bench found, line by line; a budget that is missed makes the process end with 1. */
export function figure(name: string, value: string): void {
  console.log(`${name.padEnd(28)}${value}`);
}

/** `value` says what was measured, `budget` what was allowed, both with their units. */
export function verdict(name: string, value: string, budget: string, met: boolean): void {
  figure(name, `${value}; budget ${budget}: ${met ? 'met' : 'MISSED'}`);
  if (!met) {
    process.exitCode = 1;
  }
}

/** What a part of the values, from 0 to 1, does not exceed; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
