/** Goes through all records now and then: nothing that an event should have told of is forgotten. */
import type { Log } from '../domain/log.ts';
import type { VolumeId } from '../domain/names.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import type { VolumeEngine } from '../engine/api.ts';
import { keyOf, type PersistentVolume, type PersistentVolumeClaim } from '../kube/resources.ts';
import type { ControllerObserver } from './observer.ts';
import { persistentVolumeName } from './pv.ts';

export interface SweepDependencies {
  readonly engine: Pick<VolumeEngine, 'volumes'>;
  readonly log: Log;
  readonly observer: ControllerObserver;
  readonly findClaim: (key: string) => PersistentVolumeClaim | undefined;
  readonly findVolume: (name: string) => PersistentVolume | undefined;
  /** Puts a volume into the queue for leftovers. */
  readonly lookAt: (id: VolumeId) => void;
}

export class Sweep {
  readonly #deps: SweepDependencies;
  /** Stray volumes that have been logged: each is said once. */
  #known: ReadonlySet<VolumeId> = new Set();

  constructor(deps: SweepDependencies) {
    this.#deps = deps;
  }

  /** One round. Only looks and queues: what is queued is looked at again, by the API's own word. */
  run(): void {
    const { engine, lookAt, observer } = this.#deps;
    const stray: VolumeRecord[] = [];
    for (const record of engine.volumes()) {
      switch (record.phase) {
        case 'creating':
        case 'deleting':
          lookAt(record.id);
          break;
        case 'ready':
        case 'growing':
          if (this.#isStray(record)) {
            stray.push(record);
          }
          break;
      }
    }
    observer.strayVolumes(stray.length);
    this.#report(stray);
  }

  /**
   * Neither claim nor PersistentVolume: most likely somebody deleted a PersistentVolume with policy Retain. It may be
   * wanted all the same, so a person must say what becomes of it. An adopted volume never had either of ours.
   */
  #isStray(record: VolumeRecord): boolean {
    const { findClaim, findVolume } = this.#deps;
    if (record.adopted === true) {
      return false;
    }
    const claim = findClaim(keyOf(record.owner));
    return findVolume(persistentVolumeName(record.id)) === undefined && claim?.metadata.uid !== record.owner.uid;
  }

  #report(stray: readonly VolumeRecord[]): void {
    for (const { id, name, owner } of stray) {
      if (!this.#known.has(id)) {
        this.#deps.log.warn(
          { volume: id, name, claim: keyOf(owner) },
          'a volume is ready, but neither a claim nor a PersistentVolume asks for it; it is kept',
        );
      }
    }
    this.#known = new Set(stray.map((record) => record.id));
  }
}
