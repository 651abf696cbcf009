/**
 * Gives a claim back to the scheduler, as sig-storage-lib-external-provisioner does when a topology is full: without the
 * annotation the pod is scheduled anew, by the class as it is then, and perhaps to another node. Rarely, because nothing
 * here depends on the node: as long as the allowed zones are full the answer is the same for every one.
 */
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { VolumeId } from '../domain/names.ts';
import type { Setback } from '../domain/outcome.ts';
import type { KubeApi } from '../kube/api.ts';
import { KubeError } from '../kube/errors.ts';
import { persistentVolumeClaims, type PersistentVolumeClaim, type StorageClass } from '../kube/resources.ts';
import { selectedNodeAnnotation } from './annotations.ts';
import { slowRetryMs } from './next.ts';

export interface RescheduleDependencies {
  readonly api: Pick<KubeApi, 'patch'>;
  readonly clock: Clock;
  readonly log: Log;
}

export class Rescheduling {
  readonly #deps: RescheduleDependencies;
  /** When each claim was given back last: monotonic milliseconds. */
  readonly #last = new Map<VolumeId, number>();

  constructor(deps: RescheduleDependencies) {
    this.#deps = deps;
  }

  /** Whether another choice of the scheduler is the thing to ask for: once in five minutes for each claim. */
  isDue(id: VolumeId, claim: PersistentVolumeClaim, storageClass: StorageClass, setback: Setback): boolean {
    const isElsewhere = setback.kind === 'waiting' && setback.on.what === 'capacity' && setback.on.elsewhere === true;
    return (
      isElsewhere &&
      storageClass.volumeBindingMode === 'WaitForFirstConsumer' &&
      (claim.metadata.annotations[selectedNodeAnnotation] ?? '') !== '' &&
      this.#deps.clock.monotonic() - (this.#last.get(id) ?? -Infinity) >= slowRetryMs
    );
  }

  /**
   * Takes the annotation off, if it still names the same node for the same claim. The write goes by way of the status,
   * which takes annotations as well: so Brickyard needs no right to change what claims ask for. `false`: it did not
   * work, or somebody else was faster.
   */
  async giveBack(id: VolumeId, claim: PersistentVolumeClaim, signal: AbortSignal): Promise<boolean> {
    const { api, clock, log } = this.#deps;
    const { namespace, name, uid, resourceVersion } = claim.metadata;
    this.#last.set(id, clock.monotonic());
    const annotations = { [selectedNodeAnnotation]: null };
    try {
      await api.patch(
        persistentVolumeClaims,
        { namespace, name },
        { metadata: { uid, resourceVersion, annotations } },
        { type: 'merge', subresource: 'status', signal },
      );
      log.info(
        { claim: `${namespace}/${name}` },
        'gave a claim back to the scheduler: the zones that it allows are full',
      );
      return true;
    } catch (error) {
      if (!(error instanceof KubeError)) {
        throw error;
      }
      log.info({ claim: `${namespace}/${name}`, err: error }, 'the claim could not be given back to the scheduler');
      return false;
    }
  }

  forget(id: VolumeId): void {
    this.#last.delete(id);
  }
}
