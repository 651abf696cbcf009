/**
 * The sandbox's control plane without a socket, and clients of it as a process has them: for whole controllers on a clock
 * that the test turns. A client can be made to fail as a network and a server do, and dies with its process.
 */
import type { Clock } from '../../../src/domain/clock.ts';
import { silentLog } from '../../../src/domain/log.ts';
import type {
  CallOptions,
  DeleteOptions,
  KubeApi,
  ListOptions,
  Page,
  PatchOptions,
  RawRequest,
  WatchEvent,
  WatchOptions,
} from '../../../src/kube/api.ts';
import { named, read } from '../../../src/kube/bodies.ts';
import { errorFromAnswer, KubeError, toKubeError } from '../../../src/kube/errors.ts';
import {
  apiVersionOf,
  type KubeObject,
  type ObjectName,
  type Resource,
  type ResourceNames,
  type WriteBody,
} from '../../../src/kube/resource.ts';
import { ApiClient } from '../../../src/sandbox/api/client.ts';
import { ApiError } from '../../../src/sandbox/api/errors.ts';
import { EventExpiry } from '../../../src/sandbox/api/event-expiry.ts';
import type { Json, JsonObject } from '../../../src/sandbox/api/json.ts';
import type { Kind } from '../../../src/sandbox/api/kinds/kind.ts';
import { seed } from '../../../src/sandbox/api/seed.ts';
import { makeCore } from '../../../src/sandbox/api/start.ts';
import { create } from '../../../src/sandbox/api/verbs/create.ts';
import { fromStorage, type ApiCore, type WriteOptions } from '../../../src/sandbox/api/verbs/core.ts';
import { get, list } from '../../../src/sandbox/api/verbs/list.ts';
import { patch, patchTypes } from '../../../src/sandbox/api/verbs/patch.ts';
import { remove } from '../../../src/sandbox/api/verbs/remove.ts';
import { update } from '../../../src/sandbox/api/verbs/update.ts';
import { watch, type WatchEvent as CoreEvent } from '../../../src/sandbox/api/verbs/watch.ts';
import { Binder } from '../../../src/sandbox/binder/binder.ts';
import type { Random } from '../../../src/domain/clock.ts';

export interface ControlPlane {
  readonly core: ApiCore;
  /** For users: no faults. */
  readonly api: ApiClient;
  close(): void;
}

export function startControlPlane(clock: Clock, random: Random): ControlPlane {
  const core = makeCore({ clock, random, serverVersion: 'v1.25.16', historyLimit: 2_000 });
  const api = new ApiClient(core, 'user');
  seed(api);
  const options = { releaseDelay: 1_000, expandRetry: 30_000 };
  const binder = new Binder({ core, clock, random, log: silentLog, options });
  const expiry = new EventExpiry(core.store, clock);
  binder.start();
  expiry.start();
  return {
    core,
    api,
    close: () => {
      binder.stop();
      expiry.stop();
    },
  };
}

/** What becomes of one call. `lost`: it is done, and nobody hears of it. `unsent`: it never leaves. */
export type Mishap =
  | { readonly kind: 'refused'; readonly code: 429 | 500 | 503 }
  | { readonly kind: 'lost' | 'unsent' };

export interface DirectKubeOptions {
  readonly plane: ControlPlane;
  readonly clock: Clock;
  /** Milliseconds that a call takes. */
  readonly latency: () => number;
  /** Asked once a call. */
  readonly mishap: (write: boolean) => Mishap | undefined;
}

/** One process' client. */
export class DirectKubeApi implements KubeApi {
  readonly #options: DirectKubeOptions;
  readonly #core: ApiCore;
  readonly #killed = new AbortController();

  constructor(options: DirectKubeOptions) {
    this.#options = options;
    this.#core = options.plane.core;
  }

  /** The process is gone: what it still asks for is never done. */
  kill(): void {
    this.#killed.abort(new KubeError('the process was killed', { kind: 'aborted', reason: 'Killed' }));
  }

