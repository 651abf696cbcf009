/** Which change brings which keys into which queue. Handlers only queue: what is to be done is read when it is done. */
import type { VolumeEngine } from '../engine/api.ts';
import { clusterId, NameError, volumeId, type ClusterId, type VolumeId } from '../domain/names.ts';
import { keyOf, type KubeObject, type PersistentVolume, type PersistentVolumeClaim } from '../kube/resources.ts';
import { clusterLabel } from './annotations.ts';
import type { Caches } from './caches.ts';
import type { ExpandReconciler } from './expand.ts';
import type { ProvisionReconciler } from './provision.ts';
import { isOurs, persistentVolumeName } from './pv.ts';
import type { Queues } from './queues.ts';
import type { Verdicts } from './verdicts.ts';

export interface WiringDependencies {
  readonly caches: Caches;
  readonly queues: Queues;
  readonly engine: Pick<VolumeEngine, 'volume' | 'clusters' | 'onTopologyChange'>;
  readonly provision: Pick<ProvisionReconciler, 'forget' | 'takeShort'>;
  readonly expand: Pick<ExpandReconciler, 'notice' | 'forget' | 'takeRejected'>;
  readonly verdicts: Verdicts;
  readonly provisioner: string;
}

/** Connects everything. Returns the way to take it apart. */
export function wire(deps: WiringDependencies): () => void {
  const { caches, queues, engine, provision, expand, verdicts } = deps;
  const undo = [
    caches.claims.addHandler({
      add: (claim) => claimChanged(deps, claim),
      update: (claim, before) => claimChanged(deps, claim, before),
      delete: (claim) => claimGone(deps, claim),
    }),
    caches.volumes.addHandler({
      add: (pv) => volumeChanged(deps, pv),
      update: (pv) => volumeChanged(deps, pv),
      delete: (pv) => volumeGone(deps, pv),
    }),
    caches.classes.addHandler({
      add: ({ metadata }) => classChanged(deps, metadata.name),
      update: ({ metadata }) => classChanged(deps, metadata.name),
    }),
    ...[caches.services, caches.endpoints].map((cache) => cache.addHandler(endpointsHandler(queues))),
    engine.onTopologyChange(() => {
      for (const key of [...verdicts.liftAll(), ...provision.takeShort()]) {
        queues.claims.add(key);
      }
      for (const key of expand.takeRejected()) {
        queues.expansions.add(key);
      }
      for (const cluster of engine.clusters()) {
        queues.endpoints.add(cluster.id);
      }
    }),
  ];
  return () => undo.forEach((stop) => stop());
}

function claimChanged(
  { queues, engine, expand }: WiringDependencies,
  claim: PersistentVolumeClaim,
  before?: PersistentVolumeClaim,
): void {
  const { volumeName } = claim.spec;
  const id = volumeIdOf(claim.metadata.uid);
  const begun = id !== undefined && engine.volume(id)?.phase === 'creating';
  if (volumeName === '') {
    queues.claims.add(keyOf(claim.metadata));
    if (begun && claim.metadata.deletionTimestamp !== undefined) {
      queues.leftovers.add(id);
    }
    return;
  }
  if (expand.notice(claim, before)) {
    queues.expansions.add(keyOf(claim.metadata));
  }
  // Bound. Should that be to another volume, then the one that was being made for it is wanted no more.
  if (begun && volumeName !== persistentVolumeName(id)) {
    queues.leftovers.add(id);
  }
}

function claimGone({ queues, engine, provision, expand }: WiringDependencies, claim: PersistentVolumeClaim): void {
  expand.forget(claim.metadata.uid);
  const id = volumeIdOf(claim.metadata.uid);
  if (id === undefined) {
    return;
  }
  provision.forget(id);
  if (engine.volume(id)?.phase === 'creating') {
    queues.leftovers.add(id);
  }
}

function volumeChanged({ caches, queues, expand, provisioner }: WiringDependencies, pv: PersistentVolume): void {
  if (!isOurs(pv, provisioner)) {
    return;
  }
  queues.volumes.add(pv.metadata.name);
  // Its claim may have come to the cache before it, and have been left for want of it.
  const key = pv.spec.claimRef === undefined ? undefined : keyOf(pv.spec.claimRef);
  const claim = key === undefined ? undefined : caches.claims.lister.byKey(key);
  if (key !== undefined && claim !== undefined && expand.notice(claim)) {
    queues.expansions.add(key);
  }
}

/** Somebody may have been waiting for the name, or have taken an object away whose volume is being deleted. */
function volumeGone({ queues, engine, verdicts }: WiringDependencies, pv: PersistentVolume): void {
  const id = volumeIdOf(pv.metadata.name.replace(/^pvc-/, ''));
  if (id === undefined) {
    return;
  }
  const rejected = verdicts.lift(id);
  const record = engine.volume(id);
  if (record?.phase === 'deleting') {
    queues.leftovers.add(id);
  }
  const key = rejected ?? (record === undefined ? undefined : keyOf(record.owner));
  if (key !== undefined) {
    queues.claims.add(key);
  }
}

function classChanged({ caches, queues, expand }: WiringDependencies, className: string): void {
  for (const claim of caches.claims.lister.byIndex('pendingOfClass', className)) {
    queues.claims.add(keyOf(claim.metadata));
  }
  for (const key of expand.takeRejected(className)) {
    queues.expansions.add(key);
  }
}

function endpointsHandler(queues: Queues) {
  const look = (object: KubeObject): void => {
    const cluster = clusterOf(object);
    if (cluster !== undefined) {
      queues.endpoints.add(cluster);
    }
  };
  // An object whose label was taken off leaves the selection, which shows as a delete of its last labelled state.
  return { add: look, update: look, delete: look };
}

function clusterOf(object: KubeObject): ClusterId | undefined {
  return parsed(() => clusterId(object.metadata.labels[clusterLabel] ?? ''));
}

function volumeIdOf(uid: string): VolumeId | undefined {
  return parsed(() => volumeId(uid));
}

/** `undefined` for what is no name of ours: other people's objects may be called anything. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof NameError) {
      return undefined;
    }
    throw error;
  }
}
