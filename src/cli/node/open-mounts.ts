import { readFile } from 'node:fs/promises';
import { isMissingFile } from '../../csi/missing-file.ts';
import { findClientHost } from '../../csi/mounts/client-host.ts';
import type { Mounts } from '../../csi/mounts/api.ts';
import type { ClientTreeOptions } from '../../csi/mounts/client-tree.ts';
import { openMounts } from '../../csi/mounts/open.ts';
import type { Memory } from '../../csi/mounts/memory.ts';
import type { MountNotice } from '../../csi/mounts/watch.ts';
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { hostName, type NodeId } from '../../domain/names.ts';
import { createLocalRunner } from '../../gluster/local-runner.ts';
import type { CommandRunner } from '../../gluster/runner.ts';

export interface MountsParts {
  /** Runs commands in the host's namespaces. */
  readonly runner: CommandRunner;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: NodeId;
  /** As the host names it. */
  readonly kubeletDirectory: string;
  /** Milliseconds between two looks at all mounts. */
  readonly watchInterval: number;
  /** How clients were started, from one process of the plugin to the next. */
  readonly memory: Memory;
  /** Told of mounts that have died, and of what became of them. Must not throw. */
  readonly listener: (notice: MountNotice) => void;
  /** Told after each look. */
  readonly looked: () => void;
  /** Fires when the process is to end. */
  readonly stopping: AbortSignal;
}

/** The mounts, and what has to be over before the process may end. */
export interface OpenedMounts {
  readonly mounts: Mounts;
  readonly ended?: Promise<void>;
}

/** Where the Dockerfile puts the client tree of the node image, and where the manifest has it copied to. */
const image = { tree: '/opt/brickyard/client-tree', version: '/opt/brickyard/client-tree.version' } as const;
const folder = '/var/lib/brickyard/client';

/** Finds out how this host mounts, and watches over what is mounted. Rejects when there is no gluster client to be had. */
export async function openHostMounts(parts: MountsParts): Promise<OpenedMounts> {
  const { runner, clock, log, node, kubeletDirectory, watchInterval, memory, listener, looked, stopping } = parts;
  const ref = { id: node, manage: hostName(node), storage: hostName(node) };
  const tree = await treeOfImage();
  const found = await findClientHost(
    {
      runner,
      log,
      node: ref,
      kubeletDirectory,
      ...(tree === undefined ? {} : { tree: { ...tree, runner: createLocalRunner({ clock }) } }),
    },
    { signal: stopping },
  );
  if (found.kind !== 'done') {
    throw new Error(found.reason);
  }
  const mounts = openMounts({ runner, clock, log, node: ref, kubeletDirectory, ...found.value });
  const ended = mounts
    .watch({ everyMs: watchInterval, signal: stopping, memory, listener, looked })
    .catch((error: unknown) => log.error({ err: error }, 'the watch over mounts has ended'));
  return { mounts, ended };
}

/** Absent where this is not the node image. */
async function treeOfImage(): Promise<ClientTreeOptions | undefined> {
  try {
    const version = (await readFile(image.version, 'utf8')).trim();
    return { source: image.tree, version, folder, folderHere: folder };
  } catch (error) {
    if (isMissingFile(error)) {
      return undefined;
    }
    throw error;
  }
}
