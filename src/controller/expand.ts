/**
 * Makes the volume of a bound claim as large as the claim asks for. One run, each step of which can be the last one before
 * a crash:
 *
 *   look (API) -> status: begun -> event -> engine.growVolume -> PersistentVolume's capacity -> claim's status -> event
 *
 * Nothing has to be remembered for a later life: the claim asks for more than its status says until the last write, the
 * engine finds its record `growing` or large enough, and every step looks first. The status says the size *before* the
 * engine records it, so that a request which is lowered again (API servers from 1.32 allow that) is seen to be less than
 * what is under way: then the engine gives that growth up, and the volume keeps what it has got of it.
 *
 * Up to 1.25 kube-controller-manager's in-tree expander works on every `spec.glusterfs` volume too: it puts `Resizing` and
 * its name on the claim, and fails. There is nothing to fight about. It writes those once, we never take them off while the
 * growth lasts, and it stops as soon as the status shows the size; the last write of ours takes both away.
 *
 * Writes to the API for a growth that goes well: two of the status, one of the PersistentVolume, two events. No volume is
 * held back from its deletion meanwhile: the engine stops a growth for that, and what is written here changes no object
 * that is gone.
 */
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import { done, rejected, type Outcome, type Setback } from '../domain/outcome.ts';
import { formatQuantity, type Bytes } from '../domain/quantity.ts';
import type { VolumeEngine } from '../engine/api.ts';
import type { KubeApi } from '../kube/api.ts';
import { wholeSecondTime } from '../kube/micro-time.ts';
import {
  keyOf,
  persistentVolumeClaims,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
} from '../kube/resources.ts';
import { classNameOf } from './claims.ts';
import type { Events } from './events.ts';
import { concernsSize, decideExpansion, type ExpansionDecision } from './expansion.ts';
import { GrowthMemory } from './growth-memory.ts';
import { GrowthNews } from './growth-news.ts';
import { after, backoff, settled, slowRetryMs, type Next } from './next.ts';
import type { ControllerObserver } from './observer.ts';
import { raiseCapacity } from './raise-capacity.ts';
import { begun, finished, tidied } from './resize-status.ts';
import { allocatedOf, comesToShrink, requestOf, wantsMore } from './sizes.ts';
import { writeStatus } from './write-status.ts';

export interface ExpandDependencies {
  readonly api: KubeApi;
  readonly engine: Pick<VolumeEngine, 'growVolume' | 'cancelGrowth' | 'volume'>;
  readonly events: Events;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  readonly log: Log;
  /** Our name in StorageClasses. */
  readonly provisioner: string;
  readonly findClaim: (key: string) => PersistentVolumeClaim | undefined;
  readonly findClass: (name: string) => StorageClass | undefined;
  readonly findVolume: (name: string) => PersistentVolume | undefined;
}

/** A claim whose volume is to grow, as the API has just shown it. */
type Job = Extract<ExpansionDecision, { kind: 'grow' }> & { readonly claim: PersistentVolumeClaim };

/** How it ended, with the claim as it was then. `moot`: it is gone, or asks for something else by now, which brings it back. */
type Attempt = 'moot' | { readonly claim: PersistentVolumeClaim; readonly outcome: Outcome<Bytes> };

export class ExpandReconciler {
  readonly #deps: ExpandDependencies;
  readonly #memory: GrowthMemory;
  readonly #news: GrowthNews;

  constructor(deps: ExpandDependencies) {
    this.#deps = deps;
    this.#memory = new GrowthMemory(deps.clock);
    this.#news = new GrowthNews({ ...deps, memory: this.#memory });
  }

  /** `key`: namespace/name of the claim. Rejects with KubeError when the API could not be read or written. */
  async reconcile(key: string, signal: AbortSignal): Promise<Next> {
    const { findClaim } = this.#deps;
    const cached = findClaim(key);
    const shrinking = this.#memory.takeShrinking(key);
    if (cached === undefined) {
      return settled;
    }
    if (shrinking) {
      this.#news.shrinks(cached);
    }
    const known = this.#decide(cached);
    if (known.kind === 'ignore') {
      this.#memory.forget(cached.metadata.uid);
      return settled;
    }
    const rest = this.#memory.rejectedFor(cached, known.kind === 'grow' ? known.requested : undefined);
    if (rest > 0) {
      return after(rest);
    }
    const claim = await this.#look(cached, signal);
    return claim === undefined ? settled : this.#treat(claim, signal);
  }