  get<T extends KubeObject>(resource: Resource<T>, name: ObjectName, options?: CallOptions): Promise<T | undefined> {
    return this.#call(`get ${resource.plural}`, false, options, () => {
      const kind = this.#kind(resource);
      try {
        return this.#parsed(resource, kind, get(this.#core, kind, namespaceOf(resource, name), name.name));
      } catch (error) {
        if (error instanceof ApiError && error.code === 404) {
          return undefined;
        }
        throw error;
      }
    });
  }

  list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<Page<T>> {
    return this.#call(`list ${resource.plural}`, false, options, () => {
      const kind = this.#kind(resource);
      const { namespace, labelSelector, fieldSelector } = options;
      const page = list(this.#core, kind, { namespace, labelSelector, fieldSelector });
      const items = page.items.map((object) => this.#parsed(resource, kind, object));
      return { items, unreadable: [], resourceVersion: String(page.revision) };
    });
  }

  async *pages<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): AsyncIterable<Page<T>> {
    yield await this.list(resource, options);
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    const { signal, timeoutSeconds = 300, onContact } = options;
    const kind = this.#kind(resource);
    await this.#call(`watch ${resource.plural}`, false, signal === undefined ? {} : { signal }, () => undefined);
    onContact?.();
    const waiting: CoreEvent[] = [];
    let wake: () => void = () => undefined;
    const stop = this.#open(kind, options, (event) => {
      waiting.push(event);
      wake();
    });
    const over = new AbortController();
    const ends = AbortSignal.any([this.#killed.signal, ...(signal === undefined ? [] : [signal])]);
    const timer = this.#options.clock.sleep(timeoutSeconds * 1000, AbortSignal.any([ends, over.signal])).then(
      () => 'over' as const,
      () => 'ended' as const,
    );
    try {
      for (;;) {
        const event = waiting.shift();
        if (event !== undefined) {
          onContact?.();
          yield this.#told(resource, kind, event);
          continue;
        }
        const news = new Promise<'news'>((resolve) => {
          wake = () => resolve('news');
        });
        const first = await Promise.race([news, timer]);
        if (first === 'over') {
          return;
        }
        if (first === 'ended') {
          throw toKubeError(ends.reason);
        }
      }
    } finally {
      over.abort();
      stop();
    }
  }

  create<T extends KubeObject, Body extends WriteBody>(
    resource: Resource<T, Body>,
    body: Body,
    options: CallOptions & { readonly namespace?: string } = {},
  ): Promise<T> {
    return this.#call(`create ${resource.plural}`, true, options, () => {
      const kind = this.#kind(resource);
      const namespace = resource.namespaced ? (options.namespace ?? body.metadata?.namespace) : undefined;
      const made = create(this.#core, kind, namespace, asJson(named(resource, body)), this.#writing());
      return this.#parsed(resource, kind, made);
    });
  }

  replace<T extends KubeObject, Body extends WriteBody>(
    resource: Resource<T, Body>,
    name: ObjectName,
    body: Body,
    options: CallOptions & { readonly subresource?: string } = {},
  ): Promise<T> {
    return this.#call(`replace ${resource.plural}`, true, options, () => {
      const target = this.#target(resource, name, options.subresource);
      const { object } = update(this.#core, target, asJson(named(resource, body)), this.#writing());
      return this.#parsed(resource, target.kind, object);
    });
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    change: object,
    options: PatchOptions,
  ): Promise<T> {
    return this.#call(`patch ${resource.plural}`, true, options, () => {
      const target = this.#target(resource, name, options.subresource);
      const type = patchTypes[options.type];
      return this.#parsed(resource, target.kind, patch(this.#core, target, type, asJson(change), this.#writing()));
    });
  }

  delete(resource: ResourceNames, name: ObjectName, options: DeleteOptions = {}): Promise<'deleted' | 'gone'> {
    return this.#call(`delete ${resource.plural}`, true, options, () => {
      const { uid, resourceVersion } = options;
      try {
        remove(this.#core, this.#kind(resource), namespaceOf(resource, name), name.name, {
          preconditions: { uid, resourceVersion },
        });
        return 'deleted' as const;
      } catch (error) {
        if (error instanceof ApiError && error.code === 404) {
          return 'gone' as const;
        }
        throw error;
      }
    });
  }

  /** The version is all that anybody asks for in this way. */
  request({ method, path, signal }: RawRequest): Promise<unknown> {
    if (method !== 'GET' || path !== '/version') {
      return Promise.reject(new KubeError('expected no other raw request here', { kind: 'setup', unsent: true }));
    }
    return this.#call('get version', false, signal === undefined ? {} : { signal }, () => ({
      gitVersion: this.#core.context.version.text,
    }));
  }

  /** The one way in: takes its time, meets its mishap, and turns whatever is thrown into a KubeError. */
  async #call<T>(what: string, write: boolean, options: CallOptions | undefined, work: () => T): Promise<T> {
    const signals = [this.#killed.signal, ...(options?.signal === undefined ? [] : [options.signal])];
    const signal = AbortSignal.any(signals);
    const { clock, latency, mishap } = this.#options;
    const trouble = mishap(write);
    try {
      if (trouble?.kind === 'unsent') {
        throw new KubeError('connect ECONNREFUSED', { kind: 'network', reason: 'ECONNREFUSED', unsent: true });
      }
      await clock.sleep(latency(), signal);
      if (trouble?.kind === 'refused') {
        throw errorFromAnswer(trouble.code, {
          kind: 'Status',
          message: 'the server is in trouble',
          code: trouble.code,
        });
      }
      const value = work();
      if (trouble?.kind === 'lost') {
        throw new KubeError('socket hang up', { kind: 'network', reason: 'ECONNRESET' });
      }
      return value;
    } catch (error) {
      if (signal.aborted) {
        throw new KubeError(`${what}: the caller gave up`, { kind: 'aborted', cause: error }, write);
      }
      const known = error instanceof ApiError ? errorFromAnswer(error.code, error.status()) : toKubeError(error);
      throw known.during(what, write);
    }
  }

  #open(kind: Kind, options: WatchOptions, take: (event: CoreEvent) => void): () => void {
    const { namespace, labelSelector, fieldSelector, resourceVersion } = options;
    const selection = { namespace, labelSelector, fieldSelector, resourceVersion };
    return watch(this.#core, kind, selection, take) ?? ((): void => undefined);
  }

  #told<T extends KubeObject>(resource: Resource<T>, kind: Kind, event: CoreEvent): WatchEvent<T> {
    switch (event.type) {
      case 'ERROR':
        throw errorFromAnswer(200, event.status);
      case 'BOOKMARK':
        return { type: 'BOOKMARK', resourceVersion: String(event.revision) };
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        return { type: event.type, object: this.#parsed(resource, kind, event.object) };
    }
  }

  #parsed<T extends KubeObject>(resource: Resource<T>, kind: Kind, object: Parameters<typeof fromStorage>[1]): T {
    return read(resource, fromStorage(kind, object), `read ${resource.plural}`, false);
  }

  #target(resource: ResourceNames, name: ObjectName, subresource: string | undefined) {
    const kind = this.#kind(resource);
    if (subresource !== undefined && subresource !== 'status') {
      throw new KubeError(`expected no subresource ${subresource} here`, { kind: 'setup', unsent: true });
    }
    return { kind, namespace: namespaceOf(resource, name), name: name.name, subresource } as const;
  }

  #kind(resource: ResourceNames): Kind {
    const kind = this.#core.kinds.byType(apiVersionOf(resource), resource.kind);
    if (kind === undefined) {
      throw errorFromAnswer(404, 'there is no such kind');
    }
    return kind;
  }

  #writing(): WriteOptions {
    return { manager: 'brickyard', dryRun: false, fieldValidation: 'Strict', warn: () => undefined };
  }
}

const namespaceOf = (resource: ResourceNames, name: ObjectName): string | undefined =>
  resource.namespaced ? name.namespace : undefined;

/** As it would arrive: fields that are undefined are not there. */
const asJson = (body: object): JsonObject => JSON.parse(JSON.stringify(body)) as JsonObject & Json;
