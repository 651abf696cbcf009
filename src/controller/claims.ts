/** What to do about a claim: a pure decision, by the rules of the external provisioner contract. */
import { messageOf } from '../domain/error-message.ts';
import { parseClassParameters, describeProblems, type ClassParameters } from '../domain/class-parameters.ts';
import { NameError, volumeId, volumeNameFor, type VolumeId } from '../domain/names.ts';
import { parseQuantity, type Bytes } from '../domain/quantity.ts';
import type { VolumeRequest } from '../domain/volume.ts';
import type { PersistentVolumeClaim, StorageClass } from '../kube/resources.ts';
import {
  betaStorageClassAnnotation,
  betaStorageProvisionerAnnotation,
  selectedNodeAnnotation,
  storageProvisionerAnnotation,
} from './annotations.ts';

export type ClaimDecision =
  /** Not ours, or nothing is left to do. No event. */
  | { readonly kind: 'ignore'; readonly why: string }
  /** Ours, but something else comes first; its arrival brings the claim back into the queue. No event. */
  | { readonly kind: 'wait'; readonly why: string }
  /** Ours, and can never work as written. Its author gets an event. */
  | { readonly kind: 'refuse'; readonly reason: string; readonly className: string }
  | { readonly kind: 'provision'; readonly request: VolumeRequest; readonly storageClass: StorageClass };

/** Modes that gluster can give: every node may mount a volume, so it is for Kubernetes to hold the narrower ones. */
const supportedModes: ReadonlySet<string> = new Set([
  'ReadWriteOnce',
  'ReadOnlyMany',
  'ReadWriteMany',
  'ReadWriteOncePod',
]);

/**
 * Decides by the claim and its class alone. `findClass` looks in the cache; `provisioner` is our name. The order is
 * that of sig-storage-lib-external-provisioner, so that every claim is taken by exactly one of several provisioners.
 */
export function decideClaim(
  claim: PersistentVolumeClaim,
  findClass: (name: string) => StorageClass | undefined,
  provisioner: string,
): ClaimDecision {
  if (claim.spec.volumeName !== '') {
    return { kind: 'ignore', why: 'it has a volume' };
  }
  if (claim.metadata.deletionTimestamp !== undefined) {
    return { kind: 'ignore', why: 'it is being deleted' };
  }
  const { annotations } = claim.metadata;
  const chosen = annotations[storageProvisionerAnnotation] ?? annotations[betaStorageProvisionerAnnotation];
  if (chosen !== provisioner) {
    return { kind: 'ignore', why: chosen === undefined ? 'it names no provisioner yet' : `it is for ${chosen}` };
  }
  const className = classNameOf(claim);
  if (className === '') {
    return { kind: 'ignore', why: 'it has no class' };
  }
  const storageClass = findClass(className);
  if (storageClass === undefined) {
    return { kind: 'wait', why: `its class ${className} does not exist` };
  }
  // The annotation may be older than the class: one of that name may have come back with another provisioner.
  if (storageClass.provisioner !== provisioner) {
    return { kind: 'ignore', why: `its class is for ${storageClass.provisioner}` };
  }
  if (storageClass.volumeBindingMode === 'WaitForFirstConsumer' && (annotations[selectedNodeAnnotation] ?? '') === '') {
    return { kind: 'wait', why: 'no pod that uses it has been scheduled' };
  }
  return judge(claim, storageClass);
}

/** The class that a claim asks for; empty when it asks for none. */
export function classNameOf(claim: PersistentVolumeClaim): string {
  return claim.metadata.annotations[betaStorageClassAnnotation] ?? claim.spec.storageClassName ?? '';
}

/** The claim is ours: can it be served as written? */
function judge(claim: PersistentVolumeClaim, storageClass: StorageClass): ClaimDecision {
  const parsed = parseClassParameters(storageClass.parameters);
  const asked = readClaim(claim);
  const problems = [
    ...asked.problems,
    ...(parsed.ok
      ? mountProblems(parsed.parameters)
      : [`StorageClass ${storageClass.metadata.name}: ${describeProblems(parsed.problems)}`]),
  ];
  if (problems.length > 0 || !parsed.ok || !asked.ok) {
    return { kind: 'refuse', reason: problems.join('; '), className: storageClass.metadata.name };
  }
  return { kind: 'provision', request: requestFor(claim, asked, storageClass, parsed.parameters), storageClass };
}

type Asked = { readonly problems: readonly string[] } & (
  | { readonly ok: true; readonly id: VolumeId; readonly size: Bytes }
  | { readonly ok: false }
);

/** What the claim itself asks for, and everything in it that we cannot give. */
function readClaim(claim: PersistentVolumeClaim): Asked {
  const { spec, metadata } = claim;
  const problems = [
    ...(spec.volumeMode === 'Block'
      ? ['spec.volumeMode: expected Filesystem, got Block; gluster volumes cannot be raw devices']
      : []),
    ...(spec.selector === undefined
      ? []
      : ['spec.selector: expected none; a selector chooses among existing volumes, and this one would be made new']),
    ...(spec.dataSource === undefined && spec.dataSourceRef === undefined
      ? []
      : ['spec.dataSource: expected none; volumes cannot be made from snapshots, other claims or populators']),
    ...modeProblems(spec.accessModes),
  ];
  try {
    const size = sizeOf(spec.resources.requests['storage']);
    const id = volumeId(metadata.uid, 'metadata.uid');
    return problems.length === 0 ? { ok: true, problems, id, size } : { ok: false, problems };
  } catch (error) {
    if (error instanceof RangeError || error instanceof NameError) {
      return { ok: false, problems: [...problems, error.message] };
    }
    throw error;
  }
}

function modeProblems(modes: readonly string[]): string[] {
  const strange = modes.filter((mode) => !supportedModes.has(mode));
  if (modes.length > 0 && strange.length === 0) {
    return [];
  }
  const got = modes.length === 0 ? 'none' : strange.join(', ');
  return [`spec.accessModes: expected one or more of ${[...supportedModes].join(', ')}, got ${got}`];
}

/** A size that a claim asks for. Throws RangeError when there is no size, or none that can be. */
export function sizeOf(text: string | undefined): Bytes {
  const field = 'spec.resources.requests.storage';
  if (text === undefined) {
    throw new RangeError(`${field}: expected a size such as 10Gi, got none`);
  }
  let size: Bytes;
  try {
    size = parseQuantity(text);
  } catch (error) {
    throw new RangeError(`${field}: ${messageOf(error)}`, { cause: error });
  }
  if (size === 0) {
    throw new RangeError(`${field}: expected a size of more than 0, got ${JSON.stringify(text)}`);
  }
  return size;
}

function mountProblems(parameters: ClassParameters): string[] {
  return parameters.mount === 'csi'
    ? ['mount: csi is not yet in this version; use mount: glusterfs, which kubelets up to 1.25 can mount']
    : [];
}

function requestFor(
  claim: PersistentVolumeClaim,
  asked: { readonly id: VolumeId; readonly size: Bytes },
  storageClass: StorageClass,
  parameters: ClassParameters,
): VolumeRequest {
  const { clusters, durability, options, gidRange, snapshotFactor, zoneSpread } = parameters;
  return {
    id: asked.id,
    name: volumeNameFor(asked.id, parameters.namePrefix),
    clusters,
    size: asked.size,
    durability,
    options,
    gidRange,
    snapshotFactor,
    zoneSpread,
    owner: {
      uid: claim.metadata.uid,
      namespace: claim.metadata.namespace,
      name: claim.metadata.name,
      className: storageClass.metadata.name,
    },
    preferredZones: [],
  };
}
