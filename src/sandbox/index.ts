import { randomBytes } from 'node:crypto';
import type { Clock, Random } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import { createSimulation, type Simulation } from '../gluster/simulated/simulation.ts';
import type { SimulatedNodeSpec } from '../gluster/simulated/topology.ts';
import { startKubeSandbox, type KubeSandbox } from './api/start.ts';
import { startNodesServer, type NodesServer } from './nodes/server.ts';

export interface SandboxOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** TCP port of the Kubernetes API on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** The Kubernetes version to behave as. Absent: a recent one. */
  readonly serverVersion?: string;
  readonly nodes: readonly SimulatedNodeSpec[];
}

/** A Kubernetes cluster and storage servers, all in this process; only the controller is missing. */
export interface Sandbox {
  readonly kube: KubeSandbox;
  readonly simulation: Simulation;
  /** The storage servers as a controller reaches them, in this process or another. */
  readonly storage: { readonly url: string; readonly token: string };
  close(): Promise<void>;
}

/** Throws RangeError when `serverVersion` is no version or two nodes share a name; rejects when the port is taken. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, random, log, port, serverVersion, nodes } = options;
  const simulation = createSimulation({ nodes, clock, random });
  const token = randomBytes(24).toString('base64url');
  const storage: NodesServer = await startNodesServer({ simulation, token });
  let kube: KubeSandbox;
  try {
    kube = await startKubeSandbox({ clock, random, log, port, serverVersion });
  } catch (error) {
    await storage.close();
    throw error;
  }
  return {
    kube,
    simulation,
    storage: { url: storage.url, token },
    close: async () => {
      await kube.close();
      await storage.close();
    },
  };
}
