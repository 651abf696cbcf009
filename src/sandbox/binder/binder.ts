/**
 * What kube-controller-manager does about claims, volumes, namespaces and Endpoints: level-triggered, off the store, in
 * this process. A change only marks keys; a later turn looks at how things stand then and does the next step.
 */
import { definitionResource } from '../api/custom-resources/definitions.ts';
import { endpointsResource } from '../api/kinds/endpoints.ts';
import { serviceResource } from '../api/kinds/services.ts';
import { namespaceResource } from '../api/kinds/cluster.ts';
import { persistentVolumeClaims, classNameOf } from '../api/kinds/claims.ts';
import { claimsOf, podResource } from '../api/kinds/workloads.ts';
import { persistentVolumes } from '../api/kinds/volumes.ts';
import { storageClassResource } from '../api/kinds/storage-classes.ts';
import { isDeleting, keyOf, objectKey } from '../api/object.ts';
import { ApiClient } from '../api/client.ts';
import { syncClaim } from './claims.ts';
import { syncDefinition } from './definitions.ts';
import { syncExpansion } from './expansion.ts';
import { syncNamespace } from './namespaces.ts';
import { protectClaim, protectVolume } from './protection.ts';
import { Recorder } from './recorder.ts';
import { claimRefOf, phaseOf, volumeNameOf } from './readers.ts';
import { VolumeIndex } from './volume-index.ts';
import { syncVolume } from './volumes.ts';
import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { Change } from '../api/store/history.ts';
import type { KubeObject } from '../api/object.ts';
import type { ApiCore } from '../api/verbs/core.ts';
import type { BinderContext, BinderOptions, WorkKey } from './context.ts';

/** What the binder needs. It goes through the API's own rules for everything that it writes. */
export type BinderDependencies = {
  readonly core: ApiCore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly options: BinderOptions;
};

/** How many keys are worked on before requests get their turn again. */
const batch = 64;
/** Milliseconds until a sync that failed is tried again. */
const retryDelay = 1000;

/** The queue of marked keys, and who is asked about each. */
export class Binder {
  readonly #core: ApiCore;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #context: BinderContext;
  readonly #queue = new Set<WorkKey>();
  /** Keys of claims without a volume, by class. */
  readonly #unbound = new Map<string, Set<string>>();
  readonly #stopped = new AbortController();
  readonly #unlisten: (() => void)[] = [];
  #scheduled = false;

