import { beforeEach, describe, expect, test } from 'vitest';
import { silentLog, type Log } from '../../../src/domain/log.ts';
import type { KubeApi, ListOptions, Page, WatchEvent, WatchOptions } from '../../../src/kube/api.ts';
import { abortedError } from '../../../src/kube/deadline.ts';
import { errorFromAnswer, isAborted, KubeError } from '../../../src/kube/errors.ts';
import type { ObjectHandler } from '../../../src/kube/handlers.ts';
import type { KubeObject, Resource } from '../../../src/kube/resource.ts';
import { persistentVolumeClaims, type PersistentVolumeClaim } from '../../../src/kube/resources.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { claim } from './objects.ts';

type Claim = PersistentVolumeClaim;

/** A watch that is under way, driven by the test. */
class OpenWatch {
  readonly options: WatchOptions;
  readonly #queue: (WatchEvent<Claim> | KubeError | 'end')[] = [];
  #wake: () => void = () => undefined;

  constructor(options: WatchOptions) {
    this.options = options;
    options.signal?.addEventListener('abort', () => this.#wake());
  }

  send(...events: (WatchEvent<Claim> | KubeError | 'end')[]): void {
    this.#queue.push(...events);
    this.#wake();
  }

  async *read(): AsyncGenerator<WatchEvent<Claim>> {
    this.options.onContact?.();
    for (;;) {
      const { signal } = this.options;
      if (signal?.aborted === true) {
        throw abortedError(signal, false);
      }
      const next = this.#queue.shift();
      if (next === 'end') {
        return;
      }
      if (next instanceof KubeError) {
        throw next;
      }
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else {
        yield next;
      }
    }
  }
}

/** An API whose lists are prepared and whose watches are driven by hand. */
class FakeApi implements Pick<KubeApi, 'list' | 'watch'> {
  readonly lists: (Page<Claim> | KubeError | Promise<Page<Claim>>)[] = [];
  readonly listed: ListOptions[] = [];
  readonly watches: OpenWatch[] = [];
  /** Fails watches as long as it is set. */
  watchFailure: KubeError | undefined;

  async list<T extends KubeObject>(_resource: Resource<T>, options: ListOptions = {}): Promise<Page<T>> {
    this.listed.push(options);
    const next = await (this.lists.length > 1 ? this.lists.shift() : this.lists[0]);
    if (next === undefined || next instanceof KubeError) {
      throw next ?? new KubeError('no list was prepared', { kind: 'setup' });
    }
    return next as unknown as Page<T>;
  }

  async *watch<T extends KubeObject>(_resource: Resource<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const watch = new OpenWatch(options);
    this.watches.push(watch);
    if (this.watchFailure !== undefined) {
      throw this.watchFailure;
    }
    yield* watch.read() as AsyncGenerator as AsyncGenerator<WatchEvent<T>>;
  }

