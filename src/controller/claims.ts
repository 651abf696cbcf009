/** What to do about a claim: a pure decision, by the rules of the external provisioner contract. */
import { volumeNameFor, type VolumeId } from '../domain/names.ts';
import type { MountForm } from '../domain/parameter-table.ts';
import type { Bytes } from '../domain/quantity.ts';
import type { VolumeRequest } from '../domain/volume.ts';
import type { PersistentVolumeClaim, StorageClass } from '../kube/resources.ts';
import {
  betaStorageClassAnnotation,
  betaStorageProvisionerAnnotation,
  selectedNodeAnnotation,
  storageProvisionerAnnotation,
} from './annotations.ts';
import { isForPopulator, putClaimRight, readClaim } from './claim-problems.ts';
import { describeFieldProblems, putClassRight, readClass, withRemedy, type ReadClass } from './class-problems.ts';

export type ClaimDecision =
  /** Not ours, or nothing is left to do. No event. */
  | { readonly kind: 'ignore'; readonly why: string }
  /** Ours, but something else comes first; its arrival brings the claim back into the queue. No event. */
  | { readonly kind: 'wait'; readonly why: string }
  /** Ours, and can never work as written. Its author gets an event. */
  | { readonly kind: 'refuse'; readonly reason: string; readonly className: string }
  | {
      readonly kind: 'provision';
      readonly request: VolumeRequest;
      readonly storageClass: StorageClass;
      /** What the class says about the form of the PersistentVolume. */
      readonly mount: MountForm;
    };

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
  if (isForPopulator(claim)) {
    return { kind: 'ignore', why: 'a volume populator is to serve it' };
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
  const parsed = readClass(storageClass);
  const asked = readClaim(claim);
  if (!parsed.ok || !asked.ok) {
    const { name } = storageClass.metadata;
    const reasons = [
      ...(asked.ok ? [] : [withRemedy(describeFieldProblems(asked.problems), putClaimRight)]),
      ...(parsed.ok
        ? []
        : [withRemedy(`StorageClass ${name}: ${describeFieldProblems(parsed.problems)}`, putClassRight(name))]),
    ];
    return { kind: 'refuse', reason: reasons.join('. '), className: name };
  }
  const { mount } = parsed.parameters;
  return { kind: 'provision', request: requestFor(claim, asked, storageClass, parsed), storageClass, mount };
}

function requestFor(
  claim: PersistentVolumeClaim,
  asked: { readonly id: VolumeId; readonly size: Bytes },
  storageClass: StorageClass,
  { parameters, allowedZones }: Extract<ReadClass, { ok: true }>,
): VolumeRequest {
  const { clusters, durability, options, gidRange, snapshotFactor, zoneSpread, tagMatch } = parameters;
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
    // Where its pod will run is asked when it comes to that.
    preferredZones: [],
    allowedZones,
    tagMatch,
  };
}
