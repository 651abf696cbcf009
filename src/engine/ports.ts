/**
 * The engine's two doors to the outside: where records are kept, and who does the work on storage nodes. Both are
 * implemented by rooms above; the engine knows neither SQL, Kubernetes nor a command line.
 */
import type { BrickIdentity } from '../domain/brick-identity.ts';
import type { BrickId, DeviceName, HostName, VolumeId, VolumeName } from '../domain/names.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Durability } from '../domain/durability.ts';
import type { Bytes } from '../domain/quantity.ts';
import type { NodeRef } from '../domain/topology.ts';
import type { VolumeOption } from '../domain/volume.ts';

// --- StateStore -----------------------------------------------------------------------------------------------------

/** What a document is about. `meta` holds facts about the store itself, such as whose it is. */
export type DocumentKind = 'meta' | 'cluster' | 'node' | 'volume';

/** One record as it is kept: plain JSON. The engine parses it; a store holds no rules. */
export interface StoredDocument {
  readonly kind: DocumentKind;
  readonly id: string;
  readonly body: unknown;
}

/** The store could not do as asked. `retryable`: the same call may work later (busy, unreachable). */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly retryable: boolean;

  constructor(message: string, options: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.retryable = options.retryable;
  }
}

/**
 * Keeps documents. A `put` or `remove` that resolved is durable and survives a power cut; one that rejected may or may
 * not have happened. One engine at a time has it open: `open` rejects with StoreError when another one holds it, or when
 * a newer version of Brickyard wrote it.
 */
export interface StateStore {
  /** Takes possession and returns everything, including documents whose JSON is broken (body: the raw text). */
  open(): Promise<readonly StoredDocument[]>;
  /** Creates or replaces, atomically. */
  put(document: StoredDocument): Promise<void>;
  /** Succeeds when it is not there (any more). */
  remove(kind: DocumentKind, id: string): Promise<void>;
  close(): Promise<void>;
}

/** A node as somebody wants it, where people can write to the store past the engine (`kubectl apply`). */
export interface DeclaredNode {
  readonly id: string;
  /** A NodeRecord without what was found out about its devices. Not checked. */
  readonly body: unknown;
  /** Somebody deleted it. It stays until the engine removes its document. */
  readonly leaving: boolean;
}

/** What became of a declared node, for its author to read. */
export interface Verdict {
  /** It is as declared. */
  readonly accepted: boolean;
  /** Something about the node itself is amiss, which `message` says then. */
  readonly amiss?: boolean;
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
}

/** What a store has beside its documents when people may declare nodes in it. */
export interface Declarations {
  /** All nodes, as they are wanted now. */
  nodes(): readonly DeclaredNode[];
  /** Calls `changed` whenever a wish is new, those of this process left out. Returns the way to stop that. */
  follow(changed: (id: string) => void): () => Promise<void>;
  /** Rejects with StoreError or RecordError; says nothing about a node that is not there any more. */
  report(id: string, verdict: Verdict): Promise<void>;
}

// --- StorageNodes ---------------------------------------------------------------------------------------------------

/** Every verb's last argument. When `signal` aborts the verb ends early, as `unknown` if it had begun anything. */
export interface CallContext {
  readonly signal: AbortSignal;
}

export interface PrepareOptions {
  /** What lies on the device may be destroyed. */
  readonly wipe: boolean;
  /** The serial number that the device must have, so that a disk under another name is never taken for it. */
  readonly serial?: string;
}

/** What `inspectDevice` waits for (`Awaited.name`, of a `condition`) when the node has no such disk, or folder, at all. */
export const deviceMissing = 'device-missing';
/** The same when it is there and was not prepared, or is not the one that was: whatever was on it is not on it now. */
export const deviceUnprepared = 'device-unprepared';
/** What `startVolume` waits for when a brick does not carry the mark of the volume: nothing will bring that by itself. */
export const bricksUnmarked = 'bricks-unmarked';

/** A device as its node reports it. */
export interface DeviceFacts {
  readonly device: DeviceName;
  /**
   * Bytes that bricks may use in all: already without LVM's own metadata, and without room for the largest spare metadata
   * volume that a brick on it could call for (LVM keeps one a volume group, and never shrinks it).
   */
  readonly size: Bytes;
  /** Bytes not yet used by any brick, ours or not. */
  readonly free: Bytes;
}

