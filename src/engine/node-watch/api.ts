/** What is observed of nodes while the engine runs. Nothing of it is recorded: after a restart it is observed again. */
import type { ClusterId, DeviceName, NodeId } from '../../domain/names.ts';

/**
 * `up`: it answered when it was last looked at, and so did its glusterd. `suspect`: it has missed a look or two. `down`: it
 * has missed as many in a row as hysteresis.ts says, and has not yet answered as often as it says.
 */
export type NodeState = 'up' | 'suspect' | 'down';

/** `ok`: prepared and ours, as recorded. The others are named by DeviceProblem. */
export type DeviceState = 'ok' | 'missing' | 'empty' | 'unreadable';

/** About the node as a whole. None of these is repaired, or guessed away, by Brickyard. */
export type WholeNodeProblem =
  /** Neither its agent nor ssh answers, or not in time. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'glusterd-down' }
  /** It says another gluster UUID of itself than the pool has for its storage host: installed anew, most likely. */
  | { readonly kind: 'reinstalled'; readonly storage: string; readonly expected: string; readonly found: string }
  /** It has devices of ours, and no other node of its cluster has its gluster UUID in the pool. */
  | { readonly kind: 'not-in-pool'; readonly found: string }
  /** Nodes of its pool reject it, and none counts it as a member: its gluster has a volume in another form than theirs. */
  | { readonly kind: 'rejected'; readonly by: readonly NodeId[] }
  /** It has none of the addresses that its storage host stands for. */
  | {
      readonly kind: 'address-changed';
      readonly storage: string;
      readonly expected: readonly string[];
      readonly found: readonly string[];
    };

/** About a device that was prepared. `bricks`: how many records put there. */
export type DeviceProblem = { readonly device: DeviceName; readonly bricks: number } & (
  | { readonly kind: 'device-missing' }
  /** It is there, and is not prepared: another disk, or one that was wiped. */
  | { readonly kind: 'device-empty' }
  | { readonly kind: 'device-unreadable'; readonly reason: string }
);

/** Bricks that were to be mounted or started again after the node came back, and are not yet. It is tried again. */
export interface RestoreProblem {
  readonly kind: 'not-restored';
  readonly reason: string;
}

export type NodeProblem = WholeNodeProblem | DeviceProblem | RestoreProblem;

export interface WatchedDevice {
  readonly name: DeviceName;
  readonly state: DeviceState;
}

/** A node as the watch sees it. */
export interface WatchedNode {
  readonly node: NodeId;
  readonly cluster: ClusterId;
  readonly state: NodeState;
  /** When it came into that state, or was first looked at. UTC, ISO 8601. */
  readonly since: string;
  readonly problems: readonly NodeProblem[];
  /** Devices that are prepared, as far as they were looked at. */
  readonly devices: readonly WatchedDevice[];
}

export interface NodeWatch {
  /** Looks at every node now, and from then on at each interval. The engine must be open. */
  start(): void;
  /** Lets what runs end, and ends the watch. It cannot be started again. */
  stop(): Promise<void>;
  /** One look at every node. What has to be restored is begun, where the watch was started. Never rejects. */
  look(signal: AbortSignal): Promise<void>;
  /** By node id. A node that was never looked at is not in it. */
  nodes(): readonly WatchedNode[];
  /** Calls `listener` whenever the state or the problems of a node are other ones. Returns the way to stop that. */
  onChange(listener: (node: WatchedNode) => void): () => void;
}

/** All in milliseconds, where not said otherwise. */
export interface WatchOptions {
  /** From the beginning of one look to that of the next. @default 15000 */
  readonly interval: number;
  /** For one verb of a look. @default 10000 */
  readonly deadline: number;
  /** For one verb that mounts or starts bricks again. @default 120000 */
  readonly restoreDeadline: number;
  /** Nodes that are looked at side by side. On each, one verb after another. @default 8 */
  readonly parallel: number;
}

/** The addresses of a host; rejects when nobody knows it. */
export type Resolve = (host: string) => Promise<readonly string[]>;
