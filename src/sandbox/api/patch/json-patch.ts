/** RFC 6902, all of it or nothing. */
import { z } from 'zod';

import { isArray, isObject, omit, sameJson, setOwn } from '../json.ts';
import type { Json } from '../json.ts';

/** The patch is well formed but does not fit the document. */
export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError';
}

const pointer = z.string().regex(/^(?:\/.*)?$/s, 'expected a JSON pointer: empty, or beginning with a slash');
const value = z.custom<Json>((given) => given !== undefined, 'expected a value');

const operation = z.discriminatedUnion('op', [
  z.object({ op: z.literal('add'), path: pointer, value }),
  z.object({ op: z.literal('replace'), path: pointer, value }),
  z.object({ op: z.literal('test'), path: pointer, value }),
  z.object({ op: z.literal('remove'), path: pointer }),
  z.object({ op: z.literal('move'), path: pointer, from: pointer }),
  z.object({ op: z.literal('copy'), path: pointer, from: pointer }),
]);

export type JsonPatchOperation = z.infer<typeof operation>;

/** Throws ZodError when it is no patch. */
export function readJsonPatch(patch: unknown): readonly JsonPatchOperation[] {
  return z.array(operation).max(10_000).parse(patch);
}

/** Throws JsonPatchError, naming the operation, when one does not fit; `document` itself is never changed. */
export function applyJsonPatch(document: Json, patch: readonly JsonPatchOperation[]): Json {
  let here = document;
  for (const [index, one] of patch.entries()) {
    try {
      here = applyOne(here, one);
    } catch (error) {
      if (error instanceof JsonPatchError) {
        throw new JsonPatchError(`operation ${index} (${one.op} ${one.path}): ${error.message}`);
      }
      throw error;
    }
  }
  return here;
}

function applyOne(document: Json, one: JsonPatchOperation): Json {
  const path = parsePointer(one.path);
  switch (one.op) {
    case 'add':
      return write(document, path, one.value, 'add');
    case 'replace':
      read(document, path);
      return write(document, path, one.value, 'replace');
    case 'remove':
      return take(document, path);
    case 'test':
      if (!sameJson(read(document, path), one.value)) {
        throw new JsonPatchError('the value is another one');
      }
      return document;
    case 'copy':
      return write(document, path, read(document, parsePointer(one.from)), 'add');
    case 'move': {
      if (one.path.startsWith(`${one.from}/`)) {
        throw new JsonPatchError('a value cannot be moved into itself');
      }
      const from = parsePointer(one.from);
      return write(take(document, from), path, read(document, from), 'add');
    }
  }
}

function parsePointer(text: string): readonly string[] {
  return text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: Json, path: readonly string[]): Json {
  let here = document;
  for (const part of path) {
    const next = isArray(here)
      ? here[existingIndex(here, part)]
      : isObject(here) && Object.hasOwn(here, part)
        ? here[part]
        : undefined;
    if (next === undefined) {
      throw new JsonPatchError(`there is no ${JSON.stringify(part)}`);
    }
    here = next;
  }
  return here;
}

function write(document: Json, path: readonly string[], value: Json, how: 'add' | 'replace'): Json {
  const [part, ...rest] = path;
  if (part === undefined) {
    return value;
  }
  if (isArray(document)) {
    if (rest.length > 0) {
      const index = existingIndex(document, part);
      return document.with(index, write(document[index] ?? null, rest, value, how));
    }
    return how === 'replace'
      ? document.with(existingIndex(document, part), value)
      : document.toSpliced(insertIndex(document, part), 0, value);
  }
  if (!isObject(document)) {
    throw new JsonPatchError(`there is nothing to hold ${JSON.stringify(part)}`);
  }
  return setOwn({ ...document }, part, rest.length === 0 ? value : write(read(document, [part]), rest, value, how));
}

function take(document: Json, path: readonly string[]): Json {
  const [part, ...rest] = path;
  if (part === undefined) {
    throw new JsonPatchError('the whole document cannot be removed');
  }
  const child = read(document, [part]);
  if (isArray(document)) {
    const index = existingIndex(document, part);
    return rest.length === 0 ? document.toSpliced(index, 1) : document.with(index, take(child, rest));
  }
  if (!isObject(document)) {
    throw new JsonPatchError(`there is no ${JSON.stringify(part)}`);
  }
  return rest.length === 0 ? omit(document, part) : setOwn({ ...document }, part, take(child, rest));
}

function existingIndex(items: readonly Json[], part: string): number {
  const index = /^(?:0|[1-9]\d*)$/.test(part) ? Number(part) : -1;
  if (index < 0 || index >= items.length) {
    throw new JsonPatchError(`there is no item ${JSON.stringify(part)}`);
  }
  return index;
}

function insertIndex(items: readonly Json[], part: string): number {
  return part === '-' || part === String(items.length) ? items.length : existingIndex(items, part);
}
