/** A bounded number of places, and a fair queue for them. */

/** Gives the place back. Calling it again does nothing, so work that takes too long may let others go first. */
export type Release = () => void;

interface Waiter {
  readonly admit: (release: Release | undefined) => void;
}

/**
 * Admits at most `limit` holders at once. Those who wait stand in one queue for each `key`, and the queues take turns:
 * a namespace that asks for a thousand volumes delays another one's single volume by one place, not by a thousand.
 */
export class Lane {
  readonly #limit: number;
  readonly #changed: (running: number, waiting: number) => void;
  /** In turn order: the queue that was served goes to the end. A Set, because a waiter may leave from the middle. */
  readonly #queues = new Map<string, Set<Waiter>>();
  #running = 0;
  #waiting = 0;

  /** `changed` is told how many hold a place and how many wait, after each change. */
  constructor(limit: number, changed: (running: number, waiting: number) => void) {
    this.#limit = limit;
    this.#changed = changed;
  }

  /** Waits for a place. `undefined`: `stop` fired, or everybody was sent away, before there was one. */
  enter(key: string, stop: AbortSignal): Promise<Release | undefined> {
    if (stop.aborted) {
      return Promise.resolve(undefined);
    }
    if (this.#running < this.#limit) {
      const release = this.#take();
      this.#tell();
      return Promise.resolve(release);
    }
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#drop(key, waiter);
        this.#tell();
        resolve(undefined);
      };
      const waiter: Waiter = {
        admit: (release) => {
          stop.removeEventListener('abort', leave);
          resolve(release);
        },
      };
      stop.addEventListener('abort', leave, { once: true });
      this.#queue(key).add(waiter);
      this.#waiting += 1;
      this.#tell();
    });
  }

  /** Sends everybody away who waits. Holders are not touched. */
  dismiss(): void {
    const waiters = [...this.#queues.values()].flatMap((queue) => Array.from(queue));
    this.#queues.clear();
    this.#waiting = 0;
    this.#tell();
    for (const waiter of waiters) {
      waiter.admit(undefined);
    }
  }

  #queue(key: string): Set<Waiter> {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new Set();
      this.#queues.set(key, queue);
    }
    return queue;
  }

  #drop(key: string, waiter: Waiter): void {
    const queue = this.#queues.get(key);
    if (queue?.delete(waiter) === true) {
      this.#waiting -= 1;
      if (queue.size === 0) {
        this.#queues.delete(key);
      }
    }
  }

  #take(): Release {
    this.#running += 1;
    let held = true;
    return () => {
      if (held) {
        held = false;
        this.#running -= 1;
        this.#admitNext();
        this.#tell();
      }
    };
  }

  #admitNext(): void {
    const [turn] = this.#queues;
    if (turn === undefined || this.#running >= this.#limit) {
      return;
    }
    const [key, queue] = turn;
    const [waiter] = queue;
    this.#queues.delete(key);
    if (waiter === undefined) {
      return;
    }
    queue.delete(waiter);
    this.#waiting -= 1;
    if (queue.size > 0) {
      this.#queues.set(key, queue);
    }
    waiter.admit(this.#take());
  }

  #tell(): void {
    this.#changed(this.#running, this.#waiting);
  }
}
