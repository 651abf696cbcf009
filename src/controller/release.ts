/**
 * Looks after PersistentVolumes of ours. While one is bound it only keeps the finalizer true to the reclaim policy; once
 * it is released and the policy is Delete:
 *
 *   last look (API) -> engine.deleteVolume -> delete the object -> take the finalizer off
 *
 * Every step can be run again, and everything it needs stands on the object: the class may be gone. A user who deletes
 * the PersistentVolume first changes nothing, since the finalizer keeps it: the data stays as long as the claim is bound.
 */
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import { NameError } from '../domain/names.ts';
import { rejected, type Outcome } from '../domain/outcome.ts';
import type { VolumeEngine } from '../engine/api.ts';
import type { KubeApi } from '../kube/api.ts';
import { isConflict } from '../kube/errors.ts';
import { referenceTo } from '../kube/event-body.ts';
import { persistentVolumeClaims, persistentVolumes, type PersistentVolume } from '../kube/resources.ts';
import { eventReason, explained, type Events } from './events.ts';
import { hasFinalizer, setFinalizer } from './finalizer.ts';
import type { InWork } from './in-work.ts';
import { after, backoff, busyRetryMs, settled, slowRetryMs, type Next } from './next.ts';
import type { ControllerObserver } from './observer.ts';
import { identityOf, isOurs, type VolumeIdentity } from './pv.ts';
import { Told } from './told.ts';

export interface ReleaseDependencies {
  readonly api: KubeApi;
  readonly engine: Pick<VolumeEngine, 'deleteVolume' | 'confirmVolume' | 'volume'>;
  readonly events: Events;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  readonly log: Log;
  /** Our name in StorageClasses. */
  readonly provisioner: string;
  readonly findVolume: (name: string) => PersistentVolume | undefined;
  readonly inWork: InWork;
  /** Space has become free. */
  readonly freed: () => void;
}

/** Is it for us to delete the data behind it, and now? */
function isToBeDeleted(pv: PersistentVolume): boolean {
  return (
    pv.status.phase === 'Released' &&
    pv.spec.persistentVolumeReclaimPolicy === 'Delete' &&
    // Somebody took the finalizer off an object that is going: the agreement about its data is gone with it.
    (pv.metadata.deletionTimestamp === undefined || hasFinalizer(pv))
  );
}

/** Whether the finalizer must be there; `undefined` when that is not to be touched now. */
function finalizerWanted(pv: PersistentVolume): boolean | undefined {
  if (pv.spec.persistentVolumeReclaimPolicy !== 'Delete') {
    return false;
  }
  return pv.status.phase === 'Bound' && pv.metadata.deletionTimestamp === undefined ? true : undefined;
}

export class ReleaseReconciler {
  readonly #deps: ReleaseDependencies;
  readonly #told: Told;

  constructor(deps: ReleaseDependencies) {
    this.#deps = deps;
    this.#told = new Told(deps.clock);
  }

  /** `name`: of the PersistentVolume. Rejects with KubeError when the API could not be read or written. */
  async reconcile(name: string, signal: AbortSignal): Promise<Next> {
    const { findVolume, provisioner, api } = this.#deps;
    const pv = findVolume(name);
    if (pv === undefined || !isOurs(pv, provisioner)) {
      this.#told.forget(name);
      return settled;
    }
    const identity = readIdentity(pv);
    const wanted = finalizerWanted(pv);
    // What does not say which volume it stands for may be anybody's, our name on it or not: it is not held back.
    if (wanted === false || (wanted === true && !(identity instanceof NameError))) {
      await setFinalizer(api, pv, wanted, signal);
    }
    if (identity instanceof NameError) {
      return isToBeDeleted(pv) ? this.#report(pv, rejected(contradiction(identity))) : settled;
    }
    const going = isToBeDeleted(pv);
    if (!going) {
      this.#told.forget(name);
    }
    const work = (): Promise<Next> => (going ? this.#delete(pv, identity, signal) : this.#keep(pv, identity));
    return (await this.#deps.inWork.exclusively(identity.id, work)) ?? after(busyRetryMs);
  }

  async #keep(pv: PersistentVolume, identity: VolumeIdentity): Promise<Next> {
    const { engine, events } = this.#deps;
    const phase = engine.volume(identity.id)?.phase;
    if (phase === 'creating') {
      return this.#confirm(identity);
    }
    if (phase === 'deleting' && pv.spec.persistentVolumeReclaimPolicy !== 'Delete') {
      const about = referenceTo(persistentVolumes, pv);
      const message = tooLate(pv, identity);
      events.record({ about, type: 'Warning', reason: eventReason.volumeFailedDelete, message });
    }
    return settled;
  }

  /** The object stands, so the volume is announced, whatever became of the process that was about to note it. */
  async #confirm(identity: VolumeIdentity): Promise<Next> {
    const { engine, log } = this.#deps;
    const outcome = await engine.confirmVolume(identity.id);
    if (outcome.kind === 'done') {
      return settled;
    }
    log.warn({ volume: identity.id, ...outcome }, 'could not confirm a volume whose PersistentVolume stands');
    return backoff(outcome.reason);
  }

