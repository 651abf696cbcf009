import { forbiddenField, invalid, required } from '../errors.ts';
import { objectAt, omit, sameJson, show, textAt } from '../json.ts';
import {
  bytes,
  kindSchema,
  keyedList,
  list,
  map,
  object,
  objectReference,
  optionalText,
  text,
  truth,
} from '../schema/builders.ts';
import { namespacedFieldLabels } from '../selectors/fields.ts';
import { ageColumn, column, defineKind, nameColumn } from './kind.ts';
import type { FieldError } from '../errors.ts';
import type { KubeObject } from '../object.ts';

const dataKey = /^[-._a-zA-Z0-9]+$/;
const sizeLimit = 1024 * 1024;

function validateData(held: KubeObject, fields: readonly string[]): readonly FieldError[] {
  const problems = fields.flatMap((field) =>
    Object.keys(objectAt(held, field))
      .filter((key) => !dataKey.test(key) || key.length > 253)
      .map((key) =>
        invalid(`${field}[${key}]`, key, "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"),
      ),
  );
  const size = fields.reduce((sum, field) => sum + JSON.stringify(objectAt(held, field)).length, 0);
  return size > sizeLimit
    ? [...problems, invalid(fields[0] ?? '', '', `must have at most ${sizeLimit} bytes`)]
    : problems;
}

/** `immutable: true` freezes the data, and cannot be taken back. */
function validateFrozen(next: KubeObject, previous: KubeObject, fields: readonly string[]): readonly FieldError[] {
  if (previous['immutable'] !== true) {
    return [];
  }
  const why = 'field is immutable when `immutable` is set';
  return [
    ...(next['immutable'] === true ? [] : [forbiddenField('immutable', why)]),
    ...fields.filter((field) => !sameJson(next[field], previous[field])).map((field) => forbiddenField(field, why)),
  ];
}

const dataCount = (held: KubeObject): number =>
  Object.keys(objectAt(held, 'data')).length + Object.keys(objectAt(held, 'binaryData')).length;

/** ConfigMaps. */
export const configMaps = defineKind({
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  schema: kindSchema({ data: map(optionalText), binaryData: map(bytes), immutable: truth }),
  validate: (held) => validateData(held, ['data', 'binaryData']),
  validateUpdate: (next, previous) => validateFrozen(next, previous, ['data', 'binaryData']),
  columns: () => [nameColumn, column('Data', dataCount, { type: 'string' }), ageColumn],
});

/** `stringData` is written, never read: it is folded into `data`. */
function withStringData(secret: KubeObject): KubeObject {
  const extra = Object.entries(objectAt(secret, 'stringData')).map(([key, value]) => [
    key,
    Buffer.from(show(value)).toString('base64'),
  ]);
  const data = { ...objectAt(secret, 'data'), ...Object.fromEntries(extra) } as Record<string, string>;
  return {
    ...omit(secret, 'stringData'),
    ...(Object.keys(data).length === 0 ? {} : { data }),
    type: textAt(secret, 'type') ?? 'Opaque',
  };
}

/** Secrets: written by `data` or `stringData`, read by `data`. */
export const secrets = defineKind({
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  schema: kindSchema({ data: map(bytes), stringData: map(optionalText), type: text, immutable: truth }),
  prepareCreate: withStringData,
  prepareUpdate: withStringData,
  validate: (secret) => [
    ...validateData(secret, ['data']),
    ...(textAt(secret, 'type') === 'kubernetes.io/tls' && objectAt(secret, 'data')['tls.crt'] === undefined
      ? [required('data[tls.crt]')]
      : []),
  ],
  validateUpdate: (next, previous) => [
    ...validateFrozen(next, previous, ['data']),
    ...(next['type'] === previous['type'] ? [] : [invalid('type', next['type'], 'field is immutable')]),
  ],
  fieldLabels: new Map([
    ...namespacedFieldLabels,
    ['type', (secret: KubeObject): string => textAt(secret, 'type') ?? ''],
  ]),
  columns: () => [
    nameColumn,
    column('Type', (secret) => textAt(secret, 'type') ?? ''),
    column('Data', dataCount, { type: 'string' }),
    ageColumn,
  ],
});

/** ServiceAccounts: stored; no tokens are made. */
export const serviceAccounts = defineKind({
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  namespaced: true,
  returnsDeleted: true,
  schema: kindSchema({
    secrets: keyedList(['name'], objectReference),
    imagePullSecrets: list(object({ name: text })),
    automountServiceAccountToken: truth,
  }),
  columns: () => [
    nameColumn,
    column('Secrets', (account) => (account['secrets'] as readonly unknown[] | undefined)?.length ?? 0, {
      type: 'string',
    }),
    ageColumn,
  ],
});
