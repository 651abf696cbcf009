import { hostname } from 'node:os';
import pRetry from 'p-retry';
import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { Controller } from '../../controller/controller.ts';
import { clusterRealm } from '../../controller/realm.ts';
import type { VolumeEngine } from '../../engine/api.ts';
import { DeclaredTopology } from '../../engine/declared-topology.ts';
import { StoreError } from '../../engine/ports.ts';
import type { KubeApi } from '../../kube/api.ts';
import { isTransient } from '../../kube/errors.ts';
import { EventRecorder } from '../../kube/event-recorder.ts';
import type { Config } from '../config/schema.ts';
import type { Close } from '../lifecycle/lifecycle.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { addressesOfHost, createStore, engineOf } from './create-engine.ts';
import { eventsBucket } from './kube-client.ts';
import type { Status } from './status.ts';
import type { StorageAccess } from './nodes/access.ts';

/** Calls, and the same with a token bucket of their own. */
export interface BucketedApi extends KubeApi {
  withBucket(name: string): KubeApi;
}

export interface WorkParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly kube: BucketedApi;
  /** The way to the storage nodes. Rejects when a file that the configuration names cannot be read. */
  readonly openNodes: () => Promise<StorageAccess>;
  readonly metrics: Metrics;
  readonly status: Status;
  /** May this process write as leader at this very moment? */
  readonly leading: () => boolean;
}

/** What only the leader does: the engine on its state, and the controller on the engine. */
export interface Work {
  /** Rejects when work could not begin. Never resolves. */
  readonly failed: Promise<never>;
  engine(): VolumeEngine | undefined;
  controller(): Controller | undefined;
  /** Lets running steps finish, aborts them when `abort` fires; closes the state. */
  readonly stop: Close;
}

/** Milliseconds for the last events to go out. */
const eventsGrace = 2000;

/** Begins in the background: everything here may have to wait for an API server or for a file that another one holds. */
export function startWork(parts: WorkParts): Work {
  const opened: { readonly name: string; readonly close: Close }[] = [];
  const stopping = new AbortController();
  const failure = Promise.withResolvers<never>();
  let engine: VolumeEngine | undefined;
  let controller: Controller | undefined;
  const begun = begin(parts, stopping.signal, {
    opened: (name, close) => void opened.push({ name, close }),
    engine: (open) => {
      engine = open;
    },
    controller: (made) => {
      controller = made;
    },
  });
  begun.catch((error: unknown) => {
    if (!stopping.signal.aborted) {
      failure.reject(error);
    }
  });
  return {
    failed: failure.promise,
    engine: () => engine,
    controller: () => controller,
    stop: async (abort) => {
      stopping.abort(new Error('stopping'));
      await begun.catch(() => undefined);
      const errors: unknown[] = [];
      for (const { name, close } of opened.toReversed()) {
        await close(abort).catch((error: unknown) =>
          errors.push(new Error(`${name} failed to close`, { cause: error })),
        );
      }
      engine = undefined;
      controller = undefined;
      if (errors.length > 0) {
        throw new AggregateError(errors, 'work did not end cleanly');
      }
    },
  };
}

/** Where `begin` leaves what it has made, as soon as it is made. */
interface Harvest {
  /** To be closed at the end, the last one first. */
  readonly opened: (name: string, close: Close) => void;
  readonly engine: (engine: VolumeEngine) => void;
  readonly controller: (controller: Controller) => void;
}

async function begin(parts: WorkParts, signal: AbortSignal, harvest: Harvest): Promise<void> {
  const { config, clock, random, log, kube, metrics, status } = parts;
  const shared = { config, clock, random, log };
  const realm = await patiently(log, signal, 'asking which cluster this is', isTransient, () =>
    clusterRealm(kube, signal),
  );

  const access = await parts.openNodes();
  harvest.opened('storage nodes', async () => access.close());
  const { engine, declarations } = await patiently(log, signal, 'opening the state', isBusy, async () => {
    const { store, declarations } = createStore(parts);
    const fresh = engineOf({ ...shared, store, nodes: access.nodes, observer: metrics.engine });
    await fresh.open(realm);
    return { engine: fresh, declarations };
  });
  harvest.opened('engine', () => engine.close());
  harvest.engine(engine);
  log.info({ realm, volumes: engine.volumes().length, nodes: engine.nodes().length }, 'the state is open');
  await access.opened(engine, signal);
  engine.nodeWatch.start();
  if (declarations !== undefined) {
    const declared = new DeclaredTopology({ engine, declarations, clock, log });
    harvest.opened('declared topology', () => declared.stop());
    declared.start();
  }

  const events = new EventRecorder({ api: kube.withBucket(eventsBucket), clock, log, instance: hostname() });
  harvest.opened('events', () => events.close(eventsGrace));
  const controller = new Controller({
    ...shared,
    api: kube,
    engine,
    events,
    observer: metrics.controller,
    provisioner: config.provisioner,
    namespace: config.namespace,
    resolve: addressesOfHost,
    workers: config.workers,
    sweepIntervalMs: config.sweepInterval,
  });
  harvest.controller(controller);
  harvest.opened('controller', (abort) => controller.stop(abort));
  status.starting('the caches are being filled');
  // A stop meanwhile ends the waiting for the first lists. Nothing is at work yet, so there is nothing to wait for.
  const giveUp = (): void => void controller.stop(signal);
  signal.addEventListener('abort', giveUp, { once: true });
  await controller.start();
  signal.removeEventListener('abort', giveUp);
  status.leading(() => controller.notReady());
}

const isBusy = (error: unknown): boolean => error instanceof StoreError && error.retryable;

/** Repeats until it works, says so, or the work is told to stop. What no repetition can mend is thrown at once. */
function patiently<T>(
  log: Log,
  signal: AbortSignal,
  what: string,
  mayPass: (error: unknown) => boolean,
  attempt: () => Promise<T>,
): Promise<T> {
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 250,
    maxTimeout: 5000,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => mayPass(error),
    onFailedAttempt: ({ error, attemptNumber }) =>
      log.warn({ err: error, attempt: attemptNumber }, `${what} failed; trying again if that may help`),
  });
}
