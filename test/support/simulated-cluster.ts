/** A simulated cluster with its storage nodes, as several levels of tests use it. */
import { deviceName, hostName, nodeId } from '../../src/domain/names.ts';
import { bytes, GiB } from '../../src/domain/quantity.ts';
import type { NodeRef } from '../../src/domain/topology.ts';
import type { CallContext, StorageNodes } from '../../src/engine/ports.ts';
import type { Command, CommandRunner } from '../../src/gluster/runner.ts';
import { createSimulation, type Simulation } from '../../src/gluster/simulated/simulation.ts';
import type { SimulatedNodeSpec } from '../../src/gluster/simulated/topology.ts';
import { createCommandStorageNodes } from '../../src/gluster/storage-nodes.ts';
import { FakeClock } from './fake-clock.ts';
import { mulberry32 } from './random.ts';

export const disk = deviceName('/dev/vdb');

/** `count` nodes called node-1 and so on, each with one blank disk, or folder, of `gib` GiB. */
export const nodeSpecs = (count: number, gib = 100, device = disk): readonly SimulatedNodeSpec[] =>
  Array.from({ length: count }, (_none, index) => ({
    id: nodeId(`node-${index + 1}`),
    manage: hostName(`node-${index + 1}.manage`),
    storage: hostName(`10.0.0.${index + 1}`),
    devices: [{ name: device, size: bytes(gib * GiB) }],
  }));

export interface SimulatedCluster {
  readonly simulation: Simulation;
  readonly clock: FakeClock;
  readonly storage: StorageNodes;
  readonly nodes: readonly NodeRef[];
  /** Of each command that was run, the node and the words. */
  readonly ran: readonly { readonly node: string; readonly line: string }[];
  readonly context: CallContext;
}

export interface ClusterOptions {
  readonly nodes?: readonly SimulatedNodeSpec[];
  /** Default: all nodes are peers. */
  readonly peered?: boolean;
  readonly seed?: number;
  readonly latency?: 'none' | 'measured';
}

export function simulatedCluster(options: ClusterOptions = {}): SimulatedCluster {
  const { nodes = nodeSpecs(3), peered = true, seed = 1, latency = 'none' } = options;
  const clock = new FakeClock();
  const simulation = createSimulation({
    nodes,
    ...(peered ? { pools: [nodes.map(({ id }) => id)] } : {}),
    clock,
    random: mulberry32(seed),
    latency,
  });
  const ran: { node: string; line: string }[] = [];
  const runner: CommandRunner = {
    run: (node: NodeRef, command: Command, context: CallContext) => {
      ran.push({ node: node.id, line: command.argv.join(' ') });
      return simulation.runner.run(node, command, context);
    },
  };
  return {
    simulation,
    clock,
    storage: createCommandStorageNodes({ runner }),
    nodes: nodes.map(({ id, manage, storage }) => ({ id, manage, storage })),
    ran,
    context: { signal: new AbortController().signal },
  };
}
