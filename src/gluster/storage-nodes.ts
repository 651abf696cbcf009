/** The engine's port to storage nodes, by commands over any runner. */
import type { StorageNodes } from '../engine/ports.ts';
import type { Log } from '../domain/log.ts';
import type { CommandRunner } from './runner.ts';

export interface CommandStorageNodesOptions {
  readonly runner: CommandRunner;
  /** Told of every command that did not simply succeed. Default: nobody is told. */
  readonly log?: Log;
}

export declare function createCommandStorageNodes(options: CommandStorageNodesOptions): StorageNodes;
