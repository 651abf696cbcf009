/**
 * What the agent has been asked to do, by the callers' ids.
 *
 *     (none) --submit--> waiting --turn, place--> running --ended--> kept --time--> (none)
 *        |                  |                        |
 *     cancel             cancel                   cancel: its signal fires, and it ends as it can
 *        v                  v
 *     called off         kept, as failed: nothing was done
 *
 * An id that is waiting, running or kept is joined, never begun again. Results of changes are kept for longer than any
 * caller asks for them; when there is no room for more, new operations are refused rather than old ones forgotten.
 * Changes of one thing are done one after another in the order of arrival. Everything lives in memory: an agent that died
 * begins with nothing, which is why verbs are idempotent and commands hold locks of their own on the node.
 */
import type { Clock } from '../../domain/clock.ts';
import { failed } from '../../domain/outcome.ts';
import { Lane } from '../../engine/lane.ts';
import { validityMs, type OperationRequest } from '../protocol/messages.ts';
import { longestDeadlineMs } from '../protocol/verbs.ts';
import { Refusal } from './refusal.ts';
import { Remembered } from './remembered.ts';

/** One operation as `submit` takes it. */
export interface Submission extends Pick<OperationRequest, 'operation' | 'sender' | 'expires'> {
  /** Text of what is asked; the same id must come with the same text. */
  readonly content: string;
  readonly effect: 'read' | 'change';
  /** Changes of the same thing take their turns. */
  readonly about: string;
  /** Does it. Must not throw. `signal` fires when it is called off. */
  readonly work: (signal: AbortSignal) => Promise<unknown>;
}

/** An operation that has been taken on. */
export interface Operation {
  readonly content: string;
  /** The work's answer. Never rejects. */
  readonly ended: Promise<unknown>;
}

interface Active extends Operation {
  readonly abort: AbortController;
}

export interface OperationLimits {
  /** Reads that run at once. */
  readonly reads: number;
  /** Changes that run at once. */
  readonly changes: number;
  /** Operations that run or wait. */
  readonly active: number;
  /** Results that are kept, of reads and of changes each. */
  readonly kept: number;
}

export const usualLimits: OperationLimits = { reads: 16, changes: 16, active: 1024, kept: 16_384 };

/** Milliseconds that a result outlives the longest time in which somebody may ask for it. */
const margin = 60_000;
const nobody = (): void => undefined;

export class Operations {
  readonly #clock: Clock;
  readonly #limits: OperationLimits;
  readonly #active = new Map<string, Active>();
  readonly #kept: Readonly<Record<Submission['effect'], Remembered<Operation>>>;
  readonly #lanes: Readonly<Record<Submission['effect'], Lane>>;
  /** Ids that were called off before they arrived. */
  readonly #calledOff: Remembered<true>;
  /** By sender and thing: the number of the newest change that has begun. */
  readonly #newest: Remembered<number>;
  /** By thing: when all changes of it that have arrived are over. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(clock: Clock, limits: OperationLimits = usualLimits) {
    this.#clock = clock;
    this.#limits = limits;
    const kept = (): Remembered<Operation> => new Remembered(clock, longestDeadlineMs + margin);
    this.#kept = { read: kept(), change: kept() };
    this.#lanes = { read: new Lane(limits.reads, nobody), change: new Lane(limits.changes, nobody) };
    // What arrives later than its validity is refused for that, so nothing else need be known of it.
    this.#calledOff = new Remembered(clock, 2 * validityMs);
    this.#newest = new Remembered(clock, 2 * validityMs);
  }

  /** How many run or wait. */
  get active(): number {
    return this.#active.size;
  }

  /** The operation of this id, if it was taken on. Throws Refusal when it was something else. */
  find({ operation, content }: Pick<Submission, 'operation' | 'content'>): Operation | undefined {
    const known = this.#active.get(operation) ?? this.#kept.change.get(operation) ?? this.#kept.read.get(operation);
    if (known !== undefined && known.content !== content) {
      throw new Refusal('reused', `operation ${operation}: expected what it was first sent with, got something else`);
    }
    return known;
  }

  /** Takes on an operation that `find` does not know. Throws Refusal, and then nothing of it will be done. */
  submit(submission: Submission): Operation {
    this.#check(submission);
    const { operation, content, effect } = submission;
    const abort = new AbortController();
    const ended = this.#turn(submission, abort.signal);
    const active: Active = { content, abort, ended };
    this.#active.set(operation, active);
    void ended.finally(() => {
      this.#active.delete(operation);
      this.#kept[effect].set(operation, { content, ended });
    });
    return active;
  }

  /** Ends it early; if it has not arrived yet, it will not begin. Does nothing to one that is over. */
  cancel(operation: string, reason: string): void {
    this.#active.get(operation)?.abort.abort(new Error(reason));
    this.#calledOff.set(operation, true);
    if (this.#calledOff.size > this.#limits.kept) {
      this.#calledOff.dropOldest();
    }
  }

  cancelAll(reason: string): void {
    for (const { abort } of this.#active.values()) {
      abort.abort(new Error(reason));
    }
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    while (this.#active.size > 0) {
      await Promise.all([...this.#active.values()].map(({ ended }) => ended));
    }
  }

  #check({ operation, sender, expires, effect, about }: Submission): void {
    if (this.#calledOff.get(operation) === true) {
      throw new Refusal('cancelled', `operation ${operation} was called off`);
    }
    if (this.#clock.monotonic() > expires) {
      throw new Refusal('late', `operation ${operation} was under way for more than ${validityMs} ms`);
    }
    const key = `${sender.id} ${about}`;
    const newest = this.#newest.get(key);
    if (effect === 'change' && newest !== undefined && sender.sequence < newest) {
      throw new Refusal('overtaken', `${about}: a later operation of the same caller has begun`);
    }
    if (this.#active.size >= this.#limits.active) {
      throw new Refusal('busy', `${this.#active.size} operations run or wait already`);
    }
    const kept = this.#kept[effect];
    if (kept.size >= this.#limits.kept) {
      // To do a read twice harms nobody.
      if (effect === 'change') {
        throw new Refusal('busy', `the results of ${kept.size} operations are kept already`);
      }
      kept.dropOldest();
    }
    if (effect === 'change') {
      this.#newest.set(key, sender.sequence);
    }
  }

  /** A change waits for those about the same thing that arrived before it. */
  #turn(submission: Submission, signal: AbortSignal): Promise<unknown> {
    const { about, effect } = submission;
    if (effect === 'read') {
      return this.#place(submission, signal);
    }
    const before = this.#turns.get(about) ?? Promise.resolve();
    const ended = before.then(() => this.#place(submission, signal));
    this.#turns.set(about, ended);
    void ended.finally(() => {
      if (this.#turns.get(about) === ended) {
        this.#turns.delete(about);
      }
    });
    return ended;
  }

  async #place({ effect, work }: Submission, signal: AbortSignal): Promise<unknown> {
    const release = await this.#lanes[effect].enter('', signal);
    if (release === undefined) {
      return failed('called off before it began');
    }
    try {
      return await work(signal);
    } finally {
      release();
    }
  }
}
