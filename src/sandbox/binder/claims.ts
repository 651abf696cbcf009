/** What the PV controller does about one claim, each time something about it may have changed. */
import { textAt } from '../api/json.ts';
import { classNameOf } from '../api/kinds/claims.ts';
import { defaultClass, storageClassResource } from '../api/kinds/storage-classes.ts';
import { persistentVolumeClaims } from '../api/kinds/claims.ts';
import { persistentVolumes } from '../api/kinds/volumes.ts';
import { annotation, isDeleting, keyOf } from '../api/object.ts';
import { atLeast } from '../api/server-version.ts';
import { bind } from './bind.ts';
import { bestMatch, mismatch } from './matching.ts';
import { annotations, claimRefOf, claimType, isForClaim, phaseOf, volumeNameOf } from './readers.ts';
import type { KubeObject } from '../api/object.ts';
import type { BinderContext } from './context.ts';

/** The claim as it is now. */
export function findClaim(context: BinderContext, namespace: string, name: string): KubeObject | undefined {
  return context.store.collection(persistentVolumeClaims.resource).get(keyOf(namespace, name));
}

/** The volume as it is now. */
export function findVolume(context: BinderContext, name: string): KubeObject | undefined {
  return context.store.collection(persistentVolumes.resource).get(name);
}

/** The next step for one claim. Being bound is remembered by its annotation, as the PV controller does. */
export function syncClaim(context: BinderContext, claim: KubeObject): void {
  if (annotation(claim, annotations.bindCompleted) !== undefined) {
    syncBound(context, claim);
  } else if (volumeNameOf(claim) === undefined) {
    syncUnbound(context, claim);
  } else {
    syncPreferred(context, claim, volumeNameOf(claim) ?? '');
  }
}

function syncBound(context: BinderContext, claim: KubeObject): void {
  const name = volumeNameOf(claim);
  const volume = name === undefined ? undefined : findVolume(context, name);
  if (name === undefined) {
    lose(
      context,
      claim,
      'ClaimLost',
      'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
    );
  } else if (volume === undefined) {
    lose(context, claim, 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  } else if (claimRefOf(volume) === undefined || isForClaim(volume, claim)) {
    bind(context, volume, claim);
  } else {
    lose(context, claim, 'ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
  }
}

function lose(context: BinderContext, claim: KubeObject, reason: string, message: string): void {
  if (phaseOf(claim) !== 'Lost') {
    const { name, namespace } = claim.metadata;
    const gone = { phase: 'Lost', accessModes: null, capacity: null };
    const lost = context.client.patch({ ...claimType, namespace, name }, { status: gone }, 'status');
    context.recorder.event(lost, 'Warning', reason, message);
  }
}

/** The user named a volume. */
function syncPreferred(context: BinderContext, claim: KubeObject, name: string): void {
  const volume = findVolume(context, name);
  if (volume === undefined) {
    return;
  }
  const reference = claimRefOf(volume);
  if (reference === undefined) {
    const why = mismatch(volume, claim);
    if (why === undefined) {
      bind(context, volume, claim);
    } else {
      context.recorder.event(claim, 'Warning', 'VolumeMismatch', `Cannot bind to requested volume "${name}": ${why}`);
    }
  } else if (isForClaim(volume, claim)) {
    bind(context, volume, claim);
  } else {
    context.recorder.event(claim, 'Warning', 'FailedBinding', `volume "${name}" already bound to a different claim.`);
  }
}

function syncUnbound(context: BinderContext, given: KubeObject): void {
  const claim = withDefaultClass(context, given);
  const { name, namespace = '' } = claim.metadata;
  const className = classNameOf(claim) ?? '';
  const found = className === '' ? undefined : context.store.collection(storageClassResource).get(className);
  const waits =
    textAt(found, 'volumeBindingMode') === 'WaitForFirstConsumer' &&
    annotation(claim, annotations.selectedNode) === undefined;
  const volumesOf = (names: readonly string[]): readonly KubeObject[] =>
    names.flatMap((one) => findVolume(context, one) ?? []);
  const volume = bestMatch(
    claim,
    volumesOf(context.volumes.forClaim(namespace, name)),
    () => volumesOf(context.volumes.free(className)),
    waits,
  );
  if (volume !== undefined) {
    bind(context, volume, claim);
  } else if (waits) {
    const message = 'waiting for first consumer to be created before binding';
    context.recorder.event(claim, 'Normal', 'WaitForFirstConsumer', message);
  } else if (className === '') {
    const message = 'no persistent volumes available for this claim and no storage class is set';
    context.recorder.event(claim, 'Normal', 'FailedBinding', message);
  } else {
    askProvisioner(context, claim, className, textAt(found, 'provisioner'));
  }
}

/** A claim that said nothing about a class gets the default one later too, once there is one (from 1.26 on). */
function withDefaultClass(context: BinderContext, claim: KubeObject): KubeObject {
  if (classNameOf(claim) !== undefined || !atLeast(context.version, 26)) {
    return claim;
  }
  const found = defaultClass(context.store.collection(storageClassResource).list());
  const { name, namespace } = claim.metadata;
  return found === undefined
    ? claim
    : context.client.patch({ ...claimType, namespace, name }, { spec: { storageClassName: found.metadata.name } });
}

/** Names the provisioner on the claim, by which it knows that it is asked. */
function askProvisioner(
  context: BinderContext,
  claim: KubeObject,
  className: string,
  provisioner: string | undefined,
): void {
  if (isDeleting(claim)) {
    return;
  }
  if (provisioner === undefined) {
    const message = `storageclass.storage.k8s.io "${className}" not found`;
    context.recorder.event(claim, 'Warning', 'ProvisioningFailed', message);
    return;
  }
  if (provisioner.startsWith('kubernetes.io/')) {
    // No in-tree plugin exists here, and an external provisioner can never serve such a name.
    context.recorder.event(claim, 'Warning', 'ProvisioningFailed', `no volume plugin matched name: ${provisioner}`);
    return;
  }
  const wanted = {
    [annotations.betaStorageProvisioner]: provisioner,
    ...(atLeast(context.version, 23) ? { [annotations.storageProvisioner]: provisioner } : {}),
  };
  const { name, namespace } = claim.metadata;
  const asked = context.client.patch({ ...claimType, namespace, name }, { metadata: { annotations: wanted } });
  context.recorder.event(asked, 'Normal', 'ExternalProvisioning', externalProvisioning(context, provisioner));
}

function externalProvisioning(context: BinderContext, provisioner: string): string {
  return atLeast(context.version, 28)
    ? `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`
    : `waiting for a volume to be created, either by external provisioner "${provisioner}" or manually created by system administrator`;
}
