import { Gauge, Histogram, type Registry } from 'prom-client';
import type { ControllerObserver } from '../../controller/observer.ts';

// From at once to an hour: a queue in which keys wait for minutes is what these are for.
const waitBuckets = [0.005, 0.05, 0.25, 1, 5, 15, 60, 300, 900, 3600];
const workBuckets = [0.005, 0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 300];

/** The controller's queues: how long they are, and how long keys wait in them and are worked on. */
export function queueMetrics(
  registry: Registry,
): Pick<ControllerObserver, 'queueChanged' | 'queueTaken' | 'queueFinished'> {
  const registers = [registry];
  const gauge = (name: string, help: string): Gauge<'queue'> =>
    new Gauge({ name, help, labelNames: ['queue'], registers });
  const queued = gauge('brickyard_queue_depth', 'Keys that wait in a queue of the controller now.');
  const delayed = gauge('brickyard_queue_delayed', 'Keys of a queue that are due later: in backoff, or resting.');
  const running = gauge('brickyard_queue_running', 'Keys of a queue that are worked on now.');
  const wait = new Histogram({
    name: 'brickyard_queue_wait_duration_seconds',
    help: 'Time from when a key was ready to when a worker took it up.',
    labelNames: ['queue'] as const,
    buckets: waitBuckets,
    registers,
  });
  const work = new Histogram({
    name: 'brickyard_queue_work_duration_seconds',
    help: 'Time that one look at a key took, by what comes next: done (nothing), retry (with backoff), after (a set time), threw (retry after a defect).',
    labelNames: ['queue', 'next'] as const,
    buckets: workBuckets,
    registers,
  });
  return {
    queueChanged: (queue, waiting, worked, later) => {
      queued.set({ queue }, waiting);
      delayed.set({ queue }, later);
      running.set({ queue }, worked);
    },
    queueTaken: (queue, waitedMs) => wait.observe({ queue }, waitedMs / 1000),
    queueFinished: (queue, next, milliseconds) => work.observe({ queue, next }, milliseconds / 1000),
  };
}
