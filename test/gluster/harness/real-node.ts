/** One storage node of a test cluster: a machine in namespaces, with a disk that outlives its power cuts. */
import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  deviceName,
  hostName,
  nodeId,
  type DeviceName,
  type HostName,
  type NodeId,
} from '../../../src/domain/names.ts';
import type { NodeRef } from '../../../src/domain/topology.ts';
import { waitFor } from '../../support/wait-for.ts';
import { childOf, kill, must, run, start, wholly, type Ran } from './namespaces.ts';

const script = fileURLToPath(new URL('node.sh', import.meta.url));

export interface NodePlace {
  /** Folder of the cluster; the node's own tree is a folder of its name in there. */
  readonly directory: string;
  readonly name: string;
  /** Last part of its address. */
  readonly number: number;
  readonly prefix: string;
  /** A process in the cluster's network, where the bridge is. */
  readonly outer: number;
}

export class RealNode implements NodeRef {
  readonly id: NodeId;
  readonly manage: HostName;
  readonly storage: HostName;
  /** Folders that bricks can be cut from. The same paths hold on the machine itself. */
  readonly devices: readonly DeviceName[];
  /** Everything that its disks hold. */
  readonly tree: string;
  readonly #place: NodePlace;
  #shell: ChildProcess | undefined;
  #pid = 0;

  constructor(place: NodePlace) {
    this.#place = place;
    this.tree = join(place.directory, place.name);
    this.id = nodeId(place.name);
    this.manage = hostName(place.name);
    this.storage = hostName(`${place.prefix}.${place.number}`);
    this.devices = [1, 2].map((disk) => deviceName(join(this.tree, `disk-${disk}`)));
  }

  /** The first process of the node, as this machine numbers it. Another one after every boot. */
  get pid(): number {
    return this.#pid;
  }

  /** Resolves when it is on the network; nothing of gluster's runs yet. */
  async boot(): Promise<void> {
    await mkdir(this.tree, { recursive: true });
    const log = await open(join(this.tree, 'log'), 'a');
    const space = ['unshare', '--mount', '--net', '--uts', '--ipc', '--pid', '--fork', '--kill-child=KILL'];
    const argv = ['nsenter', '-t', String(this.#place.outer), '-m', '-p', '-n', '--', ...space, script, this.tree];
    const shell = await start([...argv, this.#place.name], ['ignore', 'pipe', log.fd]);
    await log.close();
    this.#shell = shell;
    if (shell.stdout === null || shell.pid === undefined) {
      throw new Error(`${this.#place.name} was not started`);
    }
    const [said] = (await Promise.race([once(shell.stdout, 'data'), once(shell, 'close')])) as unknown[];
    if (String(said).trim() !== 'ready') {
      throw new Error(`${this.#place.name} did not boot: ${await readFile(join(this.tree, 'log'), 'utf8')}`);
    }
    // nsenter, unshare, the node.
    this.#pid = await childOf(await childOf(shell.pid));
    await this.#plugIn();
  }

  async #plugIn(): Promise<void> {
    const { name, number, prefix, outer } = this.#place;
    // A fixed hardware address, so that nobody has to learn another one after a boot. The old interface may still be going.
    const mac = `02:00:00:00:00:${number.toString(16).padStart(2, '0')}`;
    const onBridge = ['nsenter', '-t', String(outer), '-n', '--', 'ip', 'link'];
    await run([...onBridge, 'del', name]);
    const pair = ['type', 'veth', 'peer', 'name', 'eth0', 'address', mac, 'netns', String(this.pid)];
    await must([...onBridge, 'add', name, ...pair]);
    await must([...onBridge, 'set', name, 'master', 'nodes', 'up']);
    await this.must('ip', 'link', 'set', 'lo', 'up');
    await this.must('ip', 'addr', 'add', `${prefix}.${number}/24`, 'dev', 'eth0');
    await this.must('ip', 'link', 'set', 'eth0', 'up');
  }

  /** A power cut: every process of it ends, and its mounts and loop devices go. Its disks keep what they hold. */
  async kill(): Promise<void> {
    kill(this.pid);
    await waitFor(
      `${this.id} is down`,
      () => this.#shell?.exitCode !== null || this.#shell.signalCode !== null,
      120_000,
    );
  }

  /** Cuts the cable, or mends it. Nobody is told. */
  async cable(state: 'cut' | 'whole'): Promise<void> {
    const { name, outer } = this.#place;
    const link = ['nsenter', '-t', String(outer), '-n', '--', 'ip', 'link', 'set', name];
    await must([...link, state === 'cut' ? 'down' : 'up']);
  }

  /** Resolves when its glusterd answers. */
  async startGlusterd(): Promise<void> {
    await this.must('glusterd', '-p', '/run/glusterd.pid');
    await waitFor(
      `glusterd of ${this.id} answers`,
      async () => (await this.run('gluster', '--mode=script', 'pool', 'list')).exitCode === 0,
      120_000,
    );
  }

  /** SIGKILL of glusterd alone: its bricks go on. */
  async killGlusterd(): Promise<void> {
    await this.must('sh', '-c', 'kill -KILL "$(cat /run/glusterd.pid)"');
  }

  /** Runs a command on the node, for the test's own purposes. */
  run(...argv: readonly string[]): Promise<Ran> {
    return run([...wholly(this.pid), ...argv]);
  }

  /** As `run`; rejects when the command fails. Resolves with what it printed. */
  must(...argv: readonly string[]): Promise<string> {
    return must([...wholly(this.pid), ...argv]);
  }
}
