import type { NodeView } from '../../api/nodes.ts';
import { describeSize } from '../../domain/quantity.ts';
import { table } from './table.ts';

type DeviceView = NodeView['devices'][number];

/** A line for each node and for each of its devices; then what is amiss, and what to do about it. */
export function nodesText(nodes: readonly NodeView[]): string {
  if (nodes.length === 0) {
    return 'No nodes. Add one: brickyard node add NAME --zone ZONE --device DEVICE';
  }
  const rows = nodes
    .toSorted((a, b) => a.cluster.localeCompare(b.cluster) || a.zone.localeCompare(b.zone) || a.id.localeCompare(b.id))
    .flatMap((node) => {
      const place = [node.cluster, node.zone, node.id, node.state, node.since ?? '-', node.placement];
      return node.devices.length === 0
        ? [[...place, ...Array.from({ length: 6 }, () => '-')]]
        : node.devices.map((device) => [...place, ...deviceCells(device)]);
    });
  const heading = [
    'cluster',
    'zone',
    'node',
    'state',
    'since',
    'new bricks',
    'device',
    'state',
    'size',
    'used',
    'free',
  ];
  const problems = nodes.flatMap(({ id, problems }) =>
    problems.map(({ meaning, remedy }) => `node ${id}: ${meaning}\n  -> ${remedy}`),
  );
  return [table([...heading, 'bricks'], rows), ...problems].join('\n\n');
}

function deviceCells({ name, state, placement, size, used, free, bricks }: DeviceView): string[] {
  const shown = placement === 'online' ? state : `${state}, ${placement}`;
  return [name, shown, describeSize(size), describeSize(used), describeSize(free), String(bricks)];
}
