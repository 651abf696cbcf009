/** What the PV controller does about one volume, each time something about it may have changed. */
import { textAt } from '../api/json.ts';
import { sourcesOf } from '../api/kinds/volumes.ts';
import { annotation, isDeleting } from '../api/object.ts';
import { atLeast } from '../api/server-version.ts';
import { setVolumePhase } from './bind.ts';
import { findClaim } from './claims.ts';
import { annotations, claimRefOf, phaseOf, volumeNameOf } from './readers.ts';
import type { KubeObject } from '../api/object.ts';
import type { BinderContext } from './context.ts';

/** The next step for one volume. */
export function syncVolume(context: BinderContext, volume: KubeObject): void {
  const reference = claimRefOf(volume);
  if (reference?.uid === undefined) {
    if (!isDeleting(volume)) {
      setVolumePhase(context, volume, 'Available');
    }
    return;
  }
  const named = findClaim(context, reference.namespace, reference.name);
  const claim = named?.metadata.uid === reference.uid ? named : undefined;
  if (claim === undefined || boundElsewhere(volume, claim)) {
    release(context, volume);
  } else if (volumeNameOf(claim) === volume.metadata.name) {
    setVolumePhase(context, volume, 'Bound');
  }
  // A claim that does not name its volume yet is bound when the claim is synced.
}

/** A claim that has another volume by now does not come back to one that was made for it. */
function boundElsewhere(volume: KubeObject, claim: KubeObject): boolean {
  const name = volumeNameOf(claim);
  return name !== undefined && name !== volume.metadata.name;
}

function release(context: BinderContext, volume: KubeObject): void {
  const phase = phaseOf(volume);
  if (phase === 'Released' || phase === 'Failed') {
    reclaim(context, volume);
    return;
  }
  reclaim(context, setVolumePhase(context, volume, 'Released'));
}

function reclaim(context: BinderContext, volume: KubeObject): void {
  if (annotation(volume, annotations.migratedTo) !== undefined) {
    return;
  }
  const policy = textAt(volume, 'spec', 'persistentVolumeReclaimPolicy') ?? 'Retain';
  if (policy === 'Retain') {
    return;
  }
  if (policy === 'Recycle') {
    fail(context, volume, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!');
    return;
  }
  const provisioner = annotation(volume, annotations.provisionedBy);
  if (provisioner === undefined) {
    const why = `error getting deleter volume plugin for volume "${volume.metadata.name}": ${noDeleter(context, volume)}`;
    fail(context, volume, 'VolumeFailedDelete', why);
  } else if (provisioner.startsWith('kubernetes.io/')) {
    fail(context, volume, 'VolumeFailedDelete', `no volume plugin matched name: ${provisioner}`);
  }
  // Any other name is an external provisioner's, and deleting is its work.
}

/** Types that the control plane still has a plugin for, though none that deletes, are told apart from those it has not. */
function noDeleter(context: BinderContext, volume: KubeObject): string {
  const gone = sourcesOf(volume).includes('glusterfs') && atLeast(context.version, 26);
  return gone ? 'no volume plugin matched' : 'no deletable volume plugin matched';
}

function fail(context: BinderContext, volume: KubeObject, reason: string, why: string): void {
  context.recorder.event(setVolumePhase(context, volume, 'Failed', why), 'Warning', reason, why);
}
