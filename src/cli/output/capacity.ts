import type { CapacityView, CountView, LossView } from '../../api/capacity.ts';
import { describeSize } from '../../domain/quantity.ts';
import { table } from './table.ts';

/** Sizes, what more fits, and what the loss of a node would mean. */
export function capacityText({ clusters, loss }: CapacityView): string {
  if (clusters.length === 0) {
    return 'No clusters. Load a topology: brickyard topology load FILE';
  }
  const totals = table(
    ['cluster', 'volumes', 'size', 'used', 'reserved', 'free', 'free but not usable'],
    clusters.map(({ id, volumes, size, used, reserved, free, blocked }) => [
      id,
      String(volumes),
      ...[size, used, reserved, free, blocked].map(describeSize),
    ]),
  );
  const fits = table(
    ['cluster', 'such volumes', 'more fit', 'of usable size'],
    clusters.flatMap(({ id, fits }) =>
      fits.map(({ shape, now }) => [id, shape, countText(now), describeSize(now.usable)]),
    ),
  );
  return [totals, ...blockedTable(clusters), fits, ...(loss === undefined ? [] : lossText(loss))].join('\n\n');
}

function blockedTable(clusters: CapacityView['clusters']): string[] {
  const rows = clusters.flatMap(({ id, blockedDevices }) =>
    blockedDevices.map(({ node, device, free, reason }) => [id, node, device, describeSize(free), reason]),
  );
  return rows.length === 0 ? [] : [table(['cluster', 'node', 'device', 'free', 'not usable because'], rows)];
}

function lossText({ node, cluster, volumes, fits }: LossView): string[] {
  const lost = volumes.filter(({ fate }) => fate === 'lost').length;
  const bricks = volumes.reduce((sum, volume) => sum + volume.bricks, 0);
  const rebuildable = volumes.reduce((sum, volume) => sum + volume.rebuildable, 0);
  const summary =
    volumes.length === 0
      ? `Without node ${node} (cluster ${cluster}): no volume has a brick there.`
      : `Without node ${node} (cluster ${cluster}): ${volumes.length - lost} volume(s) degraded, ${lost} lost; ` +
        `${rebuildable} of ${bricks} brick(s) find another place.`;
  return [
    summary,
    ...(volumes.length === 0 ? [] : [lossTable(volumes)]),
    table(
      ['such volumes', 'more fit now', 'without it', 'once its bricks are made anew'],
      fits.map(({ shape, now, after, rebuilt }) => [shape, countText(now), countText(after), countText(rebuilt)]),
    ),
  ];
}

function lossTable(volumes: LossView['volumes']): string {
  const claimOf = ({ claim }: LossView['volumes'][number]): string => `${claim.namespace}/${claim.name}`;
  return table(
    ['claim', 'volume', 'becomes', 'bricks', 'find another place'],
    volumes
      .toSorted((a, b) => claimOf(a).localeCompare(claimOf(b), 'en', { numeric: true }))
      .map((volume) => [claimOf(volume), volume.name, volume.fate, String(volume.bricks), String(volume.rebuildable)]),
  );
}

function countText({ volumes, endedBy }: CountView): string {
  switch (endedBy) {
    case 'space':
      return String(volumes);
    case 'volume limit':
      return `${volumes} (limit of volumes a cluster)`;
    case 'count':
      return `at least ${volumes}`;
  }
}
