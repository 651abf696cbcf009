/**
 * The HTTP door. node:http rather than fastify: every path ends in one handler that has the API's own routing,
 * negotiation, error shape and streams, so a framework would only be something to get round.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

import { ApiError, methodNotAllowed, notFound } from '../errors.ts';
import { atLeast } from '../server-version.ts';
import { isObject } from '../json.ts';
import { admin } from './admin.ts';
import { sendError, sendJson, sendText } from './answer.ts';
import { parseBody, mediaType, readBytes } from './body.ts';
import { discovery, review } from './discovery.ts';
import { negotiate } from './negotiate.ts';
import { openApiDocument, openApiIndex } from './openapi.ts';
import { parseResourcePath } from './request-path.ts';
import { ResourceHandler } from './resource-handler.ts';
import { truth } from './query.ts';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../../../domain/log.ts';
import type { Call } from '../faults/faults.ts';
import type { Stats } from '../faults/stats.ts';
import type { JsonObject } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { ResourcePath } from './request-path.ts';
import type { StreamDependencies } from './watch-stream.ts';

/** What the door needs of the house behind it. */
export type ServerDependencies = StreamDependencies & {
  /** What clients must show. */
  readonly token: string;
  /** Says whether a connection that shows nothing is let in all the same. */
  readonly trusts: (socket: Socket) => Promise<boolean>;
  readonly stats: Stats;
  readonly log: Log;
};

/**
 * kubectl sends no credentials over plain http, so the kubeconfig carries the token in the server's path. A bearer header
 * without the prefix does as well.
 */
export function secretPrefix(token: string): string {
  return `/${token}`;
}

const healthPaths = ['/healthz', '/livez', '/readyz'];

/** Reads requests, applies the active faults, counts, and hands on to whoever answers. */
export class KubeHttpServer {
  readonly server: Server;
  readonly #parts: ServerDependencies;
  readonly #resources: ResourceHandler;

  constructor(parts: ServerDependencies) {
    this.#parts = parts;
    this.#resources = new ResourceHandler(parts);
    this.server = createServer({ keepAliveTimeout: 90_000 }, (request, response) => {
      // A client that went away is no trouble of ours; without a listener it would end the process.
      response.on('error', () => undefined);
      this.#serve(request, response).catch((error: unknown) => {
        this.#fail(request, response, error);
      });
    });
    // A watch that lives for an hour sends its request once and then nothing.
    this.server.requestTimeout = 0;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = request.url ?? '/';
    const prefix = secretPrefix(this.#parts.token);
    const prefixed = given.startsWith(`${prefix}/`);
    const url = new URL(prefixed ? given.slice(prefix.length) : given, 'http://localhost');
    const path = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname;
    if (healthPaths.some((one) => path === one || path.startsWith(`${one}/`))) {
      sendText(response, 200, 'ok');
      return;
    }
    if (!prefixed && !(await this.#authorized(request))) {
      throw new ApiError(401, 'Unauthorized', 'Unauthorized');
    }
    const body = await readBytes(request);
    if (path.startsWith('/sandbox/')) {
      admin(this.#parts, request, response, path, body);
      return;
    }
    const resource = parseResourcePath(path);
    const kind =
      resource === undefined ? undefined : this.#parts.core.kinds.byPlural(resource.apiVersion, resource.plural);
    const call = callOf(request, url, resource, kind);
    if (!(await this.#faults(call, response))) {
      return;
    }
    this.#count(call, response);
    if (resource !== undefined && kind !== undefined) {
      checkPath(resource, kind, request.method ?? '');
      this.#resources.handle({ request, response, query: url.searchParams, path: resource, kind, body, call });
      return;
    }
    this.#computed(request, response, path, body);
  }

  /** A wrong credential is refused, whoever shows it; none at all will do for the sandbox's own user. */
  async #authorized(request: IncomingMessage): Promise<boolean> {
    if (request.headers.authorization === undefined) {
      return this.#parts.trusts(request.socket);
    }
    const shown = Buffer.from(request.headers.authorization);
    const wanted = Buffer.from(`Bearer ${this.#parts.token}`);
    return shown.length === wanted.length && timingSafeEqual(shown, wanted);
  }

  /** Does to the call what the active faults say. False: it ends here. */
  async #faults(call: Call, response: ServerResponse): Promise<boolean> {
    for (const action of this.#parts.faults.actionsFor(call)) {
      switch (action.do) {
        case 'refuse':
          this.#count(call, response);
          throw refusal(call, action.code, action.retryAfterSeconds);
        case 'delay':
          await this.#parts.clock.sleep(action.milliseconds);
          break;
        case 'reset':
          this.#parts.stats.record(call, 0);
          response.socket?.resetAndDestroy();
          return false;
        case 'hang':
          this.#parts.stats.record(call, 0);
          return false;
        case 'loseAnswer':
          cutAnswer(response);
          break;
      }
    }
    return true;
  }

  #count(call: Call, response: ServerResponse): void {
    const writeHead = response.writeHead.bind(response);
    response.writeHead = (code: number, ...rest: []) => {
      this.#parts.stats.record(call, code);
      return writeHead(code, ...rest);
    };
  }

  /** Answers that are not about stored objects. */
  #computed(request: IncomingMessage, response: ServerResponse, path: string, body: Buffer): void {
    const kinds = this.#parts.core.kinds.all();
    const answer = request.method === 'POST' ? reviewOf(request, path, body) : this.#document(request, path, kinds);
    if (answer === undefined) {
      sendText(response, 404, '404 page not found\n');
      return;
    }
    if (negotiate(request.headers.accept).as === 'discovery' && answer['kind'] === 'APIGroupDiscoveryList') {
      response.setHeader('Content-Type', 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    }
    sendJson(response, request.method === 'POST' ? 201 : 200, answer);
  }

  #document(request: IncomingMessage, path: string, kinds: readonly Kind[]): JsonObject | undefined {
    const { version } = this.#parts.core.context;
    if (path === '/version') {
      return versionInfo(version);
    }
    if (path === '/openapi/v3') {
      return openApiIndex(kinds, String(kinds.length));
    }
    if (path.startsWith('/openapi/v3/')) {
      return openApiDocument(kinds, path.slice('/openapi/v3/'.length), version.text);
    }
    const aggregated = negotiate(request.headers.accept).as === 'discovery' && atLeast(version, 30);
    return path === '/' ? { paths: ['/api', '/apis', '/openapi/v3', '/version'] } : discovery(path, kinds, aggregated);
  }

  #fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (!(error instanceof ApiError) && !response.destroyed) {
      this.#parts.log.error({ err: error, url: request.url, method: request.method }, 'the sandbox API failed');
    }
    if (response.headersSent || response.destroyed) {
      response.destroy();
    } else {
      sendError(response, error);
    }
  }
}

