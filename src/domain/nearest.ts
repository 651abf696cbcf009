/** Number of letters to insert, delete, replace or swap with their neighbour to make `a` into `b`. */
export function editDistance(a: string, b: string): number {
  // Rows of the classic table for the first 0, 1, ... letters of `a`; a swap looks two rows back.
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(beforeLast, column - 2) + 1 : Infinity,
        ),
      );
    }
    [beforeLast, last] = [last, current];
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}

/**
 * The word of `known` that `word` was most likely meant to be: at most a third of its letters (and at most three) away.
 * `undefined` when none is that near; the first of equals otherwise.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // A word this long is no slip of the finger, and the table grows with the product of the lengths.
  if (word.length > 64) {
    return undefined;
  }
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(word, candidate);
    const near = distance <= Math.min(3, Math.floor(candidate.length / 3));
    if (near && (best === undefined || distance < best.distance)) {
      best = { word: candidate, distance };
    }
  }
  return best?.word;
}
