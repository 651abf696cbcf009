import { describe, expect, it } from 'vitest';
import { describeProblems, parseClassParameters } from '../../../src/domain/class-parameters.ts';
import { parameterTable, refusedHeketiOptions, refusedParameters } from '../../../src/domain/parameter-table.ts';

const rows = Object.values(parameterTable);

/** What the parser says to one parameter alone; `undefined` when it takes it. */
function complaint(key: string, value: string): string | undefined {
  const parsed = parseClassParameters({ [key]: value });
  return parsed.ok ? undefined : describeProblems(parsed.problems);
}

/** Text that stands in a table cell. */
const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);

function renderDocs(): string {
  return [
    '# StorageClass parameters',
    '',
    '<!-- Made from src/domain/parameter-table.ts by `npm run test:unit -- class-parameters-docs -u`; the test fails when they differ. -->',
    '',
    'The provisioner of the class is `brickyard.dev/glusterfs`. Keys are case-insensitive; a key that comes twice in two',
    'spellings is refused. A claim whose class has a problem stays `Pending`: its `ProvisioningFailed` event names every',
    'problem of the class. Kubernetes does not let the parameters of a class be edited: delete the class and create it anew',
    'under the same name, and the claims that waited are taken up at once. Volumes that exist already are not touched.',
    '',
    '| parameter | meaning | default | example |',
    '|---|---|---|---|',
    ...rows.map(
      (row) => `| \`${row.spelling}\` | ${cell(row.meaning)} | \`${row.defaultText}\` | \`${row.example}\` |`,
    ),
    '',
    '## What is refused, and in which words',
    '',
    '| given | message |',
    '|---|---|',
    ...rows.map(
      (row) => `| \`${row.spelling}: ${row.mistake}\` | ${cell(complaint(row.spelling, row.mistake) ?? '')} |`,
    ),
    '',
    '## Parameters of the in-tree provisioner that are refused',
    '',
    '| parameter | what to do instead |',
    '|---|---|',
    ...[...refusedParameters].map(([key, instead]) => `| \`${key}\` | ${cell(instead)} |`),
    '',
    '## Options of heketi in `volumeoptions`',
    '',
    '| option | what becomes of it |',
    '|---|---|',
    '| `user.heketi.arbiter true` | understood: the same as `volumetype: arbiter` |',
    ...[...refusedHeketiOptions].map(([key, instead]) => `| \`${key}\` | refused: ${cell(instead)} |`),
    '',
  ].join('\n');
}

describe('the table of parameters', () => {
  it.each(rows)('has an example for $spelling that is accepted', (row) => {
    expect(complaint(row.spelling, row.example)).toBeUndefined();
  });

  it.each(rows)('has a mistake for $spelling that is refused by name', (row) => {
    expect(complaint(row.spelling, row.mistake)).toMatch(new RegExp(`^${row.spelling}: .*expected .*got "`));
  });

  it.each(rows.filter((row) => !row.defaultText.startsWith('(')))(
    'has a default for $spelling that reads as its text says',
    (row) => {
      expect(row.read(row.defaultText)).toEqual(row.fallback);
    },
  );

  it('is what docs/parameters.md says', async () => {
    await expect(renderDocs()).toMatchFileSnapshot('../../../docs/parameters.md');
  });
});
