import type { ChangeView, PlanView, ProgressView } from '../../api/topology-plan.ts';
import type { TopologyView } from '../../api/views.ts';
import { describeSize } from '../../domain/quantity.ts';
import { table } from './table.ts';

type DeviceRow = TopologyView['clusters'][number]['nodes'][number]['devices'][number];

/** Clusters with their nodes, a line a device; a node without devices has a line of its own. */
export function topologyTable(topology: TopologyView): string {
  const sections = topology.clusters.map((cluster) => {
    const rows = cluster.nodes
      .toSorted((a, b) => a.zone.localeCompare(b.zone) || a.id.localeCompare(b.id))
      .flatMap((node) => {
        const place = [node.zone, node.id, node.state];
        return node.devices.length === 0
          ? [[...place, '-', '-', '-', '-', '-', '-', '-']]
          : node.devices.map((device) => [...place, ...deviceCells(device)]);
      });
    const count = cluster.volumes === 1 ? '1 volume' : `${cluster.volumes} volumes`;
    const heading = [
      'zone',
      'node',
      'node state',
      'device',
      'device state',
      'size',
      'used',
      'free',
      'used %',
      'bricks',
    ];
    return `Cluster ${cluster.id}, ${count}\n${table(heading, rows)}`;
  });
  const broken = topology.quarantined.map(({ kind, id, problem }) => `${kind} ${id}: ${problem}`);
  return [
    ...(sections.length === 0 ? ['No clusters. Load a topology: brickyard topology load FILE'] : sections),
    ...(broken.length === 0 ? [] : [`Records that cannot be read (kept, and in nobody's way):\n${broken.join('\n')}`]),
  ].join('\n\n');
}

function deviceCells(device: DeviceRow): string[] {
  const share = device.size === 0 ? '-' : ((100 * device.used) / device.size).toFixed(1);
  return [
    device.name,
    device.unusable ?? device.state,
    describeSize(device.size),
    describeSize(device.used),
    describeSize(device.free),
    share,
    String(device.bricks),
  ];
}

const signs: Readonly<Record<ChangeView['kind'], string>> = {
  'cluster-added': '+',
  'node-added': '+',
  'device-added': '+',
  'node-changed': '~',
  'device-changed': '~',
  'node-dropped': '-',
  'device-dropped': '-',
};

/** What a load would do. */
export function planTable(plan: PlanView): string {
  const { nodes, devices } = plan.unchanged;
  const unchanged = `${nodes} node(s) and ${devices} device(s) are as wanted.`;
  if (plan.changes.length === 0) {
    return `Nothing to change: ${unchanged}`;
  }
  const rows = plan.changes.map((change) => [
    signs[change.kind],
    change.cluster,
    'node' in change ? change.node : '',
    'device' in change ? change.device : '',
    changeText(change),
  ]);
  return `${table(['', 'cluster', 'node', 'device', 'change'], rows)}\n${unchanged}`;
}

function changeText(change: ChangeView): string {
  switch (change.kind) {
    case 'cluster-added':
      return 'new cluster';
    case 'node-added':
      return 'new node';
    case 'device-added':
      return change.wipe ? 'new device, WHATEVER IS ON IT WILL BE DESTROYED' : 'new device';
    case 'node-changed':
    case 'device-changed':
      return change.fields.map(({ field, from, to }) => `${field}: ${from} -> ${to}`).join(', ');
    case 'node-dropped':
      return 'drop node (empty)';
    case 'device-dropped':
      return 'drop device (empty)';
  }
}

export function refusalLines(plan: PlanView): string[] {
  return plan.refusals.map(
    ({ cluster, node, device, reason }) => `${cluster} ${node}${device === undefined ? '' : ` ${device}`}: ${reason}`,
  );
}

/** One line of progress: what was tried, and how it went. */
export function progressLine({ step, node, device, outcome }: ProgressView): string {
  const what = {
    record: 'recorded',
    peer: 'joined the pool',
    device: `device ${device ?? ''} prepared`,
    leave: 'left the pool and forgotten',
  }[step];
  const how = outcome.kind === 'done' ? 'ok' : `${outcome.kind}: ${outcome.reason ?? ''}`;
  return `${node}: ${what}: ${how}`;
}
