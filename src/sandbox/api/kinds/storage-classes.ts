import { forbiddenField, required, unsupported } from '../errors.ts';
import { sameJson, textAt } from '../json.ts';
import { annotation } from '../object.ts';
import { kindSchema, list, map, object, optionalText, text, truth } from '../schema/builders.ts';
import { resourceId } from '../store/store.ts';
import { ageColumn, column, defineKind, nameColumn } from './kind.ts';
import type { FieldError } from '../errors.ts';
import type { KubeObject } from '../object.ts';

/** Where StorageClasses are kept. */
export const storageClassResource = resourceId('storage.k8s.io', 'storageclasses');

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

function isDefaultClass(object: KubeObject): boolean {
  return defaultAnnotations.some((name) => annotation(object, name) === 'true');
}

/** The class that claims without one get: of several defaults the newest, then the first by name. */
export function defaultClass(classes: readonly KubeObject[]): KubeObject | undefined {
  const stamp = (object: KubeObject): string => object.metadata.creationTimestamp ?? '';
  return classes
    .filter((object) => isDefaultClass(object))
    .sort((a, b) =>
      stamp(a) === stamp(b) ? (a.metadata.name < b.metadata.name ? -1 : 1) : stamp(a) > stamp(b) ? -1 : 1,
    )[0];
}

const immutable: FieldError['detail'] = 'field is immutable';

function validateUpdate(next: KubeObject, previous: KubeObject): readonly FieldError[] {
  const frozen = (field: string, detail: string): readonly FieldError[] =>
    sameJson(next[field], previous[field]) ? [] : [forbiddenField(field, detail)];
  return [
    ...frozen('parameters', 'updates to parameters are forbidden.'),
    ...frozen('provisioner', 'updates to provisioner are forbidden.'),
    ...frozen('reclaimPolicy', 'updates to reclaimPolicy are forbidden.'),
    ...frozen('volumeBindingMode', immutable),
  ];
}

function validate(object: KubeObject): readonly FieldError[] {
  const policy = textAt(object, 'reclaimPolicy') ?? '';
  const mode = textAt(object, 'volumeBindingMode') ?? '';
  return [
    ...(textAt(object, 'provisioner') === undefined ? [required('provisioner')] : []),
    ...(policy === 'Delete' || policy === 'Retain' ? [] : [unsupported('reclaimPolicy', policy, ['Delete', 'Retain'])]),
    ...(mode === 'Immediate' || mode === 'WaitForFirstConsumer'
      ? []
      : [unsupported('volumeBindingMode', mode, ['Immediate', 'WaitForFirstConsumer'])]),
  ];
}

/** StorageClasses: all that a provisioner reads of them is frozen. */
export const storageClasses = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
  returnsDeleted: true,
  schema: kindSchema({
    provisioner: text,
    parameters: map(optionalText),
    reclaimPolicy: text,
    mountOptions: list(text),
    allowVolumeExpansion: truth,
    volumeBindingMode: text,
    allowedTopologies: list(object({ matchLabelExpressions: list(object({ key: text, values: list(text) })) })),
  }),
  prepareCreate: (object) => ({ ...object, ...withDefaults(object) }),
  prepareUpdate: (next) => ({ ...next, ...withDefaults(next) }),
  validate,
  validateUpdate,
  columns: () => [
    {
      ...nameColumn,
      cell: (object) => (isDefaultClass(object) ? `${object.metadata.name} (default)` : object.metadata.name),
    },
    column('Provisioner', (object) => textAt(object, 'provisioner') ?? ''),
    column('ReclaimPolicy', (object) => textAt(object, 'reclaimPolicy') ?? ''),
    column('VolumeBindingMode', (object) => textAt(object, 'volumeBindingMode') ?? ''),
    column('AllowVolumeExpansion', (object) => object['allowVolumeExpansion'] === true, { type: 'string' }),
    ageColumn,
  ],
});

function withDefaults(object: KubeObject): Partial<KubeObject> {
  return {
    reclaimPolicy: textAt(object, 'reclaimPolicy') ?? 'Delete',
    volumeBindingMode: textAt(object, 'volumeBindingMode') ?? 'Immediate',
  };
}
