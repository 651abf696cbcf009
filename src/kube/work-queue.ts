import type { Clock, Random } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import { pauseAfter, type BackoffOptions } from './backoff.ts';
import { DueHeap } from './due-heap.ts';
import { FairLine } from './fair-line.ts';

/** What became of one processing of a key. */
export type WorkResult =
  /** Nothing more to do. Earlier failures are forgotten. */
  | { readonly kind: 'done' }
  /** Try again with backoff. */
  | { readonly kind: 'retry'; readonly reason: string }
  /** Look again after this many milliseconds, whatever else happens. Earlier failures are forgotten. */
  | { readonly kind: 'after'; readonly ms: number };

interface WorkContext {
  /** Aborts when the queue stops and its grace is over. */
  readonly signal: AbortSignal;
  /** How many times in a row this key has failed before. */
  readonly failures: number;
}

/** Works on one key. A throw counts as `retry`. The key is all it gets: it reads how things are by itself. */
export type Processor<K> = (key: K, context: WorkContext) => Promise<WorkResult>;

/** For metrics. Must not throw. */
interface WorkQueueObserver<K> {
  /** `waiting`: ready to be worked on; `delayed`: due later; `running`: being worked on. */
  sized?(sizes: { readonly waiting: number; readonly delayed: number; readonly running: number }): void;
  /** `waitedMs`: from being ready to being taken. */
  taken?(key: K, waitedMs: number): void;
  finished?(key: K, result: WorkResult['kind'] | 'threw', tookMs: number): void;
  /** A key goes into backoff for `pauseMs`, for the `failures`-th time in a row. */
  retried?(key: K, failures: number, pauseMs: number): void;
}

export interface WorkQueueOptions<K> {
  /** For logs. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Most keys worked on at one time. At least 1. */
  readonly workers: number;
  /** Groups take turns (a claim's namespace, say). Default: all keys are of one group. */
  readonly groupOf?: (key: K) => string;
  /** Pause after failures. Default 1 s doubling to 5 min, with jitter. */
  readonly backoff?: BackoffOptions;
  readonly observer?: WorkQueueObserver<K>;
}

const defaultBackoff: BackoffOptions = { firstMs: 1_000, capMs: 300_000 };

/** Timers of Node.js that are longer than 24.8 days fire at once. */
const longestSleepMs = 3_600_000;

/**
 * A queue of keys that are to be looked at. The rules are client-go's:
 *
 * - A key is in the queue once, however often it is added: what is queued is "look at this", not an event.
 * - A key is never worked on by two workers. One that is added while being worked on is worked on once more afterwards.
 * - What was added is worked on, or is in the leftovers that `stop` reports. Nothing is lost, nothing is given up:
 *   a key that fails comes back for ever, ever more slowly.
 *
 * A key is in at most one of: waiting (ready, in line), running, running and dirty (to be worked on again). Beside that
 * it may be delayed (due at some moment); when that comes, it is as if it had been added. Taking up a key cancels its
 * delay, because the work that begins now sees all that the delayed one would have seen.
 */
export class WorkQueue<K> {
  readonly #options: WorkQueueOptions<K>;
  readonly #line: FairLine<K>;
  readonly #delayed = new DueHeap<K>();
  readonly #running = new Map<K, Promise<void>>();
  readonly #dirty = new Set<K>();
  readonly #failures = new Map<K, number>();
  /** Since when each waiting or dirty key has been ready. */
  readonly #readySince = new Map<K, number>();
  readonly #grace = new AbortController();
  #processor: Processor<K> | undefined;
  #stopping = false;
  /** Came back, or were added, after the queue had begun to stop. */
  readonly #leftovers = new Set<K>();
  /** Ends the sleep until the next delayed key is due. */
  #alarm: AbortController | undefined;

  /** Throws RangeError when `workers` is not a whole number from 1. */
  constructor(options: WorkQueueOptions<K>) {
    if (!Number.isSafeInteger(options.workers) || options.workers < 1) {
      throw new RangeError(`workers: expected a whole number from 1, got ${options.workers}`);
    }
    this.#options = options;
    this.#line = new FairLine(options.groupOf ?? (() => ''));
  }

  /** Keys that are ready but not taken, those to be worked on again included. */
  get depth(): number {
    return this.#line.size + this.#dirty.size;
  }

  /** Begins to work. Keys may have been added before. Throws Error when it was begun already. */
  start(processor: Processor<K>): void {
    if (this.#processor !== undefined) {
      throw new Error(`queue ${this.#options.name}: started twice`);
    }
    this.#processor = processor;
    this.#pump();
  }

  /** Look at `key` soon, whatever its backoff says. Once stopping, it is only noted for the leftovers. */
  add(key: K): void {
    if (this.#stopping) {
      this.#leftovers.add(key);
      return;
    }
    if (!this.#readySince.has(key)) {
      this.#readySince.set(key, this.#options.clock.monotonic());
    }
    if (this.#running.has(key)) {
      this.#dirty.add(key);
    } else {
      this.#line.add(key);
    }
    this.#pump();
  }

