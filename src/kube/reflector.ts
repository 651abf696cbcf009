import type { Clock, Random } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { KubeApi, Selection, WatchEvent } from './api.ts';
import { Backoff } from './backoff.ts';
import { isExpired, KubeError, toKubeError } from './errors.ts';
import { deliver, type ObjectHandler } from './handlers.ts';
import { keyOf, type KubeObject, type Resource } from './resource.ts';
import { ObjectStore, type Change, type IndexFunction, type Lister } from './store.ts';

export interface ReflectorOptions<T extends KubeObject, Index extends string = never> {
  readonly api: Pick<KubeApi, 'list' | 'watch'>;
  readonly resource: Resource<T>;
  readonly selection?: Selection;
  /** Secondary indexes by name. */
  readonly indexes?: Readonly<Record<Index, IndexFunction<T>>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Objects a page of a list. Default 500. */
  readonly pageSize?: number;
  /** Seconds after which the server is asked to end a watch; up to twice that, at random. Default 300. */
  readonly watchSeconds?: number;
  /** Milliseconds without a byte after which a watch counts as dead. Default 90,000: bookmarks come once a minute. */
  readonly silenceMs?: number;
}

const backoff = { firstMs: 500, capMs: 30_000 };
/** A watch that ends sooner than this without any news counts as failed: clean ends at this rate would be a storm. */
const shortWatchMs = 1_000;
/** After so many failed watches in a row the position is not trusted any more (it may be from before a restore). */
const watchFailuresBeforeList = 3;

/**
 * Keeps a cache of one kind of object true. It is always in one of these states, and one loop walks through them, so
 * that there is never more than one list or watch under way:
 *
 *     new --start--> listing --listed--> watching --ended by the server after its time--> watching, from the last position
 *                     ^   |                 |
 *                     |   |                 +--410, or asked to list--> listing
 *                     |   |                 +--any other error--> pausing --> watching; the third time in a row listing
 *                     |   +--error--> pausing --> listing
 *                     +--- stop in any state --> stopped, for good
 *
 * - listing: all pages are read before the cache is touched, so that it never holds half a list. What is not in the
 *   list is deleted, what is new or other is added or updated; handlers are told of differences only.
 * - watching: each event moves cache and position. Bookmarks move the position alone; without them that of a quiet
 *   selector would expire. A connection without a byte for `silenceMs` is given up.
 * - pausing: exponential, with jitter. Lists and watches count their failures apart: a list that succeeds says nothing
 *   about watches, and a watch that brings 410 at once must not make for a storm of lists.
 * - stopped: no handler is called any more once `stop` has been called, not even for a list that is under way.
 *
 * The cache trails behind the server. Whoever is about to do something that cannot be undone asks the server itself.
 */
export class Reflector<T extends KubeObject, Index extends string = never> {
  readonly #options: ReflectorOptions<T, Index>;
  readonly #log: Log;
  readonly #store: ObjectStore<T, Index>;
  readonly #handlers = new Set<ObjectHandler<T>>();
  readonly #ended = new AbortController();
  readonly #firstList = Promise.withResolvers<void>();
  readonly #listBackoff: Backoff;
  readonly #watchBackoff: Backoff;
  #loop: Promise<void> | undefined;
  #synced = false;
  /** Where the next watch begins. `undefined`: list first. */
  #position: string | undefined;
  #contactAt: number | undefined;
  /** Ends the watch that is under way. */
  #watch: AbortController | undefined;

  constructor(options: ReflectorOptions<T, Index>) {
    this.#options = options;
    this.#log = options.log.child({ resource: options.resource.plural });
    this.#store = new ObjectStore<T, Index>(options.indexes ?? ({} as Record<Index, IndexFunction<T>>));
    this.#listBackoff = new Backoff(backoff, options.random);
    this.#watchBackoff = new Backoff(backoff, options.random);
    // Nobody has to wait for the first list.
    this.#firstList.promise.catch(() => undefined);
  }

  /** The cache. */
  get lister(): Lister<T, Index> {
    return this.#store;
  }

  /** Whether the cache has held a whole list. It stays true during later trouble: see `lastSyncAge`. */
  hasSynced(): boolean {
    return this.#synced;
  }

  /** Resolves when the cache holds its first whole list, handlers told. Rejects (`isAborted`) when stopped before. */
  synced(): Promise<void> {
    return this.#firstList.promise;
  }

  /**
   * Milliseconds since the server last gave a sign: a list, or any data of a watch. About a minute at most while all is
   * well. `undefined` before the first list.
   */
  lastSyncAge(): number | undefined {
    return this.#contactAt === undefined ? undefined : this.#options.clock.monotonic() - this.#contactAt;
  }

  /**
   * Calls `handler` for every change from now on, and with `add` for all that is in the cache already. Returns the way
   * to stop that.
   */
  addHandler(handler: ObjectHandler<T>): () => void {
    for (const object of this.#store.all()) {
      this.#deliver([handler], { kind: 'add', object });
    }
    this.#handlers.add(handler);
    return () => {
      this.#handlers.delete(handler);
    };
  }

  /** Begins. Has no effect when begun or stopped already. */
  start(): void {
    if (!this.#stopped()) {
      this.#loop ??= this.#run();
    }
  }

  /** Asks for a new list. One that is under way is answer enough, and several requests before it begins are one. */
  relist(): void {
    this.#position = undefined;
    this.#watch?.abort();
  }

