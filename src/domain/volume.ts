import { z } from 'zod';
import { brickId, clusterId, deviceName, nodeId, volumeId, volumeName } from './names.ts';
import {
  brickIdShape,
  clusterIdShape,
  deviceNameShape,
  nodeIdShape,
  volumeIdShape,
  volumeNameShape,
} from './name-shapes.ts';
import { durabilitySchema } from './durability.ts';
import { placementRules, type TagRule, type ZoneSpread } from './placement-rules.ts';
import type { Bytes } from './quantity.ts';
import { branded, byteSize } from './schema.ts';

/** One gluster volume option, as `gluster volume set` takes it. Both sides keep to the grammar of src/domain/options.ts. */
const volumeOption = z.object({ key: z.string(), value: z.string() });
export type VolumeOption = z.infer<typeof volumeOption>;

/** Whose volume it is: for people, for doctor, and for finding out whether anybody still wants it. */
const owner = z.object({
  /** The claim's UID; equal to the volume's id. */
  uid: z.string(),
  namespace: z.string(),
  name: z.string(),
  /** StorageClass name. */
  className: z.string(),
});
export type Owner = z.infer<typeof owner>;

const brickRecord = z.object({
  id: branded(brickId, brickIdShape),
  node: branded(nodeId, nodeIdShape),
  device: branded(deviceName, deviceNameShape),
  /** Bytes of file system that the brick offers. */
  size: byteSize,
  /** Bytes that it takes from the device in all: thin pool (size x snapshot factor), its metadata, extent rounding. */
  footprint: byteSize,
  /** Holds names and metadata only. */
  arbiter: z.boolean().default(false),
  /** The directory that gluster serves, as the node named it once the brick stood. Absent until then. */
  path: z
    .string()
    .regex(/^\/[^\0\n]+$/)
    .optional(),
  /**
   * Brickyard did not make it and it lies on no device of the topology: `device` is its path, sizes are 0, nothing is
   * counted for it and nothing ever destroys it. Bricks of adopted volumes only.
   */
  external: z.boolean().optional(),
});
export type BrickRecord = z.infer<typeof brickRecord>;

/**
 * What is under way to make a volume larger. The record's own sizes and sets stay what is served until all of it is done,
 * and the space of both is taken.
 */
const growth = z.object({
  /** Usable bytes that the volume will have: at least what was asked for. */
  size: byteSize,
  /** Bricks that grow where they are, with what they will have. */
  bricks: z.array(brickRecord.pick({ id: true, size: true, footprint: true })),
  /** Sets that are made and then added, in gluster's order behind those that the volume has. */
  sets: z.array(z.array(brickRecord).min(1)),
  /** It was given up: what gluster has not been given is taken away, and everything else stays as large as it is. */
  undo: z.boolean().optional(),
});

/**
 * Files are still to be spread over sets that were added. There is room without that, but not evenly. Looked at until
 * gluster says that it is completed.
 */
const rebalance = z.object({
  /** When the sets were added. ISO 8601, UTC. */
  since: z.string(),
  /** Gluster's name of the rebalance that was begun for them. Absent: none is known to have begun. */
  task: z.string().optional(),
});

/**
 * The phases of a volume and who may end each:
 *
 *     (none) --plan, commit--> creating --confirmed--> ready --grow, commit--> growing
 *                                 |                    |   ^                   |   |
 *                                 |                    |   +-done or given up--+   |
 *                             owner gone            delete                       delete
 *                                 |                    |                           |
 *                                 +-----------------> deleting <-------------------+
 *                                                      |
 *                                                      +--record removed--> (none)
 *
 * creating: nobody outside has been told of the volume. It goes forward while its owner wants it, and back when the
 *           owner is gone. Being in this phase says nothing about how far the work got: every step looks.
 * ready:    a PersistentVolume stands (or is about to). Only an explicit delete ends it, never a clean-up.
 * growing:  as ready, and served at `size` like before; `growth` says what it is to become. It goes forward until all of it
 *           is done, or, once given up, to whatever of it is there.
 * deleting: nothing brings it back. Bricks go only after gluster has said that the volume is gone.
 */
export const volumePhase = z.enum(['creating', 'ready', 'growing', 'deleting']);

/** One volume, self-contained: all that is needed to carry on with it after any crash. The commit point of everything. */
export const volumeRecord = z.object({
  id: branded(volumeId, volumeIdShape),
  name: branded(volumeName, volumeNameShape),
  cluster: branded(clusterId, clusterIdShape),
  phase: volumePhase,
  /** Usable bytes: what a client's `df` is meant to show. */
  size: byteSize,
  durability: durabilitySchema,
  options: z.array(volumeOption),
  /** Group that owns the volume's root directory (mode 2775). Absent: root stays root:root 0755. */
  gid: z.int().min(1).optional(),
  snapshotFactor: z.number().min(1).max(100),
  /** Where its bricks may go, those too that growth adds. Absent: nothing but what is usual. */
  placement: placementRules.optional(),
  owner,
  /** Bricks in gluster's order: each inner array is one set, all of whose bricks hold the same data. */
  brickSets: z.array(z.array(brickRecord).min(1)).min(1),
  /**
   * Bricks of an earlier plan that may still stand on nodes that did not answer when the volume was planned anew. They
   * keep their space until they are destroyed. Absent: none.
   */
  discarded: z.array(brickRecord).optional(),
  /** In phase growing, and kept by a delete that comes in between. */
  growth: growth.optional(),
  rebalance: rebalance.optional(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  /**
   * Made by hand or by another program and taken into the records later, on `createdAt`. It is shown and its bricks are
   * counted where their device is known; Brickyard never deletes it. Its owner's fields are empty, which means unknown.
   */
  adopted: z.boolean().optional(),
  /** When the delete began. ISO 8601, UTC. Absent in every other phase. */
  deletingSince: z.string().optional(),
});
export type VolumeRecord = z.infer<typeof volumeRecord>;

/** What a caller asks the engine for. The engine adds where. */
export interface VolumeRequest {
  readonly id: VolumeRecord['id'];
  readonly name: VolumeRecord['name'];
  /** Clusters that may hold it, in order of preference; empty means any. */
  readonly clusters: readonly VolumeRecord['cluster'][];
  /** Usable bytes wanted, at least. */
  readonly size: Bytes;
  readonly durability: VolumeRecord['durability'];
  readonly options: readonly VolumeOption[];
  /** When given, the engine hands out the lowest GID of this inclusive range that no volume at all has. */
  readonly gidRange?: { readonly min: number; readonly max: number };
  readonly snapshotFactor: number;
  readonly zoneSpread: ZoneSpread;
  readonly owner: Owner;
  /** Zones of which each set gets one data brick where there is room (that of the pod's node, say). Never a reason to refuse. */
  readonly preferredZones: readonly string[];
  /** The only zones that bricks may go to. Absent or empty: all. */
  readonly allowedZones?: readonly string[];
  /** Rules for the tags of devices; all of them must hold. */
  readonly tagMatch?: readonly TagRule[];
}
