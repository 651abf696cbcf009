import type { Outcome } from '../domain/outcome.ts';

/** `refused`: the claim or its class can never work as written, so the engine was not asked. */
export type AttemptResult = Outcome<unknown>['kind'] | 'refused';

/** Queues of the controller, as metrics name them. */
export type QueueName = 'claims' | 'volumes' | 'expansions' | 'leftovers' | 'endpoints';

/** Told what the controller does, for metrics; must not throw. */
export interface ControllerObserver {
  /** One attempt to give a claim its volume is over. `className`: its StorageClass. */
  provisionFinished(className: string, result: AttemptResult, milliseconds: number): void;
  /** One attempt to delete the volume of a released PersistentVolume is over. */
  deleteFinished(className: string, result: AttemptResult, milliseconds: number): void;
  /** One attempt to make the volume of a bound claim larger is over. */
  growFinished(className: string, result: AttemptResult, milliseconds: number): void;
  /** Volumes that are ready, while neither a claim nor a PersistentVolume asks for them: counted at each sweep. */
  strayVolumes(count: number): void;
  /** Keys that wait in a queue, and keys that are worked on. */
  queueChanged(queue: QueueName, waiting: number, running: number): void;
}

/** Tells nobody. */
export const silentObserver: ControllerObserver = {
  provisionFinished: () => undefined,
  deleteFinished: () => undefined,
  growFinished: () => undefined,
  strayVolumes: () => undefined,
  queueChanged: () => undefined,
};
