import type { VolumePlanView } from '../../api/volume-plan.ts';
import { describeSize } from '../../domain/quantity.ts';
import { table } from './table.ts';

/** Where each brick would go. */
export function planText({ cluster, durability, size, bricks }: Extract<VolumePlanView, { kind: 'placed' }>): string {
  const rows = bricks.map((brick) => [
    String(brick.set),
    brick.zone,
    brick.node,
    brick.device,
    `${describeSize(brick.size)}${brick.arbiter ? ' (arbiter)' : ''}`,
    describeSize(brick.footprint),
  ]);
  const heading = ['set', 'zone', 'node', 'device', 'size', 'takes'];
  return `Cluster ${cluster}, ${durability} of ${describeSize(size)}\n${table(heading, rows)}`;
}
