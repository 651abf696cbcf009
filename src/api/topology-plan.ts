/** What a change of the topology would be, and how it goes, as plain JSON. */
import { z } from 'zod';
import type { TopologyPlan } from '../domain/topology-plan.ts';
import type { TopologyProgress } from '../engine/api.ts';
import { outcomeView, viewOutcome } from './outcome-view.ts';

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

/** One line of an answer that applies a plan: any number of `progress`, then one `result`. */
export const applyLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: progressView }),
  z.object({ type: z.literal('result'), outcome: outcomeView }),
]);
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
