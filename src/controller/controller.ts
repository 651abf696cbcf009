/**
 * The controller as a whole: caches tell what changed, queues hold what to look at, reconcilers look and do.
 *
 *     new --start--> syncing --all caches whole--> working --stop--> stopping --> stopped
 *                       +------------------------stop----------------^
 *
 * It may run only once at a time for one provisioner name: whoever starts it holds the lease, or is alone. The engine
 * must be open, for the realm of this cluster (src/controller/realm.ts), and stays open until `stop` has resolved.
 */
import type { Clock, Random } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { ClusterId } from '../domain/names.ts';
import type { VolumeEngine } from '../engine/api.ts';
import type { KubeApi } from '../kube/api.ts';
import { persistentVolumeClaims, persistentVolumes } from '../kube/resources.ts';
import { createCaches, everyCache, type Caches } from './caches.ts';
import { problemsByClass } from './class-problems.ts';
import { EndpointsReconciler, type Resolve } from './endpoints.ts';
import { ClassNews } from './class-news.ts';
import { deniedTeller, type DeniedTeller } from './denied.ts';
import { eventReason, type Events } from './events.ts';
import { ExpandReconciler } from './expand.ts';
import { InWork } from './in-work.ts';
import { LeftoverReconciler } from './leftovers.ts';
import { after, backoff, settled, slowRetryMs, type Next } from './next.ts';
import type { ControllerObserver } from './observer.ts';
import { ProvisionReconciler } from './provision.ts';
import { createQueues, guarded, type Queues } from './queues.ts';
import { ReleaseReconciler } from './release.ts';
import { Sweep } from './sweep.ts';
import { Unsettled } from './unsettled.ts';
import { Verdicts } from './verdicts.ts';
import { VolumeForms } from './volume-forms.ts';
import type { WaitingCount, WaitingReason } from './waiting-claims.ts';
import { wire } from './wiring.ts';

export interface ControllerOptions {
  readonly api: KubeApi;
  readonly engine: VolumeEngine;
  readonly events: Events;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Our name in StorageClasses: `brickyard.dev/glusterfs`. */
  readonly provisioner: string;
  /** Our own namespace: Endpoints and Services are kept there. */
  readonly namespace: string;
  readonly resolve: Resolve;
  /** Claims, growths, and volumes to delete, that are worked on at once. Default 16. */
  readonly workers?: number;
  /** Milliseconds between two sweeps. Default 300,000. */
  readonly sweepIntervalMs?: number;
}

/** Longest that a cache may have heard nothing. A watch that is well has a bookmark a minute; lists may take a while. */
const deafMs = 180_000;
/** Claims that wait for room are looked at again this long after some became free, all frees of that time together. */
const freedDelayMs = 1_000;
/** Queues end by our own signals, at the latest when the process is ended. */
const forever = 24 * 3_600_000;

type Phase = 'new' | 'syncing' | 'working' | 'stopping' | 'stopped';

