/**
 * Lanes. Commands of one lane run one after another on their node, whoever sent them: each takes a lock on a file there
 * and everything that it starts inherits that, so the lock goes when the last of them is gone and not before.
 *
 * Nothing ever waits on a node. A command whose lane is taken answers so at once and has not run; its sender asks again,
 * for as long as there is a sender. So a command of somebody who has died since either runs, and holds the lock, or will
 * never run: it cannot wake up later and undo what a successor did meanwhile.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { patience } from './patience.ts';
import type { CommandResult } from './runner.ts';

/** Where the lock files are. They are empty, at most 256, and gone with a reboot, like everything that could hold one. */
export const standardLaneDirectory = '/run';

/** Two lanes may share a file: they then wait for each other, which costs time and nothing else. */
export function laneFile(lane: string, directory: string): string {
  const number = createHash('sha256').update(lane).digest('hex').slice(0, 2);
  return `${directory}/brickyard-lane-${number}.lock`;
}

/** An earlier command of the lane is alive on the node; this one has not run. */
export interface LaneBusy {
  readonly kind: 'lane-busy';
}

export type Attempt = (remainingMs: number) => Promise<CommandResult | LaneBusy>;

interface Turn {
  readonly turn: Promise<void>;
  readonly leave: () => void;
}

const free: Turn = { turn: Promise.resolve(), leave: () => undefined };

/** Milliseconds between two attempts to get a lane that a stranger holds: they double up to the second number. */
const pauses = { first: 50, longest: 1_000 } as const;

/** One sender's side of the lanes: its own commands queue here, in the order in which they came. */
export class Lanes {
  readonly #clock: Clock;
  /** By lane, what the next one has to wait for. Never rejects. */
  readonly #tails = new Map<string, Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Attempts until the lane is free. Ends as `not-started` when `signal` aborts while it waits, and as `lost` when the
   * deadline passes: what it was to change is still being changed by somebody.
   *
   * `key`: the lane's file, and its node if there are several. Absent: there is nothing to wait for.
   */
  async run(
    key: string | undefined,
    deadlineMs: number,
    signal: AbortSignal,
    attempt: Attempt,
  ): Promise<CommandResult> {
    const end = this.#clock.monotonic() + deadlineMs;
    const { turn, leave } = key === undefined ? free : this.#join(key);
    try {
      const over = await this.#until(turn, end, signal);
      if (over !== undefined) {
        return over;
      }
      for (let pause: number = pauses.first; ; pause = Math.min(2 * pause, pauses.longest)) {
        const result = await attempt(end - this.#clock.monotonic());
        if (result.kind !== 'lane-busy') {
          return result;
        }
        const over = await this.#until(this.#clock.sleep(pause, signal), end, signal);
        if (over !== undefined) {
          return over;
        }
      }
    } finally {
      leave();
    }
  }

  #join(key: string): Turn {
    const turn = this.#tails.get(key) ?? Promise.resolve();
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    const tail: Promise<void> = turn.then(() => left).then(() => this.#forget(key, tail));
    this.#tails.set(key, tail);
    return { turn, leave };
  }

  /** Unless somebody else has come to wait. */
  #forget(key: string, tail: Promise<void>): void {
    if (this.#tails.get(key) === tail) {
      this.#tails.delete(key);
    }
  }

  async #until(turn: Promise<void>, end: number, signal: AbortSignal): Promise<CommandResult | undefined> {
    const caller = patience(this.#clock, end - this.#clock.monotonic(), signal);
    const first = await Promise.race([
      turn.then(
        () => 'turn' as const,
        () => 'aborted' as const,
      ),
      caller.over,
    ]);
    caller.release();
    switch (first) {
      case 'turn':
        return undefined;
      case 'deadline':
        return { kind: 'lost', reason: 'deadline passed while an earlier command of its lane was running' };
      case 'aborted':
        return { kind: 'not-started', cause: 'aborted', reason: 'the caller gave up before its turn came' };
    }
  }
}
