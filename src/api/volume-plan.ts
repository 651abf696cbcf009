/** Where a volume would go, or the proof why not, as plain JSON. */
import { z } from 'zod';
import { describeDurability } from '../domain/durability.ts';
import { clusterId } from '../domain/names.ts';
import { describeRemedy } from '../domain/placement/remedy.ts';
import { describePassedOver, type ZoneVerdict } from '../domain/placement/verdict.ts';
import { branded } from '../domain/schema.ts';
import { volumeShape } from '../domain/volume-shape.ts';
import type { VolumeEngine, VolumePlan } from '../engine/api.ts';

export const volumePlanQuery = z.strictObject({
  shape: volumeShape,
  /** In order of preference; empty: any. */
  clusters: z.array(branded((text) => clusterId(text))).default([]),
});
export type VolumePlanQuery = z.infer<typeof volumePlanQuery>;

const bytes = z.number();

const plannedBrick = z.object({
  set: z.number(),
  zone: z.string(),
  node: z.string(),
  device: z.string(),
  /** Bytes of file system that the brick offers. */
  size: bytes,
  /** Bytes that it takes from the device. */
  footprint: bytes,
  arbiter: z.boolean(),
});

const deviceVerdict = z.object({
  device: z.string(),
  size: bytes,
  free: bytes,
  /** Bricks of the first attempt that fit on it. */
  bricks: z.number(),
  /** Why none does. */
  passedOver: z.string().optional(),
});

const refusalView = z.object({
  cluster: z.string(),
  shortfall: z.string(),
  attempts: z.array(
    z.object({ sets: z.number(), brickSize: bytes, footprint: bytes, needed: z.number(), found: z.number() }),
  ),
  zones: z.array(
    z.object({
      zone: z.string(),
      nodes: z.array(z.object({ node: z.string(), bricks: z.number(), devices: z.array(deviceVerdict) })),
    }),
  ),
  /** Each of them is enough by itself. */
  wouldFit: z.array(z.string()),
});
type RefusalView = z.infer<typeof refusalView>;

/** For people, line by line: what `--explain` prints. */
const explanation = z.array(z.string());

export const volumePlanView = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('placed'),
    cluster: z.string(),
    /** Usable bytes, at least what was asked for. */
    size: bytes,
    durability: z.string(),
    bricks: z.array(plannedBrick),
    explanation,
  }),
  z.object({
    kind: z.literal('refused'),
    /** No topology would help, only another request. */
    permanent: z.boolean(),
    reason: z.string(),
    refusals: z.array(refusalView),
    explanation,
  }),
]);
export type VolumePlanView = z.infer<typeof volumePlanView>;

export function viewVolumePlan(
  engine: Pick<VolumeEngine, 'explainPlan' | 'nodes'>,
  { shape, clusters }: VolumePlanQuery,
): VolumePlanView {
  const { plan, explanation } = engine.explainPlan(shape, clusters);
  if (plan.kind === 'refused') {
    const { kind, permanent, reason } = plan;
    return { kind, permanent, reason, refusals: plan.refusals.map(viewRefusal), explanation: [...explanation] };
  }
  const zones = new Map(engine.nodes(plan.cluster).map(({ id, zone }) => [id, zone]));
  return {
    kind: plan.kind,
    cluster: plan.cluster,
    size: plan.size,
    durability: describeDurability(shape.durability),
    bricks: plan.brickSets.flatMap((bricks, set) =>
      bricks.map(({ node, device, size, footprint, arbiter }) => {
        const zone = zones.get(node) ?? '';
        return { set, zone, node, device, size, footprint, arbiter };
      }),
    ),
    explanation: [...explanation],
  };
}

type Refused = Extract<VolumePlan, { kind: 'refused' }>['refusals'][number];

function viewRefusal({ cluster, refusal }: Refused): RefusalView {
  return {
    cluster,
    shortfall: refusal.shortfall,
    attempts: [...refusal.attempts],
    zones: refusal.zones.map(viewZone),
    wouldFit: refusal.wouldFit.map(describeRemedy),
  };
}

function viewZone({ zone, nodes }: ZoneVerdict): RefusalView['zones'][number] {
  return {
    zone,
    nodes: nodes.map(({ node, bricks, devices }) => ({
      node,
      bricks,
      devices: devices.map(({ passedOver, ...verdict }) => ({
        ...verdict,
        ...(passedOver === undefined ? {} : { passedOver: describePassedOver(passedOver).replace(/^: /, '') }),
      })),
    })),
  };
}
