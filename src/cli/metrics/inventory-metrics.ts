import type { Registry } from 'prom-client';
import type { Clock } from '../../domain/clock.ts';
import { volumePhase, type VolumeRecord } from '../../domain/volume.ts';
import type { VolumeEngine } from '../../engine/api.ts';
import { capacityMetrics } from './capacity-metrics.ts';
import { nodeMetrics } from './node-metrics.ts';
import { scrapedGauge } from './scraped-gauge.ts';

type Inventory = Pick<VolumeEngine, 'clusters' | 'usage' | 'volumes' | 'quarantined' | 'nodeWatch'>;

/** Since when a volume is in a phase that it should leave soon, as far as its record says. */
const since: Readonly<Record<'creating' | 'deleting', (record: VolumeRecord) => string | undefined>> = {
  creating: ({ createdAt }) => createdAt,
  deleting: ({ deletingSince }) => deletingSince,
};

/**
 * What there is, read from the engine when somebody scrapes. `engine` gives `undefined` on a replica that has none open:
 * it then has nothing to say, and says nothing, so that a sum over all replicas counts everything once.
 */
export function inventoryMetrics(
  registry: Registry,
  engine: () => Inventory | undefined,
  clock: Pick<Clock, 'now'>,
): void {
  capacityMetrics(registry, engine);
  nodeMetrics(registry, () => engine()?.nodeWatch.nodes() ?? []);
  scrapedGauge(
    registry,
    { name: 'brickyard_volumes', help: 'Volumes by cluster and phase.', labels: ['cluster', 'phase'] },
    () => {
      const volumes = engine()?.volumes() ?? [];
      return (engine()?.clusters() ?? []).flatMap(({ id }) =>
        volumePhase.options.map((phase) => ({
          labels: { cluster: id, phase },
          value: volumes.filter((each) => each.cluster === id && each.phase === phase).length,
        })),
      );
    },
  );
  scrapedGauge(
    registry,
    {
      name: 'brickyard_volumes_oldest_seconds',
      help: 'Time since the oldest volume that is being created, or deleted, was begun with; 0 when there is none.',
      labels: ['phase'],
    },
    () => {
      const volumes = engine()?.volumes();
      return (['creating', 'deleting'] as const).flatMap((phase) =>
        volumes === undefined ? [] : { labels: { phase }, value: oldest(volumes, phase, clock.now()) },
      );
    },
  );
  scrapedGauge(
    registry,
    {
      name: 'brickyard_volumes_rebalancing',
      help: 'Volumes whose files are still to be spread over brick sets that were added.',
      labels: ['cluster'],
    },
    () =>
      (engine()?.clusters() ?? []).map(({ id }) => ({
        labels: { cluster: id },
        value: (engine()?.volumes() ?? []).filter((each) => each.cluster === id && each.rebalance !== undefined).length,
      })),
  );
  scrapedGauge(
    registry,
    {
      name: 'brickyard_quarantined_documents',
      help: "Records that cannot be read: kept, shown by `brickyard topology`, in nobody's way.",
      labels: [],
    },
    () => {
      const now = engine();
      return now === undefined ? [] : [{ labels: {}, value: now.quarantined().length }];
    },
  );
}

/** Seconds. A record that does not say since when does not count. */
function oldest(volumes: readonly VolumeRecord[], phase: keyof typeof since, now: number): number {
  const ages = volumes
    .filter((each) => each.phase === phase)
    .map((each) => now - Date.parse(since[phase](each) ?? ''))
    .filter((age) => !Number.isNaN(age));
  return ages.reduce((found, age) => Math.max(found, age), 0) / 1000;
}
