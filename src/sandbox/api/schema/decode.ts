/**
 * Reads a body as a built-in kind, the way Go's decoder does: unknown fields are dropped (and reported), nulls and empty
 * maps and lists are as if absent, quantities and times get their canonical form, a wrong type refuses all of it.
 */
import { badRequest } from '../errors.ts';
import { isArray, isObject, setOwn, show } from '../json.ts';
import { timestamp } from '../object.ts';
import { canonicalQuantity, quantityProblem } from './quantity.ts';
import { fieldSchema, isMap } from './schema.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Schema } from './schema.ts';

/** The object, and the paths of the fields that were dropped because no schema knows them. */
export type Decoded = { readonly object: JsonObject; readonly unknown: readonly string[] };

/** Throws ApiError 400 when a field has the wrong type. `about` is the kind that the body is read as. */
export function decode(
  schema: Schema,
  body: JsonObject,
  about: { readonly kind: string; readonly version: string },
): Decoded {
  const decoder = new Decoder(about);
  const object = decoder.value(schema, body, '');
  return { object: isObject(object) ? object : {}, unknown: decoder.unknown };
}

const goTypes = new Map([
  ['string', 'string'],
  ['integer', 'int64'],
  ['number', 'float64'],
  ['boolean', 'bool'],
  ['object', 'map[string]interface {}'],
  ['array', '[]interface {}'],
]);

class Decoder {
  readonly unknown: string[] = [];
  readonly #about: { readonly kind: string; readonly version: string };

  constructor(about: { readonly kind: string; readonly version: string }) {
    this.#about = about;
  }

  value(schema: Schema, value: Json, path: string): Json | undefined {
    if (value === null) {
      return undefined;
    }
    if (schema['x-kubernetes-int-or-string'] === true) {
      return typeof value === 'string' || typeof value === 'number' ? value : this.#mismatch(value, 'string', path);
    }
    switch (schema.type) {
      case 'object':
        return isObject(value) ? this.#object(schema, value, path) : this.#mismatch(value, 'object', path);
      case 'array':
        return isArray(value) ? this.#array(schema, value, path) : this.#mismatch(value, 'array', path);
      case 'string':
        return this.#text(schema, value, path);
      case 'integer':
        return Number.isSafeInteger(value) ? value : this.#mismatch(value, 'integer', path);
      case 'number':
        return typeof value === 'number' ? value : this.#mismatch(value, 'number', path);
      case 'boolean':
        return typeof value === 'boolean' ? value : this.#mismatch(value, 'boolean', path);
      default:
        return value;
    }
  }

  #object(schema: Schema, value: JsonObject, path: string): JsonObject | undefined {
    const result: JsonObject = {};
    for (const [field, given] of Object.entries(value)) {
      const here = path === '' ? field : `${path}.${field}`;
      const known = fieldSchema(schema, field);
      if (known === undefined) {
        this.unknown.push(here);
        continue;
      }
      const read = given === undefined ? undefined : this.value(known, given, here);
      // `omitempty` of a named field; the values of a map are the user's, empty or not.
      const omitted = read === '' && !isMap(schema) && known.format !== 'pointer';
      if (read !== undefined && !omitted) {
        setOwn(result, field, read);
      }
    }
    const empty = Object.keys(result).length === 0;
    return empty && isMap(schema) && schema['x-kubernetes-preserve-unknown-fields'] !== true ? undefined : result;
  }

  #array(schema: Schema, value: readonly Json[], path: string): readonly Json[] | undefined {
    const items = schema.items ?? {};
    const result = value.flatMap((item, index) => this.value(items, item, `${path}[${index}]`) ?? []);
    return result.length === 0 ? undefined : result;
  }

  #text(schema: Schema, value: Json, path: string): string | undefined {
    if (schema.format === 'quantity') {
      const canonical = canonicalQuantity(show(value));
      return canonical ?? this.#refuse(quantityProblem);
    }
    if (typeof value !== 'string') {
      return this.#mismatch(value, 'string', path);
    }
    switch (schema.format) {
      case 'date-time':
        return this.#time(value);
      case 'micro-time':
        return this.#microTime(value);
      case 'byte':
        return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)
          ? value
          : this.#refuse('illegal base64 data at input byte 0');
      default:
        return value;
    }
  }

  #time(value: string): string {
    const milliseconds = Date.parse(value);
    const layout = '2006-01-02T15:04:05Z07:00';
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(milliseconds)
      ? timestamp(milliseconds)
      : this.#refuse(`parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(value)}`);
  }

  /** Six fractional digits and no fewer: what a JavaScript Date writes (three) is refused, as by the real server. */
  #microTime(value: string): string {
    const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(.*?)(Z|[+-]\d\d:\d\d)$/.exec(value);
    const [, seconds = '', fraction = '', zone = ''] = match ?? [];
    if (match === null || !/^\.\d{6}$/.test(fraction) || Number.isNaN(Date.parse(`${seconds}${zone}`))) {
      const at = match === null ? value : `${fraction}${zone}`;
      this.#refuse(
        `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05.000000Z07:00": cannot parse ${JSON.stringify(at)} as ".000000"`,
      );
    }
    return `${new Date(Date.parse(`${seconds}${zone}`)).toISOString().slice(0, 19)}${fraction}Z`;
  }

  #mismatch(value: Json, expected: string, path: string): never {
    const came = isArray(value)
      ? 'array'
      : isObject(value)
        ? 'object'
        : typeof value === 'boolean'
          ? 'bool'
          : typeof value;
    const field = `${this.#about.kind}.${path}`;
    return this.#refuse(
      `json: cannot unmarshal ${came} into Go struct field ${field} of type ${goTypes.get(expected) ?? expected}`,
    );
  }

  #refuse(why: string): never {
    const { kind, version } = this.#about;
    throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  }
}
