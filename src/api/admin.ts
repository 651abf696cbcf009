/**
 * What an administrator asks of a Brickyard that may be this process or another one. The command line knows only this
 * interface: `localAdmin` answers from an engine at hand, `remoteAdmin` asks the server over its socket.
 */
import { z } from 'zod';
import type { CapacityQuery, CapacityView } from './capacity.ts';
import type { StateQuery, StateView } from './placement-state.ts';
import type { Nodes } from './nodes.ts';
import type { Recovery } from './recovery.ts';
import type { GrowthProgressView, GrowthQuery } from './growth.ts';
import type { OutcomeView } from './outcome-view.ts';
import type { PlanView, ProgressView } from './topology-plan.ts';
import { topologyView, volumeView, type TopologyView, type VolumeView } from './views.ts';
import type { VolumePlanQuery, VolumePlanView } from './volume-plan.ts';

export const versionView = z.object({
  version: z.string(),
  role: z.enum(['starting', 'standby', 'leader', 'stopping', 'offline']),
});
export type VersionView = z.infer<typeof versionView>;

export const topologyAnswer = topologyView;
export const volumesAnswer = z.object({ volumes: z.array(volumeView) });

/** Every call throws AdminError. `document` is a topology file, parsed from JSON or YAML but not yet checked. */
export interface Admin {
  version(): Promise<VersionView>;
  topology(): Promise<TopologyView>;
  planTopology(document: unknown): Promise<PlanView>;
  /** Told of each step as it ends. Carried on by a second call where this one could not do everything. */
  applyTopology(
    document: unknown,
    onProgress: (progress: ProgressView) => void,
    signal: AbortSignal,
  ): Promise<OutcomeView>;
  volumes(): Promise<readonly VolumeView[]>;
  /** `key`: id, gluster name, PersistentVolume name (`pvc-<id>`) or `namespace/claim`. */
  volume(key: string): Promise<VolumeView>;
  /** Where a volume would go now, or why nowhere. Changes nothing. */
  planVolume(query: VolumePlanQuery): Promise<VolumePlanView>;
  /** Changes nothing. */
  capacity(query: CapacityQuery): Promise<CapacityView>;
  /** Idempotent. */
  setState(query: StateQuery): Promise<StateView>;
  /**
   * Makes a volume as large as asked, or gives up what is under way. Told of each step as it ends. Carried on by a second
   * call, or by the server itself, where this one could not do everything.
   */
  growVolume(
    query: GrowthQuery,
    onProgress: (progress: GrowthProgressView) => void,
    signal: AbortSignal,
  ): Promise<OutcomeView>;
  readonly nodes: Nodes;
  readonly recovery: Recovery;
}