/** A node as it sees itself. */
export interface NodeFacts {
  /** The kernel's id of this boot: another one after every start of the machine. */
  readonly bootId: string;
  /** Addresses of its network interfaces, loopback and link-local left out. */
  readonly addresses: readonly string[];
  /** Gluster's UUID of the node. Absent: its glusterd does not answer. */
  readonly glusterId?: string;
}

/** What is needed to make, find and destroy a brick; all of it stands in the volume's record. */
export interface BrickSpec {
  readonly id: BrickId;
  readonly volume: VolumeId;
  readonly device: DeviceName;
  /** Bytes of file system. */
  readonly size: Bytes;
  /** Thin pool size as a multiple of `size`. */
  readonly snapshotFactor: number;
  readonly arbiter: boolean;
  /** Owner group of the brick's root (then mode 2775). Absent: root, 0755. */
  readonly gid?: number;
  /** What the brick is to say of its volume, for a rebuild. Absent: what it says already, or nothing. Only for `ensureBrick`. */
  readonly identity?: BrickIdentity;
}

/** A brick that stands, mounted and with our identity on it. */
export interface BrickFacts {
  readonly id: BrickId;
  /** The directory that gluster serves. One of its segments is the brick's id, whatever the backend. */
  readonly path: string;
  /** Bytes of file system. 0: only its thin pool stands. */
  readonly size: Bytes;
  /** Bytes that it takes from the device in all. Only `listBricks` and `growBrick` say so. */
  readonly footprint?: Bytes;
  /** What it says of its volume, as it stands there: somebody may have changed it. Only `listBricks` says so. */
  readonly identity?: string;
}

/** A brick in gluster's words. */
export interface BrickAddress {
  readonly host: HostName;
  readonly path: string;
  readonly arbiter: boolean;
}

export interface VolumeSpec {
  readonly name: VolumeName;
  readonly durability: Durability;
  /** In set order. */
  readonly bricks: readonly BrickAddress[];
}

export interface GlusterVolume {
  readonly name: VolumeName;
  /** Gluster's own UUID of the volume. */
  readonly uuid: string;
  readonly status: 'created' | 'started' | 'stopped';
  /** Absent: gluster keeps it in a way that Brickyard does not know (five replicas with two arbiters, say). */
  readonly durability?: Durability;
  readonly bricks: readonly BrickAddress[];
  readonly options: ReadonlyMap<string, string>;
}

/** How far gluster is with spreading a volume's files over all its bricks. */
export interface Rebalance {
  /** `none`: there was none, or gluster has forgotten it, as it does when somebody stops it. */
  readonly state: 'none' | 'running' | 'completed' | 'failed' | 'stopped';
  /** Gluster's name of it: another start is another task. Absent only with `none`. */
  readonly task?: string;
  /** Moved so far. */
  readonly files: number;
  readonly bytes: Bytes;
  readonly failures: number;
}

/** A brick of a started volume, as gluster sees it now. */
export interface BrickStatus {
  readonly host: string;
  readonly path: string;
  /** Its process runs. */
  readonly online: boolean;
}

/** What the self-heal daemon still has to bring to the other bricks of a set, from one brick's point of view. */
export interface BrickHeal {
  readonly host: string;
  readonly path: string;
  /** `false`: gluster could not ask this brick, and the counts are absent. */
  readonly connected: boolean;
  /** Files and directories that wait to be healed, those in split-brain included. */
  readonly pending?: number;
  readonly splitBrain?: number;
}

/**
 * How a node of the pool stands with the one that is asked. Only a `member` takes part in changes.
 *
 * - `member`: also said for two minutes after its cable was cut. A hint, not a proof.
 * - `disconnected`: a member whose glusterd is not there.
 * - `rejected`: one of the two has a volume in another form than the other, under the same version. Neither takes part in
 *   what the other does, until somebody mends it.
 * - `unsettled`: it is being taken in, or sent away. That passes, as a rule.
 */
export const peerStates = ['member', 'disconnected', 'rejected', 'unsettled'] as const;
export type PeerState = (typeof peerStates)[number];

