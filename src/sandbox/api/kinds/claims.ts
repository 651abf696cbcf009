import { forbidden, forbiddenField, invalid, required, unsupported } from '../errors.ts';
import { arrayAt, objectAt, omit, sameJson, show, textAt, valueAt } from '../json.ts';
import { annotation, finalizersOf, withMeta } from '../object.ts';
import {
  condition,
  keyedList,
  kindSchema,
  labelSelector,
  list,
  localReference,
  map,
  object,
  optionalText,
  quantity,
  text,
  time,
} from '../schema/builders.ts';
import { compareQuantities } from '../schema/quantity.ts';
import { atLeast } from '../server-version.ts';
import { keyOf } from '../object.ts';
import { ageColumn, column, defineKind, nameColumn } from './kind.ts';
import { defaultClass, storageClassResource } from './storage-classes.ts';
import type { FieldError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';
import type { ServerVersion } from '../server-version.ts';
import type { Column, KindContext } from './kind.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const shortModes = new Map([
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]);

const betaClassAnnotation = 'volume.beta.kubernetes.io/storage-class';
/** Keeps a claim while pods use it; every claim is created with it. */
export const claimProtection = 'kubernetes.io/pvc-protection';

/** The class of a claim or volume. The beta annotation wins; '' is "no class", undefined is "not said". */
export function classNameOf(found: KubeObject): string | undefined {
  const name = valueAt(found, 'spec', 'storageClassName');
  return annotation(found, betaClassAnnotation) ?? (typeof name === 'string' ? name : undefined);
}

/** `RWO,RWX`, in kubectl's order. */
export function describeModes(modes: readonly Json[]): string {
  return [...shortModes].flatMap(([mode, short]) => (modes.includes(mode) ? [short] : [])).join(',');
}

/** What is wrong with a list of access modes, of a claim or of a volume. */
export function validateModes(modes: readonly Json[], field: string): readonly FieldError[] {
  const bad = modes.filter((mode) => !accessModes.some((one) => one === mode));
  const exclusive = modes.length > 1 && modes.includes('ReadWriteOncePod');
  return [
    ...bad.map((mode) => unsupported(field, mode, accessModes)),
    ...(exclusive ? [forbiddenField(field, 'may not use ReadWriteOncePod with other access modes')] : []),
  ];
}

function prepareCreate(claim: KubeObject): KubeObject {
  const spec = objectAt(claim, 'spec');
  const source = spec['dataSource'] ?? spec['dataSourceRef'];
  return {
    ...claim,
    spec: {
      ...spec,
      volumeMode: textAt(spec, 'volumeMode') ?? 'Filesystem',
      ...(source === undefined
        ? {}
        : { dataSource: spec['dataSource'] ?? source, dataSourceRef: spec['dataSourceRef'] ?? source }),
    },
    status: { phase: 'Pending' },
  };
}

/** What the admission plugins DefaultStorageClass and StorageObjectInUseProtection do. */
function admitCreate(claim: KubeObject, context: KindContext): KubeObject {
  const found = classNameOf(claim) === undefined ? defaultClass(context.list(storageClassResource)) : undefined;
  const finalizers = finalizersOf(claim);
  const guarded = withMeta(claim, {
    finalizers: finalizers.includes(claimProtection) ? finalizers : [...finalizers, claimProtection],
  });
  return found === undefined
    ? guarded
    : { ...guarded, spec: { ...objectAt(guarded, 'spec'), storageClassName: found.metadata.name } };
}

function validate(claim: KubeObject): readonly FieldError[] {
  const spec = objectAt(claim, 'spec');
  const modes = arrayAt(spec, 'accessModes');
  const size = textAt(spec, 'resources', 'requests', 'storage');
  const mode = textAt(spec, 'volumeMode') ?? '';
  return [
    ...(modes.length === 0 ? [required('spec.accessModes', 'at least 1 access mode is required')] : []),
    ...validateModes(modes, 'spec.accessModes'),
    ...(size === undefined ? [required('spec.resources[storage]')] : []),
    ...(size !== undefined && compareQuantities(size, '0') <= 0
      ? [invalid('spec.resources[storage]', size, 'must be greater than zero')]
      : []),
    ...(mode === 'Block' || mode === 'Filesystem'
      ? []
      : [unsupported('spec.volumeMode', mode, ['Block', 'Filesystem'])]),
  ];
}

const sizeOf = (claim: KubeObject): string | undefined => textAt(claim, 'spec', 'resources', 'requests', 'storage');

/** The spec without what may change: the size of a bound claim, the volume name and the class once, when not yet set. */
function frozenPart(
  next: KubeObject,
  previous: KubeObject,
): { readonly next: JsonObject; readonly previous: JsonObject } {
  const open = [
    ...(textAt(previous, 'spec', 'volumeName') === undefined ? ['volumeName'] : []),
    ...(valueAt(previous, 'spec', 'storageClassName') === undefined ? ['storageClassName'] : []),
    ...(textAt(previous, 'status', 'phase') === 'Bound' ? ['volumeAttributesClassName'] : []),
  ];
  const strip = (claim: KubeObject): JsonObject => {
    const spec = omit(objectAt(claim, 'spec'), ...open);
    const requests = objectAt(spec, 'resources', 'requests');
    return textAt(previous, 'status', 'phase') === 'Bound'
      ? { ...spec, resources: { ...objectAt(spec, 'resources'), requests: omit(requests, 'storage') } }
      : spec;
  };
  return { next: strip(next), previous: strip(previous) };
}

