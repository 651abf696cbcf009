/** What can be asked about the agreement of records, gluster and nodes, and the ways to put it right. */
import type { BrickId, ClusterId, DeviceName, NodeId, VolumeId } from '../../domain/names.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { Durability } from '../../domain/durability.ts';
import type { VolumeRecord } from '../../domain/volume.ts';
import type { Bytes } from '../../domain/quantity.ts';

/** A volume that has a record. */
export interface VolumeNamed {
  readonly cluster: ClusterId;
  readonly id: VolumeId;
  readonly name: string;
}

export interface DeviceNamed {
  readonly cluster: ClusterId;
  readonly node: NodeId;
  readonly device: DeviceName;
}

/** One option that is not as the record wants it. `found` absent: it is not set. */
export interface OptionDifference {
  readonly key: string;
  readonly wanted: string;
  readonly found?: string;
}

/** About a volume that has a record in phase `ready`; all but the first compare it with what gluster says. */
export type RecordedVolumeFinding = VolumeNamed &
  (
    | { readonly kind: 'volume-missing' }
    | { readonly kind: 'volume-stopped'; readonly status: 'created' | 'stopped' }
    | { readonly kind: 'options-differ'; readonly options: readonly OptionDifference[] }
    | { readonly kind: 'durability-differs'; readonly wanted: Durability; readonly found: Durability | 'unknown' }
    /** `host:/path` each. Both empty: the same bricks in another order. */
    | { readonly kind: 'bricks-differ'; readonly added: readonly string[]; readonly gone: readonly string[] }
    /** `since`: ISO 8601; absent when nobody has written it down. */
    | {
        readonly kind: 'volume-unfinished';
        readonly phase: 'creating' | 'growing' | 'deleting';
        readonly since?: string;
        /** Bytes that its bricks hold on devices. */
        readonly held: Bytes;
      }
  );

/** How a started volume that has a record is served. Bricks as `host:/path`, as gluster names them. */
export type ServiceFinding = VolumeNamed &
  (
    | {
        readonly kind: 'bricks-offline';
        readonly bricks: readonly string[];
        /** A set has too few bricks left for anybody to use it. */
        readonly outOfReach: boolean;
      }
    /** Files and directories of which copies differ, as each brick counts them: gluster brings them up to date by itself. */
    | { readonly kind: 'heal-pending'; readonly bricks: readonly EntriesOfBrick[] }
    /** Of which copies differ in a way that gluster cannot decide. */
    | { readonly kind: 'split-brain'; readonly bricks: readonly EntriesOfBrick[] }
    | { readonly kind: 'bricks-unseen'; readonly reason: string }
  );

export interface EntriesOfBrick {
  readonly brick: string;
  readonly entries: number;
}

/** About a volume that gluster has and no record names. */
export type UnrecordedVolumeFinding = { readonly cluster: ClusterId; readonly name: string } & (
  | {
      /** It carries our identity. */
      readonly kind: 'volume-orphaned';
      readonly id: VolumeId;
      readonly size: Bytes;
      readonly owner: VolumeRecord['owner'];
    }
  /** Brickyard made it (its options or its bricks say so), but what it says of itself cannot be read. */
  | { readonly kind: 'volume-unidentified' }
  | { readonly kind: 'volume-foreign' }
);

/** About a brick on a node. */
export type BrickFinding = DeviceNamed & { readonly brick: BrickId } & (
    | { readonly kind: 'brick-missing'; readonly volume: string; readonly path?: string }
    /** `recorded`, `found`: bytes of file system. */
    | {
        readonly kind: 'brick-size-differs';
        readonly volume: string;
        readonly recorded: Bytes;
        readonly found: Bytes;
      }
    | {
        /** A brick of ours that no record names. */
        readonly kind: 'brick-leftover';
        readonly volumeId: VolumeId;
        readonly path: string;
        /** Bytes of the device; absent when the node does not say. */
        readonly footprint?: Bytes;
        /** Whether gluster has a volume on it: `unknown` when a part of gluster could not be asked. */
        readonly volumeInGluster: 'absent' | 'unknown';
      }
  );

/** About a device. All in bytes. */
export type DeviceFinding = DeviceNamed &
  (
    | { readonly kind: 'device-size-differs'; readonly recorded: Bytes; readonly found: Bytes }
    /** Less is free than bricks account for: somebody else keeps `held` there. */
    | { readonly kind: 'device-space-held'; readonly held: Bytes }
    /** The node answers but the device does not show itself, so nothing on it could be checked. */
    | { readonly kind: 'device-unreadable'; readonly reason: string; readonly bricks: number }
  );