export interface Peer {
  readonly uuid: string;
  readonly hosts: readonly string[];
  readonly state: PeerState;
}

/**
 * The closed set of things that are done to storage nodes. Every verb is idempotent: "already so" and "already gone"
 * are `done`. None throws for anything that a node or gluster can answer.
 *
 * Changes of one brick, and of one volume, take effect one after another in the order in which they were asked for, also
 * when the answer to an earlier one was lost or its caller is gone: what was begun has ended, one way or another, before
 * the next change of the same thing begins. gluster does this for volumes by its lock; for bricks it is the node's duty.
 */
export interface StorageNodes {
  /** `done` also when gluster does not run there: the facts say so. */
  inspectNode(node: NodeRef, context: CallContext): Promise<Outcome<NodeFacts>>;
  /** Facts about a device that was prepared; `waiting` on `deviceMissing` or `deviceUnprepared` when it was not. */
  inspectDevice(node: NodeRef, device: DeviceName, context: CallContext): Promise<Outcome<DeviceFacts>>;
  /**
   * Makes a device ready for bricks. `rejected`, naming the holder, when it holds anything and `wipe` is false, or is in
   * use at all; `rejected`, naming both, when its serial number is not the one that was asked for.
   */
  prepareDevice(
    node: NodeRef,
    device: DeviceName,
    options: PrepareOptions,
    context: CallContext,
  ): Promise<Outcome<DeviceFacts>>;

  /**
   * Makes the brick, or finds it, with its identity on it. With `pristine`, traces of a volume on a brick that stood already are taken off (the
   * marks that a failed create leaves): only for a brick that the record says is ours while gluster has no such volume.
   */
  ensureBrick(
    node: NodeRef,
    brick: BrickSpec,
    options: { readonly pristine: boolean },
    context: CallContext,
  ): Promise<Outcome<BrickFacts>>;
  /**
   * Extends a brick that stands to `brick.size`, file system included, while it is in use. `done` with its size when it is
   * as large already, or larger: nothing is ever made smaller. `failed` when it does not stand.
   */
  growBrick(node: NodeRef, brick: BrickSpec, context: CallContext): Promise<Outcome<BrickFacts>>;
  /** Unmounts it and gives its space back. The caller has made sure that gluster has let go of it. */
  destroyBrick(node: NodeRef, brick: BrickSpec, context: CallContext): Promise<Outcome<void>>;
  /** Every brick of ours on a device. */
  listBricks(node: NodeRef, device: DeviceName, context: CallContext): Promise<Outcome<readonly BrickFacts[]>>;

  /**
   * Mounts every brick of ours on the device that stands and is not mounted, as after a reboot. Answers which ones those
   * were; gluster has to be told to start their processes (`restartBricks`).
   */
  restoreBricks(node: NodeRef, device: DeviceName, context: CallContext): Promise<Outcome<readonly BrickId[]>>;

  /** Makes `host` a member of the trusted pool that `via` is in. */
  ensurePeer(via: NodeRef, host: HostName, context: CallContext): Promise<Outcome<void>>;
  /** Takes `host` out of the pool; `done` when it is no member. `rejected` while a volume has bricks there. Never uses `force`. */
  removePeer(via: NodeRef, host: HostName, context: CallContext): Promise<Outcome<void>>;
  /** The members of the pool, `via` included. */
  listPeers(via: NodeRef, context: CallContext): Promise<Outcome<readonly Peer[]>>;

