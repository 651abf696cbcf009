import { describe, expect, it } from 'vitest';
import { readPromql } from '../../support/promql.ts';

const known: Readonly<Record<string, readonly string[]>> = {
  up_total: ['job', 'verb', 'code'],
  took_seconds_bucket: ['job', 'step', 'le'],
  level: ['job', 'node'],
};
const labelsOf = (metric: string): ReadonlySet<string> => {
  const labels = known[metric];
  if (labels === undefined) {
    throw new SyntaxError(`no metric ${metric}`);
  }
  return new Set(labels);
};
const read = (text: string) => {
  const { selectors, labels } = readPromql(text, labelsOf);
  return { metrics: selectors.map(({ metric }) => metric), labels: labels === undefined ? undefined : [...labels] };
};

describe('the reader of PromQL', () => {
  it.each<[string, string[], string[] | undefined]>([
    ['level', ['level'], ['job', 'node']],
    ['14 * 86400', [], undefined],
    ['time() - 5', [], undefined],
    ['level{node="a", job=~"x|y"} > 1', ['level'], ['job', 'node']],
    ['sum(level)', ['level'], []],
    ['sum by (node) (level)', ['level'], ['node']],
    ['sum(level) by (node)', ['level'], ['node']],
    ['absent(level)', ['level'], []],
    ['sum by (verb) (rate(up_total{code!="200"}[5m])) / 2', ['up_total'], ['verb']],
    ['predict_linear(level[12h], 4 * 86400) < 0', ['level'], ['job', 'node']],
    ['histogram_quantile(0.95, sum by (le, step) (rate(took_seconds_bucket[5m])))', ['took_seconds_bucket'], ['step']],
    ['(level > 1) and on (job) up_total', ['level', 'up_total'], ['job', 'node']],
    ['count by (job) (level == 0) > 1', ['level'], ['job']],
    ['1 - level', ['level'], ['job', 'node']],
  ])('finds in %s what it names and what it gives', (text, metrics, labels) => {
    expect(read(text)).toEqual({ metrics, labels });
  });

  it.each([
    ['a metric that is not there', 'levels'],
    ['a label that a metric has not, in a matcher', 'level{zone="a"}'],
    ['in an aggregation', 'sum by (zone) (level)'],
    ['a label that an inner aggregation has dropped', 'sum by (node) (sum by (job) (level))'],
    ['in a join', 'level and on (node) up_total'],
    ['a quantile of what is no histogram', 'histogram_quantile(0.9, level)'],
    ['a range without a function', 'level[5m]'],
    ['a function without its range', 'rate(level)'],
    ['an unknown function', 'deriv(level[5m])'],
    ['brackets that do not close', 'sum(level'],
    ['something behind the end', 'level level'],
    ['a matcher without quotes', 'level{node=a}'],
    ['a number joined with a vector', 'level and 5'],
    ['strange signs', 'level ? 1'],
    ['nothing', ''],
  ])('refuses %s', (_name, text) => {
    expect(() => read(text)).toThrow(SyntaxError);
  });
});
