/** The five queues: which keys are to be looked at, and how many at a time. */
import type { Clock, Random } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { ClusterId, VolumeId } from '../domain/names.ts';
import type { BackoffOptions } from '../kube/backoff.ts';
import { KubeError } from '../kube/errors.ts';
import { nameFromKey } from '../kube/resources.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import { describeApiError } from './denied.ts';
import { backoff, settled, type Next } from './next.ts';
import type { ControllerObserver, QueueName, QueueResult } from './observer.ts';

export interface Queues {
  /** Claims by namespace/name. */
  readonly claims: WorkQueue<string>;
  /** Bound claims whose volumes may have to grow, by namespace/name. */
  readonly expansions: WorkQueue<string>;
  /** PersistentVolumes by name. */
  readonly volumes: WorkQueue<string>;
  /** Volumes that nobody may want any more. */
  readonly leftovers: WorkQueue<VolumeId>;
  /** Endpoints by gluster cluster. */
  readonly endpoints: WorkQueue<ClusterId>;
}

export interface QueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly observer: ControllerObserver;
  /** Claims, growths, and volumes, that are worked on at once. */
  readonly workers: number;
}

/**
 * The cap is a minute, not the five of sig-storage-lib-external-provisioner: what waits for a node that was away should
 * not wait long for nothing. What can never work as written is not in backoff: it rests for five minutes.
 */
const pause: BackoffOptions = { firstMs: 1_000, capMs: 60_000 };

/** Few at a time: tidying up must not take the storage from those who wait for a volume. */
const quietWorkers = 4;

export function createQueues(options: QueueOptions): Queues {
  const { clock, random, log, observer, workers } = options;
  const shared = <K>(name: QueueName) => ({
    name,
    clock,
    random,
    log,
    backoff: pause,
    observer: {
      sized: (sizes: { readonly waiting: number; readonly delayed: number; readonly running: number }): void =>
        observer.queueChanged(name, sizes.waiting, sizes.running, sizes.delayed),
      taken: (_key: K, waitedMs: number): void => observer.queueTaken(name, waitedMs),
      finished: (_key: K, result: QueueResult, tookMs: number): void => observer.queueFinished(name, result, tookMs),
    },
  });
  // Namespaces take turns, so that a team that asks for a thousand volumes does not make the others wait for them.
  const groupOf = (key: string): string => nameFromKey(key).namespace;
  return {
    claims: new WorkQueue({ ...shared<string>('claims'), workers, groupOf }),
    // Apart from the claims without a volume: growth may wait long for a node, and nobody should wait behind it.
    expansions: new WorkQueue({ ...shared<string>('expansions'), workers, groupOf }),
    volumes: new WorkQueue({ ...shared<string>('volumes'), workers }),
    leftovers: new WorkQueue({ ...shared<VolumeId>('leftovers'), workers: quietWorkers }),
    endpoints: new WorkQueue({ ...shared<ClusterId>('endpoints'), workers: 1 }),
  };
}

/**
 * Runs a reconciler as the queues want it. An API that does not answer is nothing unexpected: the key is tried again.
 * `refused` is told of its errors. Once `signal` has aborted nothing counts any more; the next start looks at everything.
 */
export async function guarded(
  work: () => Promise<Next>,
  signal: AbortSignal,
  log: Log,
  key: string,
  refused: (error: KubeError) => void = () => undefined,
): Promise<Next> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) {
      return settled;
    }
    if (error instanceof KubeError) {
      refused(error);
      log.warn({ key, reason: describeApiError(error) }, 'the Kubernetes API did not do as asked; trying again');
      return backoff(error.message);
    }
    throw error;
  }
}
