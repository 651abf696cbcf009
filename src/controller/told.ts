/** Keeps what is told of one thing from being told too often, in whatever words. */
import type { Clock } from '../domain/clock.ts';
import { slowRetryMs } from './next.ts';

interface Telling {
  readonly words: string;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/**
 * News of one kind about one thing once in five minutes. The recorder of events sees to that for the same words; but the
 * proof of why there is no room names sizes, which differ from try to try. In memory only: a restart tells once more.
 */
export class Told {
  readonly #clock: Clock;
  readonly #byThing = new Map<string, Map<string, Telling>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether it is to be told now. The same words always are: the recorder counts them, and writes them when it is time. */
  tells(thing: string, kind: string, words: string): boolean {
    const tellings = this.#byThing.get(thing) ?? new Map<string, Telling>();
    this.#byThing.set(thing, tellings);
    const [before, now] = [tellings.get(kind), this.#clock.monotonic()];
    const due = before === undefined || now - before.at >= slowRetryMs;
    if (due) {
      tellings.set(kind, { words, at: now });
    }
    return due || before.words === words;
  }

  /** It is over, or gone: what happens next is news. */
  forget(thing: string): void {
    this.#byThing.delete(thing);
  }
}
