/** Dashboard and alerts name nothing that the process does not expose; the page of metrics is that of the code. */
import { readdir, readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { dashboard } from '../../../scripts/monitoring/dashboard.ts';
import { advice } from '../../../src/cli/metrics/advice.ts';
import { exposedMetrics, metricsTables, type ExposedMetric } from '../../../src/cli/metrics/document.ts';
import { labelMeanings } from '../../../src/cli/metrics/labels.ts';
import { readPromql, type Selector } from '../../support/promql.ts';

const root = new URL('../../../', import.meta.url);
const text = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

/** What Prometheus adds to each series of a target that a ServiceMonitor names. */
const targetLabels = ['job', 'instance', 'namespace', 'pod', 'service', 'container', 'endpoint'];

let metrics: readonly ExposedMetric[];
beforeAll(async () => {
  metrics = await exposedMetrics();
});

/** Names under which the samples of a metric are stored, with their own labels. */
function series({ name, type, labels }: ExposedMetric): readonly (readonly [string, readonly string[]])[] {
  return type === 'histogram'
    ? [
        [`${name}_bucket`, [...labels, 'le']],
        [`${name}_sum`, labels],
        [`${name}_count`, labels],
      ]
    : [[name, labels]];
}

function labelsOf(name: string): ReadonlySet<string> {
  const found = metrics.flatMap(series).find(([each]) => each === name);
  if (found === undefined) {
    throw new SyntaxError(`no metric ${name} is exposed`);
  }
  return new Set([...found[1], ...targetLabels]);
}

/** Values in a matcher that its label never has. Regular expressions of our own are alternatives of plain words. */
function strangeValues({ matchers }: Selector): string[] {
  return matchers.flatMap(({ label, op, value }) => {
    const known = labelMeanings[label]?.values;
    const asked = op === '=' || op === '!=' ? [value] : value.split('|');
    return known === undefined ? [] : asked.filter((one) => !known.includes(one)).map((one) => `${label}=${one}`);
  });
}

function check(expr: string): { readonly labels: ReadonlySet<string>; readonly strange: readonly string[] } {
  const { selectors, labels } = readPromql(expr, labelsOf);
  expect(selectors.length, expr).toBeGreaterThan(0);
  return { labels: labels ?? new Set(), strange: selectors.flatMap(strangeValues) };
}

const panel = z.looseObject({
  id: z.number(),
  title: z.string(),
  type: z.string(),
  description: z.string().optional(),
  datasource: z.object({ uid: z.literal('${datasource}') }).optional(),
  gridPos: z.object({ h: z.number(), w: z.number(), x: z.number(), y: z.number() }),
  targets: z
    .array(
      z.looseObject({
        expr: z.string(),
        legendFormat: z.string(),
        datasource: z.object({ uid: z.literal('${datasource}') }),
      }),
    )
    .default([]),
});
const dashboardShape = z.looseObject({
  uid: z.string().min(1),
  title: z.string().min(1),
  schemaVersion: z.number(),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string(), type: z.string(), query: z.unknown() })) }),
  panels: z.array(panel),
});
const alert = z.strictObject({
  alert: z.string().regex(/^Brickyard[A-Za-z]+$/),
  expr: z.string(),
  for: z.string().regex(/^\d+[mhd]$/),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.strictObject({
    summary: z.string().min(10),
    description: z.string().min(20),
    runbook: z.string().regex(/^docs\/[a-z]+\.md#[a-z0-9-]+$/),
  }),
});
const rulesShape = z.looseObject({
  kind: z.literal('PrometheusRule'),
  spec: z.strictObject({ groups: z.array(z.strictObject({ name: z.string(), rules: z.array(alert) })) }),
});

const alerts = async (): Promise<readonly z.infer<typeof alert>[]> =>
  rulesShape
    .parse(parse(await text('manifests/monitoring/prometheus-rule.yaml')))
    .spec.groups.flatMap(({ rules }) => rules);
const board = async () => dashboardShape.parse(JSON.parse(await text('manifests/monitoring/dashboard.json')));
const words = (pattern: RegExp, where: string): string[] => [...where.matchAll(pattern)].map(([, word = '']) => word);

describe('metrics', () => {
  it('keep to the rules for names: total for counters alone, base units, no colons, no types', () => {
    for (const { name, type, help, labels } of metrics.filter(({ own }) => own)) {
      expect(name).toMatch(/^(brickyard|controller)_[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(name).not.toMatch(/_(bucket|sum|count|counter|gauge|histogram|summary)$/);
      expect(name).not.toMatch(/(milli|micro|nano)seconds|_(ms|minutes|hours|days|kb|mb|kib|mib|gib|percent)(_|$)/);
      expect(type !== 'histogram' || /_(seconds|bytes)$/.test(name), name).toBe(true);
      expect(help, name).toMatch(/^\S.{10,}[.`]$/);
      for (const label of labels) {
        expect(label).toMatch(/^[a-z][a-z_]*$/);
        expect(['le', 'quantile', ...targetLabels]).not.toContain(label);
      }
    }
  });

  it('have only labels whose values are few: each is described, none is by claim, volume, namespace or pod', () => {
    const used = new Set(metrics.filter(({ own }) => own).flatMap(({ labels }) => labels));
    expect([...used].sort()).toEqual(Object.keys(labelMeanings).sort());
    expect([...used].filter((label) => /claim|pvc|volume|uid|namespace|pod|path|message/.test(label))).toEqual([]);
  });

  it('are each described for operators, and nothing else is', () => {
    const own = metrics.filter((each) => each.own).map(({ name }) => name);
    expect(Object.keys(advice).sort()).toEqual(own.toSorted());
  });

  it('are on the page as the code has them', async () => {
    expect(await text('docs/metrics.md')).toContain(await metricsTables());
  });

  it('are named nowhere in the docs but as they are', async () => {
    const pages = (await readdir(new URL('docs/', root))).filter((name) => name.endsWith('.md'));
    const stored = new Set(metrics.flatMap((each) => [each.name, ...series(each).map(([name]) => name)]));
    for (const page of pages) {
      const named = words(
        /\b((?:brickyard|controller)_[a-z_]*_(?:total|seconds|bytes|info|up|depth|waiting|problems))\b/g,
        await text(`docs/${page}`),
      );
      expect(
        named.filter((name) => !stored.has(name)),
        page,
      ).toEqual([]);
    }
  });
});

describe('the dashboard', () => {
  it('is what the generator gives', async () => {
    expect(JSON.parse(await text('manifests/monitoring/dashboard.json'))).toEqual(
      JSON.parse(JSON.stringify(dashboard())),
    );
  });

  it('names no metric, label or value that the process does not expose, nor a legend that its query does not give', async () => {
    const { panels } = await board();
    const targets = panels.flatMap(({ title, targets }) => targets.map((target) => ({ title, ...target })));
    expect(targets.length).toBeGreaterThan(30);
    for (const { title, expr, legendFormat } of targets) {
      const { labels, strange } = check(expr.replaceAll('$__rate_interval', '5m').replaceAll('=~"$cluster"', '=~".*"'));
      expect(strange, expr).toEqual([]);
      expect(
        words(/\{\{(\w+)\}\}/g, legendFormat).filter((label) => !labels.has(label)),
        `${title}: ${expr}`,
      ).toEqual([]);
    }
  });

  it('asks the data source that its reader chooses, and knows every variable that it uses', async () => {
    const { templating, panels } = await board();
    expect(templating.list.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'datasource: datasource',
      'cluster: query',
    ]);
    const [, metric = '', label = ''] = /label_values\((\w+), (\w+)\)/.exec(JSON.stringify(templating)) ?? [];
    expect(labelsOf(metric).has(label)).toBe(true);
    const used = new Set(words(/\$\{?(\w+)/g, JSON.stringify(panels)));
    expect([...used].sort()).toEqual(['__rate_interval', 'cluster', 'datasource']);
  });

  it('has its panels side by side, each with an id of its own and a word on what it shows', async () => {
    const { panels } = await board();
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const {
      title,
      type,
      description,
      gridPos: { x, y, w, h },
    } of panels) {
      expect(x + w, title).toBeLessThanOrEqual(24);
      expect(type === 'row' || (description ?? '').length > 0, title).toBe(true);
      for (let cell = 0; cell < w * h; cell += 1) {
        const place = `${x + (cell % w)}/${y + Math.floor(cell / w)}`;
        expect(taken.has(place), `${title} at ${place}`).toBe(false);
        taken.add(place);
      }
    }
  });
});

describe('alerts', () => {
  it('name no metric, label or value that the process does not expose, in their texts neither', async () => {
    for (const { alert: name, expr, annotations } of await alerts()) {
      const { labels, strange } = check(expr);
      expect(strange, name).toEqual([]);
      const said = words(/\$labels\.(\w+)/g, `${annotations.summary} ${annotations.description}`);
      expect(
        said.filter((label) => !labels.has(label)),
        name,
      ).toEqual([]);
    }
  });

  it('have names of their own, and compare with something: a bare metric would always fire', async () => {
    const all = await alerts();
    expect(all.length).toBeGreaterThan(20);
    expect(new Set(all.map(({ alert: name }) => name)).size).toBe(all.length);
    for (const { expr } of all) {
      expect(expr).toMatch(/==|[<>]|^absent\(/);
    }
  });

  it('are each explained in the section that they name', async () => {
    for (const { alert: name, annotations } of await alerts()) {
      const [page = '', anchor = ''] = annotations.runbook.split('#');
      const anchors = words(/<a id="([^"]+)"><\/a>/g, await text(page));
      expect(anchors, name).toContain(anchor);
    }
  });
});

describe('the monitor', () => {
  it('scrapes the port of the Service that the base has, in its namespace', async () => {
    const monitor = z
      .looseObject({
        spec: z.object({
          selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
          namespaceSelector: z.object({ matchNames: z.array(z.string()) }),
          endpoints: z.array(z.object({ port: z.string(), path: z.literal('/metrics'), interval: z.string() })),
        }),
      })
      .parse(parse(await text('manifests/monitoring/service-monitor.yaml')));
    const service = z
      .looseObject({
        metadata: z.object({ namespace: z.string(), labels: z.record(z.string(), z.string()) }).loose(),
        spec: z.looseObject({ ports: z.array(z.looseObject({ name: z.string() })) }),
      })
      .parse(parse(await text('manifests/base/service-metrics.yaml')));
    expect(service.metadata.labels).toMatchObject(monitor.spec.selector.matchLabels);
    expect(monitor.spec.namespaceSelector.matchNames).toEqual([service.metadata.namespace]);
    expect(service.spec.ports.map(({ name }) => name)).toEqual(monitor.spec.endpoints.map(({ port }) => port));
  });

  it('comes with everything in its folder, and nothing else', async () => {
    const kustomization = z
      .looseObject({
        kind: z.literal('Component'),
        resources: z.array(z.string()),
        configMapGenerator: z.array(z.looseObject({ files: z.array(z.string()) })),
      })
      .parse(parseAllDocuments(await text('manifests/monitoring/kustomization.yaml'))[0]?.toJS());
    const files = kustomization.configMapGenerator.flatMap(({ files }) => files.map((file) => file.split('=').at(-1)));
    const named = new Set([...kustomization.resources, ...files, 'kustomization.yaml']);
    expect(new Set(await readdir(new URL('manifests/monitoring/', root)))).toEqual(named);
  });
});
