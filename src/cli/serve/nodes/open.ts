import { readFile } from 'node:fs/promises';
import type { Clock, Random } from '../../../domain/clock.ts';
import type { Log } from '../../../domain/log.ts';
import type { StorageNodes } from '../../../engine/ports.ts';
import { createAgentStorageNodes } from '../../../agent/client/storage-nodes.ts';
import { createHttpRunner } from '../../../gluster/http-runner.ts';
import { createLocalRunner } from '../../../gluster/local-runner.ts';
import type { CommandRunner } from '../../../gluster/runner.ts';
import { createCommandStorageNodes } from '../../../gluster/storage-nodes.ts';
import type { NodeAccess } from '../../config/node-access.ts';
import type { StorageAccess } from './access.ts';
import { ownSimulation } from './own-simulation.ts';

export interface StorageAccessParts {
  readonly config: NodeAccess;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** May this process change anything at this very moment? Asked before everything that is sent to a node. */
  readonly mayAct: () => boolean;
}

/** Throws when a file that the configuration names cannot be read. */
export async function openStorageNodes(parts: StorageAccessParts): Promise<StorageAccess> {
  const { config, clock, random, log, mayAct } = parts;
  const commandsOver = (runner: CommandRunner, close?: () => void): StorageAccess =>
    through(createCommandStorageNodes({ runner, log }), close);
  switch (config.kind) {
    case 'agent': {
      const nodes = createAgentStorageNodes({ clock, random, log, mayAct, port: config.port, certDir: config.certDir });
      return through(nodes, () => nodes.close());
    }
    case 'ssh': {
      const { kind: _, ...options } = config;
      // ssh2 reserves 16 MiB for its ciphers as soon as it is loaded.
      const { createSshRunner } = await import('../../../gluster/ssh/runner.ts');
      const runner = createSshRunner({ ...options, clock, log, mayAct });
      return commandsOver(runner, () => runner.close());
    }
    case 'local':
      return commandsOver(createLocalRunner({ clock, prefix: config.prefix, mayAct }));
    case 'simulated': {
      if (config.remote === undefined) {
        return ownSimulation(parts);
      }
      const { url, tokenFile } = config.remote;
      const token = (await readFile(tokenFile, 'utf8')).trim();
      const runner = createHttpRunner({ url, token, mayAct });
      return commandsOver(runner, () => runner.close());
    }
  }
}

const through = (nodes: StorageNodes, close: () => void = () => undefined): StorageAccess => ({
  nodes,
  opened: async () => undefined,
  close,
});
