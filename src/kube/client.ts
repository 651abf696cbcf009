import type { Clock, Random } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
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
} from './api.ts';
import { named, patchQuery, patchTypes, read } from './bodies.ts';
import { Caller, type CallObserver } from './caller.ts';
import { CredentialSource, type KubeAccess } from './credentials.ts';
import { isExpired, isNotFound } from './errors.ts';
import { joined, readPage } from './list-page.ts';
import { collectionPath, creationPath, objectPath, selectionQuery, withQuery } from './paths.ts';
import type { KubeObject, ObjectName, Resource, ResourceNames, WriteBody } from './resource.ts';
import { ServerWarnings } from './server-warnings.ts';
import { TokenBucket, type BucketLimits } from './token-bucket.ts';
import { Transport } from './transport.ts';
import { parseEvent, watchLines } from './watch-stream.ts';

export interface KubeClientOptions {
  /** Reads the configuration; called again when the server no longer accepts the credentials. See `readKubeConfig`. */
  readonly kubeConfig: () => KubeAccess | Promise<KubeAccess>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Brickyard's version, for the User-Agent header. */
  readonly version: string;
  /** Most connections at one time; each running watch holds one. Default 32. */
  readonly connections?: number;
  /**
   * Rate limits by bucket name; `default` is the client's own. A bucket that is not named gets 20 qps, burst 40. With one
   * named `status` the default client takes tokens for writes of status from that: they come in crowds when many volumes
   * grow, and no claim is to wait for its volume behind them.
   */
  readonly buckets?: Readonly<Record<string, BucketLimits>>;
  /** Milliseconds for one try of a call. Default 30,000. */
  readonly timeoutMs?: number;
  /** Tries after the first, for calls that may safely be repeated. Default 3. */
  readonly retries?: number;
  readonly observer?: CallObserver;
  /**
   * Asked before every try of a call that changes something, right before it is sent; while it says no such calls reject
   * (`isAborted`). Not for isolated clients. Default: always yes.
   */
  readonly mayWrite?: () => boolean;
}

/** Client for somebody whose calls must not wait behind those of others. */
export interface IsolationOptions extends BucketLimits {
  readonly connections?: number;
  readonly timeoutMs?: number;
  readonly retries?: number;
}

/** What clients of one family have in common. */
interface Shared {
  readonly transport: Transport;
  readonly warnings: ServerWarnings;
}

function newShared({ kubeConfig, clock, connections, log }: KubeClientOptions): Shared {
  return {
    transport: new Transport(new CredentialSource(kubeConfig, clock), connections ?? 32),
    warnings: new ServerWarnings(log),
  };
}

const statusBucket = 'status';
const defaultLimits: BucketLimits = { qps: 20, burst: 40 };
const defaultPageSize = 500;
const defaultSilenceMs = 90_000;
/** How often a list whose continue token expired is begun anew in pages, before it is fetched in one piece. */
const pagedAttempts = 3;

/**
 * A Kubernetes API over one pool of kept-alive connections. Kubeconfigs are client-node's business (exec plugins,
 * OIDC); the rest of that library opens a TLS connection for each call and has no deadlines.
 */
export class KubeClient implements KubeApi {
  readonly #options: KubeClientOptions;
  readonly #shared: Shared;
  readonly #caller: Caller;
  readonly #statusCaller: Caller;

  /** `shared` and `bucket` are for clients that are made of this one. */
  constructor(options: KubeClientOptions, shared: Shared = newShared(options), bucket = 'default') {
    this.#options = options;
    this.#shared = shared;
    const callerFor = (name: string): Caller =>
      new Caller({
        ...shared,
        clock: options.clock,
        random: options.random,
        bucket: new TokenBucket(options.buckets?.[name] ?? defaultLimits, options.clock),
        bucketName: name,
        userAgent: `brickyard/${options.version}`,
        timeoutMs: options.timeoutMs ?? 30_000,
        retries: options.retries ?? 3,
        observer: options.observer,
        mayWrite: options.mayWrite ?? (() => true),
      });
    this.#caller = callerFor(bucket);
    const apart = bucket === 'default' && options.buckets?.[statusBucket] !== undefined;
    this.#statusCaller = apart ? callerFor(statusBucket) : this.#caller;
  }

