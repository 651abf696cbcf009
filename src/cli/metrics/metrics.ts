import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Controller } from '../../controller/controller.ts';
import type { ControllerObserver } from '../../controller/observer.ts';
import type { Clock } from '../../domain/clock.ts';
import type { VolumeEngine } from '../../engine/api.ts';
import type { EngineObserver } from '../../engine/ports.ts';
import type { CallObserver } from '../../kube/caller.ts';
import { certificateMetrics } from './certificate-metrics.ts';
import { claimMetrics } from './claim-metrics.ts';
import { controllerMetrics } from './controller-metrics.ts';
import { engineMetrics } from './engine-metrics.ts';
import { inventoryMetrics } from './inventory-metrics.ts';
import { kubeMetrics } from './kube-metrics.ts';
import { scrapedGauge } from './scraped-gauge.ts';

/** What the gauges read at the moment of a scrape. */
export interface MetricSources {
  readonly version: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly leading: () => boolean;
  /** `undefined` on a replica that does not work, like the controller. */
  readonly engine: () => VolumeEngine | undefined;
  readonly controller: () => Pick<Controller, 'waitingClaims' | 'classProblems' | 'cacheAges'> | undefined;
  /** Folder of the certificates for talking to agents; absent when there are none. */
  readonly certDir?: string;
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
  scrapedGauge(
    registry,
    { name: 'brickyard_build_info', help: '1, with the version of this process.', labels: ['version'] },
    () => [{ labels: { version: sources.version }, value: 1 }],
  );
  scrapedGauge(
    registry,
    { name: 'brickyard_leader', help: '1 on the replica that works, 0 on a standby.', labels: [] },
    () => [{ labels: {}, value: sources.leading() ? 1 : 0 }],
  );
  claimMetrics(registry, sources.controller);
  inventoryMetrics(registry, sources.engine, sources.clock);
  certificateMetrics(registry, sources.certDir);
  return {
    registry,
    engine: engineMetrics(registry),
    controller: controllerMetrics(registry),
    kube: kubeMetrics(registry),
  };
}
