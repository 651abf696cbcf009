import { History } from './history.ts';
import { SortedKeys } from './sorted-keys.ts';
import type { Change } from './history.ts';
import type { KubeObject } from '../object.ts';

/** All objects of one resource, their order, their recent past and who listens. */
export class Collection {
  readonly history: History;
  readonly #objects = new Map<string, KubeObject>();
  readonly #keys = new SortedKeys();
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(historyLimit: number) {
    this.history = new History(historyLimit);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  /** The objects now, in key order; those of one namespace when it is given. */
  list(namespace?: string): readonly KubeObject[] {
    const keys = this.#keys.withPrefix(namespace === undefined ? '' : `${namespace}/`);
    return keys.flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** The objects as they were at `revision`, found by undoing what came later. Must not be below the floor. */
  listAt(revision: number, namespace?: string): readonly KubeObject[] {
    const later = this.history.after(revision);
    if (later.length === 0) {
      return this.list(namespace);
    }
    const before = new Map<string, KubeObject | undefined>();
    for (const change of later) {
      if (!before.has(change.key)) {
        before.set(change.key, change.previous);
      }
    }
    const prefix = namespace === undefined ? '' : `${namespace}/`;
    const state = new Map(this.#keys.withPrefix(prefix).map((key) => [key, this.#objects.get(key)]));
    for (const [key, object] of before) {
      if (key.startsWith(prefix)) {
        state.set(key, object);
      }
    }
    const keys = [...state.keys()].sort((a, b) => (a < b ? -1 : 1));
    return keys.flatMap((key) => state.get(key) ?? []);
  }

  /** Takes the change in and tells the listeners, in the order in which they came. A listener must not write. */
  apply(change: Change): void {
    if (change.type === 'DELETED') {
      this.#objects.delete(change.key);
      this.#keys.delete(change.key);
    } else {
      this.#objects.set(change.key, change.object);
      this.#keys.add(change.key);
    }
    this.history.append(change);
    for (const listener of this.#listeners) {
      listener(change);
    }
  }

  /** Calls `listener` for every later change. Returns the way to stop that. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
