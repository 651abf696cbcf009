/**
 * Single calls with a pod's ServiceAccount, for a process that makes one now and then: no pool, no cache, no repetitions.
 * KubeClient (client.ts) has all that, and costs some 10 MiB of memory for it.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Clock } from '../domain/clock.ts';
import type { CallOptions, JsonPatchOperation, KubeApi, PatchOptions, RawRequest } from './api.ts';
import { named, patchQuery, patchTypes, read } from './bodies.ts';
import { withDeadline } from './deadline.ts';
import { errorFromAnswer, isNotFound, KubeError, toKubeError } from './errors.ts';
import { creationPath, objectPath, withQuery } from './paths.ts';
import type { KubeObject, ObjectName, Resource, WriteBody } from './resource.ts';
import type { ServiceAccount } from './service-account.ts';

export interface SingleCallerOptions {
  readonly account: ServiceAccount;
  readonly clock: Clock;
  /** Brickyard's version, for the User-Agent header. */
  readonly version: string;
  /** Milliseconds for one call. Default 10,000. */
  readonly timeoutMs?: number;
}

/** What it can do. */
export type SingleCalls = Pick<KubeApi, 'get' | 'create' | 'patch'>;

export class SingleCaller implements SingleCalls {
  readonly #options: SingleCallerOptions;

  constructor(options: SingleCallerOptions) {
    this.#options = options;
  }

  /** As KubeApi. Token and authority are read anew for each call. */
  async get<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    const call = `get ${resource.plural} ${name.name}`;
    try {
      const raw = await this.#call(call, { ...options, method: 'GET', path: objectPath(resource, name) });
      return read(resource, raw, call, false);
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw error;
    }
  }

  /** As KubeApi. */
  async create<T extends KubeObject, Body extends WriteBody>(
    resource: Resource<T, Body>,
    body: Body,
    options: CallOptions & { readonly namespace?: string } = {},
  ): Promise<T> {
    const { namespace = body.metadata?.namespace, ...rest } = options;
    const call = `create ${resource.plural} ${body.metadata?.name ?? ''}`;
    const path = creationPath(resource, namespace);
    return read(
      resource,
      await this.#call(call, { ...rest, method: 'POST', path, body: named(resource, body) }),
      call,
      true,
    );
  }

  /** As KubeApi. */
  async patch<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: object | readonly JsonPatchOperation[],
    options: PatchOptions,
  ): Promise<T> {
    const { signal, timeoutMs, subresource, type } = options;
    const call = `patch ${resource.plural} ${name.name}`;
    const raw = await this.#call(call, {
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      method: 'PATCH',
      path: withQuery(objectPath(resource, name, subresource), patchQuery(options)),
      contentType: patchTypes[type],
      body: type === 'apply' ? named(resource, patch) : patch,
    });
    return read(resource, raw, call, true);
  }

  /** Rejects with KubeError. */
  async #call(call: string, asked: RawRequest): Promise<unknown> {
    const { clock, timeoutMs = 10_000 } = this.#options;
    try {
      const limit = asked.timeoutMs ?? timeoutMs;
      return await withDeadline(clock, limit, asked.signal, (signal) => this.#answer(asked, signal));
    } catch (error) {
      throw toKubeError(error).during(call, asked.method !== 'GET');
    }
  }

  async #answer({ method, path, body, contentType }: RawRequest, signal: AbortSignal): Promise<unknown> {
    const { account, version } = this.#options;
    const { token, ca } = await account.read();
    const sent = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      'user-agent': `brickyard/${version}`,
      ...(sent === ''
        ? {}
        : { 'content-type': contentType ?? 'application/json', 'content-length': Buffer.byteLength(sent) }),
    };
    const outgoing = request(new URL(path, account.origin), { method, ca, headers, signal, agent: false });
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    outgoing.end(sent);
    const [answer] = await answered;
    const { statusCode: code = 0 } = answer;
    const received = parsed(await text(answer));
    if (code < 200 || code > 299) {
      throw errorFromAnswer(code, received);
    }
    if (typeof received === 'string') {
      throw new KubeError('the answer is no JSON', { kind: 'protocol' });
    }
    return received;
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}
