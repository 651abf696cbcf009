import { forbiddenField, invalid, required, unsupported } from '../errors.ts';
import { arrayAt, objectAt, sameJson, textAt, valueAt } from '../json.ts';
import { finalizersOf, withMeta, timestamp } from '../object.ts';
import {
  kindSchema,
  list,
  map,
  object,
  objectReference,
  open,
  optionalText,
  quantity,
  secretReference,
  text,
  time,
  truth,
} from '../schema/builders.ts';
import { compareQuantities } from '../schema/quantity.ts';
import { atLeast } from '../server-version.ts';
import { dnsLabelProblem } from '../validation/names.ts';
import { classNameOf, describeModes, validateModes } from './claims.ts';
import { driverNameProblems } from './csi.ts';
import { ageColumn, column, defineKind, nameColumn } from './kind.ts';
import type { FieldError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { KubeObject } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import type { ServerVersion } from '../server-version.ts';
import type { Column, KindContext } from './kind.ts';

/** Keeps a volume while it is bound; every volume is created with it. */
export const volumeProtection = 'kubernetes.io/pv-protection';

const csiSecrets = [
  'controllerPublishSecretRef',
  'nodeStageSecretRef',
  'nodePublishSecretRef',
  'controllerExpandSecretRef',
  'nodeExpandSecretRef',
] as const;

/** Every volume source that a PersistentVolume may have; those that Brickyard has nothing to do with are kept unread. */
const sources: Readonly<Record<string, Schema>> = {
  glusterfs: object({ endpoints: text, path: text, readOnly: truth, endpointsNamespace: optionalText }),
  csi: object({
    driver: text,
    volumeHandle: text,
    readOnly: truth,
    fsType: text,
    volumeAttributes: map(optionalText),
    ...Object.fromEntries(csiSecrets.map((name) => [name, secretReference])),
  }),
  hostPath: object({ path: text, type: text }),
  local: object({ path: text, fsType: text }),
  nfs: object({ server: text, path: text, readOnly: truth }),
  ...Object.fromEntries(
    [
      'awsElasticBlockStore',
      'azureDisk',
      'azureFile',
      'cephfs',
      'cinder',
      'fc',
      'flexVolume',
      'flocker',
      'gcePersistentDisk',
      'iscsi',
      'photonPersistentDisk',
      'portworxVolume',
      'quobyte',
      'rbd',
      'scaleIO',
      'storageos',
      'vsphereVolume',
    ].map((name) => [name, open]),
  ),
};

/** The names of the sources that a volume has; exactly one when it is valid. */
export function sourcesOf(volume: KubeObject): readonly string[] {
  return Object.keys(objectAt(volume, 'spec')).filter((field) => Object.hasOwn(sources, field));
}

function withDefaults(volume: KubeObject): KubeObject {
  const spec = objectAt(volume, 'spec');
  return {
    ...volume,
    spec: {
      ...spec,
      persistentVolumeReclaimPolicy: textAt(spec, 'persistentVolumeReclaimPolicy') ?? 'Retain',
      volumeMode: textAt(spec, 'volumeMode') ?? 'Filesystem',
    },
  };
}

function prepareCreate(volume: KubeObject, context: KindContext): KubeObject {
  const stamped = atLeast(context.version, 29) ? { lastPhaseTransitionTime: timestamp(context.now()) } : {};
  return { ...withDefaults(volume), status: { phase: 'Pending', ...stamped } };
}

/** The admission plugin StorageObjectInUseProtection. */
function admitCreate(volume: KubeObject): KubeObject {
  const finalizers = finalizersOf(volume);
  return withMeta(volume, {
    finalizers: finalizers.includes(volumeProtection) ? finalizers : [...finalizers, volumeProtection],
  });
}

function validateGlusterfs(source: JsonObject): readonly FieldError[] {
  const path = textAt(source, 'path');
  const namespace = valueAt(source, 'endpointsNamespace');
  const field = 'spec.glusterfs';
  const badNamespace = typeof namespace === 'string' && dnsLabelProblem(namespace) !== undefined;
  return [
    ...(textAt(source, 'endpoints') === undefined ? [required(`${field}.endpoints`)] : []),
    ...(path === undefined ? [required(`${field}.path`)] : []),
    ...(path?.split('/').includes('..') === true ? [invalid(`${field}.path`, path, "must not contain '..'")] : []),
    ...(badNamespace
      ? [
          invalid(
            `${field}.endpointsNamespace`,
            namespace,
            'if the endpointnamespace is set, it must be a valid namespace name',
          ),
        ]
      : []),
  ];
}

function validateCsi(source: JsonObject): readonly FieldError[] {
  return [
    ...driverNameProblems(textAt(source, 'driver'), 'spec.csi.driver'),
    ...(textAt(source, 'volumeHandle') === undefined ? [required('spec.csi.volumeHandle')] : []),
    ...csiSecrets
      .filter((field) => valueAt(source, field) !== undefined)
      .flatMap((field) =>
        ['name', 'namespace']
          .filter((key) => textAt(source, field, key) === undefined)
          .map((key) => required(`spec.csi.${field}.${key}`)),
      ),
  ];
}

function validateSource(volume: KubeObject): readonly FieldError[] {
  const [first, ...others] = sourcesOf(volume);
  if (first === undefined) {
    return [required('spec', 'must specify a volume type')];
  }
  const source = objectAt(volume, 'spec', first);
  return [
    ...others.map((name) => forbiddenField(`spec.${name}`, 'may not specify more than 1 volume type')),
    ...(first === 'glusterfs' ? validateGlusterfs(source) : []),
    ...(first === 'csi' ? validateCsi(source) : []),
  ];
}

const policies = ['Delete', 'Recycle', 'Retain'];

function validate(volume: KubeObject): readonly FieldError[] {
  const spec = objectAt(volume, 'spec');
  const modes = arrayAt(spec, 'accessModes');
  const size = textAt(spec, 'capacity', 'storage');
  const policy = textAt(spec, 'persistentVolumeReclaimPolicy') ?? '';
  const otherCapacity = Object.keys(objectAt(spec, 'capacity')).some((name) => name !== 'storage');
  return [
    ...(modes.length === 0 ? [required('spec.accessModes')] : []),
    ...validateModes(modes, 'spec.accessModes'),
    ...(size === undefined && !otherCapacity ? [required('spec.capacity')] : []),
    ...(otherCapacity ? [unsupported('spec.capacity', { ...objectAt(spec, 'capacity') }, ['storage'])] : []),
    ...(size !== undefined && compareQuantities(size, '0') <= 0
      ? [invalid('spec.capacity[storage]', size, 'must be greater than zero')]
      : []),
    ...validateSource(volume),
    ...(policies.includes(policy) ? [] : [unsupported('spec.persistentVolumeReclaimPolicy', policy, policies)]),
  ];
}

function validateUpdate(next: KubeObject, previous: KubeObject): readonly FieldError[] {
  const sourceOf = (volume: KubeObject): JsonObject =>
    Object.fromEntries(sourcesOf(volume).map((name) => [name, objectAt(volume, 'spec', name)]));
  return [
    ...(sameJson(sourceOf(next), sourceOf(previous))
      ? []
      : [forbiddenField('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')]),
    ...(textAt(next, 'spec', 'volumeMode') === textAt(previous, 'spec', 'volumeMode')
      ? []
      : [invalid('spec.volumeMode', valueAt(next, 'spec', 'volumeMode'), 'field is immutable')]),
  ];
}

function columns(version: ServerVersion): readonly Column[] {
  return [
    nameColumn,
    column('Capacity', (volume) => textAt(volume, 'spec', 'capacity', 'storage') ?? ''),
    column('Access Modes', (volume) => describeModes(arrayAt(volume, 'spec', 'accessModes'))),
    column('Reclaim Policy', (volume) => textAt(volume, 'spec', 'persistentVolumeReclaimPolicy') ?? ''),
    column('Status', (volume) =>
      volume.metadata.deletionTimestamp === undefined ? (textAt(volume, 'status', 'phase') ?? '') : 'Terminating',
    ),
    column('Claim', (volume) => {
      const claim = objectAt(volume, 'spec', 'claimRef');
      return textAt(claim, 'name') === undefined
        ? ''
        : `${textAt(claim, 'namespace') ?? ''}/${textAt(claim, 'name') ?? ''}`;
    }),
    column('StorageClass', (volume) => classNameOf(volume) ?? ''),
    ...(atLeast(version, 29)
      ? [column('VolumeAttributesClass', (volume) => textAt(volume, 'spec', 'volumeAttributesClassName') ?? '<unset>')]
      : []),
    column('Reason', (volume) => textAt(volume, 'status', 'reason') ?? ''),
    ageColumn,
    column('VolumeMode', (volume) => textAt(volume, 'spec', 'volumeMode') ?? '<unset>', { wide: true }),
  ];
}

/** Recorded on 1.36: on create and on every patch. */
function warnings(volume: KubeObject, version: ServerVersion): readonly string[] {
  return atLeast(version, 26) && sourcesOf(volume).includes('glusterfs')
    ? ['spec.glusterfs: deprecated in v1.25, non-functional in v1.26+']
    : [];
}

/** Volumes: exactly one source, and that one frozen. */
export const persistentVolumes = defineKind({
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  subresources: ['status'],
  returnsDeleted: true,
  schema: kindSchema({
    spec: object({
      capacity: map(quantity),
      accessModes: list(text),
      claimRef: objectReference,
      persistentVolumeReclaimPolicy: text,
      storageClassName: text,
      mountOptions: list(text),
      volumeMode: text,
      nodeAffinity: open,
      volumeAttributesClassName: optionalText,
      ...sources,
    }),
    status: object({ phase: text, message: text, reason: text, lastPhaseTransitionTime: time }),
  }),
  prepareCreate,
  prepareUpdate: withDefaults,
  admitCreate,
  validate,
  validateUpdate,
  columns,
  warnings,
});
