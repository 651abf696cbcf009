import Table from 'cli-table3';

const none = '';

/** A table without lines, as kubectl prints them: the first row is the heading. Ends without a line break. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const grid = new Table({
    head: heading.map((name) => name.toUpperCase()),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 3, compact: true },
    chars: {
      top: none,
      'top-mid': none,
      'top-left': none,
      'top-right': none,
      bottom: none,
      'bottom-mid': none,
      'bottom-left': none,
      'bottom-right': none,
      left: none,
      'left-mid': none,
      mid: none,
      'mid-mid': none,
      right: none,
      'right-mid': none,
      middle: none,
    },
  });
  grid.push(...rows.map((row) => [...row]));
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** What `-o json` prints. */
export function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