  get current(): OpenWatch {
    const watch = this.watches.at(-1);
    if (watch === undefined) {
      throw new Error('no watch has been opened');
    }
    return watch;
  }
}

const page = (resourceVersion: string, ...items: Claim[]): Page<Claim> => ({ items, unreadable: [], resourceVersion });
const added = (object: Claim): WatchEvent<Claim> => ({ type: 'ADDED', object });
const modified = (object: Claim): WatchEvent<Claim> => ({ type: 'MODIFIED', object });
const deleted = (object: Claim): WatchEvent<Claim> => ({ type: 'DELETED', object });
const bookmark = (resourceVersion: string): WatchEvent<Claim> => ({ type: 'BOOKMARK', resourceVersion });
const failure = (code: number): KubeError => errorFromAnswer(code, {});
const gone = failure(410);

let clock: FakeClock;
let api: FakeApi;
let told: string[];

beforeEach(() => {
  clock = new FakeClock();
  api = new FakeApi();
  told = [];
});

const describeObject = ({ metadata }: Claim): string => `${metadata.uid}@${metadata.resourceVersion}`;

const listener: ObjectHandler<Claim> = {
  add: (object) => told.push(`add ${describeObject(object)}`),
  update: (object, old) => told.push(`update ${describeObject(old)} to ${describeObject(object)}`),
  delete: (object) => told.push(`delete ${describeObject(object)}`),
};

function newReflector(log: Log = silentLog): Reflector<Claim> {
  const reflector = new Reflector<Claim>({
    api,
    resource: persistentVolumeClaims,
    selection: { labelSelector: 'a=b' },
    clock,
    random: () => 1,
    log,
    silenceMs: 60_000,
  });
  reflector.addHandler(listener);
  return reflector;
}

async function started(log?: Log): Promise<Reflector<Claim>> {
  const reflector = newReflector(log);
  reflector.start();
  await clock.advance(0);
  return reflector;
}

describe('while all is well', () => {
  test('it lists, tells, and watches from where the list was', async () => {
    api.lists.push(page('10', claim('a', '5')));
    const reflector = newReflector();
    expect(reflector.hasSynced()).toBe(false);
    reflector.start();
    await reflector.synced();
    await clock.advance(0);

    expect(told).toEqual(['add uid-a@5']);
    expect(reflector.hasSynced()).toBe(true);
    expect(reflector.lister.byKey('default/a')?.metadata.resourceVersion).toBe('5');
    expect(api.listed[0]).toMatchObject({ labelSelector: 'a=b' });
    expect(api.current.options).toMatchObject({
      labelSelector: 'a=b',
      resourceVersion: '10',
      timeoutSeconds: 600,
      silenceMs: 60_000,
    });
  });

  test('events move the cache', async () => {
    api.lists.push(page('10', claim('a', '5')));
    const reflector = await started();
    api.current.send(added(claim('b', '11')), modified(claim('a', '12')), deleted(claim('b', '13')));
    await clock.advance(0);

    expect(told.slice(1)).toEqual(['add uid-b@11', 'update uid-a@5 to uid-a@12', 'delete uid-b@13']);
    expect(reflector.lister.all()).toHaveLength(1);
  });

  test('a watch that the server ends is followed by one from the last position, bookmarks included', async () => {
    api.lists.push(page('10'));
    await started();
    api.current.send(added(claim('a', '11')), bookmark('40'), 'end');
    await clock.advance(0);

    expect(api.watches.map((watch) => watch.options.resourceVersion)).toEqual(['10', '40']);
    expect(api.listed).toHaveLength(1);
  });

  test('a handler that comes late is told of what is there', async () => {
    api.lists.push(page('10', claim('a', '5')));
    const reflector = await started();
    const late: string[] = [];
    const remove = reflector.addHandler({ add: (object) => late.push(object.metadata.name) });
    api.current.send(added(claim('b', '11')));
    await clock.advance(0);
    remove();
    api.current.send(added(claim('c', '12')));
    await clock.advance(0);

    expect(late).toEqual(['a', 'b']);
  });

  test('the age of what is known grows with silence and ends with every sign of life', async () => {
    api.lists.push(page('10'));
    const reflector = newReflector();
    expect(reflector.lastSyncAge()).toBeUndefined();
    reflector.start();
    await clock.advance(30_000);
    expect(reflector.lastSyncAge()).toBe(30_000);

    api.current.send(bookmark('11'));
    await clock.advance(5_000);
    expect(reflector.lastSyncAge()).toBe(5_000);
  });

  test('a new list can be asked for, and two requests make one', async () => {
    api.lists.push(page('10', claim('a', '5')), page('20', claim('b', '15')));
    const reflector = await started();
    reflector.relist();
    reflector.relist();
    await clock.advance(0);

    expect(told).toEqual(['add uid-a@5', 'delete uid-a@5', 'add uid-b@15']);
    expect(api.listed).toHaveLength(2);
    expect(api.current.options.resourceVersion).toBe('20');
  });
});

describe('when something breaks', () => {
  test.each([failure(500), failure(403), new KubeError('reset', { kind: 'network' })])(
    'a list that fails with %s is tried again, ever more slowly, until it works',
    async (error) => {
      api.lists.push(error);
      const reflector = await started();
      for (const pauseMs of [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
        const before = api.listed.length;
        await clock.advance(pauseMs - 1);
        expect(api.listed).toHaveLength(before);
        await clock.advance(1);
        expect(api.listed).toHaveLength(before + 1);
      }
      api.lists.push(page('10', claim('a', '5')));
      await clock.advance(60_000);

      expect(reflector.hasSynced()).toBe(true);
      expect(told).toEqual(['add uid-a@5']);
    },
  );

  test('a watch that breaks is opened again from the last position, after a pause', async () => {
    api.lists.push(page('10'));
    await started();
    api.current.send(added(claim('a', '11')), new KubeError('reset', { kind: 'network' }));
    await clock.advance(499);
    expect(api.watches).toHaveLength(1);
    await clock.advance(1);

    expect(api.watches.map((watch) => watch.options.resourceVersion)).toEqual(['10', '11']);
    expect(api.listed).toHaveLength(1);
  });

  test('after three watches that failed in a row it lists again', async () => {
    api.lists.push(page('10'));
    api.watchFailure = failure(503);
    await started();
    await clock.advance(500 + 1_000);
    expect(api.watches.map((watch) => watch.options.resourceVersion)).toEqual(['10', '10', '10']);
    expect(api.listed).toHaveLength(1);
    await clock.advance(2_000);

    expect(api.listed).toHaveLength(2);
  });

  test('failures with news between them do not add up', async () => {
    api.lists.push(page('10'));
    await started();
    for (let round = 1; round <= 10; round += 1) {
      api.current.send(bookmark(String(10 + round)), new KubeError('reset', { kind: 'network' }));
      await clock.advance(500);
      expect(api.watches).toHaveLength(round + 1);
    }

    expect(api.listed).toHaveLength(1);
  });

  test('failures do not add up over hours of quiet watches', async () => {
    api.lists.push(page('10'));
    await started();
    for (let hour = 0; hour < 10; hour += 1) {
      await clock.advance(3_600_000);
      api.current.send(new KubeError('reset', { kind: 'network' }));
      await clock.advance(500);
      expect(api.watches).toHaveLength(hour + 2);
    }

    expect(api.listed).toHaveLength(1);
  });

  test('watches that end at once without a word are no storm', async () => {
    api.lists.push(page('10'));
    await started();
    for (let second = 0; second < 60; second += 1) {
      api.current.send('end');
      await clock.advance(1_000);
    }

    expect(api.watches.length).toBeLessThan(12);
  });

  test('how long the server asks to wait is respected', async () => {
    api.lists.push(errorFromAnswer(429, {}, 20_000), page('10'));
    await started();
    await clock.advance(19_999);
    expect(api.listed).toHaveLength(1);
    await clock.advance(1);
    expect(api.listed).toHaveLength(2);
  });

  test('an expired position is followed by a list at once, which tells the differences only', async () => {
    api.lists.push(page('10', claim('a', '5'), claim('b', '6'), claim('c', '7')));
    await started();
    told.length = 0;
    api.lists[0] = page('90', claim('a', '5'), claim('b', '80'), claim('d', '81'));
    api.current.send(gone);
    await clock.advance(0);

    expect(told).toEqual(['delete uid-c@7', 'update uid-b@6 to uid-b@80', 'add uid-d@81']);
    expect(api.current.options.resourceVersion).toBe('90');
  });

  test('positions that expire again and again are no storm of lists', async () => {
    api.lists.push(page('10'));
    api.watchFailure = gone;
    await started();
    await clock.advance(60_000);

    expect(api.listed.length).toBeLessThan(12);
  });

  test('an object that was deleted and made again in a gap is told as two', async () => {
    api.lists.push(page('10', claim('a', '5', { uid: 'first' })), page('90', claim('a', '80', { uid: 'second' })));
    await started();
    api.current.send(gone);
    await clock.advance(0);

    expect(told).toEqual(['add first@5', 'delete first@5', 'add second@80']);
  });

  test('an object that cannot be read is kept as it was, until it is gone', async () => {
    api.lists.push(page('10', claim('a', '5'), claim('b', '6')), {
      items: [],
      unreadable: ['default/a'],
      resourceVersion: '90',
    });
    const reflector = await started();
    api.current.send({ type: 'UNREADABLE', change: 'MODIFIED', key: 'default/a', resourceVersion: '12' }, gone);
    await clock.advance(0);
    expect(told.slice(2)).toEqual(['delete uid-b@6']);
    expect(reflector.lister.byKey('default/a')).toBeDefined();

    api.current.send({ type: 'UNREADABLE', change: 'DELETED', key: 'default/a', resourceVersion: '95' }, 'end');
    await clock.advance(0);
    expect(told.slice(3)).toEqual(['delete uid-a@5']);
    expect(api.current.options.resourceVersion).toBe('95');
  });

  test('a handler that throws, at once or later, is logged and stops nothing', async () => {
    const errors: string[] = [];
    const log: Log = { ...silentLog, error: (_fields, message) => errors.push(message), child: () => log };
    api.lists.push(page('10', claim('a', '5')));
    const reflector = newReflector(log);
    reflector.addHandler({
      add: () => {
        throw new Error('at once');
      },
      update: (): unknown => Promise.reject(new Error('later')),
    });
    reflector.start();
    await clock.advance(0);
    api.current.send(modified(claim('a', '11')), added(claim('b', '12')));
    await clock.advance(0);

    expect(errors).toEqual(Array.from({ length: 3 }, () => 'a handler of cache changes failed'));
    expect(reflector.lister.size).toBe(2);
    expect(api.watches).toHaveLength(1);
  });
});

describe('stopping', () => {
  test('during a list: what the list brings is not told', async () => {
    const list = Promise.withResolvers<Page<Claim>>();
    api.lists.push(list.promise);
    const reflector = await started();
    const stopped = reflector.stop();
    list.resolve(page('10', claim('a', '5')));
    await stopped;
    await clock.advance(60_000);

    expect(told).toEqual([]);
    expect(reflector.hasSynced()).toBe(false);
    expect(api.watches).toEqual([]);
    expect(api.listed[0]?.signal?.aborted).toBe(true);
  });

  test('during a watch: nothing is told once stop has been called', async () => {
    api.lists.push(page('10'));
    const reflector = await started();
    api.current.send(added(claim('a', '11')));
    await reflector.stop();
    await clock.advance(60_000);

    expect(told).toEqual([]);
    expect(api.watches).toHaveLength(1);
    expect(api.current.options.signal?.aborted).toBe(true);
  });

  test('by a handler: the handlers after it are not called any more', async () => {
    api.lists.push(page('10', claim('a', '5'), claim('b', '6')));
    const reflector = newReflector();
    const stops: Promise<void>[] = [];
    reflector.addHandler({ add: () => stops.push(reflector.stop()) });
    reflector.addHandler({ add: () => told.push('told after the end') });
    reflector.start();
    await clock.advance(60_000);
    await Promise.all(stops);

    expect(told).toEqual(['add uid-a@5']);
  });

  test('during a pause: it ends at once', async () => {
    api.lists.push(failure(500));
    const reflector = await started();
    await reflector.stop();

    expect(clock.sleeping).toBe(0);
    expect(api.listed).toHaveLength(1);
  });

  test('whoever waits for the first list is told that it will not come', async () => {
    api.lists.push(failure(500));
    const reflector = await started();
    const waiting = reflector.synced().catch((error: unknown) => error);
    await reflector.stop();

    expect(isAborted(await waiting)).toBe(true);
  });

  test('is for good', async () => {
    api.lists.push(page('10'));
    const reflector = newReflector();
    await reflector.stop();
    reflector.start();
    await clock.advance(60_000);

    expect(api.listed).toEqual([]);
  });
});
