import { beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../../src/domain/log.ts';
import type { CallOptions, KubeApi, PatchOptions } from '../../../src/kube/api.ts';
import { errorFromAnswer, KubeError } from '../../../src/kube/errors.ts';
import { eventBody, eventName, referenceTo, shortened } from '../../../src/kube/event-body.ts';
import { EventRecorder, type EventRecorderOptions, type NewEvent } from '../../../src/kube/event-recorder.ts';
import type { KubeObject, ObjectName, Resource, WriteBody } from '../../../src/kube/resource.ts';
import { events, persistentVolumeClaims, type KubeEventBody } from '../../../src/kube/resources.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { claim } from './objects.ts';

/** Keeps events as a server would, and fails as told. */
class EventApi implements Pick<KubeApi, 'create' | 'patch'> {
  readonly kept = new Map<string, KubeEventBody>();
  writes = 0;
  /** Taken one per write; `lost`: done, but nobody hears of it. */
  readonly failures: (KubeError | 'lost' | undefined)[] = [];
  /** Writes wait for this. */
  gate: Promise<void> = Promise.resolve();

  async create<T extends KubeObject, Body extends WriteBody>(
    _resource: Resource<T, Body>,
    body: Body,
    options?: CallOptions,
  ): Promise<T> {
    const event = body as unknown as KubeEventBody;
    return this.#write<T>(options, () => {
      if (this.kept.has(event.metadata.name)) {
        throw errorFromAnswer(409, { kind: 'Status', code: 409, reason: 'AlreadyExists' });
      }
      this.kept.set(event.metadata.name, event);
    });
  }

  async patch<T extends KubeObject>(
    _resource: Resource<T>,
    { name }: ObjectName,
    patch: object,
    options: PatchOptions,
  ): Promise<T> {
    return this.#write<T>(options, () => {
      const event = this.kept.get(name);
      if (event === undefined) {
        throw errorFromAnswer(404, { kind: 'Status', code: 404, reason: 'NotFound' });
      }
      this.kept.set(name, { ...event, ...patch });
    });
  }

  async #write<T>(options: CallOptions | undefined, change: () => void): Promise<T> {
    this.writes += 1;
    await Promise.race([this.gate, aborted(options?.signal)]);
    const failure = this.failures.shift();
    if (failure instanceof KubeError) {
      throw failure;
    }
    change();
    if (failure === 'lost') {
      throw new KubeError('reset', { kind: 'network' }, true);
    }
    return undefined as unknown as T;
  }
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(new KubeError('aborted', { kind: 'aborted' })));
  });
}

let clock: FakeClock;
let api: EventApi;

beforeEach(() => {
  clock = new FakeClock();
  api = new EventApi();
});

function newRecorder(options: Partial<EventRecorderOptions> = {}): EventRecorder {
  return new EventRecorder({ api, clock, log: silentLog, instance: 'pod-1', ...options });
}

const about = referenceTo(persistentVolumeClaims, claim('a', '5'));
const failed: NewEvent = { about, type: 'Warning', reason: 'ProvisioningFailed', message: 'no space' };
const kept = (): KubeEventBody[] => [...api.kept.values()];

describe('a new event', () => {
  test('is one write, in the form that kubectl describe shows', async () => {
    newRecorder().record(failed);
    await clock.advance(0);

    expect(api.writes).toBe(1);
    expect(kept()).toEqual([
      {
        metadata: { name: expect.stringMatching(/^a\.[0-9a-f]{16}$/) as string, namespace: 'default' },
        involvedObject: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          namespace: 'default',
          name: 'a',
          uid: 'uid-a',
          resourceVersion: '5',
        },
        type: 'Warning',
        reason: 'ProvisioningFailed',
        message: 'no space',
        count: 1,
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:00Z',
        source: { component: 'brickyard' },
        reportingComponent: 'brickyard',
        reportingInstance: 'pod-1',
      },
    ]);
  });

  test('about an object of the whole cluster lives in `default`', async () => {
    newRecorder().record({
      ...failed,
      about: { apiVersion: 'v1', kind: 'PersistentVolume', name: 'pv', uid: 'u' },
    });
    await clock.advance(0);

    expect(kept()[0]?.metadata.namespace).toBe('default');
  });

  test('that is said in other words, of another reason or about another uid, is another event', async () => {
    const recorder = newRecorder();
    recorder.record(failed);
    recorder.record({ ...failed, message: 'no node' });
    recorder.record({ ...failed, reason: 'Provisioning', type: 'Normal' });
    recorder.record({ ...failed, about: { ...about, uid: 'other' } });
    await clock.advance(0);

    expect(kept()).toHaveLength(4);
  });
});

