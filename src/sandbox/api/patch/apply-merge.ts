/** The merging half of server-side apply: lays a configuration over an object, and takes paths out of it again. */
import { isArray, isObject, omit, setOwn } from '../json.ts';
import { itemElement, splitPath } from '../managed-fields/leaves.ts';
import { fieldSchema, listType } from '../schema/schema.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Path } from '../managed-fields/leaves.ts';
import type { Schema } from '../schema/schema.ts';

/** `live` with everything that `applied` says: fields merge, keyed lists and sets too, all else is replaced. */
export function layOver(schema: Schema | undefined, live: Json | undefined, applied: Json): Json {
  if (isObject(applied)) {
    if (!isObject(live) || schema?.['x-kubernetes-map-type'] === 'atomic') {
      return applied;
    }
    const result: JsonObject = { ...live };
    for (const [field, value] of Object.entries(applied)) {
      if (value !== undefined) {
        setOwn(
          result,
          field,
          layOver(fieldSchema(schema, field), Object.hasOwn(live, field) ? live[field] : undefined, value),
        );
      }
    }
    return result;
  }
  return isArray(applied) && isArray(live) && listType(schema) !== 'atomic' ? layList(schema, live, applied) : applied;
}

function layList(schema: Schema | undefined, live: readonly Json[], applied: readonly Json[]): readonly Json[] {
  const result = [...live];
  const places = new Map(live.map((item, index) => [itemElement(schema, item), index]));
  for (const item of applied) {
    const place = places.get(itemElement(schema, item));
    if (place === undefined) {
      result.push(item);
    } else {
      result[place] = layOver(schema?.items, result[place], item);
    }
  }
  return result;
}

/** `object` without what stands at `path`, if anything does. */
export function takeOut(schema: Schema, object: JsonObject, path: Path): JsonObject {
  const left = without(schema, object, splitPath(path));
  return isObject(left) ? left : {};
}

function without(schema: Schema | undefined, value: Json, path: readonly string[]): Json {
  const [element = '', ...rest] = path;
  if (element.startsWith('f:')) {
    const field = element.slice(2);
    if (!isObject(value) || !Object.hasOwn(value, field)) {
      return value;
    }
    const inner = value[field] ?? null;
    return rest.length === 0
      ? omit(value, field)
      : setOwn({ ...value }, field, without(fieldSchema(schema, field), inner, rest));
  }
  if (!isArray(value)) {
    return value;
  }
  const index = value.findIndex((item) => itemElement(schema, item) === element);
  if (index < 0) {
    return value;
  }
  return rest.length === 0
    ? value.toSpliced(index, 1)
    : value.with(index, without(schema?.items, value[index] ?? null, rest));
}