  /** The same connections with a token bucket of its own, so that (say) events cannot use up what claims need. */
  withBucket(name: string): KubeClient {
    return new KubeClient(this.#options, this.#shared, name);
  }

  /**
   * Connections and bucket of its own, same credentials: for lease renewal, which no other work may hold up. Has to be
   * closed by itself.
   */
  isolated(name: string, options: IsolationOptions): KubeClient {
    const { qps, burst, connections = 2, ...rest } = options;
    const shared = { ...this.#shared, transport: this.#shared.transport.sibling(connections) };
    return new KubeClient(
      { ...this.#options, ...rest, mayWrite: () => true, buckets: { [name]: { qps, burst } } },
      shared,
      name,
    );
  }

  /** Breaks every connection, also for clients made by `withBucket`. */
  close(): Promise<void> {
    return this.#shared.transport.close();
  }

  async get<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    try {
      const raw = await this.#caller.call({
        ...options,
        verb: 'get',
        what: resource.plural,
        method: 'GET',
        path: objectPath(resource, name),
      });
      return read(resource, raw, `get ${resource.plural} ${name.name}`, false);
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw error;
    }
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<Page<T>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await joined(this.pages(resource, attempt > pagedAttempts ? { ...options, pageSize: 0 } : options));
      } catch (error) {
        if (!isExpired(error) || attempt > pagedAttempts) {
          throw error;
        }
        this.#options.log.debug({ resource: resource.plural, attempt }, 'list changed while being read, starting anew');
      }
    }
  }

  async *pages<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): AsyncGenerator<Page<T>> {
    const { namespace, pageSize = defaultPageSize, labelSelector, fieldSelector, ...call } = options;
    for (let token: string | undefined = ''; token !== undefined;) {
      const path = withQuery(collectionPath(resource, namespace), {
        ...selectionQuery({ labelSelector, fieldSelector }),
        limit: pageSize === 0 ? undefined : pageSize,
        continue: token === '' ? undefined : token,
      });
      const raw = await this.#caller.call({ ...call, verb: 'list', what: resource.plural, method: 'GET', path });
      const { page, next } = readPage(resource, raw, this.#reportUnreadable(resource));
      yield page;
      token = next;
    }
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const path = withQuery(collectionPath(resource, options.namespace), {
      ...selectionQuery(options),
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: options.resourceVersion,
      timeoutSeconds: options.timeoutSeconds,
    });
    const lines = watchLines(
      this.#options.clock,
      { silenceMs: options.silenceMs ?? defaultSilenceMs, signal: options.signal, onContact: options.onContact },
      (signal) => this.#caller.open({ what: resource.plural, path, signal, callerSignal: options.signal }),
    );
    const unreadable = this.#reportUnreadable(resource);
    for await (const line of lines) {
      yield parseEvent(resource, line, unreadable);
    }
  }

  async create<T extends KubeObject, Body extends WriteBody>(
    resource: Resource<T, Body>,
    body: Body,
    options: CallOptions & { readonly namespace?: string } = {},
  ): Promise<T> {
    const { namespace = body.metadata?.namespace, ...call } = options;
    const what = `create ${resource.plural} ${body.metadata?.name ?? ''}`;
    const raw = await this.#caller.call({
      ...call,
      verb: 'create',
      what: resource.plural,
      method: 'POST',
      path: creationPath(resource, namespace),
      body: named(resource, body),
    });
    return read(resource, raw, what, true);
  }

  async replace<T extends KubeObject, Body extends WriteBody>(
    resource: Resource<T, Body>,
    name: ObjectName,
    body: Body,
    options: CallOptions & { readonly subresource?: string } = {},
  ): Promise<T> {
    const { subresource, ...call } = options;
    const raw = await this.#callerOf(subresource).call({
      ...call,
      verb: 'update',
      what: withSubresource(resource, subresource),
      method: 'PUT',
      path: objectPath(resource, name, subresource),
      body: named(resource, body),
    });
    return read(resource, raw, `update ${resource.plural} ${name.name}`, true);
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: object,
    options: PatchOptions,
  ): Promise<T> {
    const { subresource, signal, timeoutMs } = options;
    const raw = await this.#callerOf(subresource).call({
      signal,
      timeoutMs,
      verb: 'patch',
      what: withSubresource(resource, subresource),
      method: 'PATCH',
      path: withQuery(objectPath(resource, name, subresource), patchQuery(options)),
      contentType: patchTypes[options.type],
      body: options.type === 'apply' ? named(resource, patch) : patch,
    });
    return read(resource, raw, `patch ${resource.plural} ${name.name}`, true);
  }

  async delete(resource: ResourceNames, name: ObjectName, options: DeleteOptions = {}): Promise<'deleted' | 'gone'> {
    const { uid, resourceVersion, gracePeriodSeconds, ...call } = options;
    const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
    try {
      await this.#caller.call({
        ...call,
        verb: 'delete',
        what: resource.plural,
        method: 'DELETE',
        path: objectPath(resource, name),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, gracePeriodSeconds },
      });
      return 'deleted';
    } catch (error) {
      if (isNotFound(error)) {
        return 'gone';
      }
      throw error;
    }
  }

  request(request: RawRequest): Promise<unknown> {
    return this.#caller.call({ ...request, verb: request.method.toLowerCase(), what: 'raw' });
  }

  #callerOf(subresource: string | undefined): Caller {
    return subresource === 'status' ? this.#statusCaller : this.#caller;
  }

  #reportUnreadable(resource: ResourceNames): (key: string, problem: unknown) => void {
    return (key, problem) => {
      const name = key === '' ? '(no name)' : key;
      this.#options.log.error(
        { resource: resource.plural, object: name, err: problem },
        `${resource.kind} ${name} cannot be read and is left out`,
      );
    };
  }
}

function withSubresource(resource: ResourceNames, subresource: string | undefined): string {
  return subresource === undefined ? resource.plural : `${resource.plural}/${subresource}`;
}