function validateUpdate(next: KubeObject, previous: KubeObject, context: KindContext): readonly FieldError[] {
  const frozen = frozenPart(next, previous);
  const recovery = atLeast(context.version, 32);
  const shrinks = compareQuantities(sizeOf(next), sizeOf(previous)) < 0;
  const belowStatus = compareQuantities(sizeOf(next), textAt(previous, 'status', 'capacity', 'storage')) <= 0;
  const size = 'spec.resources.requests.storage';
  return [
    ...(sameJson(frozen.next, frozen.previous)
      ? []
      : [
          forbiddenField(
            'spec',
            atLeast(context.version, 31)
              ? 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
              : 'spec is immutable after creation except resources.requests for bound claims',
          ),
        ]),
    ...(shrinks && !recovery ? [forbiddenField(size, 'field can not be less than previous value')] : []),
    ...(shrinks && recovery && belowStatus ? [forbiddenField(size, 'field can not be less than status.capacity')] : []),
  ];
}

/** What the admission plugin PersistentVolumeClaimResize does. */
function admitUpdate(next: KubeObject, previous: KubeObject, context: KindContext): void {
  if (compareQuantities(sizeOf(next), sizeOf(previous)) <= 0) {
    return;
  }
  const refuse = (why: string): never => {
    throw forbidden({ group: '', resource: 'persistentvolumeclaims' }, next.metadata.name, why);
  };
  if (textAt(previous, 'status', 'phase') !== 'Bound') {
    refuse('Only bound persistent volume claims can be expanded');
  }
  const className = classNameOf(previous) ?? '';
  const found = className === '' ? undefined : context.find(storageClassResource, keyOf(undefined, className));
  if (found?.['allowVolumeExpansion'] !== true) {
    refuse(
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  }
}

/**
 * Fields of growth: of one the server has not heard before 1.28, and both are dropped as long as the feature gate
 * RecoverVolumeExpansionFailure is off, which it is by default before 1.32.
 */
function prepareStatusUpdate(next: KubeObject, _previous: KubeObject, context: KindContext): KubeObject {
  return atLeast(context.version, 32)
    ? next
    : { ...next, status: omit(objectAt(next, 'status'), 'allocatedResources', 'allocatedResourceStatuses') };
}

const resizeStatuses = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizePending',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
];

function validateStatus(next: KubeObject): readonly FieldError[] {
  const status = objectAt(next, 'status');
  const words = Object.values(objectAt(status, 'allocatedResourceStatuses')).map(show);
  const sizes = ['capacity', 'allocatedResources'].flatMap((field) =>
    Object.entries(objectAt(status, field)).map(([name, size]) => [`status.${field}[${name}]`, show(size)] as const),
  );
  return [
    ...words
      .filter((word) => !resizeStatuses.some((one) => one === word))
      .map((word) => unsupported('status.allocatedResourceStatus', word, resizeStatuses)),
    ...sizes
      .filter(([, size]) => compareQuantities(size, '0') < 0)
      .map(([field, size]) => invalid(field, size, 'must be greater than or equal to 0')),
  ];
}

function columns(version: ServerVersion): readonly Column[] {
  return [
    nameColumn,
    column('Status', (claim) =>
      claim.metadata.deletionTimestamp === undefined ? (textAt(claim, 'status', 'phase') ?? '') : 'Terminating',
    ),
    column('Volume', (claim) => textAt(claim, 'spec', 'volumeName') ?? ''),
    column('Capacity', (claim) => (bound(claim) ? (textAt(claim, 'status', 'capacity', 'storage') ?? '') : '')),
    column('Access Modes', (claim) => (bound(claim) ? describeModes(arrayAt(claim, 'status', 'accessModes')) : '')),
    column('StorageClass', (claim) => classNameOf(claim) ?? ''),
    ...(atLeast(version, 29)
      ? [column('VolumeAttributesClass', (claim) => textAt(claim, 'spec', 'volumeAttributesClassName') ?? '<unset>')]
      : []),
    ageColumn,
    column('VolumeMode', (claim) => textAt(claim, 'spec', 'volumeMode') ?? '<unset>', { wide: true }),
  ];
}

function bound(claim: KubeObject): boolean {
  return textAt(claim, 'spec', 'volumeName') !== undefined;
}

/** Claims: most of the spec is frozen, the size of a bound one may grow, the status has a door of its own. */
export const persistentVolumeClaims = defineKind({
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  namespaced: true,
  subresources: ['status'],
  returnsDeleted: true,
  schema: kindSchema({
    spec: object({
      accessModes: list(text),
      selector: labelSelector,
      resources: object({ limits: map(quantity), requests: map(quantity) }),
      volumeName: text,
      storageClassName: optionalText,
      volumeMode: text,
      dataSource: localReference,
      dataSourceRef: object({ apiGroup: optionalText, kind: text, name: text, namespace: text }),
      volumeAttributesClassName: optionalText,
    }),
    status: object({
      phase: text,
      accessModes: list(text),
      capacity: map(quantity),
      conditions: keyedList(['type'], condition),
      allocatedResources: map(quantity),
      allocatedResourceStatuses: map(text),
      currentVolumeAttributesClassName: text,
      modifyVolumeStatus: object({ targetVolumeAttributesClassName: text, status: text, lastTransitionTime: time }),
    }),
  }),
  prepareCreate,
  admitCreate,
  validate,
  validateUpdate,
  admitUpdate,
  prepareStatusUpdate,
  validateStatus,
  columns,
});
