/** A bounded number of sessions on one connection; who comes later waits, first come, first served. */
import type { Patience } from '../patience.ts';

/** What sshd allows unless its MaxSessions says otherwise. */
const usual = 10;

export class SessionSlots {
  #limit = usual;
  #taken = 0;
  #waiting: (() => void)[] = [];

  /** How many sessions there are. */
  get taken(): number {
    return this.#taken;
  }

  /** `taken`: the caller has one, and gives it back with `release`. */
  async take({ over }: Patience): Promise<'taken' | 'deadline' | 'aborted'> {
    if (this.#taken < this.#limit) {
      this.#taken += 1;
      return 'taken';
    }
    const { promise, resolve } = Promise.withResolvers<'taken'>();
    const wake = (): void => resolve('taken');
    this.#waiting.push(wake);
    const first = await Promise.race([promise, over]);
    if (first !== 'taken') {
      if (this.#waiting.includes(wake)) {
        this.#waiting = this.#waiting.filter((other) => other !== wake);
      } else {
        // It was given to us in the very moment in which we left.
        this.release();
      }
    }
    return first;
  }

  release(): void {
    const next = this.#taken <= this.#limit ? this.#waiting.shift() : undefined;
    if (next === undefined) {
      this.#taken -= 1;
    } else {
      // The slot goes from hand to hand.
      next();
    }
  }

  /** The other end has refused the session that the caller has taken: no more than the others, then, at least one. */
  refused(): void {
    this.#limit = Math.max(1, Math.min(this.#limit, this.#taken - 1));
    this.release();
  }
}