function reviewOf(request: IncomingMessage, path: string, body: Buffer): JsonObject | undefined {
  const parsed = parseBody(mediaType(request), body);
  return review(path, isObject(parsed) ? parsed : {});
}

function versionInfo(version: { readonly major: number; readonly minor: number; readonly text: string }): JsonObject {
  return {
    major: String(version.major),
    minor: String(version.minor),
    gitVersion: version.text,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '2025-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: 'brickyard/sandbox',
  };
}

const methodVerbs = new Map([
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
]);

function callOf(request: IncomingMessage, url: URL, path: ResourcePath | undefined, kind: Kind | undefined): Call {
  return {
    verb: verbOf(request.method ?? '', url.searchParams, path),
    resource:
      kind === undefined ? '' : path?.subresource === undefined ? kind.plural : `${kind.plural}/${path.subresource}`,
    namespace: path?.namespace,
    name: path?.name,
    userAgent: request.headers['user-agent'] ?? '',
  };
}

function verbOf(method: string, query: URLSearchParams, path: ResourcePath | undefined): string {
  const single = path?.name !== undefined;
  switch (method) {
    case 'GET':
      return truth(query, 'watch') === true ? 'watch' : path === undefined || single ? 'get' : 'list';
    case 'DELETE':
      return single ? 'delete' : 'deletecollection';
    default:
      return methodVerbs.get(method) ?? method.toLowerCase();
  }
}

/** Throws ApiError for paths that name a resource but cannot be: a missing namespace, an unknown subresource. */
function checkPath(path: ResourcePath, kind: Kind, method: string): void {
  if (path.subresource !== undefined && !kind.subresources.some((one) => one === path.subresource)) {
    throw notFound({ group: kind.group, resource: `${kind.plural}/${path.subresource}` }, path.name ?? '');
  }
  const homeless = kind.namespaced && path.namespace === undefined;
  if (homeless ? path.name !== undefined : !kind.namespaced && path.namespace !== undefined) {
    throw new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
  }
  if (homeless && method !== 'GET') {
    throw methodNotAllowed();
  }
}

function refusal(call: Call, code: number, retryAfterSeconds: number | undefined): ApiError {
  const details = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  switch (code) {
    case 429:
      return new ApiError(
        429,
        'TooManyRequests',
        'the server has received too many requests and has asked us to try again later',
        {
          retryAfterSeconds: 1,
          ...details,
        },
      );
    case 503:
      return new ApiError(503, 'ServiceUnavailable', 'the server is currently unable to handle the request', details);
    case 504:
      return new ApiError(504, 'Timeout', 'Timeout: request did not complete within the allotted timeout', details);
    case 401:
      return new ApiError(401, 'Unauthorized', 'Unauthorized');
    case 403:
      return new ApiError(403, 'Forbidden', denial(call), details);
    case 500:
      return new ApiError(500, 'InternalError', 'Internal error occurred: etcdserver: request timed out', details);
    default:
      return methodNotAllowed();
  }
}

/** What an API server says of a right that RBAC does not give. The sandbox has one user, and no groups in its calls. */
function denial({ verb, resource, namespace, name }: Call): string {
  const plural = resource.replace(/\/.*$/, '');
  const what = name === undefined ? plural : `${plural} "${name}"`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return `${what} is forbidden: User "sandbox" cannot ${verb} resource "${resource}" in API group "" ${where}`;
}

/** Lets the call be done, and cuts the connection where its answer would have been. */
function cutAnswer(response: ServerResponse): void {
  response.writeHead = () => {
    response.socket?.resetAndDestroy();
    return response;
  };
}