  /** Ends for good. No handler is called after this was called; resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    const why = new KubeError('the reflector was stopped', { kind: 'aborted', reason: 'Stopped' });
    this.#ended.abort(why);
    this.#firstList.reject(why);
    this.#watch?.abort(why);
    await this.#loop;
  }

  #stopped(): boolean {
    return this.#ended.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#stopped()) {
      const pauseMs = this.#position === undefined ? await this.#list() : await this.#watchFrom(this.#position);
      if (pauseMs > 0) {
        // Rejects only when stopped.
        await this.#options.clock.sleep(pauseMs, this.#ended.signal).catch(() => undefined);
      }
    }
  }

  /** One list. Returns the pause before the next step, in milliseconds. */
  async #list(): Promise<number> {
    const { api, resource, selection, pageSize } = this.#options;
    try {
      const list = await api.list(resource, { ...selection, pageSize, signal: this.#ended.signal });
      if (this.#stopped()) {
        return 0;
      }
      this.#position = list.resourceVersion;
      this.#contact();
      this.#listBackoff.reset();
      this.#tell(this.#store.replace(list.items, new Set(list.unreadable)));
      this.#synced = true;
      this.#firstList.resolve();
      return 0;
    } catch (error) {
      return this.#failed('list', toKubeError(error), this.#listBackoff);
    }
  }

  /** One watch, to its end. Returns the pause before the next step, in milliseconds. */
  async #watchFrom(position: string): Promise<number> {
    const started = this.#options.clock.monotonic();
    let news = 0;
    try {
      for await (const event of this.#events(position)) {
        if (this.#stopped()) {
          return 0;
        }
        news += 1;
        this.#watchBackoff.reset();
        this.#take(event);
      }
    } catch (error) {
      return this.#watchFailed(toKubeError(error), started);
    }
    const short = news === 0 && this.#options.clock.monotonic() - started < shortWatchMs;
    return short
      ? this.#watchFailed(new KubeError('the watch ended at once without an event', { kind: 'protocol' }), started)
      : 0;
  }

  async *#events(resourceVersion: string): AsyncGenerator<WatchEvent<T>> {
    const { api, resource, selection, random, watchSeconds = 300, silenceMs } = this.#options;
    this.#watch = new AbortController();
    const { signal } = this.#watch;
    // Spread, so that the watches of many clients do not all end at one time.
    const timeoutSeconds = Math.ceil(watchSeconds * (1 + random()));
    const onContact = (): void => this.#contact();
    try {
      yield* api.watch(resource, { ...selection, resourceVersion, signal, timeoutSeconds, silenceMs, onContact });
    } finally {
      this.#watch = undefined;
    }
  }

  #watchFailed(error: KubeError, started: number): number {
    if (this.#stopped() || this.#position === undefined) {
      // Ended by `stop` or `relist`: no failure.
      return 0;
    }
    if (this.#options.clock.monotonic() - started > backoff.capMs) {
      // It stood for a while, if only quietly: not one of a row of failures.
      this.#watchBackoff.reset();
    }
    if (isExpired(error)) {
      this.#position = undefined;
      // The first time is normal after a long silence. Again and again without an event between is not.
      const pauseMs = this.#watchBackoff.next();
      this.#log.info({ err: error.message }, 'the watch position has expired, listing again');
      return this.#watchBackoff.failures === 1 ? 0 : pauseMs;
    }
    const pauseMs = this.#failed('watch', error, this.#watchBackoff);
    if (this.#watchBackoff.failures >= watchFailuresBeforeList) {
      this.#position = undefined;
    }
    return pauseMs;
  }

  #failed(what: 'list' | 'watch', error: KubeError, count: Backoff): number {
    if (this.#stopped()) {
      return 0;
    }
    const pauseMs = Math.max(count.next(), error.retryAfterMs ?? 0);
    this.#log.warn({ err: error.message, failures: count.failures, pauseMs: Math.round(pauseMs) }, `${what} failed`);
    return pauseMs;
  }

  #take(event: WatchEvent<T>): void {
    this.#contact();
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#moveTo(event.object.metadata.resourceVersion);
        this.#tell(this.#store.put(event.object));
        return;
      case 'DELETED':
        this.#moveTo(event.object.metadata.resourceVersion);
        this.#tell(this.#store.remove(keyOf(event.object.metadata), event.object));
        return;
      case 'UNREADABLE':
        // What was known of the object stays, unless it is gone.
        this.#moveTo(event.resourceVersion);
        this.#tell(event.change === 'DELETED' ? this.#store.remove(event.key) : []);
        return;
      case 'BOOKMARK':
        this.#moveTo(event.resourceVersion);
        return;
    }
  }

  /** Not when a new list has been asked for meanwhile. */
  #moveTo(resourceVersion: string | undefined): void {
    if (this.#position !== undefined && resourceVersion !== undefined) {
      this.#position = resourceVersion;
    }
  }

  #contact(): void {
    this.#contactAt = this.#options.clock.monotonic();
  }

  #tell(changes: readonly Change<T>[]): void {
    for (const change of changes) {
      this.#deliver(this.#handlers, change);
    }
  }

  #deliver(handlers: Iterable<ObjectHandler<T>>, change: Change<T>): void {
    for (const handler of handlers) {
      if (this.#stopped()) {
        return;
      }
      deliver(handler, change, this.#log);
    }
  }
}