export class Controller {
  readonly #options: ControllerOptions;
  readonly #log: Log;
  readonly #caches: Caches;
  readonly #queues: Queues;
  readonly #verdicts: Verdicts;
  readonly #provision: ProvisionReconciler;
  readonly #expand: ExpandReconciler;
  readonly #release: ReleaseReconciler;
  readonly #leftovers: LeftoverReconciler;
  readonly #endpoints: EndpointsReconciler;
  readonly #sweep: Sweep;
  readonly #classNews: ClassNews;
  /** Ends waiting and the sweep. */
  readonly #stopping = new AbortController();
  /** Ends running work. */
  readonly #abort = new AbortController();
  #phase: Phase = 'new';
  #background: Promise<void> = Promise.resolve();
  #unwire: () => void = () => undefined;
  #freedNoted = false;
  #stopped: Promise<void> | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#log = options.log.child({ component: 'controller' });
    const { workers = 16, engine } = options;
    this.#caches = createCaches({ ...options, log: this.#log });
    this.#queues = createQueues({ ...options, log: this.#log, workers });
    this.#verdicts = new Verdicts(options.clock);
    const shared = {
      ...options,
      log: this.#log,
      verdicts: this.#verdicts,
      inWork: new InWork(),
      forms: new VolumeForms({ ...options, log: this.#log }),
      unsettled: new Unsettled(),
      findClaim: (key: string) => this.#caches.claims.lister.byKey(key),
      findClass: (name: string) => this.#caches.classes.lister.byKey(name),
      findVolume: (name: string) => this.#caches.volumes.lister.byKey(name),
      abandon: this.#queues.leftovers.add.bind(this.#queues.leftovers),
      lookAt: this.#queues.leftovers.add.bind(this.#queues.leftovers),
      freed: () => this.#noteFreed(),
    };
    this.#provision = new ProvisionReconciler(shared);
    this.#expand = new ExpandReconciler(shared);
    this.#release = new ReleaseReconciler(shared);
    this.#leftovers = new LeftoverReconciler(shared);
    this.#endpoints = new EndpointsReconciler({ ...shared, engine });
    this.#sweep = new Sweep(shared);
    this.#classNews = new ClassNews(shared);
  }

  /**
   * Fills the caches, then begins to work. Resolves when work has begun. Rejects when it was started before, and when it
   * is stopped meanwhile.
   */
  async start(): Promise<void> {
    if (this.#phase !== 'new') {
      throw new Error(`the controller was started before; it is ${this.#phase}`);
    }
    this.#phase = 'syncing';
    const { engine, provisioner } = this.#options;
    const unwire = wire({
      caches: this.#caches,
      queues: this.#queues,
      engine,
      provision: this.#provision,
      expand: this.#expand,
      verdicts: this.#verdicts,
      provisioner,
    });
    const unfollow = this.#caches.classes.addHandler(this.#classNews);
    this.#unwire = () => {
      unwire();
      unfollow();
    };
    const caches = everyCache(this.#caches);
    for (const [, cache] of caches) {
      cache.start();
    }
    await Promise.all(caches.map(([, cache]) => cache.synced()));
    this.#stopping.signal.throwIfAborted();
    this.#work();
  }

  /** Why it is not (fully) at work, one sentence each; empty when all is well. */
  notReady(): readonly string[] {
    switch (this.#phase) {
      case 'new':
        return ['the controller has not been started'];
      case 'stopping':
      case 'stopped':
        return ['the controller is stopping'];
      case 'syncing':
      case 'working':
        return everyCache(this.#caches).flatMap(([kind, cache]) => {
          const age = cache.lastSyncAge();
          if (!cache.hasSynced()) {
            return [`the first list of ${kind} has not arrived yet`];
          }
          return age !== undefined && age > deafMs
            ? [`nothing has been heard of ${kind} for ${Math.round(age / 1000)} s`]
            : [];
        });
    }
  }

