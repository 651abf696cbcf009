/**
 * Gives a claim its volume. One run, each step of which can be the last one before a crash:
 *
 *   decide (cache) -> look (once, API) -> event -> engine.ensureVolume -> PersistentVolume and confirmation -> event
 *
 * The record that ensureVolume commits is what a later life carries on from; the window between PersistentVolume and
 * confirmation is the business of src/controller/publish.ts.
 *
 * Writes to the API for a claim that goes well: two events and the PersistentVolume. Reads: one GET of the claim before
 * the first record, because a cache may be old and the claim gone, and one of its pod's node if that is chosen and not known;
 * and once in five minutes, whatever the number of claims, the server's version and the list of nodes. A run that comes while
 * the cache does not show the new PersistentVolume yet costs one GET of that instead of doing it all again.
 */
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { VolumeId } from '../domain/names.ts';
import { done, rejected, type Outcome, type Setback } from '../domain/outcome.ts';
import type { MountForm } from '../domain/parameter-table.ts';
import type { VolumeRequest } from '../domain/volume.ts';
import type { VolumeEngine } from '../engine/api.ts';
import type { KubeApi } from '../kube/api.ts';
import { referenceTo } from '../kube/event-body.ts';
import {
  keyOf,
  persistentVolumeClaims,
  persistentVolumes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
} from '../kube/resources.ts';
import { classNameOf, decideClaim } from './claims.ts';
import { ConsumerZones } from './consumer-zones.ts';
import { eventReason, explained, type Events } from './events.ts';
import type { InWork } from './in-work.ts';
import { after, backoff, busyRetryMs, settled, slowRetryMs, type Next } from './next.ts';
import type { ControllerObserver } from './observer.ts';
import { publish } from './publish.ts';
import { persistentVolumeName } from './pv.ts';
import { Rescheduling } from './reschedule.ts';
import { isFor, nameTaken } from './save-pv.ts';
import { Told } from './told.ts';
import type { Unsettled } from './unsettled.ts';
import type { Verdicts } from './verdicts.ts';
import type { VolumeForms } from './volume-forms.ts';
import { WaitingClaims, type WaitingCount, type WaitingReason } from './waiting-claims.ts';

export interface ProvisionDependencies {
  readonly api: KubeApi;
  readonly engine: Pick<VolumeEngine, 'ensureVolume' | 'confirmVolume' | 'volume'>;
  readonly events: Events;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  readonly log: Log;
  /** Our name in StorageClasses. */
  readonly provisioner: string;
  /** Where the Endpoints are. */
  readonly namespace: string;
  readonly findClaim: (key: string) => PersistentVolumeClaim | undefined;
  readonly findClass: (name: string) => StorageClass | undefined;
  readonly findVolume: (name: string) => PersistentVolume | undefined;
  readonly forms: Pick<VolumeForms, 'of'>;
  readonly inWork: InWork;
  readonly verdicts: Verdicts;
  readonly unsettled: Unsettled;
  /** Looks after a volume whose claim went away while it was made. */
  readonly abandon: (id: VolumeId) => void;
}

/** A claim that is to get a volume. */
interface Job {
  readonly claim: PersistentVolumeClaim;
  readonly storageClass: StorageClass;
  readonly request: VolumeRequest;
  readonly mount: MountForm;
}

/** `dropped`: nobody wants the volume any more. `standing`: it had its PersistentVolume already. No event for both. */
type Attempt = Outcome<'provisioned' | 'standing' | 'dropped'>;

export class ProvisionReconciler {
  readonly #deps: ProvisionDependencies;
  /** Claims that have been told that work on them began; the event says so once, not at each attempt. */
  readonly #announced = new Set<VolumeId>();
  /** Keys of claims for which there was no room. */
  readonly #short = new Set<string>();
  readonly #told: Told;
  readonly #zones: ConsumerZones;
  readonly #rescheduling: Rescheduling;
  readonly #waiting: WaitingClaims;

  constructor(deps: ProvisionDependencies) {
    this.#deps = deps;
    this.#told = new Told(deps.clock);
    this.#zones = new ConsumerZones(deps);
    this.#rescheduling = new Rescheduling(deps);
    this.#waiting = new WaitingClaims(deps);
  }

