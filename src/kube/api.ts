import type { KubeObject, ObjectName, Resource, ResourceNames, WriteBody } from './resource.ts';

/**
 * The calls that Brickyard makes to a Kubernetes API, as the other rooms see them. Every call rejects with KubeError
 * and with nothing else (src/kube/errors.ts), and every one has a deadline.
 */

export interface CallOptions {
  /** Ends the call early; it then rejects with a KubeError of kind `aborted`. */
  readonly signal?: AbortSignal;
  /** Milliseconds for one try, waiting for the token bucket not counted. Default: the client's (30,000). */
  readonly timeoutMs?: number;
}

/** Which objects of a kind. Absent `namespace`: all namespaces. */
export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListOptions extends Selection, CallOptions {
  /** Objects a page. Default 500; 0 means all in one. */
  readonly pageSize?: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Keys (`keyOf`) of objects that could not be parsed: logged, and not in `items`. */
  readonly unreadable: readonly string[];
  /** Where a watch carries on from here. */
  readonly resourceVersion: string;
}

export interface WatchOptions extends Selection {
  readonly resourceVersion: string;
  readonly signal?: AbortSignal;
  /** Seconds after which the server ends the watch by itself. */
  readonly timeoutSeconds?: number;
  /** Milliseconds without a single byte after which the connection counts as dead. Default 90,000. */
  readonly silenceMs?: number;
  /** Called when the server has accepted the watch, and for every piece of data. */
  readonly onContact?: () => void;
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Nothing happened, but this is how far the watch has come. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  /** An object that could not be parsed: logged. `key` is empty when not even its name could be read. */
  | {
      readonly type: 'UNREADABLE';
      readonly change: string;
      readonly key: string;
      readonly resourceVersion: string | undefined;
    };

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  /** JSON pointer. */
  readonly path: string;
  readonly value?: unknown;
}

/** `status` and the like. */
interface PatchTarget extends CallOptions {
  readonly subresource?: string;
}

export type PatchOptions =
  | (PatchTarget & { readonly type: 'merge' | 'json' })
  | (PatchTarget & { readonly type: 'apply'; readonly fieldManager: string; readonly force?: boolean });

export interface DeleteOptions extends CallOptions {
  /** Delete only this very object: a Conflict otherwise. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly gracePeriodSeconds?: number;
}

export interface RawRequest extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, beginning with `/`. */
  readonly path: string;
  readonly body?: object;
  /** Default `application/json`. */
  readonly contentType?: string;
}

export interface KubeApi {
  /** `undefined` when there is no such object. */
  get<T extends KubeObject>(resource: Resource<T>, name: ObjectName, options?: CallOptions): Promise<T | undefined>;
  /** All pages joined. A continue token that expires on the way starts the list anew. */
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<Page<T>>;
  /** Page by page, never more than one in memory. Throws (`isExpired`) when the list has to be started anew. */
  pages<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): AsyncIterable<Page<T>>;
  /** Ends normally when the server ends it; throws for everything else, an ERROR event included. */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** Rejects (`isAlreadyExists`) when the name is taken. `namespace` comes from the options, else from the body. */
  create<T extends KubeObject, Body extends WriteBody>(
    resource: Resource<T, Body>,
    body: Body,
    options?: CallOptions & { readonly namespace?: string },
  ): Promise<T>;
  /** PUT. With `metadata.resourceVersion` in the body it rejects (`isConflict`) when the object has changed. */
  replace<T extends KubeObject, Body extends WriteBody>(
    resource: Resource<T, Body>,
    name: ObjectName,
    body: Body,
    options?: CallOptions & { readonly subresource?: string },
  ): Promise<T>;
  /** `patch` is an object for `merge` and `apply`, a list of operations for `json`. */
  patch<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: object | readonly JsonPatchOperation[],
    options: PatchOptions,
  ): Promise<T>;
  /** `gone`: there was no such object. `deleted`: it has been asked to go; finalizers may still keep it. */
  delete(resource: ResourceNames, name: ObjectName, options?: DeleteOptions): Promise<'deleted' | 'gone'>;
  /** Any other call. Resolves with the parsed JSON, or with text when it is none. */
  request(request: RawRequest): Promise<unknown>;
}
