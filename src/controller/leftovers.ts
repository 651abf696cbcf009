/**
 * Looks after volumes that nobody may want any more. A record in phase `creating` has an owner that has not been told
 * of it: when claim and PersistentVolume are both gone by the API's own word, it goes back; when the PersistentVolume
 * stands, the crash came before the confirmation and it goes forward. `deleting` is carried on. `ready` is never
 * touched here, whatever is missing: it may be somebody's data.
 */
import type { Log } from '../domain/log.ts';
import type { VolumeId } from '../domain/names.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import type { VolumeEngine } from '../engine/api.ts';
import type { KubeApi } from '../kube/api.ts';
import {
  persistentVolumeClaims,
  persistentVolumes,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../kube/resources.ts';
import type { InWork } from './in-work.ts';
import { after, backoff, busyRetryMs, settled, type Next } from './next.ts';
import { isOurs, persistentVolumeName } from './pv.ts';
import type { Unsettled } from './unsettled.ts';

export interface LeftoverDependencies {
  readonly api: KubeApi;
  readonly engine: Pick<VolumeEngine, 'ensureVolume' | 'confirmVolume' | 'deleteVolume' | 'volume'>;
  readonly log: Log;
  /** Our name in StorageClasses. */
  readonly provisioner: string;
  readonly findVolume: (name: string) => PersistentVolume | undefined;
  readonly inWork: InWork;
  readonly unsettled: Unsettled;
  /** Space has become free. */
  readonly freed: () => void;
}

export class LeftoverReconciler {
  readonly #deps: LeftoverDependencies;

  constructor(deps: LeftoverDependencies) {
    this.#deps = deps;
  }

  /** Rejects with KubeError when the API could not be read: then nothing is undone. */
  async reconcile(id: VolumeId, signal: AbortSignal): Promise<Next> {
    const next = await this.#deps.inWork.exclusively(id, () => this.#reconcile(id, signal));
    return next ?? after(busyRetryMs);
  }

  async #reconcile(id: VolumeId, signal: AbortSignal): Promise<Next> {
    const { engine, unsettled, findVolume } = this.#deps;
    const record = engine.volume(id);
    switch (record?.phase) {
      case undefined:
        // No record, no trace: records are written before anything else is done.
        unsettled.remove(id);
        return settled;
      case 'ready':
      case 'growing':
        return settled;
      case 'deleting':
        // With its PersistentVolume still there, deleting it is the business of the queue for volumes.
        return findVolume(persistentVolumeName(id)) === undefined ? this.#undo(record, signal) : settled;
      case 'creating':
        return this.#settleCreating(record, signal);
    }
  }

  async #settleCreating(record: VolumeRecord, signal: AbortSignal): Promise<Next> {
    const { api, engine, provisioner, log, unsettled } = this.#deps;
    const { namespace, name, uid } = record.owner;
    const pvName = persistentVolumeName(record.id);
    const pv = await api.get(persistentVolumes, { name: pvName }, { signal });
    if (pv !== undefined && isOurs(pv, provisioner)) {
      return this.#treat(
        record,
        'confirmed a volume whose PersistentVolume stands',
        await engine.confirmVolume(record.id),
      );
    }
    const claim = await api.get(persistentVolumeClaims, { namespace, name }, { signal });
    if (wants(claim, uid, pvName)) {
      return settled;
    }
    const request = unsettled.get(record.id);
    if (request !== undefined) {
      // Something may still be running: have a definite answer before taking anything away from under it.
      const answer = await engine.ensureVolume(request, signal);
      if (answer.kind === 'unknown') {
        log.warn({ volume: record.id, ...answer }, 'the claim is gone, but work on its volume may still be going on');
        return backoff(answer.reason);
      }
      unsettled.remove(record.id);
    }
    return this.#undo(record, signal);
  }

  async #undo(record: VolumeRecord, signal: AbortSignal): Promise<Next> {
    const { engine, freed } = this.#deps;
    const outcome = await engine.deleteVolume(record.id, signal, record.name);
    if (outcome.kind === 'done') {
      freed();
    }
    return this.#treat(record, 'took back a volume whose claim is gone', outcome);
  }

  #treat(record: VolumeRecord, success: string, outcome: Outcome<void>): Next {
    const { log } = this.#deps;
    const { namespace, name } = record.owner;
    const fields = { volume: record.id, claim: `${namespace}/${name}` };
    if (outcome.kind === 'done') {
      log.info(fields, success);
      return settled;
    }
    log.warn({ ...fields, ...outcome }, 'a volume that nobody asks for is not settled yet');
    return backoff(outcome.reason);
  }
}

/**
 * Does the claim still ask for its own volume? One that has been given another volume does not, nor one that is being
 * deleted without a volume: there is no way back, and whatever holds it (a pod that waits, a finalizer) may do so for long.
 */
function wants(claim: PersistentVolumeClaim | undefined, uid: string, pvName: string): boolean {
  return (
    claim !== undefined &&
    claim.metadata.uid === uid &&
    (claim.spec.volumeName === pvName ||
      (claim.spec.volumeName === '' && claim.metadata.deletionTimestamp === undefined))
  );
}