  /** `key`: namespace/name of the claim. Rejects with KubeError when the API could not be read. */
  async reconcile(key: string, signal: AbortSignal): Promise<Next> {
    const { findClaim, findClass, provisioner, verdicts, inWork } = this.#deps;
    const claim = findClaim(key);
    if (claim === undefined) {
      this.#waiting.settled(key);
      return settled;
    }
    const decision = decideClaim(claim, findClass, provisioner);
    switch (decision.kind) {
      case 'ignore':
        this.#waiting.settled(key);
        return settled;
      case 'wait':
        this.#waiting.waits(claim, findClass(classNameOf(claim)) === undefined ? 'class' : 'consumer');
        return settled;
      case 'refuse':
        return this.#refuse(claim, decision.className, decision.reason);
      case 'provision': {
        const job = { ...decision, claim };
        const rest = verdicts.remaining(job.request.id, claim, job.storageClass);
        if (rest > 0) {
          return after(rest);
        }
        const next = await inWork.exclusively(job.request.id, () => this.#provision(job, signal));
        return next ?? after(busyRetryMs);
      }
    }
  }

  /** The claim has gone from the cache. */
  forget(id: VolumeId): void {
    this.#announced.delete(id);
    this.#told.forget(id);
    this.#rescheduling.forget(id);
    this.#deps.verdicts.lift(id);
  }

  /** Claims without a volume after a look at them, by why. */
  waiting(): ReadonlyMap<WaitingReason, WaitingCount> {
    return this.#waiting.counts();
  }

  /** Room has been made: the keys of the claims that were short of it, each given once. */
  takeShort(): string[] {
    const keys = [...this.#short];
    this.#short.clear();
    return keys;
  }

  #refuse(claim: PersistentVolumeClaim, className: string, reason: string): Next {
    this.#deps.observer.provisionFinished(className, 'refused', 0);
    this.#waiting.waits(claim, 'refused');
    this.#deps.log.warn({ claim: keyOf(claim.metadata), reason }, 'refused a claim');
    this.#warn(claim, reason);
    return after(slowRetryMs);
  }

  async #provision(job: Job, signal: AbortSignal): Promise<Next> {
    const { clock, observer, unsettled, abandon } = this.#deps;
    const started = clock.monotonic();
    const attempt = await this.#attempt(job, signal);
    if (attempt.kind === 'unknown') {
      unsettled.add(job.request);
    } else {
      unsettled.remove(job.request.id);
    }
    if (attempt.kind !== 'done' || attempt.value === 'provisioned') {
      observer.provisionFinished(job.request.owner.className, attempt.kind, clock.monotonic() - started);
    }
    if (this.#gone(job.claim)) {
      // Nobody is left to be told. Whatever stands of the volume is looked after, an unknown state included.
      abandon(job.request.id);
      return settled;
    }
    if (signal.aborted) {
      return settled;
    }
    const next = this.#interpret(job, attempt);
    return attempt.kind !== 'done' && (await this.#givenBack(job, attempt, signal)) ? settled : next;
  }

  /** Has the scheduler been asked for another node? Its answer brings the claim back. */
  async #givenBack({ claim, request, storageClass }: Job, setback: Setback, signal: AbortSignal): Promise<boolean> {
    return (
      this.#rescheduling.isDue(request.id, claim, storageClass, setback) &&
      this.#rescheduling.giveBack(request.id, claim, signal)
    );
  }

