import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const page = await readFile(new URL('docs/conformance.md', root), 'utf8');

interface Rule {
  readonly id: string;
  readonly applies: string;
  readonly held: readonly { readonly file: string; readonly title: string }[];
  /** What is left of the last column when every test has been taken out of it. */
  readonly rest: string;
}

const mention = /`([a-z/-]+)` "([^"]+)"/g;

function ruleOf(line: string): Rule {
  const [, id = '', , applies = '', , held = ''] = line.split('|').map((cell) => cell.trim());
  return {
    id,
    applies,
    held: [...held.matchAll(mention)].map(([, file = '', title = '']) => ({ file: `test/${file}.test.ts`, title })),
    rest: held.replaceAll(mention, '').replaceAll(/[;\s]/g, ''),
  };
}

const rules = page
  .split('\n')
  .filter((line) => /^\| (\d|K|L)[\d.]* \|/.test(line))
  .map(ruleOf);

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Is there a test of this title that runs: `it(`, `test(`, or the table of one, and then the title? */
function hasTest(source: string, title: string): boolean {
  const quoted = [title, title.replaceAll("'", String.raw`\'`)].map(escaped).join('|');
  return new RegExp(String.raw`(?:\b(?:it|test)|\))\(\s*(['"${'`'}])(?:${quoted})\1,`).test(source);
}

describe('docs/conformance.md', () => {
  it('has every rule of sections 1 to 9 and K, and L1 to L16, each once', () => {
    const sections = Map.groupBy(rules, ({ id }) => id.split('.')[0] ?? '');
    const numbered = (name: string): string[] =>
      (sections.get(name) ?? []).map((_rule, index) => `${name}.${index + 1}`);
    for (const section of ['1', '2', '3', '4', '5', '6', '7', '8', '9']) {
      expect(
        sections.get(section)?.map(({ id }) => id),
        `section ${section}`,
      ).toEqual(numbered(section));
      expect(numbered(section).length, `section ${section}`).toBeGreaterThan(2);
    }
    const lettered = rules.map(({ id }) => id).filter((id) => /^[KL]/.test(id));
    const expected = (letter: string, count: number) =>
      Array.from({ length: count }, (_none, index) => `${letter}${index + 1}`);
    expect(lettered).toEqual([...expected('K', 10), ...expected('L', 16)]);
  });

  it.each(rules)(
    'says of rule $id whether it applies, and names a test if so and a reason if not',
    ({ applies, held, rest }) => {
      expect(applies).toMatch(/^(yes|no: .{20,})$/);
      expect(['', '-']).toContain(rest);
      expect(rest === '-').toBe(held.length === 0);
      expect(applies === 'yes' ? held.length : 1).toBeGreaterThan(0);
    },
  );

  it.each(rules)('names for rule $id only tests that there are', async ({ held }) => {
    for (const { file, title } of held) {
      const source = await readFile(new URL(file, root), 'utf8').catch(() => undefined);
      expect(source, `${file} exists`).toBeDefined();
      expect(hasTest(source ?? '', title), `${file} has a test "${title}"`).toBe(true);
    }
  });
});
