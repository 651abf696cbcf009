import { arrayAt, objectAt, omit, textAt, valueAt } from '../json.ts';
import { ageColumn, ageOf, defineKind, nameColumn } from '../kinds/kind.ts';
import { objectMeta } from '../schema/builders.ts';
import { resourceId } from '../store/store.ts';
import { servedVersions } from './definitions.ts';
import { findAll, parseJsonPath } from './json-path.ts';
import { validateStructure } from './structure.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Column, Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import type { Schema } from '../schema/schema.ts';

/** The kinds that a CustomResourceDefinition defines: one a served version, the most stable first. */
export function kindsOf(definition: KubeObject): readonly Kind[] {
  const stored = arrayAt(definition, 'spec', 'versions').find((one) => valueAt(one, 'storage') === true);
  const versions = servedVersions(definition).toSorted(
    (a, b) => rank(textAt(b, 'name') ?? '') - rank(textAt(a, 'name') ?? ''),
  );
  return versions.map((version) => kindOf(definition, version, textAt(stored, 'name') ?? ''));
}

/** v2 before v1 before v1beta2 before v1beta1 before v1alpha1 before all else. */
function rank(version: string): number {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) {
    return -1;
  }
  const [, major = '0', stage, minor = '0'] = match;
  const weight = stage === undefined ? 2 : stage === 'beta' ? 1 : 0;
  return weight * 1e8 + Number(major) * 1e4 + Number(minor);
}

function texts(value: readonly Json[]): readonly string[] {
  return value.filter((one) => typeof one === 'string');
}

function kindOf(definition: KubeObject, version: JsonObject, storage: string): Kind {
  const spec = objectAt(definition, 'spec');
  const names = objectAt(spec, 'names');
  const group = textAt(spec, 'group') ?? '';
  const plural = textAt(names, 'plural') ?? '';
  const schema = objectAt(version, 'schema', 'openAPIV3Schema') as unknown as Schema;
  const hasStatus = valueAt(version, 'subresources', 'status') !== undefined;
  const printed = arrayAt(version, 'additionalPrinterColumns').map((one) => printerColumn(one));
  const validate = (object: KubeObject): ReturnType<Kind['validate']> =>
    validateStructure(schema, omit(object, 'metadata', 'apiVersion', 'kind'), '');
  return defineKind({
    group,
    version: textAt(version, 'name') ?? '',
    kind: textAt(names, 'kind') ?? '',
    plural,
    singular: textAt(names, 'singular') ?? '',
    shortNames: texts(arrayAt(names, 'shortNames')),
    categories: texts(arrayAt(names, 'categories')),
    namespaced: textAt(spec, 'scope') === 'Namespaced',
    resource: resourceId(group, plural),
    storageApiVersion: `${group}/${storage}`,
    schema: { ...schema, properties: { ...schema.properties, ...identity } },
    custom: true,
    subresources: hasStatus ? ['status'] : [],
    hasGeneration: true,
    unconditionalUpdate: false,
    // A status that comes with a create is dropped: only the subresource writes it.
    prepareCreate: (object) => (hasStatus ? omit(object, 'status') : object),
    validate,
    validateStatus: validate,
    columns: () => [nameColumn, ...(printed.length === 0 ? [ageColumn] : printed)],
    warnings: () => deprecation(definition, version),
  });
}

const identity: Readonly<Record<string, Schema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: objectMeta,
};

function deprecation(definition: KubeObject, version: JsonObject): readonly string[] {
  const group = textAt(definition, 'spec', 'group') ?? '';
  const kind = textAt(definition, 'spec', 'names', 'kind') ?? '';
  return version['deprecated'] === true
    ? [textAt(version, 'deprecationWarning') ?? `${group}/${textAt(version, 'name') ?? ''} ${kind} is deprecated`]
    : [];
}

function printerColumn(given: Json): Column {
  const path = parseJsonPath(textAt(given, 'jsonPath') ?? '') ?? [];
  const type = textAt(given, 'type') ?? 'string';
  const priority = valueAt(given, 'priority');
  return {
    name: textAt(given, 'name') ?? '',
    type,
    format: textAt(given, 'format') ?? '',
    description: textAt(given, 'description') ?? '',
    ...(typeof priority === 'number' ? { priority } : {}),
    cell: (object, now) => printed(findAll(object, path), type, now),
  };
}

/** Nothing there prints as nothing; of several values of a text column all are shown. */
function printed(found: readonly Json[], type: string, now: number): Json {
  const [first] = found;
  if (first === undefined || first === null) {
    return null;
  }
  if (type === 'date') {
    return typeof first === 'string' ? ageOf(first, now) : '<invalid>';
  }
  if (type === 'string') {
    return found.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(' ');
  }
  return typeof first === 'object' ? JSON.stringify(first) : first;
}
