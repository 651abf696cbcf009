/**
 * Storage nodes in memory: they take the command lines that real nodes take and answer in the words of the real tools,
 * so that the same builders and parsers run against them.
 */
import type { Clock, Random } from '../../domain/clock.ts';
import type { CommandRunner } from '../runner.ts';
import type { Faults } from './faults.ts';
import type { SimulationState } from './state.ts';
import type { SimulatedNodeSpec } from './topology.ts';

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
  inspect(): SimulationState;
}

export declare function createSimulation(options: SimulationOptions): Simulation;
