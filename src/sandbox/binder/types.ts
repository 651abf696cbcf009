/** Claims and volumes as the binder reads them. The API has validated what it stored, so these shapes hold. */
import { objectAt, textAt } from '../api/json.ts';
import type { KubeObject } from '../api/object.ts';
import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { ApiClient } from '../api/client.ts';
import type { ServerVersion } from '../api/server-version.ts';
import type { Store } from '../api/store/store.ts';
import type { VolumeIndex } from './volume-index.ts';
import type { Recorder } from './recorder.ts';

/** How this control plane differs from an instant one. Milliseconds. */
export type BinderOptions = {
  /** From the claim's end to phase Released. Real ones took up to 9,300 (15 s resync). */
  readonly releaseDelay: number;
  /** Between the in-tree expander's tries, on versions that have one. */
  readonly expandRetry: number;
};

/** What every part of the binder works with. Reads come from the store, writes go through the API's own rules. */
export type BinderContext = {
  readonly store: Store;
  readonly client: ApiClient;
  readonly recorder: Recorder;
  readonly volumes: VolumeIndex;
  readonly version: ServerVersion;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly options: BinderOptions;
  /** Has the key synced again after `delay` milliseconds (0: next turn). */
  readonly again: (key: WorkKey, delay: number) => void;
};

export type WorkKey = `claim:${string}` | `volume:${string}` | `namespace:${string}` | `expand:${string}`;

export const annotations = {
  bindCompleted: 'pv.kubernetes.io/bind-completed',
  boundByController: 'pv.kubernetes.io/bound-by-controller',
  provisionedBy: 'pv.kubernetes.io/provisioned-by',
  migratedTo: 'pv.kubernetes.io/migrated-to',
  storageProvisioner: 'volume.kubernetes.io/storage-provisioner',
  betaStorageProvisioner: 'volume.beta.kubernetes.io/storage-provisioner',
  storageResizer: 'volume.kubernetes.io/storage-resizer',
  selectedNode: 'volume.kubernetes.io/selected-node',
} as const;

export const claimType = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' } as const;
export const volumeType = { apiVersion: 'v1', kind: 'PersistentVolume' } as const;

export const phaseOf = (found: KubeObject): string => textAt(found, 'status', 'phase') ?? 'Pending';
export const volumeNameOf = (claim: KubeObject): string | undefined => textAt(claim, 'spec', 'volumeName');

export type ClaimReference = { readonly namespace: string; readonly name: string; readonly uid: string | undefined };

export function claimRefOf(volume: KubeObject): ClaimReference | undefined {
  const found = objectAt(volume, 'spec', 'claimRef');
  const name = textAt(found, 'name');
  return name === undefined
    ? undefined
    : { namespace: textAt(found, 'namespace') ?? '', name, uid: textAt(found, 'uid') };
}

/** The volume is reserved for, or bound to, just this claim. Without a uid the name decides. */
export function isForClaim(volume: KubeObject, claim: KubeObject): boolean {
  const reference = claimRefOf(volume);
  return (
    reference !== undefined &&
    reference.name === claim.metadata.name &&
    reference.namespace === claim.metadata.namespace &&
    (reference.uid === undefined || reference.uid === claim.metadata.uid)
  );
}
