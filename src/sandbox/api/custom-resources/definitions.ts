/** CustomResourceDefinitions: creating one serves its kind. */
import { forbiddenField, invalid, required, unsupported } from '../errors.ts';
import { arrayAt, isArray, isObject, objectAt, textAt, valueAt } from '../json.ts';
import { finalizersOf, timestamp, withMeta } from '../object.ts';
import { condition, keyedList, kindSchema, list, object, open, text, truth } from '../schema/builders.ts';
import { resourceId } from '../store/store.ts';
import { column, defineKind, nameColumn } from '../kinds/kind.ts';
import { parseJsonPath } from './json-path.ts';
import { structuralProblems } from './structural-rules.ts';
import type { FieldError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import type { KindContext } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';

/** Where the definitions themselves are kept. */
export const definitionResource = resourceId('apiextensions.k8s.io', 'customresourcedefinitions');
/** Holds the definition until its objects are gone. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

function withNames(definition: KubeObject): KubeObject {
  const spec = objectAt(definition, 'spec');
  const names = objectAt(spec, 'names');
  const kind = textAt(names, 'kind') ?? '';
  return {
    ...definition,
    spec: {
      ...spec,
      conversion: spec['conversion'] ?? { strategy: 'None' },
      names: {
        ...names,
        singular: textAt(names, 'singular') ?? kind.toLowerCase(),
        listKind: textAt(names, 'listKind') ?? `${kind}List`,
      },
    },
  };
}

/** Accepted and established at once: nothing else serves the same names here. */
function prepareCreate(given: KubeObject, context: KindContext): KubeObject {
  const definition = withNames(given);
  const lastTransitionTime = timestamp(context.now());
  const established = [
    { type: 'NamesAccepted', status: 'True', lastTransitionTime, reason: 'NoConflicts', message: 'no conflicts found' },
    {
      type: 'Established',
      status: 'True',
      lastTransitionTime,
      reason: 'InitialNamesAccepted',
      message: 'the initial names have been accepted',
    },
  ];
  const finalizers = finalizersOf(definition);
  return {
    ...withMeta(definition, {
      finalizers: finalizers.includes(cleanupFinalizer) ? finalizers : [...finalizers, cleanupFinalizer],
    }),
    status: {
      conditions: established,
      acceptedNames: objectAt(definition, 'spec', 'names'),
      storedVersions: [storageVersion(definition)],
    },
  };
}

function storageVersion(definition: KubeObject): string {
  const found = arrayAt(definition, 'spec', 'versions').find((one) => valueAt(one, 'storage') === true);
  return textAt(found, 'name') ?? '';
}

function prepareUpdate(next: KubeObject): KubeObject {
  const named = withNames(next);
  const stored = arrayAt(named, 'status', 'storedVersions');
  const now = storageVersion(named);
  return {
    ...named,
    status: {
      ...objectAt(named, 'status'),
      acceptedNames: objectAt(named, 'spec', 'names'),
      storedVersions: stored.includes(now) ? stored : [...stored, now],
    },
  };
}

function validate(definition: KubeObject): readonly FieldError[] {
  const spec = objectAt(definition, 'spec');
  const group = textAt(spec, 'group');
  const plural = textAt(spec, 'names', 'plural');
  const scope = textAt(spec, 'scope') ?? '';
  const versions = arrayAt(spec, 'versions');
  const stored = versions.filter((one) => valueAt(one, 'storage') === true);
  const wanted = `${plural ?? ''}.${group ?? ''}`;
  return [
    ...(group === undefined ? [required('spec.group')] : []),
    ...(plural === undefined ? [required('spec.names.plural')] : []),
    ...(textAt(spec, 'names', 'kind') === undefined ? [required('spec.names.kind')] : []),
    ...(definition.metadata.name === wanted
      ? []
      : [invalid('metadata.name', definition.metadata.name, 'must be spec.names.plural+"."+spec.group')]),
    ...(scope === 'Namespaced' || scope === 'Cluster'
      ? []
      : [unsupported('spec.scope', scope, ['Cluster', 'Namespaced'])]),
    ...(versions.length === 0 ? [required('spec.versions', 'must have at least one version')] : []),
    ...(versions.length > 0 && stored.length !== 1
      ? [invalid('spec.versions', versions.length, 'must have exactly one version marked as storage version')]
      : []),
    ...(textAt(spec, 'conversion', 'strategy') === 'Webhook'
      ? [forbiddenField('spec.conversion.strategy', 'the sandbox has no conversion webhooks')]
      : []),
    ...versions.flatMap((version, index) => validateVersion(version, `spec.versions[${index}]`)),
  ];
}

function validateVersion(version: Json, path: string): readonly FieldError[] {
  const schema = valueAt(version, 'schema', 'openAPIV3Schema');
  const field = `${path}.schema.openAPIV3Schema`;
  return [
    ...(textAt(version, 'name') === undefined ? [required(`${path}.name`)] : []),
    ...(isObject(schema) ? structuralProblems(schema, field) : [required(field, 'schemas are required')]),
    ...(isObject(schema) && schema['type'] !== 'object'
      ? [invalid(`${field}.type`, schema['type'] ?? '', 'must be object at the root')]
      : []),
    ...arrayAt(version, 'additionalPrinterColumns').flatMap((one, index) => {
      const jsonPath = textAt(one, 'jsonPath') ?? '';
      return parseJsonPath(jsonPath) === undefined || jsonPath === ''
        ? [
            invalid(
              `${path}.additionalPrinterColumns[${index}].jsonPath`,
              jsonPath,
              'is an invalid JSONPath, or one that the sandbox cannot follow',
            ),
          ]
        : [];
    }),
  ];
}

function validateUpdate(next: KubeObject, previous: KubeObject): readonly FieldError[] {
  return ['group', 'scope']
    .filter((field) => textAt(next, 'spec', field) !== textAt(previous, 'spec', field))
    .map((field) => invalid(`spec.${field}`, textAt(next, 'spec', field) ?? '', 'field is immutable'));
}

/** The kind of definitions. Their schema is kept as it comes; `validate` says whether it is structural. */
export const customResourceDefinitions = defineKind({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  subresources: ['status'],
  hasGeneration: true,
  unconditionalUpdate: false,
  schema: kindSchema({
    spec: object({
      group: text,
      names: object({
        plural: text,
        singular: text,
        shortNames: list(text),
        kind: text,
        listKind: text,
        categories: list(text),
      }),
      scope: text,
      versions: list(
        object({
          name: text,
          served: truth,
          storage: truth,
          deprecated: truth,
          deprecationWarning: text,
          schema: object({ openAPIV3Schema: open }),
          subresources: object({ status: open, scale: open }),
          additionalPrinterColumns: list(
            object({
              name: text,
              type: text,
              format: text,
              description: text,
              priority: { type: 'integer' },
              jsonPath: text,
            }),
          ),
          selectableFields: list(object({ jsonPath: text })),
        }),
      ),
      conversion: open,
      preserveUnknownFields: truth,
    }),
    status: object({
      conditions: keyedList(['type'], condition),
      acceptedNames: object({
        plural: text,
        singular: text,
        shortNames: list(text),
        kind: text,
        listKind: text,
        categories: list(text),
      }),
      storedVersions: list(text),
    }),
  }),
  prepareCreate,
  prepareUpdate,
  validate,
  validateUpdate,
  columns: () => [
    nameColumn,
    column('Created At', (definition) => definition.metadata.creationTimestamp ?? '', { type: 'date' }),
  ],
});

/** The `spec.versions` that are served, as objects. */
export function servedVersions(definition: KubeObject): readonly JsonObject[] {
  const versions = arrayAt(definition, 'spec', 'versions');
  return isArray(versions) ? versions.flatMap((one) => (isObject(one) && one['served'] === true ? [one] : [])) : [];
}
