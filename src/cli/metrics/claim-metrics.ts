import type { Registry } from 'prom-client';
import type { Controller } from '../../controller/controller.ts';
import { scrapedGauge } from './scraped-gauge.ts';

type Sight = Pick<Controller, 'waitingClaims' | 'classProblems' | 'cacheAges'>;

/** What the controller sees, read when somebody scrapes. `undefined` on a replica where none works: it says nothing. */
export function claimMetrics(registry: Registry, controller: () => Sight | undefined): void {
  const waiting = () => [...(controller()?.waitingClaims() ?? [])];
  scrapedGauge(
    registry,
    {
      name: 'brickyard_claims_waiting',
      help: 'Claims of ours that have been looked at and have no volume yet, by why.',
      labels: ['reason'],
    },
    () => waiting().map(([reason, { claims }]) => ({ labels: { reason }, value: claims })),
  );
  scrapedGauge(
    registry,
    {
      name: 'brickyard_claims_waiting_oldest_seconds',
      help: 'Age of the oldest of those claims, by why it waits; 0 when there is none.',
      labels: ['reason'],
    },
    () => waiting().map(([reason, { oldest }]) => ({ labels: { reason }, value: oldest / 1000 })),
  );
  scrapedGauge(
    registry,
    {
      name: 'brickyard_class_problems',
      help: 'Problems of a StorageClass of ours because of which no claim of it can be served: `brickyard lint` names them.',
      labels: ['class'],
    },
    () => [...(controller()?.classProblems() ?? [])].map(([name, value]) => ({ labels: { class: name }, value })),
  );
  scrapedGauge(
    registry,
    {
      name: 'brickyard_cache_age_seconds',
      help: 'Time since a cache of Kubernetes objects last heard from the API server, by resource.',
      labels: ['resource'],
    },
    () =>
      [...(controller()?.cacheAges() ?? [])].map(([resource, milliseconds]) => ({
        labels: { resource },
        value: milliseconds / 1000,
      })),
  );
}
