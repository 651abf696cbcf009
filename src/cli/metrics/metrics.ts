import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { ControllerObserver } from '../../controller/observer.ts';
import type { VolumeEngine } from '../../engine/api.ts';
import type { EngineObserver } from '../../engine/ports.ts';
import type { CallObserver } from '../../kube/caller.ts';
import { controllerMetrics } from './controller-metrics.ts';
import { engineMetrics } from './engine-metrics.ts';
import { inventoryMetrics } from './inventory-metrics.ts';
import { kubeMetrics } from './kube-metrics.ts';

/** What the gauges read at the moment of a scrape. */
export interface MetricSources {
  readonly engine: () => VolumeEngine | undefined;
  readonly leading: () => boolean;
  /** Milliseconds since each cache last heard from the API server, by resource. */
  readonly cacheAges: () => ReadonlyMap<string, number>;
}

/** One registry, and the observers that fill it. */
export interface Metrics {
  readonly registry: Registry;
  readonly engine: EngineObserver;
  readonly controller: ControllerObserver;
  readonly kube: CallObserver;
}

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  // Among them nodejs_eventloop_lag_seconds: the one number that says whether lease renewal is in danger.
  collectDefaultMetrics({ register: registry });
  inventoryMetrics(registry, sources.engine);
  registry.registerMetric(
    new Gauge({
      name: 'brickyard_leader',
      help: '1 on the replica that works, 0 on a standby.',
      registers: [],
      collect() {
        this.set(sources.leading() ? 1 : 0);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'brickyard_cache_age_seconds',
      help: 'Time since a cache of Kubernetes objects last heard from the API server, by resource.',
      labelNames: ['resource'] as const,
      registers: [],
      collect() {
        this.reset();
        for (const [resource, milliseconds] of sources.cacheAges()) {
          this.set({ resource }, milliseconds / 1000);
        }
      },
    }),
  );
  return {
    registry,
    engine: engineMetrics(registry),
    controller: controllerMetrics(registry),
    kube: kubeMetrics(registry),
  };
}
