/**
 * Storage nodes in memory: they take the command lines that real nodes take and answer in the words of the real tools,
 * so that the same builders and parsers run against them.
 */
import type { Clock, Random } from '../../domain/clock.ts';
import type { CommandRunner } from '../runner.ts';
import { FaultBook, type Faults, type NodeCondition } from './faults.ts';
import { measuredLatency } from './latency.ts';
import { VolumeLocks } from './locks.ts';
import { SimulatedRunner } from './runner.ts';
import type { SimulationState } from './state.ts';
import type { SimulatedNodeSpec } from './topology.ts';
import { SimulatedWorld } from './world.ts';

export interface SimulationOptions {
  readonly nodes: readonly SimulatedNodeSpec[];
  /** Groups of node ids that are peers from the start. Default: every node is a pool of its own. */
  readonly pools?: readonly (readonly string[])[];
  readonly clock: Clock;
  readonly random: Random;
  /** `measured`: commands take the times of a real cluster on a quiet machine. Default: none at all. */
  readonly latency?: 'none' | 'measured';
}

export interface Simulation {
  /** Where commands go in. */
  readonly runner: CommandRunner;
  readonly faults: Faults;
  /** Adds a node, alone in its own pool. Throws RangeError when its id or a host name is taken. */
  addNode(spec: SimulatedNodeSpec): void;
  /**
   * Ends the process that serves a brick; it is not started again by itself. `path`: the directory that gluster serves.
   * Throws RangeError when no process serves that on the node.
   */
  crashBrick(node: string, path: string): void;
  inspect(): SimulationState;
}

/** Throws RangeError when two nodes share an id or host name, or a pool names a node that is none. */
export function createSimulation(options: SimulationOptions): Simulation {
  const { clock, random, latency = 'none' } = options;
  const world = new SimulatedWorld(clock, random);
  const locks = new VolumeLocks(clock);
  const faults = new FaultBook(random, (node, condition, on) => setCondition(world, locks, node, condition, on));
  const runner = new SimulatedRunner({
    world,
    faults,
    locks,
    clock,
    latency: latency === 'measured' ? measuredLatency : () => 0,
  });
  options.nodes.forEach((spec) => world.add(spec));
  options.pools?.forEach((ids) => world.unite(ids));
  return {
    runner,
    faults,
    addNode: (spec) => world.add(spec),
    crashBrick: (node, path) => crashBrick(world, node, path),
    inspect: () => ({
      nodes: world.describeNodes(),
      pools: world.describePools(),
      notUnderstood: runner.notUnderstood,
      commands: runner.commands,
    }),
  };
}

function crashBrick(world: SimulatedWorld, node: string, path: string): void {
  const served = world.machine(node)?.served;
  if (served?.has(path) !== true) {
    throw new RangeError(`expected a brick that is served, got ${node}:${path}`);
  }
  served.delete(path);
}

function setCondition(
  world: SimulatedWorld,
  locks: VolumeLocks,
  node: string,
  condition: NodeCondition,
  on: boolean,
): void {
  const machine = world.machine(node);
  if (machine === undefined) {
    throw new RangeError(`expected the id of a simulated node, got ${JSON.stringify(node)}`);
  }
  switch (condition) {
    case 'glusterd-down':
      machine.glusterdCrashed = on;
      return;
    case 'rejected':
      machine.rejected = on;
      if (!on) {
        world.startBricksAnew(machine);
      }
      return;
    case 'power-off':
      machine.powerOff = on;
      return;
    case 'cable-cut':
      machine.cableCut = on;
      if (!on) {
        locks.releaseLeft();
      }
  }
}
