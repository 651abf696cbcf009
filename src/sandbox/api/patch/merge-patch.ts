import { isObject, setOwn } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';

/** RFC 7386: objects merge field by field, null takes away, everything else replaces. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) {
    return patch;
  }
  const result: JsonObject = { ...(isObject(target) ? target : {}) };
  for (const [field, value] of Object.entries(patch)) {
    if (value === null || value === undefined) {
      Reflect.deleteProperty(result, field);
    } else {
      setOwn(result, field, mergePatch(Object.hasOwn(result, field) ? result[field] : undefined, value));
    }
  }
  return result;
}
