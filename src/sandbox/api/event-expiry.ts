import { eventResource } from './kinds/events.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Store } from './store/store.ts';

/** Milliseconds that an event is kept after it was last written: the real server's default. */
const timeToLive = 3_600_000;
const sweepInterval = 60_000;

/** Removes events an hour after their last write. */
export class EventExpiry {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  /** Key -> when it is due, oldest first, because each write moves the key to the end. */
  readonly #due = new Map<string, number>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  start(): void {
    const unlisten = this.#store.collection(eventResource).listen(({ type, key }) => {
      this.#due.delete(key);
      if (type !== 'DELETED') {
        this.#due.set(key, this.#clock.monotonic() + timeToLive);
      }
    });
    this.#stopped.signal.addEventListener('abort', unlisten);
    void this.#sweep();
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #sweep(): Promise<void> {
    while (await this.#sleep()) {
      for (const [key, due] of this.#due) {
        if (due > this.#clock.monotonic()) {
          break;
        }
        this.#due.delete(key);
        this.#store.remove(eventResource, key);
      }
    }
  }

  async #sleep(): Promise<boolean> {
    return this.#clock.sleep(sweepInterval, this.#stopped.signal).then(
      () => true,
      () => false,
    );
  }
}
