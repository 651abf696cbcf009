/** Arguments of benches. Everything throws RangeError, with what was expected and what came. */
export function wholeNumber(text: string | undefined, fallback: number, least: number): number {
  const value = Number(text ?? fallback);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`expected a whole number of at least ${least}, got ${JSON.stringify(text)}`);
  }
  return value;
}

export function oneOf<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) {
    throw new RangeError(`${option}: expected ${choices.join(' or ')}, got ${JSON.stringify(text)}`);
  }
  return found;
}
