import { objectAt, textAt, valueAt } from '../api/json.ts';
import { annotation, timestamp } from '../api/object.ts';
import { atLeast } from '../api/server-version.ts';
import { annotations, claimRefOf, claimType, phaseOf, volumeNameOf, volumeType } from './readers.ts';
import type { JsonObject } from '../api/json.ts';
import type { KubeObject } from '../api/object.ts';
import type { BinderContext } from './context.ts';

/** Binds both sides, in the PV controller's order: volume, its phase, claim, its status. Each step may be done already. */
export function bind(context: BinderContext, volume: KubeObject, claim: KubeObject): void {
  const reserved = reserveVolume(context, volume, claim);
  setVolumePhase(context, reserved, 'Bound');
  const named = nameVolume(context, reserved, claim);
  setClaimBound(context, reserved, named);
}

function reserveVolume(context: BinderContext, volume: KubeObject, claim: KubeObject): KubeObject {
  const reference = claimRefOf(volume);
  if (reference?.uid === claim.metadata.uid) {
    return volume;
  }
  const { name, namespace, uid, resourceVersion } = claim.metadata;
  // Only a volume that the controller chose itself is marked; one that somebody reserved stays theirs.
  const marks = reference === undefined ? { annotations: { [annotations.boundByController]: 'yes' } } : {};
  return context.client.patch(
    { ...volumeType, name: volume.metadata.name },
    { metadata: marks, spec: { claimRef: { ...claimType, namespace, name, uid, resourceVersion } } },
  );
}

/** Writes the phase (and message) if it is another one, and returns the volume as it is then. */
export function setVolumePhase(
  context: BinderContext,
  volume: KubeObject,
  phase: string,
  message?: string,
): KubeObject {
  if (phaseOf(volume) === phase && textAt(volume, 'status', 'message') === message) {
    return volume;
  }
  const moved = phaseOf(volume) !== phase && atLeast(context.version, 29);
  const stamp = moved ? { lastPhaseTransitionTime: timestamp(context.clock.now()) } : {};
  return context.client.patch(
    { ...volumeType, name: volume.metadata.name },
    { status: { phase, message: message ?? null, ...stamp } },
    'status',
  );
}

function nameVolume(context: BinderContext, volume: KubeObject, claim: KubeObject): KubeObject {
  const marks: Record<string, string> = {};
  if (volumeNameOf(claim) !== volume.metadata.name) {
    marks[annotations.boundByController] = 'yes';
  }
  if (annotation(claim, annotations.bindCompleted) === undefined) {
    marks[annotations.bindCompleted] = 'yes';
  }
  if (Object.keys(marks).length === 0) {
    return claim;
  }
  const { name, namespace } = claim.metadata;
  return context.client.patch(
    { ...claimType, namespace, name },
    { metadata: { annotations: marks }, spec: { volumeName: volume.metadata.name } },
  );
}

/** The size is taken over once, when the claim gets bound: later growth is written by whoever grows it. */
function setClaimBound(context: BinderContext, volume: KubeObject, claim: KubeObject): void {
  const first = phaseOf(claim) !== 'Bound' || valueAt(claim, 'status', 'capacity') === undefined;
  if (first) {
    const { name, namespace } = claim.metadata;
    const status: JsonObject = {
      phase: 'Bound',
      accessModes: valueAt(volume, 'spec', 'accessModes'),
      capacity: objectAt(volume, 'spec', 'capacity'),
    };
    context.client.patch({ ...claimType, namespace, name }, { status }, 'status');
  }
}
