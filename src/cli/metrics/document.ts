import type { Registry } from 'prom-client';
import { z } from 'zod';
import { advice } from './advice.ts';
import { labelMeanings } from './labels.ts';
import { createMetrics } from './metrics.ts';

/** A metric as the registry has it. */
export interface ExposedMetric {
  readonly name: string;
  readonly type: z.infer<typeof metricType>;
  readonly help: string;
  readonly labels: readonly string[];
  /** Made by us, not by the library about the process. */
  readonly own: boolean;
}

/** A word, though the library's own types say a number. */
const metricType = z.enum(['counter', 'gauge', 'histogram', 'summary']);

/** Fields that the library keeps on a metric and does not say in its types. */
const registered = z.looseObject({ name: z.string(), help: z.string(), labelNames: z.array(z.string()) });

/** Every metric that `brickyard serve` exposes, by name. */
export async function exposedMetrics(registry: Registry = emptyRegistry()): Promise<readonly ExposedMetric[]> {
  const described = await registry.getMetricsAsJSON();
  const labels = new Map(
    registry.getMetricsAsArray().map((metric) => {
      const { name, labelNames } = registered.parse({ ...metric });
      return [name, labelNames];
    }),
  );
  return described
    .map(({ name, type, help }) => ({
      name,
      type: metricType.parse(type),
      help,
      labels: labels.get(name) ?? [],
      own: name.startsWith('brickyard_') || name.startsWith('controller_'),
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The registry of a process in which nothing has happened. */
function emptyRegistry(): Registry {
  return createMetrics({
    version: '',
    clock: { now: () => 0 },
    leading: () => false,
    engine: () => undefined,
    controller: () => undefined,
  }).registry;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
const labelText = (labels: readonly string[]): string =>
  labels.length === 0 ? '-' : labels.map((label) => `\`${label}\``).join(', ');

/** The generated part of docs/metrics.md. A test holds the page to it. */
export async function metricsTables(): Promise<string> {
  const metrics = await exposedMetrics();
  const own = metrics.filter(({ own: isOwn }) => isOwn);
  const process = metrics.filter(({ own: isOwn }) => !isOwn);
  return [
    '## Metrics of Brickyard',
    '',
    '| metric | type | labels | unit | what it means | when it is odd |',
    '|---|---|---|---|---|---|',
    ...own.map(({ name, type, labels, help }) => {
      const { unit = '', odd = '' } = advice[name] ?? {};
      return `| \`${name}\` | ${type} | ${labelText(labels)} | ${unit} | ${cell(help)} | ${cell(odd)} |`;
    }),
    '',
    '## Labels',
    '',
    '| label | what it says | values |',
    '|---|---|---|',
    ...Object.entries(labelMeanings).map(
      ([label, { meaning, values }]) =>
        `| \`${label}\` | ${cell(meaning)} | ${values === undefined ? '' : values.map((value) => `\`${value === '' ? ' ' : value}\``).join(', ')} |`,
    ),
    '',
    '## Metrics of the process',
    '',
    '| metric | type | labels | what it means |',
    '|---|---|---|---|',
    ...process.map(
      ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labelText(labels)} | ${cell(help)} |`,
    ),
    '',
  ].join('\n');
}
