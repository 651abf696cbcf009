import { readFile } from 'node:fs/promises';
import type { Clock, Random } from '../../../domain/clock.ts';
import type { Log } from '../../../domain/log.ts';
import type { StorageNodes } from '../../../engine/ports.ts';
import { createAgentStorageNodes } from '../../../agent/client/storage-nodes.ts';
import { createHttpRunner } from '../../../gluster/http-runner.ts';
import { createLocalRunner } from '../../../gluster/local-runner.ts';
import type { CommandRunner } from '../../../gluster/runner.ts';
import { createSshRunner } from '../../../gluster/ssh/runner.ts';
import { createCommandStorageNodes } from '../../../gluster/storage-nodes.ts';
import type { NodeAccess } from '../../config/node-access.ts';
import type { StorageAccess } from './access.ts';
import { ownSimulation } from './own-simulation.ts';

export interface StorageAccessParts {
  readonly config: NodeAccess;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Throws when a file that the configuration names cannot be read. */
export async function openStorageNodes(parts: StorageAccessParts): Promise<StorageAccess> {
  const { config, clock, random, log } = parts;
  switch (config.kind) {
    case 'agent': {
      const nodes = createAgentStorageNodes({ clock, random, log, port: config.port, certDir: config.certDir });
      return through(nodes, () => nodes.close());
    }
    case 'ssh': {
      const { kind: _, ...options } = config;
      const runner = createSshRunner({ ...options, clock, log });
      return commandsOver(runner, log, () => runner.close());
    }
    case 'local':
      return commandsOver(createLocalRunner({ clock, prefix: config.prefix }), log);
    case 'simulated': {
      if (config.remote === undefined) {
        return ownSimulation(parts);
      }
      const { url, tokenFile } = config.remote;
      const token = (await readFile(tokenFile, 'utf8')).trim();
      const runner = createHttpRunner({ url, token });
      return commandsOver(runner, log, () => runner.close());
    }
  }
}

const commandsOver = (runner: CommandRunner, log: Log, close?: () => void): StorageAccess =>
  through(createCommandStorageNodes({ runner, log }), close);

const through = (nodes: StorageNodes, close: () => void = () => undefined): StorageAccess => ({
  nodes,
  opened: async () => undefined,
  close,
});
