/** One piece of work per volume at a time, shared by everybody who asks for the same. */
import { messageOf } from '../domain/error-message.ts';
import type { VolumeId } from '../domain/names.ts';
import { unknown, waiting, type Outcome, type Waiting } from '../domain/outcome.ts';

/** How a piece of work is told to end. */
export interface RunSignals {
  /** Finish the running step, begin no other, wait for nothing. Its reason is a sentence for people. */
  readonly stop: AbortSignal;
  /** End the running step too. Implies `stop`. */
  readonly abort: AbortSignal;
}

/** The outcome of work that was stopped between two steps: nothing runs, and what was begun is carried on by a retry. */
export function stopped({ stop }: RunSignals): Waiting {
  const reason = String(stop.reason);
  return waiting({ what: 'condition', name: reason }, `stopped: ${reason}`);
}

const beingDeleted = 'the volume is being deleted';
const nobodyWaits = 'nobody waits for the outcome any more';

/** One execution and those who wait for it. */
class Run<T> {
  /** Never rejects. */
  readonly outcome: Promise<Outcome<T>>;
  readonly #stop = new AbortController();
  readonly #abort = new AbortController();
  #callers = 0;

  constructor(start: (signals: RunSignals) => Promise<Outcome<T>>) {
    this.outcome = start({ stop: this.#stop.signal, abort: this.#abort.signal });
  }

  get stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  stop(reason: string): void {
    this.#stop.abort(reason);
  }

  /** Waits with the others. The run is aborted when all of them have gone; until then one that goes learns nothing. */
  async join(signal: AbortSignal): Promise<Outcome<T>> {
    this.#callers += 1;
    let leave: (() => void) | undefined;
    const left = new Promise<Outcome<T>>((resolve) => {
      leave = () => {
        this.#callers -= 1;
        if (this.#callers === 0) {
          // Alone: the run ends soon, and says better than we could what may be assumed.
          this.#stop.abort(nobodyWaits);
          this.#abort.abort(nobodyWaits);
        } else {
          resolve(unknown('the caller left; the work goes on for others'));
        }
      };
    });
    if (leave !== undefined) {
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) {
        leave();
      }
    }
    try {
      return await Promise.race([this.outcome, left]);
    } finally {
      if (leave !== undefined) {
        signal.removeEventListener('abort', leave);
      }
    }
  }
}

/** Work of one kind, by volume: the latest run of each, as long as it has not ended. */
class Kind<T> {
  readonly #runs = new Map<VolumeId, Run<T>>();

  get(id: VolumeId): Run<T> | undefined {
    return this.#runs.get(id);
  }

  add(id: VolumeId, run: Run<T>): Run<T> {
    this.#runs.set(id, run);
    void this.#retire(id, run);
    return run;
  }

  async #retire(id: VolumeId, run: Run<T>): Promise<void> {
    await run.outcome;
    if (this.#runs.get(id) === run) {
      this.#runs.delete(id);
    }
  }

  stopAll(reason: string): void {
    for (const run of this.#runs.values()) {
      run.stop(reason);
    }
  }
}

/**
 * The volumes' lanes. Invariants:
 *
 * - At most one run of a volume is under way; the others stand behind it in the order in which they came.
 * - Callers who ask for the same while it is under way or in the queue get the same execution. One that was told to
 *   stop is not joined any more: its outcome would say nothing about the new caller's wish.
 * - A delete tells the volume's ensure and what else yields to it to stop, and comes after them. An ensure that comes while a delete is under way or
 *   waiting is answered at once, so that it cannot bring back what is going.
 * - A run holds nothing but its volume while it waits for a place in a node's or cluster's lane (see lanes.ts).
 */
export class VolumeRuns<E, D> {
  readonly #ensures = new Kind<E>();
  readonly #deletes = new Kind<D>();
  readonly #others = new Set<Run<unknown>>();
  /** Those of the others that make way for a delete. */
  readonly #yielding = new Map<VolumeId, Set<Run<unknown>>>();
  /** The end of each volume's queue. */
  readonly #tails = new Map<VolumeId, Promise<unknown>>();
  readonly #defect: (id: VolumeId, error: unknown) => void;

