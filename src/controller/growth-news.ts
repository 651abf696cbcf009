/** Tells the author of a claim what becomes of its growth: by events, and by the condition that says why it is not there. */
import type { Clock } from '../domain/clock.ts';
import type { Setback } from '../domain/outcome.ts';
import { describeSize, formatQuantity, type Bytes } from '../domain/quantity.ts';
import type { KubeApi } from '../kube/api.ts';
import { referenceTo } from '../kube/event-body.ts';
import { wholeSecondTime } from '../kube/micro-time.ts';
import { persistentVolumeClaims, type PersistentVolumeClaim } from '../kube/resources.ts';
import { eventReason, explained, type Events } from './events.ts';
import type { GrowthMemory } from './growth-memory.ts';
import { troubled, type Trouble } from './resize-status.ts';
import { capacityOf, requestOf, wantsMore } from './sizes.ts';
import { writeStatus } from './write-status.ts';

export interface GrowthNewsDependencies {
  readonly api: KubeApi;
  readonly events: Events;
  readonly clock: Clock;
  readonly memory: GrowthMemory;
}

const troubleOf: Readonly<Record<Exclude<Setback['kind'], 'unknown'>, Trouble>> = {
  waiting: 'Waiting',
  failed: 'Failed',
  rejected: 'Rejected',
};

export class GrowthNews {
  readonly #deps: GrowthNewsDependencies;

  constructor(deps: GrowthNewsDependencies) {
    this.#deps = deps;
  }

  /** Work begins: said once for each size. */
  begins(claim: PersistentVolumeClaim, requested: Bytes): void {
    if (this.#deps.memory.announces(claim, requested)) {
      const sizes = `from ${claim.status.capacity['storage'] ?? 'nothing'} to ${formatQuantity(requested)}`;
      const message = `External resizer is resizing volume ${claim.spec.volumeName} ${sizes}`;
      this.#say(claim, 'Normal', eventReason.resizing, message);
    }
  }

  ends(claim: PersistentVolumeClaim, size: Bytes): void {
    const message = `Successfully resized volume ${claim.spec.volumeName} to ${formatQuantity(size)}`;
    this.#say(claim, 'Normal', eventReason.volumeResizeSuccessful, message);
  }

  /**
   * Event and condition, in the engine's words; those of one kind at most once in five minutes. `requested` is `undefined`
   * for a size that cannot be read. Rejects with KubeError when the condition could not be written.
   */
  async setback(
    claim: PersistentVolumeClaim,
    requested: Bytes | undefined,
    setback: Exclude<Setback, { kind: 'unknown' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const { api, clock, memory } = this.#deps;
    if (!memory.tells(claim, setback.kind)) {
      return;
    }
    const trouble = { kind: troubleOf[setback.kind], message: explained(setback) };
    this.#say(claim, 'Warning', eventReason.volumeResizeFailed, trouble.message);
    const now = wholeSecondTime(clock.now());
    const isMeant = (one: PersistentVolumeClaim): boolean => wantsMore(one) && requestOf(one) === requested;
    const change = (one: PersistentVolumeClaim) => (isMeant(one) ? troubled(one, trouble, now) : undefined);
    await writeStatus(api, claim, change, signal);
  }

  /** It asks for less than it has, which API servers do not let through. */
  shrinks(claim: PersistentVolumeClaim): void {
    const has = capacityOf(claim);
    const asked = claim.spec.resources.requests['storage'] ?? 'nothing';
    if (has !== undefined) {
      const what = `the claim asks for ${asked}, and its volume has ${describeSize(has)}`;
      const message = `${what}: volumes never become smaller, so nothing was done`;
      this.#say(claim, 'Warning', eventReason.volumeResizeFailed, message);
    }
  }

  #say(claim: PersistentVolumeClaim, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#deps.events.record({ about: referenceTo(persistentVolumeClaims, claim), type, reason, message });
  }
}
