import type { KubeObject } from '../object.ts';

/** One write, as watchers see it. `object` of a removal is the last state, with the version of the removal. */
export type Change = {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly key: string;
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
};

/**
 * The last changes of one resource, oldest first. Bounded: what falls out at the old end raises `floor`, and nobody can
 * watch from before it or read a list as of before it any more.
 */
export class History {
  readonly #limit: number;
  #changes: Change[] = [];
  /** Index of the oldest change still kept; the array is cut only now and then, so that each append costs the same. */
  #start = 0;
  #floor = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Every change after this version is known. */
  get floor(): number {
    return this.#floor;
  }

  append(change: Change): void {
    this.#changes.push(change);
    if (this.#changes.length - this.#start > this.#limit) {
      this.#floor = this.#changes[this.#start]?.revision ?? this.#floor;
      this.#start += 1;
    }
    if (this.#start > this.#limit) {
      this.#changes = this.#changes.slice(this.#start);
      this.#start = 0;
    }
  }

  /** Forgets everything up to `revision`, as etcd's compaction does. */
  compact(revision: number): void {
    this.#changes = this.after(revision).slice();
    this.#start = 0;
    this.#floor = Math.max(this.#floor, revision);
  }

  /** The changes later than `revision`, which must not be below the floor. */
  after(revision: number): readonly Change[] {
    let low = this.#start;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.revision ?? 0) <= revision) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return this.#changes.slice(low);
  }
}
