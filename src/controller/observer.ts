import type { Outcome } from '../domain/outcome.ts';
import type { WorkResult } from '../kube/work-queue.ts';

/** `refused`: the claim or its class can never work as written, so the engine was not asked. */
export type AttemptResult = Outcome<unknown>['kind'] | 'refused';

/** Queues of the controller, as metrics name them. */
export const queueNames = ['claims', 'volumes', 'expansions', 'leftovers', 'endpoints'] as const;
export type QueueName = (typeof queueNames)[number];

/** What became of a key: nothing more to do, again with backoff, again at a time that was set, or a defect. */
export type QueueResult = WorkResult['kind'] | 'threw';

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
  /** Keys that wait in a queue, keys that are worked on, and keys that are due later. */
  queueChanged(queue: QueueName, waiting: number, running: number, delayed: number): void;
  /** A key was taken up, so long after it was ready. */
  queueTaken(queue: QueueName, waitedMs: number): void;
  /** Work on a key has ended. */
  queueFinished(queue: QueueName, result: QueueResult, milliseconds: number): void;
}

/** Tells nobody. */
export const silentObserver: ControllerObserver = {
  provisionFinished: () => undefined,
  deleteFinished: () => undefined,
  growFinished: () => undefined,
  strayVolumes: () => undefined,
  queueChanged: () => undefined,
  queueTaken: () => undefined,
  queueFinished: () => undefined,
};
