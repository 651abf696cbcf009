import { Gauge, type Registry } from 'prom-client';
import { nodeMetrics } from './node-metrics.ts';
import { volumePhase } from '../../domain/volume.ts';
import type { VolumeEngine } from '../../engine/api.ts';

type Inventory = Pick<VolumeEngine, 'usage' | 'volumes' | 'quarantined' | 'nodeWatch'>;

const deviceGauges = [
  ['size', 'Bytes of a device that bricks may use in all.'],
  ['used', 'Bytes of a device that bricks take, thin-pool metadata included.'],
  ['free', 'Bytes of a device that new bricks may take.'],
] as const;

/**
 * What there is, read from the engine when somebody scrapes. `engine` gives `undefined` on a replica that has none open:
 * it then has nothing to say, and says nothing, so that a sum over all replicas counts everything once.
 */
export function inventoryMetrics(registry: Registry, engine: () => Inventory | undefined): void {
  for (const [what, help] of deviceGauges) {
    registry.registerMetric(
      new Gauge({
        name: `brickyard_device_${what}_bytes`,
        help,
        labelNames: ['cluster', 'node', 'zone', 'device'] as const,
        registers: [],
        collect() {
          this.reset();
          for (const row of engine()?.usage() ?? []) {
            this.set({ cluster: row.cluster, node: row.node, zone: row.zone, device: row.device }, row[what]);
          }
        },
      }),
    );
  }
  nodeMetrics(registry, () => engine()?.nodeWatch.nodes() ?? []);
  registry.registerMetric(
    new Gauge({
      name: 'brickyard_volumes',
      help: 'Volumes by phase.',
      labelNames: ['phase'] as const,
      registers: [],
      collect() {
        this.reset();
        const phases = engine()
          ?.volumes()
          .map(({ phase }) => phase);
        for (const phase of phases === undefined ? [] : volumePhase.options) {
          this.set({ phase }, phases?.filter((each) => each === phase).length ?? 0);
        }
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'brickyard_quarantined_documents',
      help: "Records that cannot be read: kept, shown by `brickyard topology`, in nobody's way.",
      registers: [],
      collect() {
        this.set(engine()?.quarantined().length ?? 0);
      },
    }),
  );
}
