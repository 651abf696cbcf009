import { badRequest, methodNotAllowed } from '../errors.ts';
import { isObject } from '../json.ts';
import { apiVersionOf, subjectOf } from '../kinds/kind.ts';
import { partial, table } from '../table.ts';
import { apply } from '../verbs/apply.ts';
import { create } from '../verbs/create.ts';
import { fromStorage } from '../verbs/core.ts';
import { get, list } from '../verbs/list.ts';
import { patch, patchTypes } from '../verbs/patch.ts';
import { readDeleteOptions, remove } from '../verbs/remove.ts';
import { update } from '../verbs/update.ts';
import { addWarnings, send, sendJson } from './answer.ts';
import { mediaType, parseBody, parseJson, parseYaml } from './body.ts';
import { negotiate } from './negotiate.ts';
import { count, listOptions, truth, watchOptions, writeOptions } from './query.ts';
import { WatchStream } from './watch-stream.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Call } from '../faults/faults.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import type { WriteOptions } from '../verbs/core.ts';
import type { Target } from '../verbs/update.ts';
import type { AnswerForm } from './negotiate.ts';
import type { ResourcePath } from './request-path.ts';
import type { StreamDependencies } from './watch-stream.ts';

/** One request for a resource, with everything about it that was read already. */
export type ResourceRequest = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly path: ResourcePath;
  readonly kind: Kind;
  readonly body: Buffer;
  readonly call: Call;
};

/** Does one call on a resource and answers it. Throws ApiError when it is refused. */
export class ResourceHandler {
  readonly #parts: StreamDependencies;

  constructor(parts: StreamDependencies) {
    this.#parts = parts;
  }

  handle(asked: ResourceRequest): void {
    const named = asked.path.name !== undefined;
    const { verb } = asked.call;
    if ((verb === 'create' && named) || ((verb === 'update' || verb === 'patch') && !named)) {
      throw methodNotAllowed();
    }
    switch (asked.call.verb) {
      case 'get':
        this.#answer(asked, 200, get(this.#parts.core, asked.kind, asked.path.namespace, asked.path.name ?? ''), []);
        return;
      case 'list':
        this.#list(asked);
        return;
      case 'watch':
        this.#watch(asked);
        return;
      case 'create':
      case 'update':
      case 'patch':
        this.#write(asked);
        return;
      case 'delete':
        this.#delete(asked);
        return;
      case 'deletecollection':
        this.#deleteCollection(asked);
        return;
      default:
        throw methodNotAllowed();
    }
  }

  #write(asked: ResourceRequest): void {
    const { core } = this.#parts;
    const { kind, path, query, call } = asked;
    const warnings: string[] = [];
    const options = writeOptions(query, call.userAgent, (text) => warnings.push(text));
    if (call.verb === 'create') {
      this.#answer(asked, 201, create(core, kind, path.namespace, this.#objectBody(asked), options), warnings);
      return;
    }
    const target = targetOf(asked);
    if (call.verb === 'update') {
      const { object, created } = update(core, target, this.#objectBody(asked), options);
      this.#answer(asked, created ? 201 : 200, object, warnings);
      return;
    }
    const { object, created } = this.#patch(asked, target, options);
    this.#answer(asked, created ? 201 : 200, object, warnings);
  }

