/** How much more fits, and what the loss of a node would change. */
import { bytes, type Bytes } from '../quantity.ts';
import type { NodeId, VolumeId } from '../names.ts';
import type { PlacementRules } from '../placement-rules.ts';
import type { BrickRecord } from '../volume.ts';
import { findSeat } from './grow.ts';
import { findSets } from './place.ts';
import type { PlacementPool } from './pool.ts';
import { supposing } from './remedies.ts';
import type { PlacementRequest } from './request.ts';
import { takeSet } from './tight.ts';
import { tried, type Trial } from './trial.ts';

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
  /** Its own, over what is common. */
  readonly placement?: PlacementRules | undefined;
}

export interface NodeLoss {
  /** For each request, in order: how many of it fit now, without the node, and once `replaceable` have been replaced. */
  readonly headroom: readonly { readonly now: Headroom; readonly after: Headroom; readonly rebuilt: Headroom }[];
  /** Bricks of the node that other nodes would take, all of them at once. */
  readonly replaceable: readonly BrickRecord[];
  /** Bricks that would have no other place: their sets stay one brick short. */
  readonly stranded: readonly BrickRecord[];
}

/**
 * What happens when a node dies for good. `volumes`: all that have bricks on it. A set is re-placed under the rules of
 * `common`. Each count ends at `atMost`. Volumes without a copy elsewhere (distribute) are lost, so their bricks count as stranded.
 */
export function afterLossOf(
  pool: PlacementPool,
  node: NodeId,
  requests: readonly PlacementRequest[],
  volumes: readonly Evacuee[],
  common: Pick<PlacementRequest, 'zoneSpread' | 'preferredZones' | 'limits' | 'tagMatch'>,
  atMost?: number,
): NodeLoss {
  const record = pool.node(node);
  const dead = record === undefined ? [] : [{ ...record, state: 'failed' as const }];
  const count = (): Headroom[] => requests.map((request) => headroom(pool, request, atMost));
  const now = count();
  return supposing(pool, dead, () => {
    const after = count();
    return tried(pool, (trial) => {
      const bricks = evacuate(pool, trial, node, volumes, common);
      const rebuilt = count();
      return { headroom: combined(now, after, rebuilt), ...bricks };
    });
  });
}

function combined(
  now: readonly Headroom[],
  after: readonly Headroom[],
  rebuilt: readonly Headroom[],
): NodeLoss['headroom'] {
  return now.flatMap((first, index) => {
    const [second, third] = [after[index], rebuilt[index]];
    return second === undefined || third === undefined ? [] : [{ now: first, after: second, rebuilt: third }];
  });
}

/** What the bricks take in their new places stays taken until the trial is over. */
function evacuate(
  pool: PlacementPool,
  trial: Trial,
  node: NodeId,
  volumes: readonly Evacuee[],
  common: Pick<PlacementRequest, 'zoneSpread' | 'preferredZones' | 'limits' | 'tagMatch'>,
): Pick<NodeLoss, 'replaceable' | 'stranded'> {
  const replaceable: BrickRecord[] = [];
  const stranded: BrickRecord[] = [];
  for (const volume of volumes) {
    for (const set of volume.brickSets) {
      for (const brick of set.filter((each) => each.node === node)) {
        const request = { ...common, ...volume.placement, ...volume, volume: volume.id };
        const seat = volume.durability.kind === 'distribute' ? undefined : findSeat(pool, request, set, brick, 'node');
        if (seat === undefined) {
          stranded.push(brick);
        } else {
          trial.take(seat, brick.footprint);
          replaceable.push(brick);
        }
      }
    }
  }
  return { replaceable, stranded };
}
