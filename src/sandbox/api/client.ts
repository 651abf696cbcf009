/** The API without HTTP, for the binder and for tests: the same verbs and rules, no faults, not counted. */
import { badRequest } from './errors.ts';
import { get, list } from './verbs/list.ts';
import { create } from './verbs/create.ts';
import { fromStorage } from './verbs/core.ts';
import { patch, patchTypes } from './verbs/patch.ts';
import { remove } from './verbs/remove.ts';
import { update } from './verbs/update.ts';
import { watch } from './verbs/watch.ts';
import type { JsonObject } from './json.ts';
import type { Kind, Subresource } from './kinds/kind.ts';
import type { KubeObject } from './object.ts';
import type { ApiCore, WriteOptions } from './verbs/core.ts';
import type { ListOptions } from './verbs/list.ts';
import type { DeleteOptions } from './verbs/remove.ts';
import type { WatchEvent, WatchOptions } from './verbs/watch.ts';

/** The type of an object, and where it is. */
export type Reference = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
};
export type TypeReference = Pick<Reference, 'apiVersion' | 'kind'>;

/** What a user would write in a file: the name may be missing when `generateName` is there. */
export type Manifest = JsonObject & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name?: string;
    readonly namespace?: string;
    readonly [field: string]: JsonObject[string];
  };
};

/**
 * One user of the API within this process. Every method works at once: the store is in memory and writes are
 * synchronous.
 */
export class ApiClient {
  readonly #core: ApiCore;
  readonly #manager: string;

  /** `manager` owns what is written, in managedFields. */
  constructor(core: ApiCore, manager: string) {
    this.#core = core;
    this.#manager = manager;
  }

  /** Creates; the namespace is `default` when a namespaced manifest names none. Throws ApiError. */
  create(manifest: Manifest): KubeObject {
    const kind = this.#kind(manifest);
    return this.#shown(
      kind,
      create(this.#core, kind, namespaceFor(kind, manifest.metadata.namespace), manifest, this.#options()),
    );
  }

  /** Throws ApiError 404 when it is not there. */
  get(reference: Reference): KubeObject {
    const kind = this.#kind(reference);
    return this.#shown(kind, get(this.#core, kind, namespaceFor(kind, reference.namespace), reference.name));
  }

  find(reference: Reference): KubeObject | undefined {
    const kind = this.#kind(reference);
    const namespace = namespaceFor(kind, reference.namespace);
    const key = namespace === undefined ? reference.name : `${namespace}/${reference.name}`;
    const found = this.#core.store.collection(kind.resource).get(key);
    return found === undefined ? undefined : this.#shown(kind, found);
  }

  list(type: TypeReference, options: ListOptions = {}): readonly KubeObject[] {
    const kind = this.#kind(type);
    return list(this.#core, kind, options).items.map((object) => this.#shown(kind, object));
  }

  /** Replaces. With the resourceVersion that was read, a change in between makes it fail with 409. */
  update(object: KubeObject, subresource?: Subresource): KubeObject {
    const kind = this.#kind(object);
    const { name, namespace } = object.metadata;
    const target = { kind, namespace: namespaceFor(kind, namespace), name, subresource };
    return this.#shown(kind, update(this.#core, target, object, this.#options()).object);
  }

  /** Applies an RFC 7386 merge patch. */
  patch(reference: Reference, change: JsonObject, subresource?: Subresource): KubeObject {
    const kind = this.#kind(reference);
    const target = { kind, namespace: namespaceFor(kind, reference.namespace), name: reference.name, subresource };
    return this.#shown(kind, patch(this.#core, target, patchTypes.merge, change, this.#options()));
  }

  /** True when it is gone; false when finalizers still hold it. Throws ApiError 404 when it was not there. */
  delete(reference: Reference, options: DeleteOptions = {}): boolean {
    const kind = this.#kind(reference);
    return remove(this.#core, kind, namespaceFor(kind, reference.namespace), reference.name, options).gone;
  }

  /** Calls `take` for what is there and for every change; it must not write. Returns the way to stop. */
  watch(type: TypeReference, options: WatchOptions, take: (event: WatchEvent) => void): () => void {
    return watch(this.#core, this.#kind(type), options, take) ?? ((): void => undefined);
  }

  #options(): WriteOptions {
    return { manager: this.#manager, dryRun: false, fieldValidation: 'Strict', warn: () => undefined };
  }

  #shown(kind: Kind, object: KubeObject): KubeObject {
    return fromStorage(kind, object);
  }

  #kind(type: TypeReference): Kind {
    const kind = this.#core.kinds.byType(type.apiVersion, type.kind);
    if (kind === undefined) {
      throw badRequest(
        `no matches for kind ${JSON.stringify(type.kind)} in version ${JSON.stringify(type.apiVersion)}`,
      );
    }
    return kind;
  }
}

function namespaceFor(kind: Kind, namespace: string | undefined): string | undefined {
  return kind.namespaced ? (namespace ?? 'default') : undefined;
}
