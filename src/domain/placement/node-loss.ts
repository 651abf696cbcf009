/** What the loss of a node would mean: which volumes lose what, where the bricks could be made anew, what still fits. */
import { dataBricksPerSet } from '../durability.ts';
import type { NodeId, VolumeId } from '../names.ts';
import type { BrickRecord } from '../volume.ts';
import { afterLossOf, type Evacuee, type NodeLoss } from './capacity.ts';
import { compareText } from './hash.ts';
import type { PlacementPool } from './pool.ts';
import type { PlacementRequest } from './request.ts';

/** What a volume that has bricks on the node would come to. */
export interface VolumeLoss {
  readonly volume: VolumeId;
  /** `degraded`: every set keeps enough bricks to give its content back. `lost`: some set does not. */
  readonly fate: 'degraded' | 'lost';
  /** Bricks on the node. */
  readonly bricks: number;
  /** Of these, bricks that other nodes would take and fill from the rest of their set. */
  readonly rebuildable: number;
}

export interface NodeLossForecast {
  /** By volume id. */
  readonly volumes: readonly VolumeLoss[];
  /** For each request, in order: how many of it fit now, without the node, and once the bricks are made anew. */
  readonly headroom: NodeLoss['headroom'];
}

/**
 * Supposes that the node dies for good, and that everything on nodes and devices of state `failed` is lost already. What
 * is merely offline comes back. `volumes`: any; those without a brick on the node do not count. Bricks are made anew under
 * the rules of `common`, the largest volumes first; each count of what fits ends at `atMost`. Leaves the pool as it was.
 */
export function forecastLoss(
  pool: PlacementPool,
  node: NodeId,
  requests: readonly PlacementRequest[],
  volumes: readonly Evacuee[],
  common: Pick<PlacementRequest, 'zoneSpread' | 'preferredZones' | 'limits'>,
  atMost?: number,
): NodeLossForecast {
  const touched = volumes
    .filter(({ brickSets }) => brickSets.flat().some((brick) => brick.node === node))
    .toSorted((a, b) => b.size - a.size || compareText(a.id, b.id));
  const survivors = touched.map((volume) => ({
    ...volume,
    // What has nothing to be filled from is not made anew, and takes no room from others.
    brickSets: volume.brickSets.filter((set) => survives(pool, volume, set, node)),
  }));
  // How large a brick is that was made by others is not known, nor then where it would fit.
  const known = survivors.map((volume) => ({
    ...volume,
    brickSets: volume.brickSets.filter((set) => !set.some((brick) => brick.node === node && brick.external === true)),
  }));
  const { headroom, replaceable } = afterLossOf(pool, node, requests, known, common, atMost);
  const rebuilt = new Set(replaceable.map(({ id }) => id));
  return {
    headroom,
    volumes: touched
      .map((volume, index): VolumeLoss => {
        const bricks = volume.brickSets.flat().filter((brick) => brick.node === node);
        return {
          volume: volume.id,
          fate: survivors[index]?.brickSets.length === volume.brickSets.length ? 'degraded' : 'lost',
          bricks: bricks.length,
          rebuildable: bricks.filter(({ id }) => rebuilt.has(id)).length,
        };
      })
      .sort((a, b) => compareText(a.volume, b.volume)),
  };
}

/** Whether the set gives its content back without the node. An arbiter brick has none. */
function survives(
  pool: PlacementPool,
  { durability }: Pick<Evacuee, 'durability'>,
  set: readonly BrickRecord[],
  node: NodeId,
): boolean {
  const left = set.filter((brick) => !brick.arbiter && brick.node !== node && !hasFailed(pool, brick));
  return left.length >= dataBricksPerSet(durability);
}

function hasFailed(pool: PlacementPool, { node, device }: BrickRecord): boolean {
  const why = pool.seat(node, device)?.standing.unusable;
  return why === 'node failed' || why === 'device failed';
}
