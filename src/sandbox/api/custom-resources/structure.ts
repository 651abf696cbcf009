/**
 * Checks a custom resource against its structural schema. Texts are those of the real validator. CEL rules
 * (x-kubernetes-validations) are not evaluated.
 */
import { duplicate, invalid, required, tooLong, unsupported, wrongType } from '../errors.ts';
import { isArray, isObject, sameJson } from '../json.ts';
import { itemElement } from '../managed-fields/leaves.ts';
import { fieldSchema } from '../schema/schema.ts';
import type { FieldError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';

/**
 * Every way in which `value`, found at `path`, breaks the schema. Fields that the schema does not know were pruned
 * before.
 */
export function validateStructure(schema: Schema, value: Json, path: string): readonly FieldError[] {
  if (value === null) {
    return schema.nullable === true || schema.type === undefined ? [] : [mistyped(schema, value, path)];
  }
  if (!hasType(schema, value)) {
    return [mistyped(schema, value, path)];
  }
  return [
    ...(schema.enum !== undefined && !schema.enum.some((one) => sameJson(one, value))
      ? [
          unsupported(
            path,
            value,
            schema.enum.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))),
          ),
        ]
      : []),
    ...(typeof value === 'string' ? validateText(schema, value, path) : []),
    ...(typeof value === 'number' ? validateNumber(schema, value, path) : []),
    ...(isArray(value) ? validateItems(schema, value, path) : []),
    ...(isObject(value) ? validateFields(schema, value, path) : []),
    ...validateLogic(schema, value, path),
  ];
}

function hasType(schema: Schema, value: Json): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return typeof value === 'string' || Number.isInteger(value);
  }
  switch (schema.type) {
    case 'object':
      return isObject(value);
    case 'array':
      return isArray(value);
    case 'string':
    case 'boolean':
    case 'number':
      return typeof value === schema.type;
    case 'integer':
      return Number.isInteger(value);
    default:
      return true;
  }
}

function mistyped(schema: Schema, value: Json, path: string): FieldError {
  const came = value === null ? 'null' : isArray(value) ? 'array' : isObject(value) ? 'object' : typeof value;
  const wanted = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : (schema.type ?? '');
  return wrongType(path, came, `${path} in body must be of type ${wanted}: ${JSON.stringify(came)}`);
}

const formats: ReadonlyMap<string, (value: string) => boolean> = new Map([
  [
    'date-time',
    (value: string) => /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value)),
  ],
  ['date', (value: string) => /^\d{4}-\d\d-\d\d$/.test(value)],
  ['uuid', (value: string) => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value)],
  ['byte', (value: string) => /^[A-Za-z0-9+/]*={0,2}$/.test(value)],
]);

function validateText(schema: Schema, value: string, path: string): readonly FieldError[] {
  const length = Array.from(value).length;
  const format = formats.get(schema.format ?? '');
  return [
    ...(schema.maxLength !== undefined && length > schema.maxLength ? [tooLong(path, schema.maxLength)] : []),
    ...(schema.minLength !== undefined && length < schema.minLength
      ? [invalid(path, value, `${path} in body should be at least ${schema.minLength} chars long`)]
      : []),
    ...(schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)
      ? [invalid(path, value, `${path} in body should match '${schema.pattern}'`)]
      : []),
    ...(format === undefined || format(value)
      ? []
      : [wrongType(path, value, `${path} in body must be of type ${schema.format ?? ''}: ${JSON.stringify(value)}`)]),
  ];
}

function validateNumber(schema: Schema, value: number, path: string): readonly FieldError[] {
  const { minimum = -Infinity, maximum = Infinity, multipleOf } = schema;
  const low = schema.exclusiveMinimum === true ? value <= minimum : value < minimum;
  const high = schema.exclusiveMaximum === true ? value >= maximum : value > maximum;
  const wide = schema.format === 'int32' && (value < -(2 ** 31) || value >= 2 ** 31);
  return [
    ...(low
      ? [
          invalid(
            path,
            value,
            `${path} in body should be greater than ${schema.exclusiveMinimum === true ? '' : 'or equal to '}${minimum}`,
          ),
        ]
      : []),
    ...(high
      ? [
          invalid(
            path,
            value,
            `${path} in body should be less than ${schema.exclusiveMaximum === true ? '' : 'or equal to '}${maximum}`,
          ),
        ]
      : []),
    ...(multipleOf !== undefined && !Number.isInteger(value / multipleOf)
      ? [invalid(path, value, `${path} in body should be a multiple of ${multipleOf}`)]
      : []),
    ...(wide ? [invalid(path, value, `${path} in body must be of type int32: ${value}`)] : []),
  ];
}

function validateItems(schema: Schema, value: readonly Json[], path: string): readonly FieldError[] {
  const { items, minItems = 0, maxItems = Infinity } = schema;
  return [
    ...(value.length < minItems
      ? [invalid(path, value.length, `${path} in body should have at least ${minItems} items`)]
      : []),
    ...(value.length > maxItems ? [tooMany(path, value.length, maxItems)] : []),
    ...(items === undefined ? [] : value.flatMap((item, index) => validateStructure(items, item, `${path}[${index}]`))),
    ...validateUnique(schema, value, path),
  ];
}

function tooMany(path: string, count: number, limit: number): FieldError {
  return { type: 'FieldValueTooMany', field: path, detail: `Too many: ${count}: must have at most ${limit} items` };
}

function validateUnique(schema: Schema, value: readonly Json[], path: string): readonly FieldError[] {
  if ((schema['x-kubernetes-list-type'] ?? 'atomic') === 'atomic') {
    return [];
  }
  const elements = value.map((item) => itemElement(schema, item));
  return value.flatMap((item, index) =>
    elements.indexOf(elements[index] ?? '') < index ? [duplicate(`${path}[${index}]`, item)] : [],
  );
}

function validateFields(schema: Schema, value: JsonObject, path: string): readonly FieldError[] {
  const under = (field: string): string => (path === '' ? field : `${path}.${field}`);
  const count = Object.keys(value).length;
  return [
    ...(schema.required ?? []).filter((field) => value[field] === undefined).map((field) => required(under(field))),
    ...(count < (schema.minProperties ?? 0)
      ? [invalid(path, count, `${path} in body should have at least ${schema.minProperties ?? 0} properties`)]
      : []),
    ...(count > (schema.maxProperties ?? Infinity) ? [tooMany(path, count, schema.maxProperties ?? 0)] : []),
    ...Object.entries(value).flatMap(([field, inner]) => {
      const known = fieldSchema(schema, field);
      return known === undefined || inner === undefined ? [] : validateStructure(known, inner, under(field));
    }),
  ];
}

function validateLogic(schema: Schema, value: Json, path: string): readonly FieldError[] {
  const fits = (one: Schema): boolean => validateStructure(one, value, path).length === 0;
  const refuse = (how: string): FieldError =>
    invalid(path, isObject(value) || isArray(value) ? '' : value, `${path} in body must validate ${how}`);
  return [
    ...(schema.allOf ?? []).flatMap((one) => validateStructure(one, value, path)),
    ...(schema.anyOf !== undefined && !schema.anyOf.some(fits) ? [refuse('at least one schema (anyOf)')] : []),
    ...(schema.oneOf !== undefined && schema.oneOf.filter(fits).length !== 1
      ? [refuse('one and only one schema (oneOf)')]
      : []),
    ...(schema.not !== undefined && fits(schema.not) ? [refuse('not the schema (not)')] : []),
  ];
}
