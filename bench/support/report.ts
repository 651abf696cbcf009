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
