/** A machine without gluster: a mount namespace with a small folder to cut bricks from. Ends with the test. */
import { type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readlink } from 'node:fs/promises';
import { brickIdentity, longestBrickIdentity } from '../../../src/domain/brick-identity.ts';
import {
  brickIdFor,
  deviceName,
  hostName,
  nodeId,
  volumeId,
  type BrickId,
  type VolumeId,
} from '../../../src/domain/names.ts';
import { isDone, type Outcome } from '../../../src/domain/outcome.ts';
import { bytes, MiB } from '../../../src/domain/quantity.ts';
import type { NodeRef } from '../../../src/domain/topology.ts';
import type { BrickFacts, BrickSpec, CallContext, DeviceFacts, StorageNodes } from '../../../src/engine/ports.ts';
import { createLocalRunner } from '../../../src/gluster/local-runner.ts';
import type { CommandRunner } from '../../../src/gluster/runner.ts';
import { createCommandStorageNodes } from '../../../src/gluster/storage-nodes.ts';
import { realClock } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait-for.ts';
import { kill, must, run, start, type Ran } from './namespaces.ts';
import { withinRoot } from './root.ts';

export const folder = deviceName('/srv');

/** As long as any that a brick is given. */
export const identity = brickIdentity('schema=1&name='.padEnd(longestBrickIdentity, '#20!'));

export class FolderNode implements NodeRef {
  readonly id = nodeId('node-1');
  readonly manage = hostName('node-1');
  readonly storage = hostName('10.0.0.1');
  readonly runner: CommandRunner;
  readonly #holder: ChildProcess;
  readonly #prefix: readonly string[];

  private constructor(holder: ChildProcess, pid: number) {
    this.#holder = holder;
    this.#prefix = ['nsenter', '-t', String(pid), '-m', '--'];
    this.runner = createLocalRunner({ clock: realClock, prefix: this.#prefix, laneDirectory: '/var/lib/lanes' });
  }

  /** `from`: begins with the mounts that stand there. Else with an empty folder of that many MiB. */
  static async start({ from, mib = 1500 }: { readonly from?: FolderNode; readonly mib?: number }): Promise<FolderNode> {
    const space = ['unshare', '--mount', '--propagation', 'private', '--'];
    const holder = await start(
      [...(from === undefined ? [...space, ...withinRoot] : [...from.#prefix, ...space]), 'sleep', 'infinity'],
      ['ignore', 'ignore', 'inherit'],
    );
    const pid = holder.pid ?? 0;
    const before = from === undefined ? 'self' : String(from.#holder.pid);
    await waitFor('the namespace', async () => {
      const isReady = (await readlink(`/proc/${pid}/exe`)).endsWith('/sleep');
      return isReady && (await readlink(`/proc/${pid}/ns/mnt`)) !== (await readlink(`/proc/${before}/ns/mnt`));
    });
    const node = new FolderNode(holder, pid);
    if (from === undefined) {
      await node.must('mount', '-t', 'tmpfs', '-o', `size=${mib}m`, 'folder', folder);
      // Nothing of this may show on the machine itself, not even empty directories.
      await node.must('mount', '-t', 'tmpfs', 'state', '/var/lib');
      await node.must('mkdir', '/var/lib/lanes', '/var/lib/brickyard');
    }
    return node;
  }

  /** Ends every mount with the namespace. */
  async close(): Promise<void> {
    if (this.#holder.exitCode === null && this.#holder.signalCode === null) {
      const closed = once(this.#holder, 'close');
      kill(this.#holder.pid ?? 0);
      await closed;
    }
  }

  run(...argv: readonly string[]): Promise<Ran> {
    return run([...this.#prefix, ...argv]);
  }

  must(...argv: readonly string[]): Promise<string> {
    return must([...this.#prefix, ...argv]);
  }
}

/** The verbs on a fresh node, about bricks of a volume that no other test on this machine has. */
export class FolderBench {
  readonly node: FolderNode;
  readonly storage: StorageNodes;
  readonly context: CallContext = { signal: new AbortController().signal };
  readonly #volume = volumeId(randomUUID());

  private constructor(node: FolderNode) {
    this.node = node;
    this.storage = createCommandStorageNodes({ runner: node.runner });
  }

  static async start(): Promise<FolderBench> {
    return new FolderBench(await FolderNode.start({}));
  }

  /** Of 320 MiB unless said otherwise. */
  brick(position: number, change: Partial<BrickSpec> & { readonly generation?: number } = {}): BrickSpec {
    const { generation = 0, ...rest } = change;
    return {
      id: brickIdFor(this.#volume, 0, position, generation),
      volume: this.#volume,
      device: folder,
      size: bytes(320 * MiB),
      snapshotFactor: 1,
      arbiter: false,
      ...rest,
    };
  }

  prepare(wipe = false): Promise<Outcome<DeviceFacts>> {
    return this.storage.prepareDevice(this.node, folder, { wipe }, this.context);
  }

  ensure(brick: BrickSpec, pristine = true, by = this.storage): Promise<Outcome<BrickFacts>> {
    return by.ensureBrick(this.node, brick, { pristine }, this.context);
  }

  grow(brick: BrickSpec, by = this.storage): Promise<Outcome<BrickFacts>> {
    return by.growBrick(this.node, brick, this.context);
  }

  destroy(brick: BrickSpec, by = this.storage): Promise<Outcome<void>> {
    return by.destroyBrick(this.node, brick, this.context);
  }

  async inspect(): Promise<DeviceFacts> {
    return valueOf(await this.storage.inspectDevice(this.node, folder, this.context));
  }

  async list(): Promise<readonly BrickFacts[]> {
    return valueOf(await this.storage.listBricks(this.node, folder, this.context));
  }

  /** Where XFS is mounted, a line each. */
  async mounts(): Promise<string> {
    return (await this.node.run('findmnt', '--noheadings', '--list', '--types', 'xfs', '-o', 'TARGET')).stdout;
  }

  /** Type and name of everything in the folder and under the mount points of bricks. */
  async entries(): Promise<readonly string[]> {
    const places = [folder, '/var/lib/brickyard'];
    return (await this.node.must('find', ...places, '-mindepth', '1', '-printf', String.raw`%y %f\n`))
      .trim()
      .split('\n')
      .sort();
  }

  /** Bytes of the file system that a path lies on, its journal left out. */
  async roomAt(path: string): Promise<number> {
    const [blocks, size] = (await this.node.must('stat', '-f', '-c', '%b %S', path)).split(' ');
    return Number(blocks) * Number(size);
  }

  async ownership(path: string): Promise<string> {
    return (await this.node.must('stat', '-c', '%g %a', path)).trim();
  }

  async close(): Promise<void> {
    await this.node.close();
    await waitFor('the loop devices are gone', async () => (await loopDevicesOf(this.#volume)).length === 0);
  }
}

export function valueOf<T>(outcome: Outcome<T>): T {
  if (!isDone(outcome)) {
    throw new Error(`expected done, got ${JSON.stringify(outcome)}`);
  }
  return outcome.value;
}

/** Names of the loop devices of a brick, or of all bricks of a volume, looked for on the whole machine. */
export async function loopDevicesOf(brick: BrickId | VolumeId): Promise<readonly string[]> {
  const text = await must(['losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE']);
  return text.split('\n').flatMap((line) => (line.includes(brick) ? [line.split(' ', 1)[0] ?? ''] : []));
}
