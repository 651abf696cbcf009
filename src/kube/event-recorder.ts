import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { KubeApi } from './api.ts';
import { isAlreadyExists, isNotFound, isTransient, toKubeError } from './errors.ts';
import { eventBody, eventName, eventNamespace, shortened, type EventReference, type Occurrence } from './event-body.ts';
import { LruMap } from './lru-map.ts';
import { wholeSecondTime } from './micro-time.ts';
import { events } from './resources/event.ts';

export interface NewEvent {
  /** What it is about. `kubectl describe` of that object shows it. */
  readonly about: EventReference;
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase: `ProvisioningFailed`. */
  readonly reason: string;
  /** For people. Cut at 1,024 bytes. */
  readonly message: string;
}

export interface EventRecorderOptions {
  /** Best a client with a bucket of its own (`KubeClient.withBucket('events')`). */
  readonly api: Pick<KubeApi, 'create' | 'patch'>;
  readonly clock: Clock;
  readonly log: Log;
  /** This process: pod name or host name. */
  readonly instance: string;
  /** Milliseconds during which the same thing is not said again. Default 300,000. */
  readonly quietMs?: number;
  /** Events that wait to be written at most. Default 1,000; what comes on top is dropped and counted. */
  readonly capacity?: number;
  /** Told how many events have been dropped in all, after each drop. */
  readonly onDropped?: (total: number) => void;
}

/** What has been said once. */
interface Said {
  readonly name: string;
  readonly firstAt: number;
  /** Monotonic moment of the last write, or of its being queued. */
  toldAt: number;
  /** How often it has happened in all. */
  count: number;
}

interface Pending {
  readonly event: NewEvent;
  readonly said: Said;
  readonly fresh: boolean;
}

/** As many different things are remembered; the one not repeated for longest is forgotten first. */
const remembered = 4_096;
const attempts = 3;
/** As many events are under way at once: one after another they fall behind a burst of claims, and are dropped. */
const writers = 8;
const pauseMs = 1_000;

/**
 * Writes Events, each thing once. The same words about the same object (by uid) are written at most once in `quietMs`;
 * what happened meanwhile is counted, and the count is patched into the same Event at the next occurrence after that.
 * A new Event is one API write.
 *
 * `record` never waits and never throws: events wait in a bounded queue, a few writers take them in order, and what
 * cannot be written is dropped. Events are for people; nothing may depend on one.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #log: Log;
  readonly #said = new LruMap<string, Said>(remembered);
  readonly #queue: Pending[] = [];
  readonly #ended = new AbortController();
  readonly #writers = new Set<Promise<void>>();
  #closed = false;
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#log = options.log.child({ component: 'events' });
  }

  /** How many events could not be written so far. */
  get dropped(): number {
    return this.#dropped;
  }

  record(given: NewEvent): void {
    if (this.#closed) {
      this.#drop('the recorder is closed', given);
      return;
    }
    const event = { ...given, message: shortened(given.message) };
    const pending = this.#note(event);
    if (pending === undefined) {
      return;
    }
    if (this.#queue.length >= (this.#options.capacity ?? 1_000)) {
      this.#forget(event);
      this.#drop('too many events are waiting', event);
      return;
    }
    this.#queue.push(pending);
    if (this.#writers.size < writers) {
      const writer = this.#write().finally(() => this.#writers.delete(writer));
      this.#writers.add(writer);
    }
  }

  /** Writes what is waiting, for `graceMs` milliseconds at most, then takes no more. Never rejects. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    const timer = new AbortController();
    const timeUp = this.#options.clock.sleep(graceMs, timer.signal).catch(() => undefined);
    await Promise.race([Promise.all(this.#writers), timeUp]);
    timer.abort();
    this.#ended.abort(new Error('the event recorder was closed'));
    await Promise.all(this.#writers);
    for (const { event } of this.#queue.splice(0)) {
      this.#drop('no time was left at shutdown', event);
    }
  }

  /** Counts the occurrence. `undefined` when it need not be written (now). */
  #note(event: NewEvent): Pending | undefined {
    const { clock, quietMs = 300_000, instance } = this.#options;
    const now = clock.monotonic();
    const said = this.#said.get(keyFor(event));
    if (said === undefined) {
      const firstAt = clock.now();
      const fresh: Said = { name: eventName(event, instance, firstAt), firstAt, toldAt: now, count: 1 };
      this.#said.set(keyFor(event), fresh);
      return { event, said: fresh, fresh: true };
    }
    said.count += 1;
    if (now - said.toldAt < quietMs) {
      return undefined;
    }
    said.toldAt = now;
    return { event, said, fresh: false };
  }

  /** So that the next occurrence is written as a new event. */
  #forget(event: NewEvent): void {
    this.#said.delete(keyFor(event));
  }

  async #write(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      await this.#deliver(next);
      if (this.#ended.signal.aborted) {
        break;
      }
    }
  }

  /** Never rejects. */
  async #deliver(pending: Pending): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await (pending.fresh ? this.#create(pending) : this.#repeat(pending));
        return;
      } catch (error) {
        const failure = toKubeError(error);
        if (attempt >= attempts || !isTransient(failure) || this.#ended.signal.aborted) {
          this.#forget(pending.event);
          this.#drop(failure.message, pending.event);
          return;
        }
        await this.#options.clock.sleep(pauseMs * attempt, this.#ended.signal).catch(() => undefined);
      }
    }
  }

  /** Repeatable: the name is always the same, so that a lost answer shows as "already exists". */
  async #create({ event, said }: Pending): Promise<void> {
    try {
      const body = eventBody(event, this.#occurrence(said), this.#options.instance);
      await this.#options.api.create(events, body, { signal: this.#ended.signal });
    } catch (error) {
      if (!isAlreadyExists(error)) {
        throw error;
      }
    }
  }

  /** Repeatable: count and time are set, not added to. The server forgets events after an hour or so. */
  async #repeat(pending: Pending): Promise<void> {
    const { event, said } = pending;
    const { count, lastAt } = this.#occurrence(said);
    try {
      await this.#options.api.patch(
        events,
        { namespace: eventNamespace(event.about), name: said.name },
        { count, lastTimestamp: wholeSecondTime(lastAt) },
        { type: 'merge', signal: this.#ended.signal },
      );
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
      await this.#create(pending);
    }
  }

  #occurrence(said: Said): Occurrence {
    return { name: said.name, firstAt: said.firstAt, lastAt: this.#options.clock.now(), count: said.count };
  }

  #drop(why: string, event: NewEvent): void {
    this.#dropped += 1;
    const { about, reason } = event;
    this.#log.warn({ why, reason, object: about.name, dropped: this.#dropped }, 'an event was dropped');
    try {
      this.#options.onDropped?.(this.#dropped);
    } catch (error) {
      this.#log.error({ err: error }, 'a callback of the event recorder failed');
    }
  }
}

function keyFor({ about, type, reason, message }: NewEvent): string {
  return JSON.stringify([about.kind, about.namespace, about.name, about.uid, type, reason, message]);
}
