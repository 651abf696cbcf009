/**
 * Objects as text, each version of each object made only once however many watchers and lists want it: the text hangs on
 * the object and goes with it.
 */
import { apiVersionOf } from './kinds/kind.ts';
import { fromStorage } from './verbs/core.ts';
import { omit } from './json.ts';
import type { Kind } from './kinds/kind.ts';
import type { KubeObject } from './object.ts';

/** Turns stored objects into the JSON of the version that was asked for. */
export class Encoder {
  readonly #bodies = new WeakMap<KubeObject, string>();
  readonly #converted = new WeakMap<KubeObject, string>();

  /** With kind and apiVersion in front, as a single object and a watch event have it. */
  object(kind: Kind, object: KubeObject): string {
    return `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(apiVersionOf(kind))},${this.#body(kind, object).slice(1)}`;
  }

  /** As an item of a list: the built-in kinds leave their type out there, custom resources do not. */
  item(kind: Kind, object: KubeObject): string {
    return kind.custom ? this.object(kind, object) : this.#body(kind, object);
  }

  /** Never empty: metadata is always there, so something follows the comma that `object` sets. */
  #body(kind: Kind, object: KubeObject): string {
    const cache = kind.conversion === undefined ? this.#bodies : this.#converted;
    let text = cache.get(object);
    if (text === undefined) {
      const { metadata, ...rest } = omit(fromStorage(kind, object), 'kind', 'apiVersion');
      text = JSON.stringify({ metadata, ...rest });
      cache.set(object, text);
    }
    return text;
  }
}
