import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { list } from '../../../src/sandbox/api/verbs/list.ts';
import { watch } from '../../../src/sandbox/api/verbs/watch.ts';
import { configMaps } from '../../../src/sandbox/api/kinds/config.ts';
import { startControlPlane } from './control-plane.ts';
import type { ControlPlane } from './control-plane.ts';
import { textAt } from '../../../src/sandbox/api/json.ts';
import type { ApiError } from '../../../src/sandbox/api/errors.ts';
import type { WatchEvent } from '../../../src/sandbox/api/verbs/watch.ts';

const type = { apiVersion: 'v1', kind: 'ConfigMap' };
const names = ['a', 'b', 'c', 'd', 'e'];

type Step = {
  readonly do: 'create' | 'change' | 'relabel' | 'delete';
  readonly name: string;
  readonly namespace: string;
};
const steps = fc.array(
  fc.record({
    do: fc.constantFrom<Step['do']>('create', 'change', 'relabel', 'delete'),
    name: fc.constantFrom(...names),
    namespace: fc.constantFrom('default', 'kube-system'),
  }),
  { maxLength: 60 },
);

let counter = 0;
function take({ api }: ControlPlane, step: Step): void {
  const reference = { ...type, namespace: step.namespace, name: step.name };
  const there = api.find(reference) !== undefined;
  counter += 1;
  switch (step.do) {
    case 'create':
      if (!there) {
        api.create({
          ...type,
          metadata: { name: step.name, namespace: step.namespace, labels: { odd: String(counter % 2) } },
        });
      }
      return;
    case 'change':
      if (there) {
        api.patch(reference, { data: { n: String(counter) } });
      }
      return;
    case 'relabel':
      if (there) {
        api.patch(reference, { metadata: { labels: { odd: String(counter % 2) } } });
      }
      return;
    case 'delete':
      if (there) {
        api.delete(reference);
      }
  }
}

/** A client's store: what the list said, then every event on top of it. */
class Mirror {
  readonly state = new Map<string, string>();

  take(event: WatchEvent): void {
    if (event.type === 'BOOKMARK' || event.type === 'ERROR') {
      throw new Error(`unexpected ${event.type}`);
    }
    const { namespace = '', name, resourceVersion = '' } = event.object.metadata;
    const key = `${namespace}/${name}`;
    if (this.state.has(key) !== (event.type !== 'ADDED')) {
      throw new Error(`${event.type} of ${key} does not follow what came before`);
    }
    if (event.type === 'DELETED') {
      this.state.delete(key);
    } else {
      this.state.set(key, resourceVersion);
    }
  }
}

function snapshot({ core }: ControlPlane, selection: object = {}, version: object = {}): Map<string, string> {
  const page = list(core, configMaps, { ...selection, ...version });
  return new Map(
    page.items.map(({ metadata }) => [`${metadata.namespace ?? ''}/${metadata.name}`, metadata.resourceVersion ?? '']),
  );
}

