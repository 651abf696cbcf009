/** JSON values as the API keeps them: never changed in place, so that a version once read stays what it was. */

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** A JSON object. A field that is `undefined` counts as absent. */
export type JsonObject = { readonly [field: string]: Json | undefined };

/** Says whether a value is a JSON object, as opposed to a list, null or a plain value. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As Array.isArray, for values that are not to be changed. */
export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The object at `path`, or an empty one when there is none. */
export function objectAt(value: Json | undefined, ...path: readonly string[]): JsonObject {
  const found = valueAt(value, ...path);
  return isObject(found) ? found : {};
}

/** The array at `path`, or an empty one when there is none. */
export function arrayAt(value: Json | undefined, ...path: readonly string[]): readonly Json[] {
  const found = valueAt(value, ...path);
  return isArray(found) ? found : [];
}

/** The text at `path`; undefined when there is none or it is empty, as Go's `omitempty` has it. */
export function textAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** What stands at `path`, looking at own fields only; undefined when any step is missing. */
export function valueAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here = value;
  for (const field of path) {
    if (!isObject(here) || !Object.hasOwn(here, field)) {
      return undefined;
    }
    here = here[field];
  }
  return here;
}

/** Equal as JSON: the order of fields does not count, a field that is `undefined` is absent. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) {
    return true;
  }
  if (isArray(a) && isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) {
    return false;
  }
  const names = Object.keys(a).filter((name) => a[name] !== undefined);
  const others = Object.keys(b).filter((name) => b[name] !== undefined);
  return names.length === others.length && names.every((name) => b[name] !== undefined && sameJson(a[name], b[name]));
}

/** `object` with `field` set to `value`, or without it when `value` is undefined. Keeps the order of the fields. */
export function withField<T extends JsonObject>(object: T, field: string, value: Json | undefined): T {
  if (value === undefined) {
    return omit(object, field);
  }
  return setOwn({ ...object }, field, value);
}

/** `object` without the named fields. */
export function omit<T extends JsonObject>(object: T, ...fields: readonly string[]): T {
  if (!fields.some((field) => Object.hasOwn(object, field))) {
    return object;
  }
  return Object.fromEntries(Object.entries(object).filter(([name]) => !fields.includes(name))) as T;
}

/** Sets an own field even when it is called `__proto__`; changes and returns `target`, which the caller has just made. */
export function setOwn<T extends object>(target: T, field: string, value: Json | undefined): T {
  if (field === '__proto__') {
    Object.defineProperty(target, field, { value, enumerable: true, configurable: true, writable: true });
  } else {
    (target as Record<string, Json | undefined>)[field] = value;
  }
  return target;
}

/** For messages: text as it is, everything else as JSON. */
export function show(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