  /** Look at `key` in `ms` milliseconds. Of several such moments the earliest counts. */
  addAfter(key: K, ms: number): void {
    // Also true for NaN, which must not get into the order of the heap.
    if (!(ms > 0) || this.#stopping) {
      this.add(key);
    } else if (this.#delayed.add(key, this.#options.clock.monotonic() + ms)) {
      this.#setAlarm();
      this.#sized();
    }
  }

  /** Look at `key` after its backoff, as if it had failed once more. */
  addRateLimited(key: K): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const pauseMs = pauseAfter(failures, this.#options.backoff ?? defaultBackoff, this.#options.random);
    this.#options.observer?.retried?.(key, failures, pauseMs);
    this.addAfter(key, pauseMs);
  }

  /** Forgets earlier failures of `key`. */
  forget(key: K): void {
    this.#failures.delete(key);
  }

  /** How many times in a row `key` has failed. */
  failuresOf(key: K): number {
    return this.#failures.get(key) ?? 0;
  }

  /**
   * Ends in two stages: nothing new is taken, and what is running may finish for `graceMs` milliseconds; then its signal
   * aborts. Resolves as soon as nothing runs any more, at the latest one more second after the abort, with what was
   * still running and what was not begun.
   */
  async stop(graceMs: number): Promise<{ readonly running: readonly K[]; readonly waiting: readonly K[] }> {
    this.#stopping = true;
    this.#alarm?.abort();
    this.#takeAll();
    await this.#runningEnds(graceMs);
    if (this.#running.size > 0) {
      this.#grace.abort(new Error(`queue ${this.#options.name}: stopped, and the grace of ${graceMs} ms is over`));
      await this.#runningEnds(1_000);
    }
    return { running: [...this.#running.keys()], waiting: [...this.#leftovers] };
  }

  /** Moves all that is not running into the leftovers. */
  #takeAll(): void {
    for (const key of [...this.#line.takeAll(), ...this.#dirty, ...this.#delayed.takeAll()]) {
      this.#leftovers.add(key);
    }
    this.#dirty.clear();
    this.#readySince.clear();
    this.#sized();
  }

  async #runningEnds(ms: number): Promise<void> {
    const timer = new AbortController();
    const timeUp = this.#options.clock.sleep(ms, timer.signal).catch(() => undefined);
    await Promise.race([Promise.all(this.#running.values()), timeUp]);
    timer.abort();
  }

  /** Gives free workers something to do. */
  #pump(): void {
    while (this.#processor !== undefined && !this.#stopping && this.#running.size < this.#options.workers) {
      const key = this.#line.take();
      if (key === undefined) {
        break;
      }
      this.#delayed.delete(key);
      this.#running.set(key, this.#work(key, this.#processor));
    }
    this.#sized();
  }

  /** Never rejects. */
  async #work(key: K, processor: Processor<K>): Promise<void> {
    const { clock, observer } = this.#options;
    const taken = clock.monotonic();
    observer?.taken?.(key, taken - (this.#readySince.get(key) ?? taken));
    this.#readySince.delete(key);
    // Lets `#pump` note the key as running before a processor that adds it again at once gets to do so.
    await Promise.resolve();
    const result = await this.#process(key, processor);
    observer?.finished?.(key, result.kind, clock.monotonic() - taken);
    // From here to the end nothing may throw: the key would stay marked as running and never be worked on again.
    this.#running.delete(key);
    if (this.#dirty.delete(key)) {
      this.#line.add(key);
    }
    this.#settle(key, result);
    this.#pump();
  }

  async #process(key: K, processor: Processor<K>): Promise<WorkResult | { readonly kind: 'threw' }> {
    try {
      return await processor(key, { signal: this.#grace.signal, failures: this.failuresOf(key) });
    } catch (error) {
      this.#options.log.error({ err: error, queue: this.#options.name, key }, 'processing failed unexpectedly');
      return { kind: 'threw' };
    }
  }

  #settle(key: K, result: WorkResult | { readonly kind: 'threw' }): void {
    switch (result.kind) {
      case 'done':
        this.forget(key);
        return;
      case 'retry':
        this.#options.log.debug({ queue: this.#options.name, key, reason: result.reason }, 'to be tried again');
        this.addRateLimited(key);
        return;
      case 'threw':
        this.addRateLimited(key);
        return;
      case 'after':
        this.forget(key);
        this.addAfter(key, result.ms);
        return;
    }
  }

  /** One sleep for all delayed keys, until the earliest is due. */
  #setAlarm(): void {
    this.#alarm?.abort();
    const next = this.#delayed.next();
    if (next === undefined || this.#stopping) {
      return;
    }
    const alarm = new AbortController();
    this.#alarm = alarm;
    const { clock } = this.#options;
    clock.sleep(Math.min(Math.max(0, next - clock.monotonic()), longestSleepMs), alarm.signal).then(
      () => this.#wakeDue(),
      () => undefined,
    );
  }

  #wakeDue(): void {
    const now = this.#options.clock.monotonic();
    for (let key = this.#delayed.takeDue(now); key !== undefined; key = this.#delayed.takeDue(now)) {
      this.add(key);
    }
    this.#setAlarm();
  }

  #sized(): void {
    this.#options.observer?.sized?.({
      waiting: this.depth,
      delayed: this.#delayed.size,
      running: this.#running.size,
    });
  }
}