describe('list and watch', () => {
  it.each([
    ['everything', {}],
    ['one namespace', { namespace: 'default' }],
    ['a label', { labelSelector: 'odd=1' }],
    ['a name', { fieldSelector: 'metadata.name=a' }],
  ])('of %s: the list at a version plus the events after it are the state', (_what, selection) => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const plane = startControlPlane();
        for (const step of before) {
          take(plane, step);
        }
        const page = list(plane.core, configMaps, selection);
        const mirror = new Mirror();
        for (const { metadata } of page.items) {
          mirror.state.set(`${metadata.namespace ?? ''}/${metadata.name}`, metadata.resourceVersion ?? '');
        }
        const half = Math.floor(after.length / 2);
        for (const step of after.slice(0, half)) {
          take(plane, step);
        }
        // The watch starts late: what happened meanwhile comes from the history.
        const stop = watch(
          plane.core,
          configMaps,
          { ...selection, resourceVersion: String(page.revision) },
          (event) => {
            mirror.take(event);
          },
        );
        for (const step of after.slice(half)) {
          take(plane, step);
        }
        stop?.();
        plane.stop();
        expect(new Set(mirror.state.keys())).toEqual(new Set(snapshot(plane, selection).keys()));
        expect(mirror.state).toEqual(snapshot(plane, selection));
      }),
      { numRuns: 150 },
    );
  });

  it('pages of one list show one version, whatever happens between them', () => {
    fc.assert(
      fc.property(steps, steps, fc.integer({ min: 1, max: 4 }), (before, between, limit) => {
        const plane = startControlPlane();
        for (const step of before) {
          take(plane, step);
        }
        const expected = [...snapshot(plane)];
        const seen: [string, string][] = [];
        const meanwhile = [...between];
        let page = list(plane.core, configMaps, { limit });
        for (;;) {
          expect(page.items.length).toBeLessThanOrEqual(limit);
          seen.push(
            ...page.items.map(({ metadata }): [string, string] => [
              `${metadata.namespace ?? ''}/${metadata.name}`,
              metadata.resourceVersion ?? '',
            ]),
          );
          if (page.continue === undefined) {
            break;
          }
          expect(page.remaining).toBe(expected.length - seen.length);
          for (const step of meanwhile.splice(0, 5)) {
            take(plane, step);
          }
          page = list(plane.core, configMaps, { limit, continue: page.continue });
        }
        plane.stop();
        expect(seen).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('an exact version shows the past', () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const plane = startControlPlane();
        for (const step of before) {
          take(plane, step);
        }
        const then = snapshot(plane);
        const version = { resourceVersion: String(plane.core.store.revision), resourceVersionMatch: 'Exact' };
        for (const step of after) {
          take(plane, step);
        }
        plane.stop();
        expect(snapshot(plane, {}, version)).toEqual(then);
      }),
      { numRuns: 100 },
    );
  });
});

function refusal(act: () => unknown): ApiError {
  try {
    act();
  } catch (error) {
    return error as ApiError;
  }
  throw new Error('expected a refusal');
}

describe('the past is bounded', () => {
  function busyPlane(): { readonly plane: ControlPlane; readonly old: string; readonly token: string } {
    const plane = startControlPlane({ historyLimit: 5 });
    plane.api.create({ ...type, metadata: { name: 'a' } });
    plane.api.create({ ...type, metadata: { name: 'b' } });
    const page = list(plane.core, configMaps, { limit: 1 });
    for (let n = 0; n < 6; n += 1) {
      plane.api.patch({ ...type, name: 'a' }, { data: { n: String(n) } });
    }
    return { plane, old: String(page.revision), token: page.continue ?? '' };
  }

  it('a watch from too long ago gets 410 as an ERROR event and ends', () => {
    const { plane, old } = busyPlane();
    const events: WatchEvent[] = [];
    expect(watch(plane.core, configMaps, { resourceVersion: old }, (event) => events.push(event))).toBeUndefined();
    expect(events).toEqual([
      {
        type: 'ERROR',
        status: expect.objectContaining({
          code: 410,
          reason: 'Expired',
          message: expect.stringMatching(/^too old resource version: \d+ \(\d+\)$/) as string,
        }) as object,
      },
    ]);
    plane.stop();
  });

  it('a page from too long ago gets 410 with a token to go on without consistency', () => {
    const { plane, token } = busyPlane();
    const refused = refusal(() => list(plane.core, configMaps, { limit: 1, continue: token }));
    expect(refused).toMatchObject({ code: 410, reason: 'Expired' });
    const again = textAt(refused.metadata, 'continue');
    const page = list(plane.core, configMaps, { limit: 1, continue: again });
    expect(page.items.map((one) => one.metadata.name)).toEqual(['b']);
    plane.stop();
  });

  it('an exact version from too long ago gets 410, one from the future 504', () => {
    const { plane, old } = busyPlane();
    expect(() => list(plane.core, configMaps, { resourceVersion: old, resourceVersionMatch: 'Exact' })).toThrow(
      expect.objectContaining({ code: 410 }),
    );
    expect(() => list(plane.core, configMaps, { resourceVersion: '999999' })).toThrow(
      expect.objectContaining({ code: 504, reason: 'Timeout', retryAfter: 1 }),
    );
    plane.stop();
  });

  it('compaction expires everything but now', () => {
    const plane = startControlPlane();
    plane.api.create({ ...type, metadata: { name: 'a' } });
    const before = String(plane.core.store.revision - 1);
    const now = String(plane.core.store.revision);
    plane.core.store.compact();
    const events: string[] = [];
    watch(plane.core, configMaps, { resourceVersion: before }, (event) => events.push(event.type));
    expect(events).toEqual(['ERROR']);
    expect(watch(plane.core, configMaps, { resourceVersion: now }, (event) => events.push(event.type))).toBeDefined();
    expect(events).toEqual(['ERROR']);
    plane.stop();
  });
});

