/** Why a request cannot be placed. */
import { bricksPerSet, describeDurability } from '../durability.ts';
import type { PlacementPool } from './pool.ts';
import type { PlacementRequest } from './request.ts';

export interface Refusal {
  readonly kind: 'refused';
  /** True: no topology would change the answer, only another request. False: it may fit later. */
  readonly permanent: boolean;
  /** What is missing, as one sentence. */
  readonly shortfall: string;
}

/** One line of at most 1024 bytes, for an event or a log. */
export function describeRefusal(refusal: Refusal): string {
  return refusal.shortfall;
}

export function refuse(_pool: PlacementPool, request: PlacementRequest): Refusal {
  return {
    kind: 'refused',
    permanent: false,
    shortfall: `${describeDurability(request.durability)} needs ${bricksPerSet(request.durability)} nodes`,
  };
}
