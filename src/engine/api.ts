/** What the rooms above may ask of the engine. */
import type { ClusterId, VolumeId } from '../domain/names.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { ClusterRecord, NodeRecord } from '../domain/topology.ts';
import type { VolumeRecord, VolumeRequest } from '../domain/volume.ts';

/** Where to reach a volume. */
export interface VolumeLocation {
  readonly volume: VolumeRecord;
  /** Full gluster path of each brick, `host:/path`, in gluster's order. */
  readonly bricks: readonly string[];
}

/** A stored document that no parser of ours can read: shown, kept, and in nobody's way. */
export interface QuarantinedDocument {
  readonly kind: string;
  readonly id: string;
  readonly problem: string;
}

export interface VolumeEngine {
  /**
   * Takes the store and rebuilds the ledger from it. Starts no work: whoever knows the owners calls ensure and delete.
   * `realm` names the world whose claims the volumes serve (the Kubernetes cluster's kube-system UID): a store that was
   * written for another realm is refused, because in a strange world every volume looks orphaned.
   */
  open(realm: string): Promise<void>;
  /** Stops taking work, lets running steps finish, closes the store. */
  close(): Promise<void>;

  /**
   * Makes it so that the volume exists, is started and has the options, and says where. Record first; every call looks
   * and carries on from where things stand. Calls for the same id share one execution. The volume stays `creating`
   * until `confirmVolume`. When the record exists already the request's size, durability and place are not looked at
   * again. Never undoes: that is `deleteVolume`, when nobody wants the volume any more.
   */
  ensureVolume(request: VolumeRequest, signal: AbortSignal): Promise<Outcome<VolumeLocation>>;
  /** Somebody outside has been told: from now on only `deleteVolume` ends it. Idempotent; `rejected` when unknown. */
  confirmVolume(id: VolumeId): Promise<Outcome<void>>;
  /**
   * Makes it so that the volume is gone: gluster first, bricks once gluster says so, the record last (which frees the
   * space and the GID). `done` when it is gone already. Give `name` if known: an id without a record is then looked up
   * in gluster, and a volume that still stands there makes the answer `waiting` (the store was lost) instead of `done`.
   */
  deleteVolume(id: VolumeId, signal: AbortSignal, name?: VolumeRecord['name']): Promise<Outcome<void>>;

  volume(id: VolumeId): VolumeRecord | undefined;
  volumes(): readonly VolumeRecord[];
  quarantined(): readonly QuarantinedDocument[];

  clusters(): readonly ClusterRecord[];
  nodes(cluster?: ClusterId): readonly NodeRecord[];
  /** Calls `listener` after every change of clusters or nodes. Returns the way to stop that. */
  onTopologyChange(listener: () => void): () => void;
}
