import type { Clock, Random } from '../../../domain/clock.ts';
import type { Log } from '../../../domain/log.ts';
import { joinOutcomes } from '../../../domain/outcome.ts';
import { bytes, GiB } from '../../../domain/quantity.ts';
import type { VolumeEngine } from '../../../engine/api.ts';
import type { StorageNodes } from '../../../engine/ports.ts';
import type { CommandRunner } from '../../../gluster/runner.ts';
import { createSimulation } from '../../../gluster/simulated/simulation.ts';
import { createCommandStorageNodes } from '../../../gluster/storage-nodes.ts';
import type { StorageAccess } from './access.ts';

interface SimulationParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Size of each device of an own simulation, whatever its name. */
const deviceSize = bytes(100 * GiB);

/**
 * Nodes in this process. They come into being when the engine first speaks to them, with the devices of their records,
 * and forget everything with the process: so after a start they are prepared again from the records.
 */
export function ownSimulation({ clock, random, log }: SimulationParts): StorageAccess {
  const simulation = createSimulation({ nodes: [], clock, random });
  const made = new Set<string>();
  let engine: VolumeEngine | undefined;
  const make = (id: string): void => {
    const record = made.has(id) ? undefined : engine?.nodes().find((node) => node.id === id);
    if (record !== undefined) {
      const { manage, storage, devices } = record;
      simulation.addNode({
        id: record.id,
        manage,
        storage,
        devices: devices.map(({ name }) => ({ name, size: deviceSize })),
      });
      made.add(id);
    }
  };
  const runner: CommandRunner = {
    run: (node, command, context) => {
      // Peers are named by other nodes' commands, so all of them have to be there.
      engine?.nodes().forEach((record) => make(record.id));
      return simulation.runner.run(node, command, context);
    },
  };
  const nodes = createCommandStorageNodes({ runner, log });
  return {
    nodes,
    opened: async (opened, signal) => {
      engine = opened;
      log.warn({}, 'storage nodes are simulated in this process: no data can be stored, and they forget all with it');
      await prepareAgain(nodes, opened, signal);
    },
    close: () => undefined,
  };
}

/** What `topology load` did in an earlier life: pools joined, devices prepared. Throws when a simulated node refuses. */
async function prepareAgain(nodes: StorageNodes, engine: VolumeEngine, signal: AbortSignal): Promise<void> {
  const context = { signal };
  for (const { id } of engine.clusters()) {
    const [first, ...others] = engine.nodes(id);
    if (first === undefined) {
      continue;
    }
    const joined = others.map((node) => nodes.ensurePeer(first, node.storage, context));
    const prepared = [first, ...others].flatMap((node) =>
      node.devices.map(({ name }) => nodes.prepareDevice(node, name, { wipe: true }, context)),
    );
    const outcome = joinOutcomes<unknown>([...(await Promise.all(joined)), ...(await Promise.all(prepared))]);
    if (outcome.kind !== 'done') {
      throw new Error(`the simulated nodes of cluster ${id} could not be prepared again: ${outcome.reason}`);
    }
  }
}
