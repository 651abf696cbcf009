import type { Clock } from '../domain/clock.ts';
import type { VolumeId } from '../domain/names.ts';
import { keyOf, type PersistentVolumeClaim, type StorageClass } from '../kube/resources.ts';
import { slowRetryMs } from './next.ts';

interface Verdict {
  /** Of the claim in its queue. */
  readonly key: string;
  readonly classUid: string;
  readonly claimVersion: string;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/**
 * Remembers which requests the engine has rejected, so that they are not put to it again and again. A verdict ends
 * after five minutes, with another class (its UID differs: classes cannot be edited), with a changed claim, and with a
 * changed topology. In memory only: a restart may ask once more.
 */
export class Verdicts {
  readonly #clock: Clock;
  readonly #byId = new Map<VolumeId, Verdict>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  reject(id: VolumeId, claim: PersistentVolumeClaim, storageClass: StorageClass): void {
    this.#byId.set(id, {
      key: keyOf(claim.metadata),
      classUid: storageClass.metadata.uid,
      claimVersion: claim.metadata.resourceVersion,
      until: this.#clock.monotonic() + slowRetryMs,
    });
  }

  /** Milliseconds that the verdict still holds; 0 when there is none. */
  remaining(id: VolumeId, claim: PersistentVolumeClaim, storageClass: StorageClass): number {
    const verdict = this.#byId.get(id);
    if (verdict === undefined) {
      return 0;
    }
    const same =
      verdict.classUid === storageClass.metadata.uid && verdict.claimVersion === claim.metadata.resourceVersion;
    const left = same ? verdict.until - this.#clock.monotonic() : 0;
    if (left <= 0) {
      this.#byId.delete(id);
      return 0;
    }
    return left;
  }

  /** Whatever it was about may be otherwise now. Returns the key of the claim to look at again, if there is one. */
  lift(id: VolumeId): string | undefined {
    const verdict = this.#byId.get(id);
    this.#byId.delete(id);
    return verdict?.key;
  }

  /** The storage has changed: every verdict may be wrong now. Returns the keys of the claims to look at again. */
  liftAll(): string[] {
    const keys = [...this.#byId.values()].map((verdict) => verdict.key);
    this.#byId.clear();
    return keys;
  }
}
