import { keyOf, type KubeObject } from './resource.ts';

/** What a step of list or watch has changed. `delete` carries the last state that was known. */
export type Change<T> =
  | { readonly kind: 'add'; readonly object: T }
  | { readonly kind: 'update'; readonly object: T; readonly old: T }
  | { readonly kind: 'delete'; readonly object: T };

/** The values under which an object is found in an index. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** Read access to a cache. Objects are shared and frozen by type: nobody may change them. */
export interface Lister<T, Index extends string = never> {
  /** By `keyOf`: `namespace/name`, or the name alone. */
  byKey(key: string): T | undefined;
  all(): readonly T[];
  /** Every object for which the index function gave `value`. */
  byIndex(index: Index, value: string): readonly T[];
  readonly size: number;
}

/**
 * Objects by key, with secondary indexes. An object is its uid, not its name: one that was deleted and made again under
 * the same name, unseen, is told as the end of the one and the beginning of the other, never as an update.
 */
export class ObjectStore<T extends KubeObject, Index extends string = never> implements Lister<T, Index> {
  readonly #objects = new Map<string, T>();
  readonly #functions: ReadonlyMap<Index, IndexFunction<T>>;
  /** Index name and value to keys. No empty sets are kept. */
  readonly #indexed = new Map<Index, Map<string, Set<string>>>();

  constructor(indexes: Readonly<Record<Index, IndexFunction<T>>>) {
    this.#functions = new Map(Object.entries<IndexFunction<T>>(indexes) as [Index, IndexFunction<T>][]);
    for (const index of this.#functions.keys()) {
      this.#indexed.set(index, new Map());
    }
  }

  get size(): number {
    return this.#objects.size;
  }

  byKey(key: string): T | undefined {
    return this.#objects.get(key);
  }

  all(): readonly T[] {
    return [...this.#objects.values()];
  }

  byIndex(index: Index, value: string): readonly T[] {
    const keys = this.#indexed.get(index)?.get(value) ?? [];
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Takes one object as it is now. No change when this very version is known. */
  put(object: T): readonly Change<T>[] {
    const key = keyOf(object.metadata);
    const old = this.#objects.get(key);
    if (old === undefined) {
      this.#insert(key, object);
      return [{ kind: 'add', object }];
    }
    if (old.metadata.uid !== object.metadata.uid) {
      this.#drop(key, old);
      this.#insert(key, object);
      return [
        { kind: 'delete', object: old },
        { kind: 'add', object },
      ];
    }
    if (old.metadata.resourceVersion === object.metadata.resourceVersion) {
      return [];
    }
    this.#drop(key, old);
    this.#insert(key, object);
    return [{ kind: 'update', object, old }];
  }

  /** Takes the news that an object is gone; `last` is its final state, if that could be read. */
  remove(key: string, last?: T): readonly Change<T>[] {
    const old = this.#objects.get(key);
    if (old === undefined || (last !== undefined && last.metadata.uid !== old.metadata.uid)) {
      return [];
    }
    this.#drop(key, old);
    return [{ kind: 'delete', object: last ?? old }];
  }

  /** Takes a whole list: what is not in it is gone, unless it is in `keep` (there, but not readable just now). */
  replace(objects: readonly T[], keep: ReadonlySet<string>): readonly Change<T>[] {
    const listed = new Set(objects.map((object) => keyOf(object.metadata)));
    const gone = [...this.#objects.keys()].filter((key) => !listed.has(key) && !keep.has(key));
    return [...gone.flatMap((key) => this.remove(key)), ...objects.flatMap((object) => this.put(object))];
  }

  #insert(key: string, object: T): void {
    this.#objects.set(key, object);
    for (const [index, value] of this.#entriesOf(object)) {
      const values = this.#indexed.get(index);
      const keys = values?.get(value);
      if (keys === undefined) {
        values?.set(value, new Set([key]));
      } else {
        keys.add(key);
      }
    }
  }

  #drop(key: string, object: T): void {
    this.#objects.delete(key);
    for (const [index, value] of this.#entriesOf(object)) {
      const values = this.#indexed.get(index);
      const keys = values?.get(value);
      keys?.delete(key);
      if (keys?.size === 0) {
        values?.delete(value);
      }
    }
  }

  *#entriesOf(object: T): Generator<readonly [Index, string]> {
    for (const [index, valuesOf] of this.#functions) {
      for (const value of valuesOf(object)) {
        yield [index, value];
      }
    }
  }
}