  /** `defect` is told of work that threw. */
  constructor(defect: (id: VolumeId, error: unknown) => void) {
    this.#defect = defect;
  }

  /** Joins the volume's ensure or begins one. */
  ensure(id: VolumeId, signal: AbortSignal, work: (signals: RunSignals) => Promise<Outcome<E>>): Promise<Outcome<E>> {
    if (this.#deletes.get(id) !== undefined) {
      return Promise.resolve(waiting({ what: 'condition', name: beingDeleted }, beingDeleted));
    }
    const run = this.#ensures.get(id);
    return run === undefined || run.stopping
      ? this.#ensures.add(id, this.#begin(id, work)).join(signal)
      : run.join(signal);
  }

  /** Joins the volume's delete, or stops its ensure and begins one. */
  delete(id: VolumeId, signal: AbortSignal, work: (signals: RunSignals) => Promise<Outcome<D>>): Promise<Outcome<D>> {
    const run = this.#deletes.get(id);
    if (run !== undefined && !run.stopping) {
      return run.join(signal);
    }
    this.#ensures.get(id)?.stop(beingDeleted);
    this.stopYielding(id, beingDeleted);
    return this.#deletes.add(id, this.#begin(id, work)).join(signal);
  }

  /**
   * Begins something else that must not overlap with other work on the volume, that a delete stops, and that is turned
   * away while one is under way.
   */
  async yielding<T>(
    id: VolumeId,
    signal: AbortSignal,
    work: (signals: RunSignals) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    if (this.#deletes.get(id) !== undefined) {
      return waiting({ what: 'condition', name: beingDeleted }, beingDeleted);
    }
    const run = this.#begin(id, work);
    const runs = this.#yielding.get(id) ?? new Set();
    this.#yielding.set(id, runs.add(run));
    try {
      return await this.#joinOther(run, signal);
    } finally {
      runs.delete(run);
      if (runs.size === 0) {
        this.#yielding.delete(id);
      }
    }
  }

  /** Tells what yields to a delete of the volume to stop, for another reason. */
  stopYielding(id: VolumeId, reason: string): void {
    for (const run of this.#yielding.get(id) ?? []) {
      run.stop(reason);
    }
  }

  /** Begins something else that must not overlap with other work on the volume. */
  async other<T>(
    id: VolumeId,
    signal: AbortSignal,
    work: (signals: RunSignals) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    return this.#joinOther(this.#begin(id, work), signal);
  }

  async #joinOther<T>(run: Run<T>, signal: AbortSignal): Promise<Outcome<T>> {
    this.#others.add(run);
    try {
      return await run.join(signal);
    } finally {
      this.#others.delete(run);
    }
  }

  /** Tells everything to stop, and waits until it has. */
  async stopAll(reason: string): Promise<void> {
    this.#ensures.stopAll(reason);
    this.#deletes.stopAll(reason);
    for (const run of this.#others) {
      run.stop(reason);
    }
    while (this.#tails.size > 0) {
      await Promise.allSettled(this.#tails.values());
    }
  }

  #begin<T>(id: VolumeId, work: (signals: RunSignals) => Promise<Outcome<T>>): Run<T> {
    const before = this.#tails.get(id);
    const run = new Run<T>(async (signals) => {
      await before;
      try {
        return signals.stop.aborted ? stopped(signals) : await work(signals);
      } catch (error) {
        // A defect. How far the work had come is not known, which is just what `unknown` says.
        this.#defect(id, error);
        return unknown(`internal error: ${messageOf(error)}`);
      }
    });
    this.#tails.set(id, run.outcome);
    void this.#retire(id, run.outcome);
    return run;
  }

  async #retire(id: VolumeId, tail: Promise<unknown>): Promise<void> {
    await tail;
    if (this.#tails.get(id) === tail) {
      this.#tails.delete(id);
    }
  }
}
