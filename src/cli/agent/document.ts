import { agentFields } from './config.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** The table of settings in docs/agent.md. A test holds the page to it. */
export function agentTable(): string {
  return [
    '| in the file | flag | environment | default | expected | what it does |',
    '|---|---|---|---|---|---|',
    ...agentFields.map(
      ({ path, flag, env, fallback, expected, description }) =>
        `| \`${path.join('.')}\` | \`${flag}\` | \`${env}\` | ${
          fallback === undefined || fallback === '' ? '-' : `\`${cell(fallback)}\``
        } | ${cell(expected)} | ${cell(description)} |`,
    ),
    '',
  ].join('\n');
}
