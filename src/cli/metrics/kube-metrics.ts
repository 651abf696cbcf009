import { Counter, Histogram, type Registry } from 'prom-client';
import type { CallObserver } from '../../kube/caller.ts';

const callBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

/** Every single try of a call to the Kubernetes API. */
export function kubeMetrics(registry: Registry): CallObserver {
  const calls = new Counter({
    name: 'brickyard_kube_calls_total',
    help: 'Calls to the Kubernetes API by verb, resource and HTTP status; status 0: no answer came.',
    labelNames: ['verb', 'resource', 'code'] as const,
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'brickyard_kube_call_duration_seconds',
    help: 'Time of a call to the Kubernetes API; of a watch, until it began.',
    labelNames: ['verb', 'resource'] as const,
    buckets: callBuckets,
    registers: [registry],
  });
  return {
    called: ({ verb, resource, code, ms }) => {
      calls.inc({ verb, resource, code: String(code) });
      durations.observe({ verb, resource }, ms / 1000);
    },
  };
}
