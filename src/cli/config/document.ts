import type { ConfigField } from './fields.ts';
import { configFields } from './schema.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => `\`${text}\``;

/** A page's table of settings. `file`: they can stand in a file too. */
export function settingsTable(fields: readonly ConfigField[], { file }: { readonly file: boolean }): string {
  const row = (...cells: readonly string[]): string => `| ${(file ? cells : cells.slice(1)).join(' | ')} |`;
  const head = row('in the file', 'flag', 'environment', 'default', 'expected', 'what it does');
  const rows = fields.map(({ path, flag, env, fallback = '', expected, description }) => {
    const standard = fallback === '' ? '-' : code(cell(fallback));
    return row(code(path.join('.')), code(flag), code(env), standard, cell(expected), cell(description));
  });
  return [head, file ? '|---|---|---|---|---|---|' : '|---|---|---|---|---|', ...rows, ''].join('\n');
}

/** The table of docs/configuration.md. A test holds the page to it. */
export const configurationTable = (): string => settingsTable(configFields, { file: true });