describe('the same thing again', () => {
  test('is not written within five minutes, then patched with how often it happened', async () => {
    const recorder = newRecorder();
    for (let second = 0; second < 300; second += 10) {
      recorder.record(failed);
      await clock.advance(10_000);
    }
    expect(api.writes).toBe(1);

    recorder.record(failed);
    await clock.advance(0);
    expect(api.writes).toBe(2);
    expect(kept()).toMatchObject([
      { count: 31, firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:05:00Z' },
    ]);
    await clock.advance(60_000);
    recorder.record(failed);
    await clock.advance(0);
    expect(api.writes).toBe(2);
  });

  test('is written as new when the server has forgotten it', async () => {
    const recorder = newRecorder();
    recorder.record(failed);
    await clock.advance(3_600_000);
    api.kept.clear();
    recorder.record(failed);
    await clock.advance(0);

    expect(kept()).toMatchObject([{ count: 2, message: 'no space' }]);
  });

  test('is remembered for a bounded number of things', async () => {
    const recorder = newRecorder({ capacity: 10_000 });
    recorder.record(failed);
    for (let index = 0; index < 5_000; index += 1) {
      recorder.record({ ...failed, message: `problem ${index}` });
    }
    await clock.advance(0);
    recorder.record(failed);
    await clock.advance(0);

    expect(api.writes).toBe(5_002);
  });
});

describe('when the server does not take it', () => {
  test('it is tried again, and a lost answer makes no second event', async () => {
    api.failures.push(errorFromAnswer(503, {}), 'lost');
    const recorder = newRecorder();
    recorder.record(failed);
    await clock.advance(10_000);

    expect(api.writes).toBe(3);
    expect(kept()).toHaveLength(1);
    expect(recorder.dropped).toBe(0);
  });

  test('what it refuses is dropped and counted at once, and the caller never knows', async () => {
    const dropped: number[] = [];
    api.failures.push(errorFromAnswer(403, {}));
    const recorder = newRecorder({ onDropped: (total) => dropped.push(total) });
    recorder.record(failed);
    await clock.advance(10_000);

    expect(api.writes).toBe(1);
    expect(dropped).toEqual([1]);

    recorder.record(failed);
    await clock.advance(0);
    expect(kept()).toHaveLength(1);
  });

  test('it is given up after three tries, so that others get their turn', async () => {
    api.failures.push(...Array.from({ length: 3 }, () => errorFromAnswer(500, {})));
    const recorder = newRecorder();
    recorder.record(failed);
    await clock.advance(60_000);
    recorder.record({ ...failed, message: 'another' });
    await clock.advance(0);

    expect(recorder.dropped).toBe(1);
    expect(kept()).toMatchObject([{ message: 'another' }]);
  });

  test('no more than the queue holds wait, and the rest is dropped and counted', async () => {
    api.gate = new Promise(() => undefined);
    const recorder = newRecorder({ capacity: 10 });
    for (let index = 0; index < 50; index += 1) {
      recorder.record({ ...failed, message: `problem ${index}` });
    }
    await clock.advance(0);

    // Eight are under way, ten wait.
    expect(recorder.dropped).toBe(32);
    expect(api.writes).toBe(8);
  });

  test('a callback that throws harms nobody', () => {
    const recorder = newRecorder({
      capacity: 0,
      onDropped: () => {
        throw new Error('boom');
      },
    });

    expect(() => recorder.record(failed)).not.toThrow();
    expect(recorder.dropped).toBe(1);
  });
});

describe('at the end', () => {
  test('what waits is written first', async () => {
    const recorder = newRecorder();
    for (let index = 0; index < 20; index += 1) {
      recorder.record({ ...failed, message: `problem ${index}` });
    }
    await recorder.close(5_000);

    expect(kept()).toHaveLength(20);
    expect(clock.sleeping).toBe(0);
  });

  test('no longer than the grace, and what is left is counted', async () => {
    api.gate = new Promise(() => undefined);
    const recorder = newRecorder();
    recorder.record(failed);
    recorder.record({ ...failed, message: 'another' });
    await clock.advance(0);
    const closed = recorder.close(5_000);
    await clock.advance(5_000);
    await closed;

    expect(recorder.dropped).toBe(2);
    recorder.record({ ...failed, message: 'too late' });
    expect(recorder.dropped).toBe(3);
    expect(api.writes).toBe(2);
  });
});

describe('words and names', () => {
  test.each([
    ['short', 'short'],
    ['x'.repeat(1_024), 'x'.repeat(1_024)],
    ['x'.repeat(1_025), `${'x'.repeat(1_021)}…`],
    ['ü'.repeat(600), `${'ü'.repeat(510)}…`],
  ])('a message is cut at 1,024 bytes, between characters', (message, expected) => {
    expect(shortened(message)).toBe(expected);
    expect(Buffer.byteLength(shortened(message))).toBeLessThanOrEqual(1_024);
  });

  test('a name is different for every time and process, the same for the same occurrence, and never too long', () => {
    const names = [
      eventName(failed, 'pod-1', 0),
      eventName(failed, 'pod-1', 1),
      eventName(failed, 'pod-2', 0),
      eventName({ ...failed, about: { ...about, name: 'n'.repeat(253) } }, 'pod-1', 0),
      eventName({ ...failed, about: { ...about, name: `${'n'.repeat(235)}.tail` } }, 'pod-1', 0),
    ];

    expect(new Set(names).size).toBe(5);
    expect(eventName(failed, 'pod-1', 0)).toBe(names[0]);
    for (const name of names) {
      expect(name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
      expect(name.length).toBeLessThanOrEqual(253);
    }
  });

  test('what is written can be read', () => {
    const body = eventBody(failed, { name: 'a.1', firstAt: 0, lastAt: 0, count: 1 }, 'pod-1');

    expect(events.parse({ ...body, metadata: { ...body.metadata, uid: 'u', resourceVersion: '1' } })).toMatchObject(
      body,
    );
  });
});