  constructor({ core, clock, random, log, options }: BinderDependencies) {
    this.#core = core;
    this.#log = log;
    this.#clock = clock;
    const client = new ApiClient(core, 'kube-controller-manager');
    this.#context = {
      store: core.store,
      client,
      recorder: new Recorder(client, clock),
      volumes: new VolumeIndex(),
      version: core.context.version,
      clock,
      random,
      log,
      options,
      nextExpansion: new Map(),
      again: (key, delay) => {
        this.#enqueue(key, delay);
      },
    };
  }

  /** Takes in what is there, and everything from now on. */
  start(): void {
    this.#listen(persistentVolumes.resource, (change) => {
      this.#volumeChanged(change);
    });
    this.#listen(persistentVolumeClaims.resource, (change) => {
      this.#claimChanged(change);
    });
    this.#listen(storageClassResource, (change) => {
      this.#classChanged(change.object);
    });
    this.#listen(podResource, (change) => {
      for (const name of claimsOf(change.object)) {
        this.#enqueue(`claim:${keyOf(change.object.metadata.namespace, name)}`);
      }
    });
    this.#listen(namespaceResource, (change) => {
      this.#enqueue(`namespace:${change.key}`);
    });
    this.#listen(definitionResource, (change) => {
      this.#enqueue(`definition:${change.key}`);
    });
    this.#listen(serviceResource, (change) => {
      if (change.type === 'DELETED') {
        this.#dropEndpoints(change.key);
      }
    });
  }

  stop(): void {
    this.#stopped.abort();
    for (const unlisten of this.#unlisten) {
      unlisten();
    }
  }

  #listen(resource: Parameters<ApiCore['store']['collection']>[0], take: (change: Change) => void): void {
    const collection = this.#core.store.collection(resource);
    for (const object of collection.list()) {
      take({ revision: 0, type: 'ADDED', key: objectKey(object), object, previous: undefined });
    }
    this.#unlisten.push(collection.listen(take));
  }

  #volumeChanged(change: Change): void {
    const next = change.type === 'DELETED' ? undefined : change.object;
    this.#context.volumes.update(change.previous, next);
    if (next === undefined) {
      this.#context.recorder.forget(change.object.metadata.uid);
    } else {
      this.#enqueue(`volume:${change.key}`);
    }
    const reference = claimRefOf(change.object);
    if (reference !== undefined) {
      this.#enqueue(`claim:${keyOf(reference.namespace, reference.name)}`);
    } else if (next !== undefined && phaseOf(next) === 'Available') {
      this.#enqueueUnbound(classNameOf(next) ?? '');
    }
  }

  #claimChanged(change: Change): void {
    const { object, previous, key } = change;
    const { namespace = '', name } = object.metadata;
    if (previous !== undefined) {
      this.#unbound.get(classNameOf(previous) ?? '')?.delete(key);
    }
    if (change.type === 'DELETED') {
      this.#context.recorder.forget(object.metadata.uid);
      this.#context.nextExpansion.delete(key);
      // A new claim of the same name has another uid, so even then the volume is released.
      for (const volume of this.#context.volumes.forClaim(namespace, name)) {
        this.#enqueue(`volume:${volume}`, this.#context.options.releaseDelay);
      }
    } else {
      if (volumeNameOf(object) === undefined) {
        const className = classNameOf(object) ?? '';
        this.#unbound.set(className, (this.#unbound.get(className) ?? new Set()).add(key));
      }
      this.#enqueue(`claim:${key}`);
      // The expander watches claims only: a PersistentVolume that has become larger does not wake it.
      this.#enqueue(`expand:${key}`);
    }
    const volume = volumeNameOf(object);
    if (volume !== undefined && change.type !== 'DELETED' && volumeNameOf(previous ?? object) !== volume) {
      this.#enqueue(`volume:${volume}`);
    }
    if (isDeletingNow(change)) {
      this.#enqueue(`namespace:${namespace}`);
    }
  }

  #classChanged(object: KubeObject): void {
    this.#enqueueUnbound(object.metadata.name);
    this.#enqueueUnbound('');
  }

  #enqueueUnbound(className: string): void {
    for (const key of this.#unbound.get(className) ?? []) {
      this.#enqueue(`claim:${key}`);
    }
  }

  /** Recorded: the endpoints controller takes Endpoints away with the Service of the same name. */
  #dropEndpoints(key: string): void {
    setImmediate(() => {
      const gone = this.#core.store.collection(serviceResource).get(key) === undefined;
      if (gone && !this.#stopped.signal.aborted) {
        this.#core.store.remove(endpointsResource, key);
      }
    });
  }

  #enqueue(key: WorkKey, delay = 0): void {
    if (delay > 0) {
      void this.#enqueueLater(key, delay);
      return;
    }
    this.#queue.add(key);
    if (!this.#scheduled && !this.#stopped.signal.aborted) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#run();
      });
    }
  }

  async #enqueueLater(key: WorkKey, delay: number): Promise<void> {
    try {
      await this.#clock.sleep(delay, this.#stopped.signal);
    } catch {
      return; // stopped
    }
    this.#enqueue(key);
  }

  #run(): void {
    let left = batch;
    for (const key of this.#queue) {
      if (left === 0 || this.#stopped.signal.aborted) {
        break;
      }
      left -= 1;
      this.#queue.delete(key);
      this.#sync(key);
    }
    const next = this.#queue.values().next();
    if (next.done !== true) {
      this.#enqueue(next.value);
    }
  }

  #sync(key: WorkKey): void {
    try {
      this.#work(key);
    } catch (error) {
      this.#log.warn({ err: error, key }, 'the binder could not sync');
      this.#enqueue(key, retryDelay);
    }
  }

  #work(key: WorkKey): void {
    const colon = key.indexOf(':');
    const name = key.slice(colon + 1);
    switch (key.slice(0, colon)) {
      case 'claim':
        this.#workClaim(name);
        return;
      case 'expand':
        this.#workExpansion(name);
        return;
      case 'volume':
        this.#workVolume(name);
        return;
      case 'definition': {
        const definition = this.#core.store.collection(definitionResource).get(name);
        if (definition !== undefined) {
          syncDefinition(this.#context, this.#core, definition);
        }
        return;
      }
      default: {
        const namespace = this.#core.store.collection(namespaceResource).get(name);
        if (namespace !== undefined) {
          syncNamespace(this.#context, this.#core, namespace);
        }
      }
    }
  }

  #workClaim(key: string): void {
    const claim = this.#core.store.collection(persistentVolumeClaims.resource).get(key);
    const kept = claim === undefined ? undefined : protectClaim(this.#context, claim);
    if (kept !== undefined) {
      syncClaim(this.#context, kept);
    }
  }

  #workExpansion(key: string): void {
    const claim = this.#core.store.collection(persistentVolumeClaims.resource).get(key);
    if (claim !== undefined && !isDeleting(claim)) {
      syncExpansion(this.#context, claim);
    }
  }

  #workVolume(name: string): void {
    const volumes = this.#core.store.collection(persistentVolumes.resource);
    const volume = volumes.get(name);
    if (volume === undefined) {
      return;
    }
    syncVolume(this.#context, volume);
    const synced = volumes.get(name);
    if (synced !== undefined) {
      protectVolume(this.#context, synced);
    }
  }
}

function isDeletingNow(change: Change): boolean {
  return change.type === 'DELETED';
}