  /** Takes notice of a claim that has come or changed: is there something to look at? By the claim alone, and cheap. */
  notice(claim: PersistentVolumeClaim, before?: PersistentVolumeClaim): boolean {
    if (before !== undefined && before.metadata.uid === claim.metadata.uid && comesToShrink(claim, before)) {
      this.#memory.shrinking(keyOf(claim.metadata));
      return true;
    }
    return concernsSize(claim);
  }

  /** The claim with this UID has gone from the cache. */
  forget(uid: string): void {
    this.#memory.forget(uid);
  }

  /** Room has been made: the keys of the claims that were short of it, each given once. */
  takeShort(): string[] {
    return this.#memory.takeShort();
  }

  /** The storage has changed, or the class of that name: the keys of the claims that had no luck before. */
  takeRejected(className?: string): string[] {
    return this.#memory.takeRejected(className);
  }

  #decide(claim: PersistentVolumeClaim): ExpansionDecision {
    const { findVolume, provisioner } = this.#deps;
    return decideExpansion(claim, findVolume, provisioner);
  }

  /** Asks the API, because the cache may be old, our own last write missing in it. `undefined`: it is gone. */
  async #look(cached: PersistentVolumeClaim, signal: AbortSignal): Promise<PersistentVolumeClaim | undefined> {
    const { namespace, name, uid } = cached.metadata;
    const fresh = await this.#deps.api.get(persistentVolumeClaims, { namespace, name }, { signal });
    return fresh?.metadata.uid === uid ? fresh : undefined;
  }

  async #treat(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<Next> {
    const { api, provisioner } = this.#deps;
    const decision = this.#decide(claim);
    switch (decision.kind) {
      case 'ignore':
        this.#memory.forget(claim.metadata.uid);
        return settled;
      case 'tidy':
        await writeStatus(api, claim, (now) => (wantsMore(now) ? undefined : tidied(now, provisioner)), signal);
        return settled;
      case 'refuse':
        return this.#setback(claim, undefined, rejected(decision.reason), signal);
      case 'grow':
        return this.#grow({ ...decision, claim }, signal);
    }
  }

  async #grow(job: Job, signal: AbortSignal): Promise<Next> {
    const { clock, observer, log } = this.#deps;
    const started = clock.monotonic();
    const attempt = await this.#attempt(job, signal);
    if (attempt === 'moot') {
      return settled;
    }
    const { claim, outcome } = attempt;
    observer.growFinished(classNameOf(claim), outcome.kind, clock.monotonic() - started);
    if (outcome.kind !== 'done') {
      return signal.aborted || this.#gone(claim) ? settled : this.#setback(claim, job.requested, outcome, signal);
    }
    this.#news.ends(claim, outcome.value);
    this.#memory.forget(claim.metadata.uid);
    const size = formatQuantity(outcome.value);
    log.info({ claim: keyOf(claim.metadata), volume: job.identity.id, size }, 'resized a volume');
    return settled;
  }

  async #attempt(job: Job, signal: AbortSignal): Promise<Attempt> {
    const { engine } = this.#deps;
    const { claim, identity, requested } = job;
    const given = await this.#giveUpMore(job, signal);
    if (given.kind !== 'done') {
      return { claim, outcome: given };
    }
    const served = this.#served(job);
    if (served !== undefined && served >= requested) {
      return this.#publish(job, served, signal);
    }
    const marked = await this.#begin(job, signal);
    if (marked === undefined) {
      return 'moot';
    }
    const forbidden = this.#forbidden(job);
    if (forbidden !== undefined) {
      return { claim: marked, outcome: rejected(forbidden) };
    }
    this.#news.begins(claim, requested);
    const grown = await engine.growVolume(identity.id, requested, signal);
    return grown.kind === 'done'
      ? this.#publish({ ...job, claim: marked }, grown.value.volume.size, signal)
      : { claim: marked, outcome: grown };
  }

  /** More was asked for before, and that is under way: it ends, without loss, before anything else begins. */
  async #giveUpMore({ claim, identity, requested }: Job, signal: AbortSignal): Promise<Outcome<unknown>> {
    const { engine, log } = this.#deps;
    const allocated = allocatedOf(claim) ?? 0;
    if (engine.volume(identity.id)?.phase !== 'growing' || allocated <= requested) {
      return done();
    }
    log.info({ claim: keyOf(claim.metadata), allocated, requested }, 'giving up a growth: less is asked for now');
    return engine.cancelGrowth(identity.id, signal);
  }

  /** Bytes that the volume serves for certain, a growth that is under way not counted. */
  #served({ identity }: Job): Bytes | undefined {
    const record = this.#deps.engine.volume(identity.id);
    return record?.phase === 'ready' || record?.phase === 'growing' ? record.size : undefined;
  }

  /**
   * The API server lets a request grow only when the class allows it. The class may be another one by now: what has not
   * begun does not begin then. A class that is gone says nothing.
   */
  #forbidden({ claim, identity }: Job): string | undefined {
    const { engine, findClass } = this.#deps;
    const className = classNameOf(claim);
    return engine.volume(identity.id)?.phase !== 'growing' && findClass(className)?.allowVolumeExpansion === false
      ? `StorageClass ${className} does not let volumes grow: set its allowVolumeExpansion to true`
      : undefined;
  }

  /**
   * Says in the status that work for this size begins. Old servers do not keep that, so it is remembered besides.
   * `undefined`: the claim is gone, or asks for something else by now.
   */
  async #begin({ claim, pv, requested }: Job, signal: AbortSignal): Promise<PersistentVolumeClaim | undefined> {
    if (this.#memory.isMarked(claim, requested)) {
      return claim;
    }
    const now = wholeSecondTime(this.#deps.clock.now());
    const volume = { csi: pv.spec.csi !== undefined };
    const change = (one: PersistentVolumeClaim) =>
      requestOf(one) === requested ? begun(one, requested, volume, now) : undefined;
    const marked = await writeStatus(this.#deps.api, claim, change, signal);
    if (marked === undefined || requestOf(marked) !== requested) {
      return undefined;
    }
    this.#memory.mark(claim, requested);
    return marked;
  }

  /** The volume has `size`. The PersistentVolume first: once the claim says it, nobody looks any more. */
  async #publish({ claim, pv, requested }: Job, size: Bytes, signal: AbortSignal): Promise<Attempt> {
    const { api, provisioner } = this.#deps;
    if ((await raiseCapacity(api, pv, size, signal)) === 'gone') {
      return 'moot';
    }
    const told = await writeStatus(api, claim, (current) => finished(current, requested, size, provisioner), signal);
    return told === undefined ? 'moot' : { claim: told, outcome: done(size) };
  }

  /** What a setback means for the user, and for the queue. `requested` is `undefined` for a size that cannot be read. */
  async #setback(
    claim: PersistentVolumeClaim,
    requested: Bytes | undefined,
    setback: Setback,
    signal: AbortSignal,
  ): Promise<Next> {
    this.#deps.log.warn({ claim: keyOf(claim.metadata), requested, ...setback }, 'could not resize a volume');
    if (setback.kind === 'unknown') {
      // Not a failure, so nobody is told of one; the claim stays in work until an answer comes.
      return backoff(setback.reason);
    }
    if (setback.kind === 'rejected') {
      this.#memory.reject(claim, requested);
    }
    if (setback.kind === 'waiting' && setback.on.what === 'capacity') {
      this.#memory.short(claim);
    }
    await this.#news.setback(claim, requested, setback, signal);
    return setback.kind === 'rejected' ? after(slowRetryMs) : backoff(setback.reason);
  }

  /** Is it gone, or another one by that name, as far as the cache knows by now? */
  #gone(claim: PersistentVolumeClaim): boolean {
    return this.#deps.findClaim(keyOf(claim.metadata))?.metadata.uid !== claim.metadata.uid;
  }
}