describe('options', () => {
  const plane = startControlPlane();
  plane.stop();

  it.each([
    [{ resourceVersionMatch: 'Exact' }, 422],
    [{ resourceVersionMatch: 'Sometimes', resourceVersion: '1' }, 422],
    [{ resourceVersionMatch: 'Exact', resourceVersion: '0' }, 422],
    [{ resourceVersion: 'x' }, 400],
    [{ continue: 'rubbish' }, 400],
    [{ labelSelector: '(' }, 400],
    [{ fieldSelector: 'data.a=b' }, 400],
  ])('a list with %j is refused with %d', (options, code) => {
    expect(() => list(plane.core, configMaps, options)).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    ['without bookmarks', { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }],
    ['without resourceVersionMatch', { sendInitialEvents: true, allowWatchBookmarks: true }],
    ['resourceVersionMatch alone', { resourceVersionMatch: 'NotOlderThan' }],
  ])('a watch for initial events %s is refused with 422', (_what, options) => {
    expect(() => watch(plane.core, configMaps, options, () => undefined)).toThrow(
      expect.objectContaining({ code: 422 }),
    );
  });

  it('a watch list ends its beginning with a marked bookmark, from 1.32 on', () => {
    const wanted = { sendInitialEvents: true, allowWatchBookmarks: true, resourceVersionMatch: 'NotOlderThan' };
    const events: WatchEvent[] = [];
    watch(plane.core, configMaps, wanted, (event) => events.push(event))?.();
    expect(events.at(-1)).toMatchObject({ type: 'BOOKMARK', initialEnd: true });
    const old = startControlPlane({ serverVersion: 'v1.31.0' });
    old.stop();
    expect(() => watch(old.core, configMaps, wanted, () => undefined)).toThrow(/WatchList feature gate/);
  });

  it('version 0 knows no pages, as the watch cache', () => {
    const busy = startControlPlane();
    busy.api.create({ ...type, metadata: { name: 'a' } });
    busy.api.create({ ...type, metadata: { name: 'b' } });
    expect(list(busy.core, configMaps, { limit: 1, resourceVersion: '0' }).items).toHaveLength(2);
    busy.stop();
  });
});

it('events go an hour after their last write, and not before', async () => {
  const { EventExpiry } = await import('../../../src/sandbox/api/event-expiry.ts');
  const plane = startControlPlane();
  const expiry = new EventExpiry(plane.core.store, plane.clock);
  expiry.start();
  const event = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name },
    involvedObject: { namespace: 'default' },
  });
  plane.api.create(event('old'));
  plane.api.create(event('kept'));
  await plane.clock.advance(1_800_000);
  plane.api.patch({ apiVersion: 'v1', kind: 'Event', name: 'kept' }, { count: 2 });
  await plane.clock.advance(1_860_000);
  expect(plane.api.list({ apiVersion: 'v1', kind: 'Event' }).map((one) => one.metadata.name)).toEqual(['kept']);
  await plane.clock.advance(1_860_000);
  expect(plane.api.list({ apiVersion: 'v1', kind: 'Event' })).toEqual([]);
  expiry.stop();
  plane.stop();
});
