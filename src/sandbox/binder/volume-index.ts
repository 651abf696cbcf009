import { keyOf } from '../api/object.ts';
import { claimRefOf } from './readers.ts';
import type { KubeObject } from '../api/object.ts';
import { classNameOf } from '../api/kinds/claims.ts';

/** Finds volumes by the claim that they name, and free ones by class, without going through all of them. */
export class VolumeIndex {
  readonly #byClaim = new Map<string, Set<string>>();
  readonly #freeByClass = new Map<string, Set<string>>();

  /** Takes in a change of one volume. */
  update(previous: KubeObject | undefined, next: KubeObject | undefined): void {
    if (previous !== undefined) {
      const [index, key] = this.#place(previous);
      const names = index.get(key);
      names?.delete(previous.metadata.name);
      if (names?.size === 0) {
        index.delete(key);
      }
    }
    if (next !== undefined) {
      const [index, key] = this.#place(next);
      const names = index.get(key) ?? new Set();
      index.set(key, names.add(next.metadata.name));
    }
  }

  /** Names of the volumes whose claimRef is this claim, by namespace and name. */
  forClaim(namespace: string, name: string): readonly string[] {
    return [...(this.#byClaim.get(keyOf(namespace, name)) ?? [])];
  }

  /** Names of the volumes of a class that no claim is named in. */
  free(className: string): readonly string[] {
    return [...(this.#freeByClass.get(className) ?? [])];
  }

  #place(volume: KubeObject): readonly [Map<string, Set<string>>, string] {
    const reference = claimRefOf(volume);
    return reference === undefined
      ? [this.#freeByClass, classNameOf(volume) ?? '']
      : [this.#byClaim, keyOf(reference.namespace, reference.name)];
  }
}
