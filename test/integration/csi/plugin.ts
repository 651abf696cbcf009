/** The node plugin in a process of its own, with a kubelet's folder and an Endpoints object. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { csiDriverName } from '../../../src/domain/csi-names.ts';
import type { KubeSandbox } from '../../../src/sandbox/api/start.ts';
import { CsiClient } from '../../support/csi-client.ts';
import { FakeMounts } from '../../support/fake-mounts.ts';
import { startTestApi } from '../../support/test-api.ts';
import { waitFor } from '../../support/wait-for.ts';

const program = fileURLToPath(new URL('plugin-process.ts', import.meta.url));

export class TestPlugin {
  readonly directory: string;
  readonly mounts: FakeMounts;
  readonly api: KubeSandbox;
  #child: ChildProcess | undefined;
  #said = '';
  #client: CsiClient | undefined;

  private constructor(directory: string, api: KubeSandbox) {
    this.directory = directory;
    this.api = api;
    this.mounts = new FakeMounts(join(directory, 'mounts.json'));
  }

  static async start(): Promise<TestPlugin> {
    const api = await startTestApi();
    api.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'brickyard' } });
    api.api.create({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'gluster-default', namespace: 'brickyard' },
      subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }], ports: [{ port: 1 }] }],
    });
    const plugin = new TestPlugin(await mkdtemp(join(tmpdir(), 'brickyard-plugin-')), api);
    await mkdir(plugin.kubelet);
    await writeFile(join(plugin.directory, 'kubeconfig'), api.kubeconfig, { mode: 0o600 });
    await plugin.run();
    return plugin;
  }

  get kubelet(): string {
    return join(this.directory, 'kubelet');
  }

  get socket(): string {
    return join(this.kubelet, 'plugins', csiDriverName, 'csi.sock');
  }

  get registration(): string {
    return join(this.kubelet, 'plugins_registry', `${csiDriverName}-reg.sock`);
  }

  get said(): string {
    return this.#said;
  }

  get client(): CsiClient {
    this.#client ??= new CsiClient(this.socket);
    return this.#client;
  }

  staging(volume: string): string {
    return join(this.kubelet, `plugins/kubernetes.io/csi/${csiDriverName}/${volume}/globalmount`);
  }

  target(pod: string): string {
    return join(this.kubelet, `pods/${pod}/volumes/kubernetes.io~csi/data/mount`);
  }

  get #listens(): boolean {
    return this.#said.includes('the plugin listens');
  }

  get runs(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts the process and waits until it listens. */
  async run(): Promise<void> {
    this.#child = this.spawn();
    await waitFor('the plugin listens', () => existsSync(this.registration) && this.#listens);
  }

  /** Another one for the same place. */
  spawn(): ChildProcess {
    this.#said = '';
    const settings = ['--name', 'worker-1', '--kubelet-dir', this.kubelet];
    const argv = [program, join(this.directory, 'mounts.json'), ...settings];
    const child = spawn(process.execPath, [...argv, '--kubeconfig', join(this.directory, 'kubeconfig')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {},
    });
    child.stdout.on('data', (part: Buffer) => (this.#said += part.toString()));
    child.stderr.on('data', (part: Buffer) => (this.#said += part.toString()));
    return child;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || !this.runs) {
      return child?.exitCode ?? null;
    }
    const ended = once(child, 'close');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  async close(): Promise<void> {
    this.#client?.close();
    await this.end('SIGKILL');
    await this.api.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}
