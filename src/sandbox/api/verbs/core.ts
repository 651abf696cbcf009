/** What every verb works on, and how a body becomes an object. */
import { badRequest } from '../errors.ts';
import { isObject, objectAt, textAt } from '../json.ts';
import { apiVersionOf } from '../kinds/kind.ts';
import { decode } from '../schema/decode.ts';
import { decodeCustom } from '../schema/custom.ts';
import type { JsonObject } from '../json.ts';
import type { Kind, KindContext } from '../kinds/kind.ts';
import type { KindRegistry } from '../kinds/registry.ts';
import type { KubeObject, ObjectMeta } from '../object.ts';
import type { Store } from '../store/store.ts';

/** The API's state and its sources of time, randomness and identity. */
export type ApiCore = {
  readonly store: Store;
  readonly kinds: KindRegistry;
  readonly context: KindContext;
  /** A random UUID, version 4. */
  readonly uid: () => string;
};

/** How a write is to be done, and by whom. */
export type WriteOptions = {
  /** Who owns the fields that are written: the query's fieldManager, or the first word of the user agent. */
  readonly manager: string;
  readonly dryRun: boolean;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  /** Takes the text of one Warning header. */
  readonly warn: (text: string) => void;
};

/**
 * Reads a body as `kind`, in its storage form. Throws ApiError 400 when it is of another kind, has a field of the wrong
 * type, or (with strict field validation) a field that does not exist.
 */
export function readBody(kind: Kind, body: JsonObject, options: WriteOptions): KubeObject {
  return read(kind, body, options, true);
}

/** As `readBody`, but defaults of a custom resource's schema are not filled in: the applier did not say them. */
export function readConfiguration(kind: Kind, body: JsonObject, options: WriteOptions): KubeObject {
  return read(kind, body, options, false);
}

function read(kind: Kind, body: JsonObject, options: WriteOptions, defaults: boolean): KubeObject {
  checkType(kind, body);
  if (!isObject(body['metadata'] ?? {})) {
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: metadata must be an object`,
    );
  }
  const { object, unknown } = kind.custom ? decodeCustom(kind, body, defaults) : decode(kind.schema, body, kind);
  reportUnknown(unknown, options);
  const whole: KubeObject = {
    ...object,
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { name: '', ...(objectAt(object, 'metadata') as Partial<ObjectMeta>) },
  };
  return toStorage(kind, whole);
}

function checkType(kind: Kind, body: JsonObject): void {
  const apiVersion = textAt(body, 'apiVersion');
  const type = textAt(body, 'kind');
  const own = apiVersionOf(kind);
  if (type !== undefined && type !== kind.kind) {
    throw badRequest(
      `${type} in version "${kind.version}" cannot be handled as a ${kind.kind}: the kind in the data (${type}) does not match the expected kind (${kind.kind})`,
    );
  }
  if (apiVersion !== undefined && apiVersion !== own) {
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${own})`);
  }
}

function reportUnknown(unknown: readonly string[], options: WriteOptions): void {
  const texts = unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (texts.length > 0 && options.fieldValidation === 'Strict') {
    throw badRequest(`strict decoding error: ${texts.join(', ')}`);
  }
  if (options.fieldValidation === 'Warn') {
    for (const text of texts) {
      options.warn(text);
    }
  }
}

function toStorage(kind: Kind, object: KubeObject): KubeObject {
  return kind.conversion === undefined
    ? { ...object, apiVersion: kind.storageApiVersion }
    : kind.conversion.toStorage(object);
}

/** A stored object as the version that was asked for has it. */
export function fromStorage(kind: Kind, object: KubeObject): KubeObject {
  return kind.conversion === undefined
    ? { ...object, apiVersion: apiVersionOf(kind) }
    : kind.conversion.fromStorage(object);
}
