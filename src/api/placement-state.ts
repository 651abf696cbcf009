/** Letting new bricks go to a node or device, or not, as plain JSON. */
import { z } from 'zod';
import { deviceName, nodeId } from '../domain/names.ts';
import { branded } from '../domain/schema.ts';
import { placementState } from '../domain/topology.ts';
import type { StateChange, VolumeEngine } from '../engine/api.ts';

export const stateQuery = z.strictObject({
  node: branded((text) => nodeId(text)),
  /** Absent: the node as a whole. */
  device: branded((text) => deviceName(text)).optional(),
  state: placementState,
});
export type StateQuery = z.infer<typeof stateQuery>;

export const stateView = z.object({
  node: z.string(),
  device: z.string().optional(),
  state: placementState,
  before: placementState,
  changed: z.boolean(),
  /** Bricks that are there, and stay there. */
  bricks: z.number(),
});
export type StateView = z.infer<typeof stateView>;

/** What has become of it. */
export function viewState(
  engine: Pick<VolumeEngine, 'usage'>,
  { node, device, state }: StateQuery,
  change: StateChange,
): StateView {
  const bricks = engine
    .usage()
    .filter((usage) => usage.node === node && (device === undefined || usage.device === device))
    .reduce((sum, usage) => sum + usage.bricks, 0);
  return { node, ...(device === undefined ? {} : { device }), state, ...change, bricks };
}
