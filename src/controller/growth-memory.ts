import type { Clock } from '../domain/clock.ts';
import type { Bytes } from '../domain/quantity.ts';
import { keyOf, type PersistentVolumeClaim } from '../kube/resources.ts';
import { classNameOf } from './claims.ts';
import { slowRetryMs } from './next.ts';

interface Memory {
  /** Of the claim in its queue. */
  readonly key: string;
  readonly className: string;
  /** The size that its status has been told of, though the server may not have kept that. */
  marked?: Bytes;
  announced?: Bytes;
  rejected?: { readonly size: Bytes | undefined; readonly until: number };
  short: boolean;
  /** When each kind of setback was told last. Monotonic milliseconds. */
  readonly told: Map<string, number>;
}

/**
 * What has been said and found out about claims that grow, by their UID. In memory only: after a restart things may be
 * said, written and asked once more, and nothing is lost.
 */
export class GrowthMemory {
  readonly #clock: Clock;
  readonly #byUid = new Map<string, Memory>();
  /** Keys of claims that have come to ask for less than they have. */
  readonly #shrinking = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The growth is over, or the claim is gone. */
  forget(uid: string): void {
    this.#byUid.delete(uid);
  }

  isMarked(claim: PersistentVolumeClaim, size: Bytes): boolean {
    return this.#byUid.get(claim.metadata.uid)?.marked === size;
  }

  mark(claim: PersistentVolumeClaim, size: Bytes): void {
    this.#of(claim).marked = size;
  }

  /** Whether that work for this size began is to be told: once for each size. What becomes of another size is news. */
  announces(claim: PersistentVolumeClaim, size: Bytes): boolean {
    const memory = this.#of(claim);
    if (memory.announced === size) {
      return false;
    }
    memory.announced = size;
    memory.told.clear();
    return true;
  }

  /** Whether a setback of this kind is to be told: at most once in five minutes, whatever its words are by then. */
  tells(claim: PersistentVolumeClaim, kind: string): boolean {
    const { told } = this.#of(claim);
    const now = this.#clock.monotonic();
    const last = told.get(kind);
    if (last !== undefined && now - last < slowRetryMs) {
      return false;
    }
    told.set(kind, now);
    return true;
  }

  /** The size (`undefined`: one that could not be read) cannot work; it is not asked for again for five minutes. */
  reject(claim: PersistentVolumeClaim, size: Bytes | undefined): void {
    this.#of(claim).rejected = { size, until: this.#clock.monotonic() + slowRetryMs };
  }

  /** Milliseconds that a rejection of this size still holds; 0 when there is none. */
  rejectedFor(claim: PersistentVolumeClaim, size: Bytes | undefined): number {
    const rejected = this.#byUid.get(claim.metadata.uid)?.rejected;
    return rejected === undefined || rejected.size !== size ? 0 : Math.max(0, rejected.until - this.#clock.monotonic());
  }

  /** There was no room for it. */
  short(claim: PersistentVolumeClaim): void {
    this.#of(claim).short = true;
  }

  /** Room has been made: the keys of the claims that were short of it, each given once. */
  takeShort(): string[] {
    return this.#take(({ short }) => short);
  }

  /** The storage has changed, or the class of that name: the keys of the claims that were rejected or short. */
  takeRejected(className?: string): string[] {
    return this.#take(
      (memory) =>
        (className === undefined || memory.className === className) && (memory.short || memory.rejected !== undefined),
    );
  }

  /** The claim at `key` has come to ask for less than it has. */
  shrinking(key: string): void {
    this.#shrinking.add(key);
  }

  takeShrinking(key: string): boolean {
    return this.#shrinking.delete(key);
  }

  #take(which: (memory: Memory) => boolean): string[] {
    const found = [...this.#byUid.values()].filter(which);
    for (const memory of found) {
      memory.short = false;
      delete memory.rejected;
    }
    return found.map(({ key }) => key);
  }

  #of(claim: PersistentVolumeClaim): Memory {
    const { uid } = claim.metadata;
    const known = this.#byUid.get(uid);
    const memory = known ?? {
      key: keyOf(claim.metadata),
      className: classNameOf(claim),
      short: false,
      told: new Map<string, number>(),
    };
    if (known === undefined) {
      this.#byUid.set(uid, memory);
    }
    return memory;
  }
}