  async #delete(pv: PersistentVolume, identity: VolumeIdentity, signal: AbortSignal): Promise<Next> {
    const { engine, clock, observer, log, freed } = this.#deps;
    const fresh = await this.#lastLook(pv, signal);
    if (fresh === undefined) {
      return settled;
    }
    if (await this.#claimHolds(fresh, signal)) {
      log.info({ volume: identity.id }, 'left a released volume alone: its claim still stands');
      return backoff('its claim still stands');
    }
    const started = clock.monotonic();
    const outcome = await engine.deleteVolume(identity.id, signal, identity.name);
    observer.deleteFinished(pv.spec.storageClassName, outcome.kind, clock.monotonic() - started);
    if (outcome.kind !== 'done') {
      return signal.aborted ? settled : this.#report(pv, outcome);
    }
    freed();
    this.#told.forget(pv.metadata.name);
    await this.#removeObject(fresh, signal);
    log.info({ volume: identity.id, persistentVolume: pv.metadata.name }, 'deleted a released volume');
    return settled;
  }

  /** What follows destroys data, so the cache is not good enough. `undefined`: nothing is to be done any more. */
  async #lastLook(pv: PersistentVolume, signal: AbortSignal): Promise<PersistentVolume | undefined> {
    const { api, provisioner } = this.#deps;
    const fresh = await api.get(persistentVolumes, { name: pv.metadata.name }, { signal });
    const same = fresh?.metadata.uid === pv.metadata.uid;
    if (fresh === undefined || !same || !isOurs(fresh, provisioner) || !isToBeDeleted(fresh)) {
      return undefined;
    }
    // It may have been edited since: what is destroyed is what the fresh object names, and that must be the same.
    const [before, now] = [readIdentity(pv), readIdentity(fresh)];
    return !(before instanceof NameError) && !(now instanceof NameError) && before.name === now.name
      ? fresh
      : undefined;
  }

  /** Does the claim of a released volume stand after all, with no other volume of its own? */
  async #claimHolds(pv: PersistentVolume, signal: AbortSignal): Promise<boolean> {
    const { claimRef } = pv.spec;
    if (claimRef === undefined) {
      return true;
    }
    const { namespace, name, uid } = claimRef;
    const claim = await this.#deps.api.get(persistentVolumeClaims, { namespace, name }, { signal });
    const sameClaim = claim !== undefined && (uid === '' || claim.metadata.uid === uid);
    return sameClaim && (claim.spec.volumeName === '' || claim.spec.volumeName === pv.metadata.name);
  }

  async #removeObject(pv: PersistentVolume, signal: AbortSignal): Promise<void> {
    const { api } = this.#deps;
    const { name, uid, deletionTimestamp } = pv.metadata;
    try {
      if (
        deletionTimestamp === undefined &&
        (await api.delete(persistentVolumes, { name }, { uid, signal })) === 'gone'
      ) {
        return;
      }
    } catch (error) {
      // Another object has the name by now: ours is gone.
      if (isConflict(error)) {
        return;
      }
      throw error;
    }
    const going = await api.get(persistentVolumes, { name }, { signal });
    if (going?.metadata.uid === uid) {
      await setFinalizer(api, going, false, signal);
    }
  }

  #report(pv: PersistentVolume, outcome: Exclude<Outcome<void>, { kind: 'done' }>): Next {
    const { events, log } = this.#deps;
    log.warn({ persistentVolume: pv.metadata.name, ...outcome }, 'could not delete a released volume');
    if (outcome.kind === 'unknown') {
      // Not a failure: it may be going on, and the next look will tell.
      return backoff(outcome.reason);
    }
    const [about, message] = [referenceTo(persistentVolumes, pv), explained(outcome)];
    if (outcome.kind === 'rejected' || this.#told.tells(pv.metadata.name, outcome.kind, message)) {
      events.record({ about, type: 'Warning', reason: eventReason.volumeFailedDelete, message });
    }
    return outcome.kind === 'rejected' ? after(slowRetryMs) : backoff(outcome.reason);
  }
}

function readIdentity(pv: PersistentVolume): VolumeIdentity | NameError {
  try {
    return identityOf(pv);
  } catch (error) {
    if (error instanceof NameError) {
      return error;
    }
    throw error;
  }
}

/** Nothing brings a volume back whose deletion has begun: some of its bricks may be gone. */
function tooLate(pv: PersistentVolume, { name }: VolumeIdentity): string {
  return (
    `the reclaim policy became ${pv.spec.persistentVolumeReclaimPolicy} when the deletion of volume ${name} had begun. ` +
    'Nothing more of it is removed while this object stands, and the rest once it is gone. To keep what is left, first ' +
    `run: brickyard volume forget ${name} --yes-leave-it`
  );
}

function contradiction(error: NameError): string {
  return (
    `the object does not say clearly which volume it stands for, so nothing is deleted: ${error.message}. Put it right, ` +
    'or delete the volume by hand and then this object'
  );
}
