import { withMeta } from '../object.ts';
import { Collection } from './collection.ts';
import type { Change } from './history.ts';
import type { KubeObject } from '../object.ts';

/** `group/plural`: what the objects of all versions of a kind are kept under. */
export type ResourceId = string & { readonly __brand: 'ResourceId' };

/** The id for a plural name; the core's group is empty. */
export function resourceId(group: string, plural: string): ResourceId {
  return `${group}/${plural}` as ResourceId;
}

/**
 * Everything that the API server knows, in memory, with one counter of versions over all resources, as etcd has it.
 * Writes are synchronous, so each one is atomic without locks.
 */
export class Store {
  readonly #collections = new Map<ResourceId, Collection>();
  readonly #historyLimit: number;
  #revision = 1;

  /** `historyLimit`: how many changes of each resource are kept for watches and consistent pages. */
  constructor(historyLimit: number) {
    this.#historyLimit = historyLimit;
  }

  get revision(): number {
    return this.#revision;
  }

  collection(resource: ResourceId): Collection {
    let found = this.#collections.get(resource);
    if (found === undefined) {
      found = new Collection(this.#historyLimit);
      this.#collections.set(resource, found);
    }
    return found;
  }

  resources(): readonly ResourceId[] {
    return [...this.#collections.keys()];
  }

  /** Creates or replaces the object at `key`, gives it the next version, and returns it as stored. */
  put(resource: ResourceId, key: string, object: KubeObject): KubeObject {
    const collection = this.collection(resource);
    const previous = collection.get(key);
    this.#revision += 1;
    const stored = withMeta(object, { resourceVersion: String(this.#revision) });
    collection.apply({
      revision: this.#revision,
      type: previous === undefined ? 'ADDED' : 'MODIFIED',
      key,
      object: stored,
      previous,
    });
    return stored;
  }

  /** Removes the object at `key`, if any, and returns its last state with the version of the removal. */
  remove(resource: ResourceId, key: string, last?: KubeObject): KubeObject | undefined {
    const collection = this.collection(resource);
    const previous = collection.get(key);
    if (previous === undefined) {
      return undefined;
    }
    this.#revision += 1;
    const object = withMeta(last ?? previous, { resourceVersion: String(this.#revision) });
    const change: Change = { revision: this.#revision, type: 'DELETED', key, object, previous };
    collection.apply(change);
    return object;
  }

  /** Forgets the past of every resource: older versions answer 410 from now on. */
  compact(): void {
    for (const collection of this.#collections.values()) {
      collection.history.compact(this.#revision);
    }
  }
}
