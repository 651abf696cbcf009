/**
 * What a node's own clock shows, so that each command can say until when it may begin. Words can lie in the network's
 * buffers for minutes after their sender has gone and somebody else has taken over, and must not be carried out then.
 *
 * The clock is the node's uptime: nobody sets it, and a restart of the node ends the connection.
 */
import type { Clock } from '../../domain/clock.ts';
import type { Executed } from './connection.ts';

/** Milliseconds after it was sent in which a command may begin. Shorter than the lease that a successor waits for. */
const validMs = 10_000;
/** Milliseconds for which a reading is good: two clocks that nobody sets drift apart by some milliseconds in that time. */
const readingAgeMs = 600_000;

/** What to read it with. */
export const uptimeArgv: readonly string[] = ['cat', '/proc/uptime'];

interface Reading {
  readonly seconds: number;
  /** By our clock, when the answer was here: the node's clock shows no less than that plus what has passed since. */
  readonly at: number;
}

export class NodeUptime {
  readonly #clock: Clock;
  readonly #ask: () => Promise<Executed>;
  #reading: Reading | undefined;
  #asking: Promise<Executed | undefined> | undefined;

  /** `ask`: runs `uptimeArgv` on the node. */
  constructor(clock: Clock, ask: () => Promise<Executed>) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** Undefined once it is known; else what the node said instead. */
  async unknown(): Promise<Executed | undefined> {
    if (this.#reading !== undefined && this.#clock.monotonic() - this.#reading.at < readingAgeMs) {
      return undefined;
    }
    this.#asking ??= this.#read().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** For when a command came too late: then one of the two machines may have stood still. */
  forget(): void {
    this.#reading = undefined;
  }

  /** Seconds of the node's uptime until which a command that goes out now may begin. Undefined: not known any more. */
  latest(): number | undefined {
    const { seconds, at } = this.#reading ?? {};
    return seconds === undefined || at === undefined
      ? undefined
      : Math.floor(seconds + (this.#clock.monotonic() - at + validMs) / 1000);
  }

  async #read(): Promise<Executed | undefined> {
    const answer = await this.#ask();
    const [, seconds] = (answer.kind === 'exited' && /^(\d+\.\d+) /.exec(answer.stdout)) || [];
    if (seconds === undefined) {
      return answer;
    }
    this.#reading = { seconds: Number(seconds), at: this.#clock.monotonic() };
    return undefined;
  }
}
