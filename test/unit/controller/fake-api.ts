/** A Kubernetes API in a map: enough for reconcilers, with a say for the test before and after each call. */
import { KubeError } from '../../../src/kube/errors.ts';
import type {
  CallOptions,
  DeleteOptions,
  JsonPatchOperation,
  KubeApi,
  ListOptions,
  Page,
  PatchOptions,
  WatchEvent,
} from '../../../src/kube/api.ts';
import { keyOf, type KubeObject, type ObjectName, type Resource } from '../../../src/kube/resource.ts';

interface RawObject {
  metadata: Record<string, unknown> & { finalizers?: string[] };
  [field: string]: unknown;
}

export interface Call {
  readonly verb: 'get' | 'list' | 'create' | 'patch' | 'delete';
  readonly plural: string;
  readonly key: string;
}

/** Throws to make the call fail: `before` with nothing done, `after` with the answer lost. */
export interface Faults {
  before?(call: Call): void | Promise<void>;
  after?(call: Call): void;
}

export class FakeApi implements KubeApi {
  readonly calls: Call[] = [];
  faults: Faults = {};
  readonly #objects = new Map<string, RawObject>();
  #version = 100;

  /** Calls that change something, as `create persistentvolumes`. */
  get writes(): string[] {
    return this.calls
      .filter((call) => !['get', 'list'].includes(call.verb))
      .map((call) => `${call.verb} ${call.plural}`);
  }

  /** Puts an object in place, as somebody else would. */
  put(resource: Resource<KubeObject>, body: object): void {
    // As it would come over the wire: parsed objects share what is empty, which structuredClone would keep.
    const raw = JSON.parse(JSON.stringify(body)) as RawObject;
    this.#version += 1;
    raw.metadata = { uid: `uid-${this.#version}`, ...raw.metadata, resourceVersion: String(this.#version) };
    this.#objects.set(at(resource, raw.metadata as unknown as ObjectName), raw);
  }

  /** Takes an object away, finalizers or not. */
  drop(resource: Resource<KubeObject>, name: ObjectName): void {
    this.#objects.delete(at(resource, name));
  }

  raw(resource: Resource<KubeObject>, name: ObjectName): RawObject | undefined {
    return this.#objects.get(at(resource, name));
  }

  async get<T extends KubeObject>(resource: Resource<T>, name: ObjectName): Promise<T | undefined> {
    return this.#call('get', resource, name, () => {
      const raw = this.#objects.get(at(resource, name));
      return raw === undefined ? undefined : resource.parse(structuredClone(raw));
    });
  }

  async list<T extends KubeObject>(resource: Resource<T>, _options?: ListOptions): Promise<Page<T>> {
    return this.#call('list', resource, { name: '' }, () => ({
      items: [...this.#objects]
        .filter(([key]) => key.startsWith(`${resource.plural}/`))
        .map(([, raw]) => resource.parse(structuredClone(raw))),
      unreadable: [],
      resourceVersion: String(this.#version),
    }));
  }

  async create<T extends KubeObject, Body extends object>(
    resource: Resource<T, Body>,
    body: Body,
    _options?: CallOptions & { readonly namespace?: string },
  ): Promise<T> {
    const name = (body as unknown as { readonly metadata: ObjectName }).metadata;
    return this.#call('create', resource, name, () => {
      if (this.#objects.has(at(resource, name))) {
        throw status(409, 'AlreadyExists', `${resource.plural} "${name.name}" already exists`);
      }
      this.put(resource, body);
      return resource.parse(structuredClone(this.#objects.get(at(resource, name))));
    });
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: object | readonly JsonPatchOperation[],
    options: PatchOptions,
  ): Promise<T> {
    if (options.type !== 'merge') {
      throw new Error(`not in this fake: ${options.type}`);
    }
    return this.#call('patch', resource, name, () => {
      const raw = this.#existing(resource, name);
      const wanted = (patch as { readonly metadata?: { readonly resourceVersion?: string } }).metadata?.resourceVersion;
      if (wanted !== undefined && wanted !== raw.metadata['resourceVersion']) {
        throw status(409, 'Conflict', 'the object has been modified');
      }
      merge(raw, patch);
      this.#stamp(raw);
      const answer = resource.parse(structuredClone(raw));
      if (raw.metadata['deletionTimestamp'] !== undefined && (raw.metadata.finalizers ?? []).length === 0) {
        this.drop(resource, name);
      }
      return answer;
    });
  }

  async delete(
    resource: Resource<KubeObject>,
    name: ObjectName,
    options: DeleteOptions = {},
  ): Promise<'deleted' | 'gone'> {
    return this.#call('delete', resource, name, () => {
      const raw = this.#objects.get(at(resource, name));
      if (raw === undefined) {
        return 'gone';
      }
      if (options.uid !== undefined && options.uid !== raw.metadata['uid']) {
        throw status(409, 'Conflict', 'precondition failed: uid');
      }
      if ((raw.metadata.finalizers ?? []).length === 0) {
        this.drop(resource, name);
      } else {
        raw.metadata['deletionTimestamp'] = '2026-01-01T00:00:00Z';
        this.#stamp(raw);
      }
      return 'deleted';
    });
  }

  replace(): Promise<never> {
    return Promise.reject(new Error('not in this fake: replace'));
  }

  request(): Promise<never> {
    return Promise.reject(new Error('not in this fake: request'));
  }

  pages<T extends KubeObject>(_resource: Resource<T>): AsyncIterable<Page<T>> {
    throw new Error('not in this fake: pages');
  }

  watch<T extends KubeObject>(): AsyncIterable<WatchEvent<T>> {
    throw new Error('not in this fake: watch');
  }

  #existing(resource: Resource<KubeObject>, name: ObjectName): RawObject {
    const raw = this.#objects.get(at(resource, name));
    if (raw === undefined) {
      throw status(404, 'NotFound', `${resource.plural} "${name.name}" not found`);
    }
    return raw;
  }

  #stamp(raw: RawObject): void {
    this.#version += 1;
    raw.metadata['resourceVersion'] = String(this.#version);
  }

  async #call<R>(verb: Call['verb'], resource: Resource<KubeObject>, name: ObjectName, work: () => R): Promise<R> {
    const call = { verb, plural: resource.plural, key: keyOf(name) };
    this.calls.push(call);
    await this.faults.before?.(call);
    const result = work();
    this.faults.after?.(call);
    return result;
  }
}

function at(resource: Resource<KubeObject>, name: ObjectName): string {
  return `${resource.plural}/${keyOf(name)}`;
}

/** JSON merge patch (RFC 7396). */
function merge(target: Record<string, unknown>, patch: object): void {
  for (const [key, value] of Object.entries(patch) as [string, unknown][]) {
    if (value === null) {
      delete target[key];
    } else if (typeof value === 'object' && !Array.isArray(value)) {
      const inner = target[key];
      target[key] = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {};
      merge(target[key] as Record<string, unknown>, value);
    } else {
      target[key] = structuredClone(value);
    }
  }
}

/** An answer with an error status, to a call that changes something. */
export function status(code: number, reason: string, message = reason): KubeError {
  return new KubeError(message, { kind: 'status', code, reason }, true);
}

/** A write whose answer never came. */
export function lostAnswer(): KubeError {
  return new KubeError('ECONNRESET', { kind: 'network', reason: 'ECONNRESET' }, true);
}
