import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { AttemptResult, ControllerObserver } from '../../controller/observer.ts';
import { queueMetrics } from './queue-metrics.ts';

// Wider than Prometheus' default, which ends at ten seconds: a claim can wait for the self-heal daemon's first start.
const attemptBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Nobody may count an attempt as failed whose work may still be going on. */
const isFailure = (result: AttemptResult): boolean => result !== 'done' && result !== 'unknown';

/**
 * What the controller did, under the names that sig-storage-lib-external-provisioner gave them, so that dashboards and
 * alerts made for other provisioners work; what those cannot express has names of its own.
 */
export function controllerMetrics(registry: Registry): ControllerObserver {
  const registers = [registry];
  const provision = {
    total: new Counter({
      name: 'controller_persistentvolumeclaim_provision_total',
      help: 'Claims that got their volume, by StorageClass. `source` is always empty: volumes are made blank.',
      labelNames: ['class', 'source'] as const,
      registers,
    }),
    failed: new Counter({
      name: 'controller_persistentvolumeclaim_provision_failed_total',
      help: 'Attempts to give a claim its volume that ended without one, by StorageClass.',
      labelNames: ['class', 'source'] as const,
      registers,
    }),
    duration: new Histogram({
      name: 'controller_persistentvolumeclaim_provision_duration_seconds',
      help: 'Time of the attempt that gave a claim its volume, by StorageClass.',
      labelNames: ['class', 'source'] as const,
      buckets: attemptBuckets,
      registers,
    }),
  };
  const deletion = {
    total: new Counter({
      name: 'controller_persistentvolume_delete_total',
      help: 'PersistentVolumes that were deleted with their volumes, by StorageClass.',
      labelNames: ['class'] as const,
      registers,
    }),
    failed: new Counter({
      name: 'controller_persistentvolume_delete_failed_total',
      help: 'Attempts to delete a PersistentVolume with its volume that ended without that, by StorageClass.',
      labelNames: ['class'] as const,
      registers,
    }),
    duration: new Histogram({
      name: 'controller_persistentvolume_delete_duration_seconds',
      help: 'Time of the attempt that deleted a PersistentVolume with its volume, by StorageClass.',
      labelNames: ['class'] as const,
      buckets: attemptBuckets,
      registers,
    }),
  };
  const growth = new Histogram({
    name: 'brickyard_volume_growth_duration_seconds',
    help: 'Time of the attempt that made the volume of a claim as large as the claim asks for, by StorageClass.',
    labelNames: ['class'] as const,
    buckets: attemptBuckets,
    registers,
  });
  const attempts = new Counter({
    name: 'brickyard_attempts_total',
    help: 'Attempts to provision, grow or delete, by how they ended. `unknown`: no answer came, so it is looked at again.',
    labelNames: ['operation', 'result'] as const,
    registers,
  });
  const stray = new Gauge({
    name: 'brickyard_stray_volumes',
    help: 'Ready volumes that neither a claim nor a PersistentVolume asks for, at the last sweep.',
    registers,
  });
  return {
    provisionFinished: (className, result, milliseconds) => {
      const labels = { class: className, source: '' };
      attempts.inc({ operation: 'provision', result });
      if (result === 'done') {
        provision.total.inc(labels);
        provision.duration.observe(labels, milliseconds / 1000);
      } else if (isFailure(result)) {
        provision.failed.inc(labels);
      }
    },
    deleteFinished: (className, result, milliseconds) => {
      const labels = { class: className };
      attempts.inc({ operation: 'delete', result });
      if (result === 'done') {
        deletion.total.inc(labels);
        deletion.duration.observe(labels, milliseconds / 1000);
      } else if (isFailure(result)) {
        deletion.failed.inc(labels);
      }
    },
    growFinished: (className, result, milliseconds) => {
      attempts.inc({ operation: 'grow', result });
      if (result === 'done') {
        growth.observe({ class: className }, milliseconds / 1000);
      }
    },
    strayVolumes: (count) => stray.set(count),
    ...queueMetrics(registry),
  };
}
