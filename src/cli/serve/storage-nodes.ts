import { readFile } from 'node:fs/promises';
import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { bytes, GiB } from '../../domain/quantity.ts';
import type { VolumeEngine } from '../../engine/api.ts';
import type { StorageNodes } from '../../engine/ports.ts';
import { createHttpRunner } from '../../gluster/http-runner.ts';
import type { CommandRunner } from '../../gluster/runner.ts';
import { createSimulation } from '../../gluster/simulated/simulation.ts';
import { createCommandStorageNodes } from '../../gluster/storage-nodes.ts';
import type { Config } from '../config/schema.ts';

/** The way to the storage nodes that the configuration asks for. */
export interface StorageAccess {
  readonly nodes: StorageNodes;
  /** To be called when the engine is open, before any other work. */
  opened(engine: VolumeEngine, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface StorageAccessParts {
  readonly config: Config['nodes'];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Throws when the token file of a remote simulation cannot be read. */
export async function openStorageNodes(parts: StorageAccessParts): Promise<StorageAccess> {
  const { config, log } = parts;
  if (config.url === undefined || config.tokenFile === undefined) {
    return ownSimulation(parts);
  }
  const token = (await readFile(config.tokenFile, 'utf8')).trim();
  const runner = createHttpRunner({ url: config.url, token });
  return {
    nodes: createCommandStorageNodes({ runner, log }),
    opened: async () => undefined,
    close: () => runner.close(),
  };
}

/** Size of each device of an own simulation, whatever its name. */
const deviceSize = bytes(100 * GiB);

/**
 * Nodes in this process. They come into being when the engine first speaks to them, with the devices of their records,
 * and forget everything with the process: so after a start they are prepared again from the records.
 */
function ownSimulation({ clock, random, log }: StorageAccessParts): StorageAccess {
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
  return {
    nodes: createCommandStorageNodes({ runner, log }),
    opened: async (opened, signal) => {
      engine = opened;
      log.warn({}, 'storage nodes are simulated in this process: no data can be stored, and they forget all with it');
      await opened.applyTopology(currentTopology(opened), { signal });
    },
    close: () => undefined,
  };
}

function currentTopology(engine: VolumeEngine): Parameters<VolumeEngine['applyTopology']>[0] {
  return {
    clusters: engine.clusters().map(({ id }) => ({
      id,
      nodes: engine.nodes(id).map(({ id, zone, manage, storage, tags, devices }) => ({
        id,
        zone,
        manage,
        storage,
        tags,
        devices: devices.map(({ name, tags, wipe }) => ({ name, tags, wipe })),
      })),
    })),
  };
}
