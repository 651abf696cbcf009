import { Gauge, type Registry } from 'prom-client';
import type { NodeProblem, WatchedNode } from '../../engine/node-watch/api.ts';

/** Every problem has its series from the first look on, so that an alert sees it go from 0 to 1. */
export const problemKinds: Readonly<Record<NodeProblem['kind'], true>> = {
  unreachable: true,
  'glusterd-down': true,
  reinstalled: true,
  'not-in-pool': true,
  rejected: true,
  'address-changed': true,
  'device-missing': true,
  'device-empty': true,
  'device-unreadable': true,
  'not-restored': true,
};

/** What is observed of nodes, read when somebody scrapes. Nothing where nobody looks. */
export function nodeMetrics(registry: Registry, nodes: () => readonly WatchedNode[]): void {
  registry.registerMetric(
    new Gauge({
      name: 'brickyard_node_up',
      help: '1: the node answers, and so does its glusterd. 0: neither has for several looks.',
      labelNames: ['cluster', 'node'] as const,
      registers: [],
      collect() {
        this.reset();
        for (const { cluster, node, state } of nodes()) {
          this.set({ cluster, node }, state === 'down' ? 0 : 1);
        }
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'brickyard_device_up',
      help: '1: the device is there and is the one that was prepared. 0: it is missing, empty or cannot be read.',
      labelNames: ['cluster', 'node', 'device'] as const,
      registers: [],
      collect() {
        this.reset();
        for (const { cluster, node, devices } of nodes()) {
          for (const { name, state } of devices) {
            this.set({ cluster, node, device: name }, state === 'ok' ? 1 : 0);
          }
        }
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'brickyard_node_problems',
      help: 'Problems of a node by kind: `brickyard node list` says what each means and what to do.',
      labelNames: ['cluster', 'node', 'problem'] as const,
      registers: [],
      collect() {
        this.reset();
        for (const { cluster, node, problems } of nodes()) {
          for (const problem of Object.keys(problemKinds)) {
            this.set({ cluster, node, problem }, problems.filter(({ kind }) => kind === problem).length);
          }
        }
      },
    }),
  );
}
