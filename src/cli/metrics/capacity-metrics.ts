import type { Registry } from 'prom-client';
import { totalsOf } from '../../api/capacity.ts';
import type { VolumeEngine } from '../../engine/api.ts';
import { scrapedGauge } from './scraped-gauge.ts';

type Capacity = Pick<VolumeEngine, 'clusters' | 'usage' | 'volumes'>;

const deviceGauges = [
  ['size', 'Bytes of a device that bricks may use in all.'],
  ['used', 'Bytes of a device that bricks take, thin-pool metadata included.'],
  ['free', 'Bytes of a device that new bricks may take.'],
] as const;

const clusterGauges = [
  ['size', 'Bytes of all devices of a cluster that bricks may use.'],
  ['used', 'Bytes of all devices of a cluster that bricks take.'],
  ['reserved', 'Bytes of all devices of a cluster that are kept back for others than bricks.'],
  ['free', 'Bytes of a cluster that new bricks may take.'],
  ['blocked', 'Bytes of a cluster that are free on devices where no bricks may go now: offline, failed or silent.'],
] as const;

/** How full devices and clusters are, as the records say: nobody is asked for it. */
export function capacityMetrics(registry: Registry, engine: () => Capacity | undefined): void {
  const usage = () => engine()?.usage() ?? [];
  for (const [what, help] of deviceGauges) {
    scrapedGauge(
      registry,
      { name: `brickyard_device_${what}_bytes`, help, labels: ['cluster', 'node', 'zone', 'device'] },
      () =>
        usage().map((row) => ({
          labels: { cluster: row.cluster, node: row.node, zone: row.zone, device: row.device },
          value: row[what],
        })),
    );
  }
  scrapedGauge(
    registry,
    {
      name: 'brickyard_device_open',
      help: '1: new bricks may go to the device. 0: not now; `brickyard topology` says why.',
      labels: ['cluster', 'node', 'device'],
    },
    () =>
      usage().map(({ cluster, node, device, unusable }) => ({
        labels: { cluster, node, device },
        value: unusable === undefined ? 1 : 0,
      })),
  );
  for (const [what, help] of clusterGauges) {
    scrapedGauge(registry, { name: `brickyard_cluster_${what}_bytes`, help, labels: ['cluster'] }, () => {
      const now = engine();
      return (now?.clusters() ?? []).map(({ id }) => ({
        labels: { cluster: id },
        value: now === undefined ? 0 : totalsOf(now, id)[what],
      }));
    });
  }
  scrapedGauge(
    registry,
    {
      name: 'brickyard_cluster_volume_bytes',
      help: 'Usable bytes of the volumes of a cluster together: what was promised to claims.',
      labels: ['cluster'],
    },
    () => {
      const now = engine();
      return (now?.clusters() ?? []).map(({ id }) => ({
        labels: { cluster: id },
        value: (now?.volumes() ?? []).reduce((sum, { cluster, size }) => sum + (cluster === id ? size : 0), 0),
      }));
    },
  );
}
