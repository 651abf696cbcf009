import { describe, expect, it } from 'vitest';

import { parseFieldSelector, matchesFields, namespacedFieldLabels } from '../../../src/sandbox/api/selectors/fields.ts';
import { matchesLabels, matchesSelector, parseLabelSelector } from '../../../src/sandbox/api/selectors/labels.ts';
import { pods } from '../../../src/sandbox/api/kinds/workloads.ts';

const labels = { app: 'db', tier: 'gold', 'example.dev/size': '12' };

describe('a label selector', () => {
  it.each([
    ['', true],
    ['app=db', true],
    ['app==db', true],
    ['app = db , tier = gold', true],
    ['app!=db', false],
    ['missing!=x', true],
    ['app in (web, db)', true],
    ['app in (web)', false],
    ['app notin (web,cache)', true],
    ['missing notin (a)', true],
    ['app', true],
    ['missing', false],
    ['!missing', true],
    ['!app', false],
    ['example.dev/size>10', true],
    ['example.dev/size<10', false],
    ['app>3', false],
    ['app=db,tier in (gold,silver),!gone,example.dev/size', true],
    ['app=', false],
    ['missing in ()', false],
  ])('%j gives %s', (text, expected) => {
    expect(matchesLabels(parseLabelSelector(text), labels)).toBe(expected);
  });

  it.each(['=a', 'a=b,', 'a in b', 'a in (b', 'a b', 'a/b/c=d', '!', 'a>x', `a=${'x'.repeat(64)}`, '-a=b'])(
    '%j is refused with 400',
    (text) => {
      expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ code: 400 }));
    },
  );
});

describe('a structured selector', () => {
  it.each([
    [{}, true],
    [{ matchLabels: { app: 'db' } }, true],
    [{ matchLabels: { app: 'web' } }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['db'] }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['db'] }] }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'Guess' }] }, false],
  ])('%j gives %s', (selector, expected) => {
    expect(matchesSelector(selector, labels)).toBe(expected);
  });
});

describe('a field selector', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a,b', namespace: 'team' },
    spec: { nodeName: 'n1' },
    status: { phase: 'Pending' },
  };

  it.each([
    ['', true],
    ['metadata.namespace=team', true],
    ['metadata.namespace==team,status.phase!=Running', true],
    ['status.phase!=Pending', false],
    [String.raw`metadata.name=a\,b`, true],
    ['spec.nodeName=', false],
  ])('%j gives %s', (text, expected) => {
    const parsed = parseFieldSelector(text, pods.fieldLabels, '/v1, Resource=pods');
    expect(matchesFields(parsed, pods.fieldLabels, pod)).toBe(expected);
  });

  it('on a field that the kind cannot be selected by is refused in the words of the real server', () => {
    expect(() =>
      parseFieldSelector('spec.volumeName=x', namespacedFieldLabels, '/v1, Resource=persistentvolumeclaims'),
    ).toThrow(
      'Unable to find "/v1, Resource=persistentvolumeclaims" that match label selector "", field selector "spec.volumeName=x": field label not supported: spec.volumeName',
    );
  });

  it('without an operator is refused', () => {
    expect(() => parseFieldSelector('metadata.name', namespacedFieldLabels, 'x')).toThrow(
      expect.objectContaining({ code: 400 }),
    );
  });
});
