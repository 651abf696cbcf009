import { configFields, type ConfigField } from './fields.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

const row = (field: ConfigField): string =>
  `| \`${field.path.join('.')}\` | \`${field.flag}\` | \`${field.env}\` | ${
    field.fallback === undefined ? '-' : `\`${cell(field.fallback)}\``
  } | ${cell(field.expected)} | ${cell(field.description)} |`;

/** The table of docs/configuration.md. A test holds the page to it. */
export function configurationTable(): string {
  return [
    '| in the file | flag | environment | default | expected | what it does |',
    '|---|---|---|---|---|---|',
    ...configFields.map(row),
    '',
  ].join('\n');
}
