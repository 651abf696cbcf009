/**
 * An object as a flat set of paths, the unit in which fields are owned. A path is a list of elements in the notation of
 * fieldsV1: `f:name` a field, `k:{"type":"Ready"}` an item of a keyed list, `v:"x"` an item of a set.
 */
import { isArray, isObject, omit } from '../json.ts';
import { fieldSchema, isMap, listType } from '../schema/schema.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';

/** The elements of a path, joined by a character that none of them holds. */
export type Path = string & { readonly __brand: 'Path' };
/** Path -> value. A map or item that exists as such, apart from what is in it, has the value `present`. */
export type Leaves = ReadonlyMap<Path, Json>;

const present = true;
const separator = '\u0000';

/** The inverse of `splitPath`. */
export function joinPath(elements: readonly string[]): Path {
  return elements.join(separator) as Path;
}

/** The elements of a path, outermost first. */
export function splitPath(path: Path): readonly string[] {
  return path.split(separator);
}

/** What the server sets is nobody's. */
const unowned = [
  'name',
  'namespace',
  'generateName',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
];

/**
 * The paths of everything in `object` that can be owned, with the values there. `containers`: also the maps and lists that
 * hold others, which a plain write owns and an applied configuration does not.
 */
export function leavesOf(schema: Schema, object: JsonObject, containers = true): Leaves {
  const found = new Map<Path, Json>();
  const metadata = object['metadata'];
  for (const [field, value] of Object.entries(omit(object, 'apiVersion', 'kind'))) {
    const kept = field === 'metadata' && isObject(metadata) ? omit(metadata, ...unowned) : value;
    const empty = field === 'metadata' && isObject(kept) && Object.keys(kept).length === 0;
    if (kept !== undefined && !empty) {
      collect(fieldSchema(schema, field), kept, [`f:${field}`], { found, containers });
    }
  }
  return found;
}

type Collection = { readonly found: Map<Path, Json>; readonly containers: boolean };

function collect(schema: Schema | undefined, value: Json, path: readonly string[], into: Collection): void {
  const { found, containers } = into;
  if (isObject(value) && schema?.['x-kubernetes-map-type'] !== 'atomic') {
    if ((isMap(schema) && containers) || Object.keys(value).length === 0) {
      found.set(joinPath(path), present);
    }
    for (const [field, inner] of Object.entries(value)) {
      if (inner !== undefined) {
        collect(fieldSchema(schema, field), inner, [...path, `f:${field}`], into);
      }
    }
    return;
  }
  const type = isArray(value) ? listType(schema) : 'atomic';
  if (!isArray(value) || type === 'atomic') {
    found.set(joinPath(path), value);
    return;
  }
  if (containers || value.length === 0) {
    found.set(joinPath(path), present);
  }
  for (const item of value) {
    const here = [...path, itemElement(schema, item)];
    found.set(joinPath(here), present);
    if (type === 'map') {
      collect(schema?.items, item, here, into);
    }
  }
}

/** `k:{...}` with the keys of a keyed list's item, or `v:...` for an item of a set. */
export function itemElement(schema: Schema | undefined, item: Json): string {
  const keys = schema?.['x-kubernetes-list-map-keys'];
  if (keys === undefined || !isObject(item)) {
    return `v:${JSON.stringify(item)}`;
  }
  const values = keys.toSorted().flatMap((key) => {
    const value = item[key] ?? fieldSchema(schema?.items, key)?.default;
    return value === undefined ? [] : [[key, value] as const];
  });
  return `k:${JSON.stringify(Object.fromEntries(values))}`;
}

/** The paths of `a` that are not in `b`. */
export function minus(a: ReadonlySet<Path>, b: ReadonlySet<Path>): ReadonlySet<Path> {
  return new Set([...a].filter((path) => !b.has(path)));
}
