import { Gauge, Histogram, type Registry } from 'prom-client';
import type { EngineObserver } from '../../engine/ports.ts';

// From a store write (a millisecond) to a rebalance start on a loaded node (ten seconds) and beyond.
const stepBuckets = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

/** Step times and lane lengths, as the engine tells them. */
export function engineMetrics(registry: Registry): EngineObserver {
  const steps = new Histogram({
    name: 'brickyard_step_duration_seconds',
    help: 'Time that one step of a volume took, by step and outcome.',
    labelNames: ['step', 'outcome'] as const,
    buckets: stepBuckets,
    registers: [registry],
  });
  const running = new Gauge({
    name: 'brickyard_lane_running',
    help: 'Callers that a lane serves now: changes on a gluster cluster, or bricks on a node.',
    labelNames: ['lane', 'name'] as const,
    registers: [registry],
  });
  const waiting = new Gauge({
    name: 'brickyard_lane_waiting',
    help: 'Callers that stand in the queue of a lane now.',
    labelNames: ['lane', 'name'] as const,
    registers: [registry],
  });
  return {
    stepFinished: (step, outcome, milliseconds) => steps.observe({ step, outcome }, milliseconds / 1000),
    laneChanged: (lane, name, served, queued) => {
      running.set({ lane, name }, served);
      waiting.set({ lane, name }, queued);
    },
  };
}
