/** What makes a schema structural: the rules that the API server has for CustomResourceDefinitions themselves. */
import { forbiddenField, invalid, required, unsupported } from '../errors.ts';
import { isArray, isObject } from '../json.ts';
import type { FieldError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const flags = [
  'nullable',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'uniqueItems',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
  'x-kubernetes-embedded-resource',
];
const known = new Set([
  ...flags,
  'type',
  'format',
  'title',
  'description',
  'default',
  'example',
  'externalDocs',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'required',
  'properties',
  'additionalProperties',
  'items',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
]);
/** Keywords of JSON Schema that the API knows by name, and refuses by name. */
const refused = new Set([
  '$ref',
  'definitions',
  'dependencies',
  'patternProperties',
  'additionalItems',
  'id',
  '$schema',
]);
const notInLogic = ['type', 'title', 'description', 'default', 'additionalProperties', 'nullable'];

/** The problems of one schema. `path` is where it stands in the CustomResourceDefinition. */
export function structuralProblems(schema: Json | undefined, path: string): readonly FieldError[] {
  return isObject(schema)
    ? [...typeProblems(schema, path), ...keywordProblems(schema, path), ...innerProblems(schema, path)]
    : [];
}

function typeProblems(schema: JsonObject, path: string): readonly FieldError[] {
  const { type } = schema;
  const free = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (type === undefined || type === '') {
    return free ? [] : [required(`${path}.type`, 'must not be empty for specified object fields')];
  }
  return typeof type === 'string' && types.includes(type) ? [] : [unsupported(`${path}.type`, type, types)];
}

function keywordProblems(schema: JsonObject, path: string): readonly FieldError[] {
  return [
    ...Object.keys(schema)
      .filter((word) => refused.has(word))
      .map((word) => forbiddenField(`${path}.${word}`, `${word} is not supported`)),
    ...Object.keys(schema)
      .filter((word) => !refused.has(word) && !known.has(word))
      .map((word) => forbiddenField(`${path}.${word}`, `unknown field ${JSON.stringify(word)}`)),
    ...flags
      .filter((word) => schema[word] !== undefined && typeof schema[word] !== 'boolean')
      .map((word) => invalid(`${path}.${word}`, schema[word], 'must be a boolean')),
    ...(schema['uniqueItems'] === true
      ? [
          forbiddenField(
            `${path}.uniqueItems`,
            'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
          ),
        ]
      : []),
    ...(schema['additionalProperties'] === false
      ? [forbiddenField(`${path}.additionalProperties`, 'additionalProperties cannot be set to false')]
      : []),
    ...(schema['additionalProperties'] !== undefined && schema['properties'] !== undefined
      ? [forbiddenField(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive')]
      : []),
    ...listProblems(schema, path),
  ];
}

function listProblems(schema: JsonObject, path: string): readonly FieldError[] {
  const keys = schema['x-kubernetes-list-map-keys'];
  const isMap = schema['x-kubernetes-list-type'] === 'map';
  return [
    ...(isArray(schema['items'])
      ? [forbiddenField(`${path}.items`, 'items must be a schema object and not an array')]
      : []),
    ...(schema['type'] === 'array' && schema['items'] === undefined
      ? [required(`${path}.items`, 'must be specified')]
      : []),
    ...(isMap && !isArray(keys)
      ? [required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map')]
      : []),
    ...(!isMap && keys !== undefined
      ? [
          forbiddenField(
            `${path}.x-kubernetes-list-map-keys`,
            'must not be specified unless x-kubernetes-list-type is map',
          ),
        ]
      : []),
  ];
}

function innerProblems(schema: JsonObject, path: string): readonly FieldError[] {
  const properties = isObject(schema['properties']) ? Object.entries(schema['properties']) : [];
  return [
    ...properties.flatMap(([name, inner]) => structuralProblems(inner, `${path}.properties[${name}]`)),
    ...structuralProblems(schema['items'], `${path}.items`),
    ...structuralProblems(schema['additionalProperties'], `${path}.additionalProperties`),
    ...['allOf', 'anyOf', 'oneOf'].flatMap((word) => {
      const inner = schema[word];
      return isArray(inner)
        ? inner.flatMap((one, index) => logicProblems(one, `${path}.${word}[${index}]`, schema))
        : [];
    }),
    ...logicProblems(schema['not'], `${path}.not`, schema),
  ];
}

/** Inside of allOf, anyOf, oneOf and not, values are restricted and not described. */
function logicProblems(schema: Json | undefined, path: string, outer: JsonObject): readonly FieldError[] {
  if (!isObject(schema)) {
    return [];
  }
  // The one exception, spelled out by the API: anyOf integer or string beside x-kubernetes-int-or-string.
  const allowed = outer['x-kubernetes-int-or-string'] === true ? ['type'] : [];
  return [
    ...notInLogic
      .filter((word) => schema[word] !== undefined && !allowed.includes(word))
      .map((word) => forbiddenField(`${path}.${word}`, 'must be empty to be structural')),
    ...(isObject(schema['properties'])
      ? Object.entries(schema['properties']).flatMap(([name, inner]) =>
          logicProblems(inner, `${path}.properties[${name}]`, {}),
        )
      : []),
  ];
}
