/**
 * Strategic merge patch: a merge patch that knows, from the schema, which lists are merged by a key instead of replaced.
 * Directives: `$patch` (merge, replace, delete), `$deleteFromPrimitiveList/x`, `$setElementOrder/x`, `$retainKeys`.
 */
import { badRequest } from '../errors.ts';
import { isArray, isObject, omit, sameJson, setOwn } from '../json.ts';
import { fieldSchema } from '../schema/schema.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';

const deleteFrom = '$deleteFromPrimitiveList/';
const orderOf = '$setElementOrder/';

/** Throws ApiError 400 when a directive is not understood, or a merged item lacks its key. */
export function strategicMerge(schema: Schema | undefined, target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) {
    return patch;
  }
  const directive = patch['$patch'];
  if (directive === 'replace') {
    return omit(patch, '$patch');
  }
  if (directive === 'delete') {
    return {};
  }
  if (directive !== undefined && directive !== 'merge') {
    throw badRequest(`Unknown patch type found: ${JSON.stringify(directive)}`);
  }
  const base = retained(isObject(target) ? target : {}, patch['$retainKeys']);
  return mergeFields(schema, base, omit(patch, '$patch', '$retainKeys'));
}

function retained(target: JsonObject, keys: Json | undefined): JsonObject {
  return isArray(keys) ? Object.fromEntries(Object.entries(target).filter(([field]) => keys.includes(field))) : target;
}

function mergeFields(schema: Schema | undefined, target: JsonObject, patch: JsonObject): JsonObject {
  const result: JsonObject = { ...target };
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith(deleteFrom)) {
      const name = field.slice(deleteFrom.length);
      setOwn(result, name, without(result[name], value));
    } else if (value === null || value === undefined) {
      Reflect.deleteProperty(result, field);
    } else if (!field.startsWith(orderOf)) {
      const known = fieldSchema(schema, field);
      const before = Object.hasOwn(result, field) ? result[field] : undefined;
      setOwn(
        result,
        field,
        isArray(value) ? mergeList(known, before, value, field) : strategicMerge(known, before, value),
      );
    }
  }
  for (const [field, order] of Object.entries(patch)) {
    if (field.startsWith(orderOf) && isArray(order)) {
      const name = field.slice(orderOf.length);
      const items = result[name];
      if (isArray(items)) {
        setOwn(result, name, reorder(items, order, mergeKeyOf(fieldSchema(schema, name))));
      }
    }
  }
  return result;
}

function without(items: Json | undefined, gone: Json | undefined): readonly Json[] {
  const away = isArray(gone) ? gone : [];
  return isArray(items) ? items.filter((item) => !away.some((other) => sameJson(other, item))) : [];
}

function mergeKeyOf(schema: Schema | undefined): string | undefined {
  return schema?.['x-kubernetes-patch-merge-key'];
}

function mergeList(schema: Schema | undefined, before: Json | undefined, patch: readonly Json[], field: string): Json {
  const replaces = patch.some((item) => isObject(item) && item['$patch'] === 'replace');
  if (replaces || !(schema?.['x-kubernetes-patch-strategy'] ?? '').includes('merge')) {
    return patch.filter((item) => !isObject(item) || item['$patch'] === undefined);
  }
  const items = isArray(before) ? before : [];
  const key = mergeKeyOf(schema);
  if (key === undefined) {
    return [...items, ...patch.filter((item) => !items.some((other) => sameJson(other, item)))];
  }
  return patch.reduce<readonly Json[]>((result, item) => mergeItem(schema, result, item, key, field), items);
}

function mergeItem(
  schema: Schema | undefined,
  items: readonly Json[],
  patch: Json,
  key: string,
  field: string,
): readonly Json[] {
  const id = isObject(patch) ? patch[key] : undefined;
  if (!isObject(patch) || id === undefined) {
    throw badRequest(`map: ${JSON.stringify(patch)} does not contain declared merge key: ${key} (in ${field})`);
  }
  const index = items.findIndex((item) => isObject(item) && sameJson(item[key], id));
  if (patch['$patch'] === 'delete') {
    return index < 0 ? items : items.toSpliced(index, 1);
  }
  const merged = strategicMerge(schema?.items, index < 0 ? undefined : items[index], patch);
  return index < 0 ? [...items, merged] : items.with(index, merged);
}

/** Items that `order` names come in its order; the others keep their place relative to the one before them. */
function reorder(items: readonly Json[], order: readonly Json[], key: string | undefined): readonly Json[] {
  const idOf = (item: Json): Json | undefined => (key !== undefined && isObject(item) ? item[key] : item);
  const rank = (item: Json): number => order.findIndex((one) => sameJson(idOf(one), idOf(item)));
  const named = items.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b));
  return items.map((item) => (rank(item) >= 0 ? (named.shift() ?? item) : item));
}
