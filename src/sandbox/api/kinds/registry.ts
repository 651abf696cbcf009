import { apiVersionOf } from './kind.ts';
import type { Kind } from './kind.ts';

/** The kinds that are served now: the built-in ones, and those that CustomResourceDefinitions add and take away. */
export class KindRegistry {
  readonly #byPath = new Map<string, Kind>();
  readonly #byType = new Map<string, Kind>();

  constructor(kinds: readonly Kind[]) {
    for (const kind of kinds) {
      this.add(kind);
    }
  }

  add(kind: Kind): void {
    this.#byPath.set(`${apiVersionOf(kind)}/${kind.plural}`, kind);
    this.#byType.set(`${apiVersionOf(kind)}/${kind.kind}`, kind);
  }

  remove(kind: Kind): void {
    this.#byPath.delete(`${apiVersionOf(kind)}/${kind.plural}`);
    this.#byType.delete(`${apiVersionOf(kind)}/${kind.kind}`);
  }

  /** By the resource's name in a URL. */
  byPlural(apiVersion: string, plural: string): Kind | undefined {
    return this.#byPath.get(`${apiVersion}/${plural}`);
  }

  /** By the type that an object says it is of. */
  byType(apiVersion: string, kind: string): Kind | undefined {
    return this.#byType.get(`${apiVersion}/${kind}`);
  }

  all(): readonly Kind[] {
    return [...this.#byPath.values()];
  }
}
