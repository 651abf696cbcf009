import type { VolumeView } from '../../api/views.ts';
import { describeSize } from '../../domain/quantity.ts';
import { table } from './table.ts';

/** An adopted volume, or one whose identity was wiped, has nobody. */
const claimOf = ({ claim }: VolumeView): string => (claim.name === '' ? 'unknown' : `${claim.namespace}/${claim.name}`);
const sizeText = ({ size }: VolumeView): string => (size === 0 ? 'unknown' : describeSize(size));
const byClaim = (a: VolumeView, b: VolumeView): number => claimOf(a).localeCompare(claimOf(b), 'en', { numeric: true });

/** One line a volume. */
export function volumeTable(volumes: readonly VolumeView[]): string {
  if (volumes.length === 0) {
    return 'No volumes.';
  }
  return table(
    ['claim', 'volume', 'phase', 'size', 'durability', 'cluster', 'nodes'],
    volumes
      .toSorted(byClaim)
      .map((volume) => [
        claimOf(volume),
        volume.name,
        volume.phase,
        sizeText(volume),
        volume.durability,
        volume.cluster,
        [...new Set(volume.bricks.map((brick) => brick.node))].join(','),
      ]),
  );
}

function growthOf({ growth, rebalance }: VolumeView): readonly (readonly [string, string])[] {
  const to = growth === undefined ? '' : describeSize(growth.size);
  return [
    ...(growth === undefined ? [] : [['Growing', growth.undo ? `to ${to}, given up` : `to ${to}`] as const]),
    ...(rebalance === undefined ? [] : [['Rebalance', `not completed, since ${rebalance.since}`] as const]),
  ];
}

/** Everything about one volume. */
export function volumeDetails(volume: VolumeView): string {
  const facts: readonly (readonly [string, string])[] = [
    ['Name', volume.name],
    ['Id', volume.id],
    ['Claim', claimOf(volume)],
    ['StorageClass', volume.className || 'unknown'],
    ['Cluster', volume.cluster],
    ['Phase', volume.phase],
    ['Size', sizeText(volume)],
    ...growthOf(volume),
    ['Durability', volume.durability],
    ['GID', volume.gid === undefined ? '-' : String(volume.gid)],
    ['Options', volume.options.map(({ key, value }) => `${key} ${value}`).join(', ') || '-'],
    [volume.adopted === true ? 'Adopted' : 'Created', volume.createdAt],
  ];
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  const lines = facts.map(([name, value]) => `${`${name}:`.padEnd(width)} ${value}`);
  const bricks = table(
    ['set', 'zone', 'node', 'device', 'size', 'state', 'brick'],
    volume.bricks.map((brick) => [
      String(brick.set),
      brick.zone,
      brick.node,
      brick.external === true ? 'external' : brick.device,
      `${brick.external === true ? '-' : describeSize(brick.size)}${brick.arbiter ? ' (arbiter)' : ''}`,
      brick.online === undefined ? 'unknown' : brick.online ? 'online' : 'OFFLINE',
      brick.address ?? '-',
    ]),
  );
  return [...lines, '', bricks].join('\n');
}
