/** What placement is asked for, and within which bounds. */
import { bytes, GiB, MiB, TiB, type Bytes } from '../quantity.ts';
import type { Durability } from '../durability.ts';
import type { VolumeId } from '../names.ts';
import type { Tags } from '../topology.ts';
import type { TagRule, ZoneSpread } from '../placement-rules.ts';

export interface PlacementLimits {
  /** Bytes. A data brick is never smaller, arbiter bricks aside. */
  readonly minBrickSize: Bytes;
  /** Bytes. A brick is never larger: repair and rebalance work brick by brick. */
  readonly maxBrickSize: Bytes;
  /** Bricks, all sets together. Every client connects to every brick. */
  readonly maxBricksPerVolume: number;
  /** Volumes. A glusterd with thousands of them takes minutes to start. */
  readonly maxVolumesPerCluster: number;
}

/** mkfs.xfs makes no file system below this. */
export const smallestBrick = bytes(300 * MiB);

/** The limits that a cluster has when nobody says otherwise. */
export const defaultLimits: PlacementLimits = {
  minBrickSize: bytes(GiB),
  maxBrickSize: bytes(4 * TiB),
  maxBricksPerVolume: 32,
  maxVolumesPerCluster: 1000,
};

export interface PlacementRequest {
  readonly volume: VolumeId;
  /** Usable bytes wanted, at least. */
  readonly size: Bytes;
  readonly durability: Durability;
  /** Thin pool size as a multiple of brick size, at least 1. */
  readonly snapshotFactor: number;
  readonly zoneSpread: ZoneSpread;
  /** Zones of which each set gets one data brick where there is room, the first ones first. Never a reason to refuse. */
  readonly preferredZones: readonly string[];
  /** The only zones that bricks may go to. Absent or empty: all. */
  readonly allowedZones?: readonly string[];
  /** All of them must hold. */
  readonly tagMatch?: readonly TagRule[];
  /** Bytes. An arbiter brick keeps one entry a file, so this decides its size. Default 64 KiB. */
  readonly averageFileSize?: Bytes;
  readonly limits: PlacementLimits;
}

/** Tags that count for a device: its own, over those of its node. */
export function effectiveTags(node: Tags, device: Tags): Tags {
  return { ...node, ...device };
}

export function ruleHolds(rule: TagRule, tags: Tags): boolean {
  return ((tags[rule.key] ?? '') === rule.value) === (rule.op === '=');
}

/** Without a list every zone is allowed. */
export function allowsZone(zones: readonly string[] | undefined, zone: string): boolean {
  return zones === undefined || zones.length === 0 || zones.includes(zone);
}

export function describeRule(rule: TagRule): string {
  return `${rule.key}${rule.op}${rule.value}`;
}
