import { ZodError } from 'zod';

import { ApiError, badRequest, notFound, unsupportedMediaType } from '../errors.ts';
import { isObject } from '../json.ts';
import { apiVersionOf, subjectOf } from '../kinds/kind.ts';
import { keyOf } from '../object.ts';
import { applyJsonPatch, JsonPatchError, readJsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMerge } from '../patch/strategic.ts';
import { fromStorage, readBody } from './core.ts';
import { place } from './create.ts';
import { replace } from './update.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import type { ApiCore, WriteOptions } from './core.ts';
import type { Target } from './update.ts';

/** The media types of the four kinds of patch. */
export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

/** PATCH, all but server-side apply. Throws ApiError with the answer to give when it is refused. */
export function patch(core: ApiCore, target: Target, type: string, body: Json, options: WriteOptions): KubeObject {
  const { kind, namespace, name } = target;
  const previous = core.store.collection(kind.resource).get(keyOf(namespace, name));
  checkPatchType(kind, type);
  if (previous === undefined) {
    throw notFound(subjectOf(kind), name);
  }
  const shown = fromStorage(kind, previous);
  const patched = applyAs(kind, type, shown, body);
  if (!isObject(patched)) {
    throw badRequest('the patch leaves no object behind');
  }
  const typed: JsonObject = {
    ...patched,
    apiVersion: patched['apiVersion'] ?? apiVersionOf(kind),
    kind: patched['kind'] ?? kind.kind,
  };
  const given = place(kind, namespace, readBody(kind, typed, options));
  if (given.metadata.name !== name) {
    throw badRequest(`the name of the object (${given.metadata.name}) does not match the name on the URL (${name})`);
  }
  return replace(core, target, previous, given, options);
}

/** Throws ApiError 415 for a type that the kind does not take. */
function checkPatchType(kind: Kind, type: string): void {
  const accepted = Object.values(patchTypes).filter((one) => !kind.custom || one !== patchTypes.strategic);
  if (!accepted.some((one) => one === type)) {
    throw unsupportedMediaType(accepted);
  }
}

function applyAs(kind: Kind, type: string, shown: JsonObject, body: Json): Json {
  switch (type) {
    case patchTypes.json:
      return applyJson(shown, body);
    case patchTypes.merge:
      return mergePatch(shown, requireObject(body));
    default:
      return strategicMerge(kind.schema, shown, requireObject(body));
  }
}

function requireObject(body: Json): JsonObject {
  if (!isObject(body)) {
    throw badRequest('json: cannot unmarshal the patch: expected an object');
  }
  return body;
}

function applyJson(shown: JsonObject, body: Json): Json {
  try {
    return applyJsonPatch(shown, readJsonPatch(body));
  } catch (error) {
    if (error instanceof ZodError) {
      throw badRequest(
        `json: cannot unmarshal the patch: ${error.issues[0]?.path.join('.') ?? ''}: ${error.issues[0]?.message ?? ''}`,
      );
    }
    if (error instanceof JsonPatchError) {
      throw new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {
        causes: [{ reason: 'UnexpectedServerResponse', message: error.message }],
      });
    }
    throw error;
  }
}
