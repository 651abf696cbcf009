/** What the rooms above may ask of the engine. */
import type { DesiredTopology } from '../domain/desired-topology.ts';
import type { ClusterId, DeviceName, NodeId, VolumeId } from '../domain/names.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Headroom } from '../domain/placement/capacity.ts';
import type { NodeLossForecast } from '../domain/placement/node-loss.ts';
import type { Placed } from '../domain/placement/place.ts';
import type { DeviceUsage } from '../domain/placement/pool.ts';
import type { Refusal } from '../domain/placement/refusal.ts';
import type { Bytes } from '../domain/quantity.ts';
import type { TopologyPlan } from '../domain/topology-plan.ts';
import type { ClusterRecord, NodeRecord, PlacementState } from '../domain/topology.ts';
import type { VolumeShape } from '../domain/volume-shape.ts';
import type { VolumeRecord, VolumeRequest } from '../domain/volume.ts';
import type { Doctor } from './doctor/api.ts';
import type { NodeWatch } from './node-watch/api.ts';

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

/** What one device holds, derived from the records. */
export interface ClusterDeviceUsage extends DeviceUsage {
  readonly cluster: ClusterId;
}

/** Where a volume would go, or every cluster's reason why not. */
export type VolumePlan =
  | (Placed & { readonly cluster: ClusterId })
  | {
      readonly kind: 'refused';
      /** True when every cluster says that only another request would help. */
      readonly permanent: boolean;
      /** One line for people. */
      readonly reason: string;
      readonly refusals: readonly { readonly cluster: ClusterId; readonly refusal: Refusal }[];
    };

/** A plan and the proof of it, as lines for people: every brick's place, or every device's reason and what would help. */
export interface ExplainedPlan {
  readonly plan: VolumePlan;
  readonly explanation: readonly string[];
}

/** A node, or one device of it. */
export interface PlacementTarget {
  readonly node: NodeId;
  readonly device?: DeviceName;
}

export interface StateChange {
  /** Whether it was in another state before. */
  readonly changed: boolean;
  readonly before: PlacementState;
}

/** One thing that applyTopology has tried. */
export interface TopologyProgress {
  readonly step: 'record' | 'peer' | 'device' | 'leave';
  readonly cluster: ClusterId;
  readonly node: NodeId;
  readonly device?: DeviceName;
  readonly outcome: Outcome<void>;
}

/** A step of a growth, as it ends. */
export interface GrowthProgress {
  readonly step: 'record' | 'extend' | 'bricks' | 'add' | 'rebalance' | 'undo';
  /** What it is about, for people. */
  readonly what: string;
  readonly outcome: Outcome<void>;
}

export interface ApplyTopologyOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: TopologyProgress) => void;
}

export interface VolumeEngine {
  /** Whether records, gluster and nodes agree, and what can be done when they do not. */
  readonly doctor: Doctor;
  /** What nodes and devices are like just now. Closed with the engine. */
  readonly nodeWatch: NodeWatch;

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

  /**
   * Makes it so that the volume has at least `size` usable bytes, and says where: by bricks that grow where they are, or by
   * additional sets over which its files are then spread (which goes on after the answer; VolumeRecord.rebalance). Record
   * first; every call carries on from where things stand. `done` when it is as large already. `rejected`, naming both
   * sizes, when it is larger: volumes never shrink. `waiting` for capacity, with nothing recorded, when there is no room.
   */
  growVolume(
    id: VolumeId,
    size: Bytes,
    signal: AbortSignal,
    onProgress?: (progress: GrowthProgress) => void,
  ): Promise<Outcome<VolumeLocation>>;
  /**
   * Gives a growth up, without losing data: bricks that were extended and sets that gluster has stay, sets that it has not
   * got are destroyed, and the record says what is really served. `done` when the volume is not growing.
   */
  cancelGrowth(
    id: VolumeId,
    signal: AbortSignal,
    onProgress?: (progress: GrowthProgress) => void,
  ): Promise<Outcome<VolumeLocation>>;

  /** Where a request would go now, without doing it. */
  planVolume(request: VolumeRequest): VolumePlan;
  /** Where a volume of that shape would go now, and why, without doing it. No clusters: any. */
  explainPlan(shape: VolumeShape, clusters: readonly ClusterId[]): ExplainedPlan;
  /** How many more volumes of that shape fit in the cluster, one after another. Counts up to 10,000. */
  headroom(cluster: ClusterId, shape: VolumeShape): Headroom;
  /** What the loss of the node would mean; counts are by shape, in order. `undefined`: there is no such node. */
  forecastLoss(node: NodeId, shapes: readonly VolumeShape[]): NodeLossForecast | undefined;
  /** Where to reach a volume. `undefined` until its bricks have stood once, which `ensureVolume` sees to. */
  locate(record: VolumeRecord): VolumeLocation | undefined;
  /**
   * Carries on what was begun and is nobody's call any more, where that can be done now: destroys what earlier plans left
   * on nodes that did not answer then (VolumeRecord.discarded), grows what is growing (or undoes it, when it was given up),
   * and looks after rebalances. `done`: nothing is left. Meant to be called now and then; costs nothing when there is
   * nothing to do.
   */
  sweep(signal: AbortSignal): Promise<Outcome<void>>;

  /** Whether each brick of the volume is served, in the order of `locate`; asks gluster. `undefined`: it is not started. */
  brickStates(id: VolumeId, signal: AbortSignal): Promise<Outcome<readonly boolean[] | undefined>>;

  volume(id: VolumeId): VolumeRecord | undefined;
  volumes(): readonly VolumeRecord[];
  quarantined(): readonly QuarantinedDocument[];

  clusters(): readonly ClusterRecord[];
  nodes(cluster?: ClusterId): readonly NodeRecord[];
  /** Every device, by cluster, node and name. */
  usage(): readonly ClusterDeviceUsage[];
  /** What loading `desired` would change, without doing it. */
  planTopology(desired: DesiredTopology): TopologyPlan;
  /**
   * Writes the records, makes the nodes peers, prepares the devices and records their sizes; detaches nodes that are to
   * go from their pool, and forgets them. Idempotent: a second call
   * carries on with what the first one could not do. `rejected` with nothing done when the plan has refusals.
   */
  applyTopology(desired: DesiredTopology, options: ApplyTopologyOptions): Promise<Outcome<TopologyPlan>>;
  /**
   * Says whether new bricks may go to the node or device; what is there already is not touched. Idempotent. `rejected`
   * when there is no such node or device.
   */
  setPlacementState(target: PlacementTarget, state: PlacementState): Promise<Outcome<StateChange>>;
  /** Calls `listener` after every change of clusters or nodes. Returns the way to stop that. */
  onTopologyChange(listener: () => void): () => void;
}
