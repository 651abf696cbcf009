/** What an engine is made of. */
import type { Clock, Random } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import { defaultLimits, type PlacementLimits } from '../domain/placement/request.ts';
import type { Resolve, WatchOptions } from './node-watch/api.ts';
import type { EngineObserver, StateStore, StorageNodes } from './ports.ts';

export interface LaneLimits {
  /** Volumes of one cluster that gluster commands run for at once. */
  readonly cluster: number;
  /** Bricks that one node makes or destroys at once. */
  readonly node: number;
}

/** All in milliseconds. */
export interface Patience {
  /** A node that did not answer is left alone for this long, then tried again. */
  readonly avoidNode: number;
  /** A call that has not come back by then no longer holds up others, and its node counts as not answering. */
  readonly overdue: number;
  /** How long a lock that somebody else holds is waited for inside one call of the engine. */
  readonly lock: number;
}

export interface EngineOptions {
  readonly store: StateStore;
  readonly nodes: StorageNodes;
  readonly clock: Clock;
  /** For jitter only: nothing that is recorded depends on it. */
  readonly random: Random;
  readonly log: Log;
  readonly observer: EngineObserver;
  /** Defaults: defaultLimits of src/domain/placement/request.ts. */
  readonly limits?: Partial<PlacementLimits>;
  /**
   * Volumes that the owners of one namespace may have; further ones wait. A hint for clusters where teams trust each other:
   * a ResourceQuota of Kubernetes is what nobody gets round. Default: no limit.
   */
  readonly maxVolumesPerNamespace?: number | undefined;
  /** Defaults: defaultLanes. */
  readonly lanes?: Partial<LaneLimits>;
  /** Defaults: defaultPatience. */
  readonly patience?: Partial<Patience>;
  /** How nodes are watched. Defaults: WatchOptions. */
  readonly watch?: Partial<WatchOptions>;
  /** How the watch finds the addresses of a host. Absent: only hosts that are addresses are held against what nodes have. */
  readonly resolve?: Resolve;
}

const defaultLanes: LaneLimits = { cluster: 8, node: 2 };
const defaultPatience: Patience = { avoidNode: 15_000, overdue: 20_000, lock: 30_000 };

/** The options with every default filled in. Throws RangeError, naming the field, on a bound that is not positive. */
export interface EngineSettings extends Omit<EngineOptions, 'limits' | 'lanes' | 'patience'> {
  readonly limits: PlacementLimits;
  readonly lanes: LaneLimits;
  readonly patience: Patience;
}

function positive(group: string, bounds: Readonly<Record<string, number>>): void {
  for (const [field, value] of Object.entries(bounds)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${group}.${field}: expected a whole number of at least 1, got ${value}`);
    }
  }
}

export function engineSettings(options: EngineOptions): EngineSettings {
  const limits = { ...defaultLimits, ...options.limits };
  const lanes = { ...defaultLanes, ...options.lanes };
  const patience = { ...defaultPatience, ...options.patience };
  positive('limits', { ...limits });
  positive('lanes', { ...lanes });
  positive('patience', { ...patience });
  positive('watch', { ...options.watch });
  positive('options', { maxVolumesPerNamespace: options.maxVolumesPerNamespace ?? 1 });
  if (limits.maxBrickSize < limits.minBrickSize) {
    throw new RangeError(
      `limits.maxBrickSize: expected at least minBrickSize (${limits.minBrickSize}), got ${limits.maxBrickSize}`,
    );
  }
  return { ...options, limits, lanes, patience };
}
