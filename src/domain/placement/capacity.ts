/** How much more fits, and what the loss of a node would change. */
import { bytes, type Bytes } from '../quantity.ts';
import type { NodeId, VolumeId } from '../names.ts';
import type { BrickRecord } from '../volume.ts';
import { placeReplacement } from './grow.ts';
import { findSets } from './place.ts';
import type { PlacementPool } from './pool.ts';
import { supposing } from './remedies.ts';
import type { PlacementRequest } from './request.ts';
import { takeSet } from './tight.ts';
import { tried } from './trial.ts';

export interface Headroom {
  /** Volumes like the request that fit one after another. */
  readonly volumes: number;
  /** Usable bytes of them together. */
  readonly usable: Bytes;
  /** What ended the count. */
  readonly endedBy: 'space' | 'volume limit' | 'count';
}

/** Places volumes like the request until one is refused, or `atMost` fit. Leaves the pool as it was. */
export function headroom(pool: PlacementPool, request: PlacementRequest, atMost = 10_000): Headroom {
  const byLimit = Math.max(0, request.limits.maxVolumesPerCluster - pool.volumeCount);
  const most = Math.min(atMost, byLimit);
  return tried(pool, (trial) => {
    let usable = 0;
    for (let volumes = 0; volumes < most; volumes += 1) {
      const sets = findSets(pool, request);
      if (sets === undefined) {
        return { volumes, usable: bytes(usable), endedBy: 'space' };
      }
      for (const set of sets) {
        takeSet(trial, set);
        usable += set.shape.usable;
      }
    }
    return { volumes: most, usable: bytes(usable), endedBy: most === byLimit ? 'volume limit' : 'count' };
  });
}

/** The part of a volume's record that an evacuation needs. */
export interface Evacuee {
  readonly id: VolumeId;
  readonly snapshotFactor: number;
  readonly durability: PlacementRequest['durability'];
  readonly size: Bytes;
  readonly brickSets: readonly (readonly BrickRecord[])[];
}

export interface NodeLoss {
  /** For each request, in order: how many of it fit now, and how many without the node. */
  readonly headroom: readonly { readonly now: Headroom; readonly after: Headroom }[];
  /** Bricks of the node that other nodes would take, all of them at once. */
  readonly replaceable: readonly BrickRecord[];
  /** Bricks that would have no other place: their sets stay one brick short. */
  readonly stranded: readonly BrickRecord[];
}

/**
 * What happens when a node dies for good. `volumes`: all that have bricks on it. A set is re-placed under the rules of
 * `common`. Volumes without a copy elsewhere (distribute) are lost, so their bricks count as stranded.
 */
export function afterLossOf(
  pool: PlacementPool,
  node: NodeId,
  requests: readonly PlacementRequest[],
  volumes: readonly Evacuee[],
  common: Pick<PlacementRequest, 'zoneSpread' | 'preferredZones' | 'limits' | 'tagMatch'>,
): NodeLoss {
  const record = pool.node(node);
  const dead = record === undefined ? [] : [{ ...record, state: 'failed' as const }];
  const now = requests.map((request) => headroom(pool, request));
  return supposing(pool, dead, () => ({
    headroom: requests.map((request, index) => ({
      now: now[index] ?? headroom(pool, request),
      after: headroom(pool, request),
    })),
    ...evacuate(pool, node, volumes, common),
  }));
}

function evacuate(
  pool: PlacementPool,
  node: NodeId,
  volumes: readonly Evacuee[],
  common: Pick<PlacementRequest, 'zoneSpread' | 'preferredZones' | 'limits' | 'tagMatch'>,
): Pick<NodeLoss, 'replaceable' | 'stranded'> {
  const replaceable: BrickRecord[] = [];
  const stranded: BrickRecord[] = [];
  tried(pool, (trial) => {
    for (const volume of volumes) {
      for (const set of volume.brickSets) {
        for (const brick of set.filter((each) => each.node === node)) {
          const place =
            volume.durability.kind === 'distribute'
              ? undefined
              : placeReplacement(pool, { ...common, ...volume, volume: volume.id }, set, brick, 'node');
          const seat = place?.kind === 'replaced' ? pool.seat(place.brick.node, place.brick.device) : undefined;
          if (seat === undefined) {
            stranded.push(brick);
          } else {
            trial.take(seat, brick.footprint);
            replaceable.push(brick);
          }
        }
      }
    }
  });
  return { replaceable, stranded };
}
