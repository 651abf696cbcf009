/** The finalizers that keep a claim while a pod uses it, and a volume while it is bound. */
import { claimProtection } from '../api/kinds/claims.ts';
import { volumeProtection } from '../api/kinds/volumes.ts';
import { claimsOf, podResource } from '../api/kinds/workloads.ts';
import { textAt } from '../api/json.ts';
import { annotation, finalizersOf, isDeleting } from '../api/object.ts';
import { atLeast } from '../api/server-version.ts';
import { annotations, claimType, phaseOf, volumeType } from './readers.ts';
import type { KubeObject } from '../api/object.ts';
import type { BinderContext } from './context.ts';

/** Only a pod that is on a node counts: kubelet will not start one whose claim is going. */
function isUsed(context: BinderContext, claim: KubeObject): boolean {
  return context.store
    .collection(podResource)
    .list(claim.metadata.namespace)
    .some((pod) => textAt(pod, 'spec', 'nodeName') !== undefined && claimsOf(pod).includes(claim.metadata.name));
}

/** Returns the claim as it is afterwards, or undefined when it is gone. */
export function protectClaim(context: BinderContext, claim: KubeObject): KubeObject | undefined {
  const finalizers = finalizersOf(claim);
  const guarded = finalizers.includes(claimProtection);
  const reference = { ...claimType, namespace: claim.metadata.namespace, name: claim.metadata.name };
  if (isDeleting(claim)) {
    if (!guarded || isUsed(context, claim)) {
      return claim;
    }
    const left = finalizers.filter((one) => one !== claimProtection);
    context.client.patch(reference, { metadata: { finalizers: left } });
    return context.client.find(reference);
  }
  return guarded
    ? claim
    : context.client.patch(reference, { metadata: { finalizers: [...finalizers, claimProtection] } });
}

const controllerFinalizer = 'kubernetes.io/pv-controller';

/** Recorded on 1.36: volumes that an in-tree plugin is said to have made are held for it, though it is gone. */
function wantsControllerFinalizer(context: BinderContext, volume: KubeObject): boolean {
  const provisioner = annotation(volume, annotations.provisionedBy) ?? '';
  return (
    atLeast(context.version, 31) &&
    provisioner.startsWith('kubernetes.io/') &&
    textAt(volume, 'spec', 'persistentVolumeReclaimPolicy') === 'Delete'
  );
}

/** Returns the volume as it is afterwards, or undefined when it is gone. */
export function protectVolume(context: BinderContext, volume: KubeObject): KubeObject | undefined {
  const finalizers = finalizersOf(volume);
  const reference = { ...volumeType, name: volume.metadata.name };
  const guarded = finalizers.includes(volumeProtection);
  if (isDeleting(volume)) {
    if (!guarded || phaseOf(volume) === 'Bound') {
      return volume;
    }
    const left = finalizers.filter((one) => one !== volumeProtection);
    context.client.patch(reference, { metadata: { finalizers: left } });
    return context.client.find(reference);
  }
  const wanted = [
    ...finalizers,
    ...(guarded ? [] : [volumeProtection]),
    ...(wantsControllerFinalizer(context, volume) && !finalizers.includes(controllerFinalizer)
      ? [controllerFinalizer]
      : []),
  ];
  return wanted.length === finalizers.length
    ? volume
    : context.client.patch(reference, { metadata: { finalizers: wanted } });
}