  /** Milliseconds since each cache last heard from the API, by plural name; without those that never have. */
  cacheAges(): ReadonlyMap<string, number> {
    return new Map(
      everyCache(this.#caches).flatMap(([kind, cache]) => {
        const age = cache.lastSyncAge();
        return age === undefined ? [] : [[kind, age] as const];
      }),
    );
  }

  /** Claims of ours that have no volume yet after a look at them, by why. */
  waitingClaims(): ReadonlyMap<WaitingReason, WaitingCount> {
    return this.#provision.waiting();
  }

  /** How many problems each StorageClass of ours has, by its name. */
  classProblems(): ReadonlyMap<string, number> {
    return problemsByClass(this.#caches.classes.lister.all(), this.#options.provisioner);
  }

  /**
   * Stops in two stages: nothing new is taken and what runs may finish; when `abort` fires it is aborted. Resolves when
   * nothing runs any more. What was not finished is taken up by the next start. May be called in any state and again;
   * of several signals any one aborts.
   */
  async stop(abort: AbortSignal): Promise<void> {
    const giveUp = (): void => this.#abort.abort(new Error('the controller was told not to wait any longer'));
    abort.addEventListener('abort', giveUp, { once: true });
    if (abort.aborted) {
      giveUp();
    }
    this.#stopped ??= this.#stop();
    await this.#stopped;
    abort.removeEventListener('abort', giveUp);
  }

  async #stop(): Promise<void> {
    this.#phase = 'stopping';
    this.#stopping.abort(new Error('the controller is stopping'));
    this.#unwire();
    const { claims, expansions, volumes, leftovers, endpoints } = this.#queues;
    const queues = [claims, expansions, volumes, leftovers, endpoints];
    const stopped = await Promise.all(queues.map((queue) => queue.stop(forever)));
    await Promise.all(everyCache(this.#caches).map(([, cache]) => cache.stop()));
    await this.#background;
    this.#phase = 'stopped';
    const waiting = stopped.reduce((sum, rest) => sum + rest.waiting.length, 0);
    this.#log.info({ waiting }, 'the controller has stopped');
  }

  #work(): void {
    const { claims, expansions, volumes, leftovers, endpoints } = this.#queues;
    const { provisioningFailed, volumeResizeFailed, volumeFailedDelete } = eventReason;
    const { events } = this.#options;
    const findClaim = (key: string) => this.#caches.claims.lister.byKey(key);
    const findVolume = (name: string) => this.#caches.volumes.lister.byKey(name);
    const toClaim = deniedTeller(events, persistentVolumeClaims, findClaim, provisioningFailed);
    const toGrowing = deniedTeller(events, persistentVolumeClaims, findClaim, volumeResizeFailed);
    const toVolume = deniedTeller(events, persistentVolumes, findVolume, volumeFailedDelete);
    claims.start((key) => this.#run(key, (signal) => this.#provision.reconcile(key, signal), toClaim));
    expansions.start((key) => this.#run(key, (signal) => this.#expand.reconcile(key, signal), toGrowing));
    volumes.start((name) => this.#run(name, (signal) => this.#release.reconcile(name, signal), toVolume));
    leftovers.start((id) => this.#run(id, (signal) => this.#leftovers.reconcile(id, signal)));
    endpoints.start((cluster) => this.#run(cluster, (signal) => this.#reconcileEndpoints(cluster, signal)));
    this.#background = this.#sweepAgainAndAgain();
    this.#phase = 'working';
    this.#log.info(
      { claims: this.#caches.claims.lister.size, volumes: this.#caches.volumes.lister.size },
      'the controller is at work',
    );
  }

  async #reconcileEndpoints(cluster: ClusterId, signal: AbortSignal): Promise<Next> {
    const result = await this.#endpoints.reconcile(cluster, signal);
    switch (result.kind) {
      case 'right':
        return settled;
      case 'partial':
        return backoff(result.reason);
      case 'blocked':
        return after(slowRetryMs);
    }
  }

  /** All work has the controller's own signal: `stop` alone decides when waiting for it is over. */
  #run(key: string, work: (signal: AbortSignal) => Promise<Next>, denied?: DeniedTeller): Promise<Next> {
    const { signal } = this.#abort;
    return guarded(
      () => work(signal),
      signal,
      this.#log,
      key,
      (error) => denied?.(key, error),
    );
  }

  /** Never rejects. */
  async #sweepAgainAndAgain(): Promise<void> {
    const { clock, engine, sweepIntervalMs = 300_000 } = this.#options;
    while (!this.#stopping.signal.aborted) {
      this.#sweep.run();
      for (const cluster of engine.clusters()) {
        // Addresses behind DNS names change without telling anybody.
        this.#queues.endpoints.add(cluster.id);
      }
      await this.#clearRemains(engine);
      await clock.sleep(sweepIntervalMs, this.#stopping.signal).catch(() => undefined);
    }
  }

  /** Never rejects: what could not be cleared away now is there at the next sweep as well. */
  async #clearRemains(engine: VolumeEngine): Promise<void> {
    try {
      const swept = await engine.sweep(this.#stopping.signal);
      if (swept.kind !== 'done') {
        this.#log.info({ ...swept }, 'some remains on storage nodes could not be cleared away yet');
      }
    } catch (error) {
      this.#log.error({ err: error }, 'clearing away remains on storage nodes failed unexpectedly');
    }
  }

  /** Deletions come in crowds: one look for all of them. */
  #noteFreed(): void {
    if (!this.#freedNoted) {
      this.#freedNoted = true;
      void this.#lookAtShort();
    }
  }

  /** Never rejects. */
  async #lookAtShort(): Promise<void> {
    await this.#options.clock.sleep(freedDelayMs, this.#stopping.signal).catch(() => undefined);
    this.#freedNoted = false;
    for (const key of this.#provision.takeShort()) {
      this.#queues.claims.add(key);
    }
    for (const key of this.#expand.takeShort()) {
      this.#queues.expansions.add(key);
    }
  }
}
