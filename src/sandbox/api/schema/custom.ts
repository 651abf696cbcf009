/**
 * Reads a body as a custom resource by its CustomResourceDefinition's structural schema: fields that the schema does not
 * know are pruned, missing ones get their defaults. What is then wrong is for `validateStructure` to say.
 */
import { isArray, isObject, setOwn } from '../json.ts';
import { objectMeta } from './builders.ts';
import { decode } from './decode.ts';
import { fieldSchema } from './schema.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Decoded } from './decode.ts';
import type { Schema } from './schema.ts';

/** `defaults`: fill in what the schema has a default for. */
export function decodeCustom(kind: Kind, body: JsonObject, defaults: boolean): Decoded {
  const unknown: string[] = [];
  const { metadata, apiVersion, kind: type, ...rest } = body;
  const head = decode(
    { type: 'object', properties: { metadata: objectMeta } },
    metadata === undefined ? {} : { metadata },
    kind,
  );
  const pruned = prune(kind.schema, rest, '', unknown);
  const defaulted = defaults ? withDefaults(kind.schema, pruned) : pruned;
  return {
    object: { apiVersion, kind: type, ...head.object, ...(isObject(defaulted) ? defaulted : {}) },
    unknown: [...head.unknown, ...unknown],
  };
}

function prune(schema: Schema, value: Json, path: string, unknown: string[]): Json {
  if (isArray(value)) {
    return schema.items === undefined
      ? value
      : value.map((item, index) => prune(schema.items ?? {}, item, `${path}[${index}]`, unknown));
  }
  if (!isObject(value)) {
    return value;
  }
  const result: JsonObject = {};
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  for (const [field, given] of Object.entries(value)) {
    const here = path === '' ? field : `${path}.${field}`;
    const known =
      fieldSchema(schema, field) ?? (embedded && ['apiVersion', 'kind', 'metadata'].includes(field) ? {} : undefined);
    if (known === undefined) {
      unknown.push(here);
    } else if (given !== undefined) {
      setOwn(result, field, described(known) ? prune(known, given, here, unknown) : given);
    }
  }
  return result;
}

/** A schema that says nothing about the inside of a value leaves it as it is. */
function described(schema: Schema): boolean {
  return (
    schema.properties !== undefined ||
    schema.items !== undefined ||
    schema.additionalProperties !== undefined ||
    (schema.type === 'object' && schema['x-kubernetes-preserve-unknown-fields'] !== true)
  );
}

/** Fills in defaults, and drops nulls where the schema allows none but has a default, as structural defaulting does. */
function withDefaults(schema: Schema, value: Json): Json {
  if (isArray(value)) {
    return schema.items === undefined ? value : value.map((item) => withDefaults(schema.items ?? {}, item));
  }
  if (!isObject(value)) {
    return value;
  }
  const result: JsonObject = {};
  for (const [field, given] of Object.entries(value)) {
    const known = fieldSchema(schema, field);
    const dropped = given === null && known?.nullable !== true && known?.default !== undefined;
    if (given !== undefined && !dropped) {
      setOwn(result, field, known === undefined ? given : withDefaults(known, given));
    }
  }
  for (const [field, known] of Object.entries(schema.properties ?? {})) {
    if (known.default !== undefined && !Object.hasOwn(result, field)) {
      setOwn(result, field, withDefaults(known, known.default));
    }
  }
  return result;
}