/** What could not be looked at. Nothing in it is ever reported as missing. */
export type BlindFinding =
  | { readonly kind: 'cluster-unreachable'; readonly cluster: ClusterId; readonly reason: string }
  | {
      readonly kind: 'node-unreachable';
      readonly cluster: ClusterId;
      readonly node: NodeId;
      readonly reason: string;
      /** Bricks that records put there. */
      readonly bricks: number;
    }
  /** Records put bricks on it, but the topology does not know it. */
  | {
      readonly kind: 'node-unknown';
      readonly cluster: ClusterId;
      readonly node: NodeId;
      readonly bricks: number;
    }
  | { readonly kind: 'volume-unreadable'; readonly cluster: ClusterId; readonly name: string; readonly reason: string };

/** About the records alone. */
export type RecordFinding =
  | { readonly kind: 'quarantined'; readonly document: string; readonly id: string; readonly problem: string }
  | { readonly kind: 'gid-shared'; readonly gid: number; readonly volumes: readonly VolumeNamed[] };

export type Finding =
  | RecordedVolumeFinding
  | ServiceFinding
  | UnrecordedVolumeFinding
  | BrickFinding
  | DeviceFinding
  | BlindFinding
  | RecordFinding;

export interface Survey {
  readonly findings: readonly Finding[];
  /** What was looked at. */
  readonly looked: { readonly volumes: number; readonly devices: number; readonly records: number };
}

/** How many of the things that are known to be there have been looked at. The total grows as lists come in. */
export interface SurveyProgress {
  readonly looked: number;
  readonly total: number;
}

export interface SurveyOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: SurveyProgress) => void;
}

/** Something that was left alone, and why. */
export interface LeftAlone {
  readonly cluster: ClusterId;
  readonly name: string;
  readonly reason: string;
}

export interface Rebuild {
  /** Written; with `dryRun`, what would be. */
  readonly records: readonly VolumeRecord[];
  /** Volumes of ours that got no record. */
  readonly leftAlone: readonly LeftAlone[];
  /** Bricks that belong to no volume: of a create that was under way, say. */
  readonly leftovers: readonly Extract<BrickFinding, { kind: 'brick-leftover' }>[];
  /** What could not be looked at: there may be more volumes in it. */
  readonly blind: readonly (BlindFinding | Extract<DeviceFinding, { kind: 'device-unreadable' }>)[];
  /** Records that stood before and were not touched, and documents that are not legible. */
  readonly stood: number;
}

export interface RebuildOptions extends SurveyOptions {
  /** Write nothing. */
  readonly dryRun: boolean;
}

export interface AdoptOptions {
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
  /** Where to look. Absent: in every cluster, and it must be in one only. */
  readonly cluster?: ClusterId;
}

export interface Forgotten {
  readonly id: VolumeId;
  /** What gluster calls it; absent for a record that is not legible, when gluster has no volume of that id. */
  readonly name?: string;
  readonly record: 'legible' | 'quarantined';
  /** `ours`: it stands there with our identity. `other`: a volume of that name stands there without it. */
  readonly gluster: 'absent' | 'ours' | 'other' | 'unknown';
  /** What stays on the nodes, as far as the record names it. */
  readonly bricks: readonly {
    readonly node: NodeId;
    readonly device: DeviceName;
    readonly brick: BrickId;
    readonly state: 'stands' | 'gone' | 'unknown';
  }[];
}

export interface ForgetOptions {
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
  /** Also when gluster still has the volume with our identity, or does not say. */
  readonly leaveIt: boolean;
}

/** What one cluster's gluster has, whoever made it. */
export type ClusterVolumes = { readonly cluster: ClusterId } & (
  | { readonly kind: 'seen'; readonly volumes: readonly string[] }
  /** It did not answer. */
  | { readonly kind: 'unseen'; readonly reason: string }
);

/** None of these changes anything in gluster or on a node. */
export interface Doctor {
  /**
   * Compares records, gluster and nodes. Volumes are asked about one by one and devices one after another, each through
   * the lanes that changes go through and never in more than two places of a cluster's or one of a node's.
   */
  survey(options: SurveyOptions): Promise<Outcome<Survey>>;
  /** The names of all volumes in every cluster of the topology: one question a cluster, none to a node's devices. */
  glusterVolumes(options: Pick<SurveyOptions, 'signal'>): Promise<Outcome<readonly ClusterVolumes[]>>;
  /** Writes the records that are missing of volumes that carry our identity. Never touches one that stands. */
  rebuild(options: RebuildOptions): Promise<Outcome<Rebuild>>;
  /** Writes a record of a gluster volume that has none. `rejected`, naming it, when anything about it is ambiguous. */
  adopt(name: string, options: AdoptOptions): Promise<Outcome<VolumeRecord>>;
  /** Removes a record, legible or not, and says what stays behind. */
  forget(id: VolumeId, options: ForgetOptions): Promise<Outcome<Forgotten>>;
}
