/** Where a volume would go, over all clusters that may hold it. Decides; writes nothing. */
import type { ClusterId } from '../domain/names.ts';
import { NameError } from '../domain/names.ts';
import { reservedOptionPrefix, volumeOptionOf } from '../domain/options.ts';
import { planGrowth, type Growth } from '../domain/placement/in-place.ts';
import { placeVolume, type Placed } from '../domain/placement/place.ts';
import { describeRefusal, type Refusal } from '../domain/placement/refusal.ts';
import type { PlacementLimits, PlacementRequest } from '../domain/placement/request.ts';
import { usualRules } from '../domain/placement-rules.ts';
import { zoneName } from '../domain/topology.ts';
import type { Bytes } from '../domain/quantity.ts';
import type { VolumeRecord, VolumeRequest } from '../domain/volume.ts';
import type { VolumePlan } from './api.ts';
import type { Ledger } from './ledger.ts';

/** The part of a request that decides where it goes. */
export type PlanRequest = Pick<
  VolumeRequest,
  | 'id'
  | 'clusters'
  | 'size'
  | 'durability'
  | 'snapshotFactor'
  | 'zoneSpread'
  | 'preferredZones'
  | 'allowedZones'
  | 'tagMatch'
>;

/** What is wrong with a request however much space there is. `undefined`: nothing. */
export function problemOf(request: VolumeRequest): string | undefined {
  const { gidRange, snapshotFactor, options, allowedZones = [] } = request;
  if (!(snapshotFactor >= 1 && snapshotFactor <= 100)) {
    return `snapshot factor: expected a number from 1 to 100, got ${snapshotFactor}`;
  }
  if (gidRange !== undefined && !(gidRange.min >= 1 && gidRange.min <= gidRange.max)) {
    return `gid range: expected 1 <= min <= max, got ${gidRange.min} to ${gidRange.max}`;
  }
  const strange = allowedZones.find((zone) => !zoneName.test(zone));
  if (strange !== undefined) {
    return `allowed zones: expected names of 1 to 63 letters, digits, _ . and -, got ${JSON.stringify(strange)}`;
  }
  try {
    for (const { key, value } of options) {
      volumeOptionOf(key, value);
      if (key.startsWith(reservedOptionPrefix)) {
        return `option ${key}: expected none of the reserved family ${reservedOptionPrefix}*`;
      }
    }
  } catch (error) {
    if (error instanceof NameError) {
      return error.message;
    }
    throw error;
  }
  return undefined;
}

export class Planner {
  readonly #ledger: Pick<Ledger, 'pools' | 'pool'>;
  readonly limits: PlacementLimits;

  constructor(ledger: Pick<Ledger, 'pools' | 'pool'>, limits: PlacementLimits) {
    this.#ledger = ledger;
    this.limits = limits;
  }

  /** The first cluster, in the request's order or by id, that can take the volume. */
  plan(request: PlanRequest): VolumePlan {
    const known = [...this.#ledger.pools().keys()].sort();
    const clusters = request.clusters.length === 0 ? known : request.clusters.filter((id) => known.includes(id));
    const refusals: { cluster: ClusterId; refusal: Refusal }[] = [];
    for (const cluster of clusters) {
      const placed = placeVolume(this.#ledger.pool(cluster), this.placement(request));
      if (placed.kind === 'placed') {
        return { ...placed, cluster };
      }
      refusals.push({ cluster, refusal: placed });
    }
    if (refusals.length === 0) {
      const wanted = request.clusters.length === 0 ? 'no storage cluster' : `none of ${request.clusters.join(', ')}`;
      return { kind: 'refused', permanent: false, reason: `${wanted} is known; load a topology`, refusals };
    }
    return {
      kind: 'refused',
      permanent: refusals.every(({ refusal }) => refusal.permanent),
      reason: refusals
        .map(({ cluster, refusal }) =>
          refusals.length === 1 ? describeRefusal(refusal) : `cluster ${cluster}: ${describeRefusal(refusal)}`,
        )
        .join('; '),
      refusals,
    };
  }

  /**
   * The same volume once more within its cluster, as if the bricks in `given` were gone. Their count is restored before
   * this returns, so nobody else can have seen them uncounted.
   */
  planAnew(record: VolumeRecord, given: VolumeRecord['brickSets'][number]): Placed | Refusal {
    const pool = this.#ledger.pool(record.cluster);
    for (const brick of given) {
      pool.vacate(brick);
    }
    try {
      return placeVolume(pool, this.placement(asRequested(record)));
    } finally {
      for (const brick of given) {
        pool.occupy(brick);
      }
    }
  }

  /** Room for a volume to have that many usable bytes in all. */
  planGrowth(record: VolumeRecord, size: Bytes): Growth | Refusal {
    const request = this.placement({ ...asRequested(record), size });
    return planGrowth(this.#ledger.pool(record.cluster), request, record.brickSets);
  }

  /** The request as placement takes it, with the limits of this installation. */
  placement(request: PlanRequest): PlacementRequest {
    const { id, size, durability, snapshotFactor, zoneSpread, preferredZones, allowedZones, tagMatch } = request;
    return {
      volume: id,
      size,
      durability,
      snapshotFactor,
      zoneSpread,
      preferredZones,
      ...(allowedZones === undefined ? {} : { allowedZones }),
      ...(tagMatch === undefined ? {} : { tagMatch }),
      limits: this.limits,
    };
  }
}

/** What a volume was asked for, as far as its place goes: sets that come later obey the same rules as its first ones. */
function asRequested({ id, size, durability, snapshotFactor, placement }: VolumeRecord): PlanRequest {
  return { ...usualRules, ...placement, id, clusters: [], size, durability, snapshotFactor };
}