  /** What an attempt's end means for the user, and for the queue. */
  #interpret(job: Job, attempt: Attempt): Next {
    const { claim, request, storageClass } = job;
    const { log, verdicts } = this.#deps;
    this.#waiting.tried(claim, attempt);
    if (attempt.kind === 'done') {
      this.#told.forget(request.id);
      if (attempt.value === 'provisioned') {
        const name = persistentVolumeName(request.id);
        this.#normal(claim, eventReason.provisioningSucceeded, `Successfully provisioned volume ${name}`);
        log.info({ claim: keyOf(claim.metadata), volume: request.id }, 'provisioned a volume');
      }
      return settled;
    }
    log.warn({ claim: keyOf(claim.metadata), volume: request.id, ...attempt }, 'could not provision a volume');
    if (attempt.kind === 'waiting' && attempt.on.what === 'capacity') {
      this.#short.add(keyOf(claim.metadata));
    }
    switch (attempt.kind) {
      case 'unknown':
        // Not a failure, so nobody is told of one; the claim stays in work until an answer comes.
        return backoff(attempt.reason);
      case 'rejected':
        verdicts.reject(request.id, claim, storageClass);
        this.#warn(claim, explained(attempt));
        return after(slowRetryMs);
      case 'waiting':
      case 'failed': {
        const words = explained(attempt);
        // What becomes of another class is news.
        if (this.#told.tells(request.id, `${attempt.kind} ${storageClass.metadata.uid}`, words)) {
          this.#warn(claim, words);
        }
        return backoff(attempt.reason);
      }
    }
  }

  async #attempt(job: Job, signal: AbortSignal): Promise<Attempt> {
    const { engine, provisioner } = this.#deps;
    const { claim, request } = job;
    const standing = await this.#standing(request.id, signal);
    if (standing !== undefined) {
      return isFor(standing, claim.metadata.uid, provisioner)
        ? this.#confirmStanding(request.id)
        : rejected(nameTaken(standing.metadata.name));
    }
    if (engine.volume(request.id) === undefined && !(await this.#stillWanted(claim, signal))) {
      return done('dropped');
    }
    this.#announceStart(claim, request.id);
    // A volume that has its place keeps it, wherever the pod goes.
    const zone = engine.volume(request.id) === undefined ? await this.#zones.of(claim, signal) : undefined;
    const ensured = await engine.ensureVolume({ ...request, preferredZones: zone === undefined ? [] : [zone] }, signal);
    if (ensured.kind !== 'done') {
      return ensured;
    }
    if (this.#gone(claim)) {
      return done('dropped');
    }
    const form = await this.#deps.forms.of(job.mount, job.storageClass, signal);
    if (form.kind !== 'done') {
      return form;
    }
    const publication = { ...job, volume: ensured.value.volume, form: form.value };
    const published = await publish(this.#deps, publication, signal);
    return published.kind === 'done' ? done('provisioned') : published;
  }

  /** The PersistentVolume of the claim. With a confirmed volume it most likely stands, whatever the cache says. */
  async #standing(id: VolumeId, signal: AbortSignal): Promise<PersistentVolume | undefined> {
    const { api, engine, findVolume } = this.#deps;
    const name = persistentVolumeName(id);
    const confirmed = (engine.volume(id)?.phase ?? 'creating') !== 'creating';
    return findVolume(name) ?? (confirmed ? api.get(persistentVolumes, { name }, { signal }) : undefined);
  }

  /** An earlier life has created the object, and may have died before it could confirm. */
  async #confirmStanding(id: VolumeId): Promise<Attempt> {
    const { engine } = this.#deps;
    if (engine.volume(id)?.phase !== 'creating') {
      return done('standing');
    }
    const confirmed = await engine.confirmVolume(id);
    return confirmed.kind === 'done' ? done('standing') : confirmed;
  }

  /** Is it gone or going, or another one by that name, as far as the cache knows by now? */
  #gone(claim: PersistentVolumeClaim): boolean {
    const now = this.#deps.findClaim(keyOf(claim.metadata))?.metadata;
    return now?.uid !== claim.metadata.uid || now.deletionTimestamp !== undefined;
  }

  /** Asks the API, because the cache may be old: a record for a claim that is gone would be work for nothing. */
  async #stillWanted(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<boolean> {
    const { namespace, name, uid } = claim.metadata;
    const fresh = await this.#deps.api.get(persistentVolumeClaims, { namespace, name }, { signal });
    return (
      fresh !== undefined &&
      fresh.metadata.uid === uid &&
      fresh.metadata.deletionTimestamp === undefined &&
      fresh.spec.volumeName === ''
    );
  }

  #announceStart(claim: PersistentVolumeClaim, id: VolumeId): void {
    if (!this.#announced.has(id)) {
      this.#announced.add(id);
      this.#normal(
        claim,
        eventReason.provisioning,
        `External provisioner is provisioning volume for claim "${keyOf(claim.metadata)}"`,
      );
    }
  }

  #normal(claim: PersistentVolumeClaim, reason: string, message: string): void {
    this.#deps.events.record({ about: referenceTo(persistentVolumeClaims, claim), type: 'Normal', reason, message });
  }

  #warn(claim: PersistentVolumeClaim, message: string): void {
    const about = referenceTo(persistentVolumeClaims, claim);
    this.#deps.events.record({ about, type: 'Warning', reason: eventReason.provisioningFailed, message });
  }
}
