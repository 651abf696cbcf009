/** A request as the steps of placement see it: with the devices that its bricks may use. */
import { hashText } from './hash.ts';
import type { DeviceIndex } from './device-index.ts';
import type { PlacementPool } from './pool.ts';
import type { PlacementRequest } from './request.ts';
import type { Seat } from './seat.ts';
import type { SetShape } from './shape.ts';

export interface Task {
  readonly pool: PlacementPool;
  readonly request: PlacementRequest;
  /** Bricks that the volume has already: they count towards its limit. */
  readonly bricksThere: number;
  readonly data: DeviceIndex;
  /** For `replicate 3 arbiter 1`: where the arbiter goes first, and where it may go at all. */
  readonly arbiterOnly: DeviceIndex;
  readonly arbiter: DeviceIndex;
  readonly tie: number;
}

/** One set with its places. */
export interface LaidSet {
  readonly shape: SetShape;
  readonly data: readonly Seat[];
  readonly arbiter?: Seat;
}

export function taskOf(pool: PlacementPool, request: PlacementRequest, bricksThere = 0): Task {
  const { tagMatch: rules = [], allowedZones: zones = [] } = request;
  const data = pool.index('data', rules, zones);
  const hasArbiter = request.durability.kind === 'arbiter';
  return {
    pool,
    request,
    bricksThere,
    data,
    arbiterOnly: hasArbiter ? pool.index('arbiter-only', rules, zones) : data,
    arbiter: hasArbiter ? pool.index('arbiter', rules, zones) : data,
    tie: hashText(request.volume),
  };
}