  /** `undefined`: gluster says that there is no such volume. */
  volumeInfo(via: NodeRef, name: VolumeName, context: CallContext): Promise<Outcome<GlusterVolume | undefined>>;
  listVolumes(via: NodeRef, context: CallContext): Promise<Outcome<readonly string[]>>;
  /** `rejected` when a volume of that name exists with other bricks. Never uses `force`. */
  createVolume(via: NodeRef, spec: VolumeSpec, context: CallContext): Promise<Outcome<void>>;
  /**
   * Adds whole sets to a volume, in one step: all of them or none. `spec` names the new bricks only. `done` when they are
   * part of the volume already. `waiting` while files are being moved. Never uses `force`.
   */
  addBricks(via: NodeRef, spec: VolumeSpec, context: CallContext): Promise<Outcome<void>>;
  /**
   * Takes whole sets out of a volume after gluster has moved their files to the others: begins that, and commits it once
   * every file is moved. `waiting` until then, so it is called again and again. `done` when they are no part of the volume
   * (any more). `failed`, with the bricks still in the volume, when a file could not be moved. Never uses `force`.
   */
  removeBricks(via: NodeRef, spec: VolumeSpec, context: CallContext): Promise<Outcome<void>>;
  /** Begins to spread the files over all bricks, or finds that running. The task's name, where gluster tells it. */
  startRebalance(via: NodeRef, name: VolumeName, context: CallContext): Promise<Outcome<string | undefined>>;
  rebalanceStatus(via: NodeRef, name: VolumeName, context: CallContext): Promise<Outcome<Rebalance>>;
  /** One command for all of them. */
  setVolumeOptions(
    via: NodeRef,
    name: VolumeName,
    options: readonly VolumeOption[],
    context: CallContext,
  ): Promise<Outcome<void>>;
  /** `waiting` on `bricksUnmarked` when a brick lacks the volume's mark. */
  startVolume(via: NodeRef, name: VolumeName, context: CallContext): Promise<Outcome<void>>;
  /** Starts the brick processes of a started volume that do not run; disturbs no other. `waiting` when it is not started. */
  restartBricks(via: NodeRef, name: VolumeName, context: CallContext): Promise<Outcome<void>>;
  /** The bricks of one started volume, in set order; `undefined` when it is not started. Bricks of nodes that gluster does not see are not online. */
  volumeStatus(
    via: NodeRef,
    name: VolumeName,
    context: CallContext,
  ): Promise<Outcome<readonly BrickStatus[] | undefined>>;
  /** What waits to be healed, brick by brick. Reads every brick's index: not to be asked often. */
  healSummary(via: NodeRef, name: VolumeName, context: CallContext): Promise<Outcome<readonly BrickHeal[]>>;
  /** Begins to heal what the bricks' indices name, or with `full` whatever differs. `waiting` while the self-heal daemon is not up. */
  startHeal(
    via: NodeRef,
    name: VolumeName,
    options: { readonly full: boolean },
    context: CallContext,
  ): Promise<Outcome<void>>;
  /** Puts an empty brick in another's place; gluster then heals onto it. `done` when it is there already. */
  replaceBrick(
    via: NodeRef,
    name: VolumeName,
    change: { readonly from: BrickAddress; readonly to: BrickAddress },
    context: CallContext,
  ): Promise<Outcome<void>>;
  /** Takes an empty brick at a path for the one that gluster knew there, after a disk was changed; gluster heals onto it. */
  resetBrick(via: NodeRef, name: VolumeName, brick: BrickAddress, context: CallContext): Promise<Outcome<void>>;
  /** Ends a rebalance that is running, which gluster would otherwise refuse the stop for. */
  stopVolume(via: NodeRef, name: VolumeName, context: CallContext): Promise<Outcome<void>>;
  /** The volume must be stopped. `waiting` on the peer when gluster refuses because a peer is down. */
  deleteVolume(via: NodeRef, name: VolumeName, context: CallContext): Promise<Outcome<void>>;
}

// --- EngineObserver -------------------------------------------------------------------------------------------------

/** Steps of the lifecycle, as metrics and logs name them. */
export type EngineStep =
  | 'plan'
  | 'commit'
  | 'look'
  | 'bricks'
  | 'create'
  | 'options'
  | 'start'
  | 'stop'
  | 'delete'
  | 'destroy-bricks'
  | 'grow-bricks'
  | 'add-bricks'
  | 'rebalance'
  | 'forget'
  | 'peer'
  | 'device'
  | 'restore';

/** Told what happens; must not throw. */
export interface EngineObserver {
  stepFinished(step: EngineStep, outcome: Outcome<unknown>['kind'], milliseconds: number): void;
  /** `waiting`: how many callers stand in the lane's queue now. `lane`: `cluster` or `node`. */
  laneChanged(lane: 'cluster' | 'node', name: string, running: number, waiting: number): void;
}
