/**
 * What an administrator asks of a Brickyard that may be this process or another one. The command line knows only this
 * interface: `localAdmin` answers from an engine at hand, `remoteAdmin` asks the server over its socket.
 */
import { z } from 'zod';
import type { TopologyPlan } from '../domain/topology-plan.ts';
import type { TopologyProgress } from '../engine/api.ts';
import type { CapacityQuery, CapacityView } from './capacity.ts';
import type { StateQuery, StateView } from './placement-state.ts';
import type { Recovery } from './recovery.ts';
import type { GrowthProgressView, GrowthQuery } from './growth.ts';
import { outcomeView, viewOutcome, type OutcomeView } from './outcome-view.ts';
import { topologyView, volumeView, type TopologyView, type VolumeView } from './views.ts';
import type { VolumePlanQuery, VolumePlanView } from './volume-plan.ts';

export const versionView = z.object({
  version: z.string(),
  role: z.enum(['starting', 'standby', 'leader', 'stopping', 'offline']),
});
export type VersionView = z.infer<typeof versionView>;

const fields = z.array(z.object({ field: z.string(), from: z.string(), to: z.string() }));
const place = { cluster: z.string(), node: z.string() };

/** One line of the difference between what is and what the file wants. */
const changeView = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('cluster-added'), cluster: z.string() }),
  z.object({ kind: z.literal('node-added'), ...place }),
  z.object({ kind: z.literal('node-changed'), ...place, fields }),
  z.object({ kind: z.literal('node-dropped'), ...place }),
  z.object({ kind: z.literal('device-added'), ...place, device: z.string(), wipe: z.boolean() }),
  z.object({ kind: z.literal('device-changed'), ...place, device: z.string(), fields }),
  z.object({ kind: z.literal('device-dropped'), ...place, device: z.string() }),
]);
export type ChangeView = z.infer<typeof changeView>;

export const planView = z.object({
  changes: z.array(changeView),
  refusals: z.array(z.object({ ...place, device: z.string().optional(), reason: z.string() })),
  unchanged: z.object({ nodes: z.number(), devices: z.number() }),
});
export type PlanView = z.infer<typeof planView>;

const progressView = z.object({
  step: z.enum(['record', 'peer', 'device', 'leave']),
  ...place,
  device: z.string().optional(),
  outcome: outcomeView,
});
export type ProgressView = z.infer<typeof progressView>;

/** One line of the answer to `apply`: any number of `progress`, then one `result`. */
export const applyLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: progressView }),
  z.object({ type: z.literal('result'), outcome: outcomeView }),
]);
export type ApplyLine = z.infer<typeof applyLine>;

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
  readonly recovery: Recovery;
}

export function viewPlan({ changes, refusals, unchanged }: TopologyPlan): PlanView {
  return {
    changes: changes.map((change): ChangeView => {
      switch (change.kind) {
        case 'node-changed':
          return { ...change, fields: [...change.fields] };
        case 'device-changed':
          return { ...change, fields: [...change.fields] };
        case 'cluster-added':
        case 'node-added':
        case 'node-dropped':
        case 'device-added':
        case 'device-dropped':
          return change;
      }
    }),
    refusals: [...refusals],
    unchanged,
  };
}

export function viewProgress({ step, cluster, node, device, outcome }: TopologyProgress): ProgressView {
  return { step, cluster, node, device, outcome: viewOutcome(outcome) };
}