  #patch(
    asked: ResourceRequest,
    target: Target,
    options: WriteOptions,
  ): { readonly object: KubeObject; readonly created: boolean } {
    const { core } = this.#parts;
    const type = mediaType(asked.request);
    if (type !== patchTypes.apply) {
      return { object: patch(core, target, type, parseJson(asked.body), options), created: false };
    }
    const force = truth(asked.query, 'force') === true;
    const manager = asked.query.get('fieldManager') ?? '';
    return apply(core, target, requireObject(parseYaml(asked.body)), { ...options, manager, force });
  }

  #objectBody(asked: ResourceRequest): JsonObject {
    return requireObject(parseBody(mediaType(asked.request), asked.body));
  }

  #list(asked: ResourceRequest): void {
    const { core, encoder } = this.#parts;
    const { kind, query, path, response } = asked;
    const page = list(core, kind, listOptions(query, path.namespace));
    const form = negotiate(asked.request.headers.accept);
    const metadata: JsonObject = {
      resourceVersion: String(page.revision),
      ...(page.continue === undefined ? {} : { continue: page.continue }),
      ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
    };
    if (form.as === 'table') {
      sendJson(response, 200, this.#table(asked, page.items, metadata));
      return;
    }
    if (form.as === 'partial') {
      const items = page.items.map((object) => partial(object));
      sendJson(response, 200, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items });
      return;
    }
    const head = { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata };
    const items = page.items.map((object) => encoder.item(kind, object)).join(',');
    send(response, 200, `${JSON.stringify(head).slice(0, -1)},"items":[${items}]}`, form.yaml);
  }

  #watch(asked: ResourceRequest): void {
    const { kind, query, path, response, call } = asked;
    // `watch` on a single object is a watch of the collection with a selector, as it has been since 1.11.
    const single = path.name === undefined ? {} : { fieldSelector: `metadata.name=${path.name}` };
    const options = {
      ...watchOptions(query, path.namespace),
      ...single,
      timeoutSeconds: count(query, 'timeoutSeconds'),
      form: negotiate(asked.request.headers.accept),
      includeObject: includeObject(query),
    };
    new WatchStream(response, kind, options, this.#parts).start(call);
  }

  #delete(asked: ResourceRequest): void {
    const { kind, path, query, request, response } = asked;
    const body = parseBody(mediaType(request), asked.body);
    const options = readDeleteOptions({
      ...(isObject(body) ? body : {}),
      ...(query.getAll('dryRun').includes('All') ? { dryRun: ['All'] } : {}),
    });
    const { object, gone } = remove(this.#parts.core, kind, path.namespace, path.name ?? '', options);
    const waits = options.propagationPolicy === 'Foreground' || options.orphanDependents === false;
    if (!gone || kind.returnsDeleted) {
      this.#answer(asked, !gone && waits ? 202 : 200, object, []);
      return;
    }
    const about = subjectOf(kind);
    sendJson(response, 200, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: {
        name: object.metadata.name,
        ...(about.group === '' ? {} : { group: about.group }),
        kind: about.resource,
        uid: object.metadata.uid,
      },
    });
  }

  #deleteCollection(asked: ResourceRequest): void {
    const { core, encoder } = this.#parts;
    const { kind, path, query, request, response } = asked;
    const options = readDeleteOptions(parseBody(mediaType(request), asked.body));
    const page = list(core, kind, listOptions(query, path.namespace));
    const removed = page.items.map((object) =>
      remove(core, kind, object.metadata.namespace, object.metadata.name, options),
    );
    const head = {
      kind: `${kind.kind}List`,
      apiVersion: apiVersionOf(kind),
      metadata: { resourceVersion: String(page.revision) },
    };
    const items = removed.map(({ object }) => encoder.item(kind, object)).join(',');
    send(response, 200, `${JSON.stringify(head).slice(0, -1)},"items":[${items}]}`);
  }

  #answer(asked: ResourceRequest, code: number, object: KubeObject, warnings: readonly string[]): void {
    const { response, kind } = asked;
    addWarnings(response, warnings);
    const form: AnswerForm = negotiate(asked.request.headers.accept);
    if (form.as === 'table') {
      sendJson(response, code, this.#table(asked, [object], { resourceVersion: object.metadata.resourceVersion }));
    } else if (form.as === 'partial') {
      sendJson(response, code, partial(object));
    } else {
      send(response, code, this.#parts.encoder.object(kind, object), form.yaml);
    }
  }

  #table(asked: ResourceRequest, objects: readonly KubeObject[], metadata: JsonObject): JsonObject {
    const { context } = this.#parts.core;
    const include = includeObject(asked.query);
    const shown = include === 'Object' ? objects.map((object) => fromStorage(asked.kind, object)) : objects;
    return table(asked.kind, shown, metadata, {
      version: context.version,
      now: context.now(),
      includeObject: include,
      headers: true,
    });
  }
}

function targetOf({ kind, path }: ResourceRequest): Target {
  const subresource = kind.subresources.find((one) => one === path.subresource);
  return { kind, namespace: path.namespace, name: path.name ?? '', subresource };
}

function requireObject(body: Json | undefined): JsonObject {
  if (body === undefined) {
    throw badRequest("couldn't get version/kind; json parse error: unexpected end of JSON input");
  }
  if (!isObject(body)) {
    throw badRequest("couldn't get version/kind; json parse error: expected an object");
  }
  return body;
}

function includeObject(query: URLSearchParams): 'None' | 'Metadata' | 'Object' {
  const given = query.get('includeObject');
  return given === 'None' || given === 'Object' ? given : 'Metadata';
}
