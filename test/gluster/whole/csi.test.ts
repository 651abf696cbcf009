/** The whole way of a volume of the form csi: claim, PersistentVolume, the real node plugin, data, growth, and nothing left. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestClaim } from '../../support/claims.ts';
import { CsiClient, registerThrough, type PublishedVolume } from '../../support/csi-client.ts';
import { waitFor } from '../../support/wait-for.ts';
import { missingForGluster } from '../environment.ts';
import { wholly } from '../harness/namespaces.ts';
import { settled, startRealWhole, tellAfterFailure, type RealWhole } from './support.ts';

const missing = await missingForGluster();
const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const MiB = 1024 * 1024;
const kubelet = '/var/lib/brickyard/kubelet';
const staging = `${kubelet}/plugins/kubernetes.io/csi/glusterfs.brickyard.dev/0123/globalmount`;
const target = `${kubelet}/pods/one/volumes/kubernetes.io~csi/data/mount`;

/** `brickyard node serve`, whose commands run on the client machine. */
class Plugin {
  readonly socket: string;
  readonly #directory: string;
  readonly #whole: RealWhole;
  #child: ChildProcess | undefined;

  constructor(whole: RealWhole) {
    this.#whole = whole;
    this.#directory = join(whole.cluster.directory, 'plugin');
    this.socket = join(this.#directory, 'csi.sock');
  }

  async start(): Promise<void> {
    const registration = join(this.#directory, 'registry');
    await mkdir(registration, { recursive: true });
    const kubeconfig = join(this.#directory, 'kubeconfig');
    await writeFile(kubeconfig, this.#whole.api.kubeconfig, { mode: 0o600 });
    const flags = {
      name: 'client',
      'kubelet-dir': kubelet,
      'csi-socket': this.socket,
      'registration-dir': registration,
      kubeconfig,
      'watch-interval': '2s',
      prefix: wholly(this.#whole.cluster.client.pid).join(' '),
    };
    const words = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const log = createWriteStream(join(this.#directory, 'log'), { flags: 'a' });
    await once(log, 'open');
    const env = { PATH: process.env['PATH'] ?? '' };
    this.#child = spawn(process.execPath, [main, 'node', 'serve', ...words], { stdio: ['ignore', log, log], env });
    log.close();
    await waitFor(
      'the plugin registers',
      async () => registerThrough(join(registration, await this.#registered())),
      120_000,
    );
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }

  log(): Promise<string> {
    return readFile(join(this.#directory, 'log'), 'utf8');
  }

  async #registered(): Promise<string> {
    const socket = (await readdir(join(this.#directory, 'registry'))).find((name) => name.endsWith('.sock'));
    if (socket === undefined) {
      throw new Error(`no socket yet: ${await this.log()}`);
    }
    return socket;
  }
}

describe.skipIf(missing.length > 0)('a volume of the form csi', () => {
  let whole: RealWhole;
  let plugin: Plugin;
  let csi: CsiClient;
  let claim: TestClaim;
  let volume: PublishedVolume;
  let bricks: readonly string[];
  let gid: string;

  beforeAll(async () => {
    whole = await startRealWhole({ way: 'agent', diskGiB: 8 });
    const { client } = whole.cluster;
    await client.must('mkdir', '-p', kubelet);
    // As systemd has it, and many set-ups of kubelets: mounts in the folder then have hidden copies beneath it.
    await client.must('mount', '--make-rshared', '/');
    await client.must('mount', '--bind', kubelet, kubelet);
    plugin = new Plugin(whole);
    await plugin.start();
    csi = new CsiClient(plugin.socket);
  });

  afterAll(async () => {
    csi?.close();
    await plugin?.kill();
    await whole?.cluster.client.run('chattr', '-R', '-i', kubelet);
    await whole?.close();
  });

  tellAfterFailure(() => whole);

  const write = async (file: string, mebibytes: number): Promise<void> => {
    const words = [
      'if=/dev/urandom',
      `of=${target}/${file}`,
      'bs=1M',
      `count=${mebibytes}`,
      'conv=fsync',
      'status=none',
    ];
    await whole.cluster.client.must('dd', ...words);
  };
  const size = async (): Promise<number> => {
    const { usage } = (await csi.stats(volume, target)) as { usage: { unit: string; total: string }[] };
    return Number(usage.find(({ unit }) => unit === 'BYTES')?.total);
  };

  it('is published by what its PersistentVolume says, and has its data on three nodes', async () => {
    const [made] = await whole.claims.create(1, '320Mi');
    if (made === undefined) {
      throw new Error('expected a claim');
    }
    claim = made;
    await whole.claims.allBound([claim]);
    const [pv] = await whole.claims.volumes();
    const source = pv?.spec?.csi;
    gid = pv?.metadata?.annotations?.['pv.beta.kubernetes.io/gid'] ?? '';
    volume = { volume_id: source?.volumeHandle ?? '', volume_context: source?.volumeAttributes ?? {} };
    await csi.stage(volume, staging);
    await csi.publish(volume, staging, target);
    await write('file', 20);
    const sum = (await whole.cluster.client.must('sha256sum', `${target}/file`)).slice(0, 64);
    bricks = await Promise.all(
      whole.cluster.nodes.map(async (node) => {
        const [path = ''] = (await node.must('find', '/var/lib/brickyard', '-name', 'file', '-size', '+1M')).split(
          '\n',
        );
        return (await node.must('sha256sum', path)).slice(0, 64);
      }),
    );
    expect(bricks).toEqual([sum, sum, sum]);
  });

  it('is written to by pods that are not root, for the group of the volume is theirs', async () => {
    /** As a kubelet starts a container with runAsUser: the group of the annotation is a supplemental one. */
    const inPod = (user: number, groups: string, ...words: readonly string[]) =>
      whole.cluster.client.run('setpriv', `--reuid=${user}`, `--regid=${user}`, groups, '--', ...words);
    const member = `--groups=${gid}`;
    const stranger = '--clear-groups';
    expect(await inPod(4_711, member, 'mkdir', `${target}/ours`)).toMatchObject({ exitCode: 0 });
    expect(await inPod(4_711, member, 'cp', '/proc/self/status', `${target}/ours/file`)).toMatchObject({ exitCode: 0 });
    const owner = ['stat', '--format=%u %g', `${target}/ours/file`];
    expect(await inPod(4_712, member, ...owner)).toMatchObject({ stdout: `4711 ${gid}\n` });
    expect(await inPod(4_712, member, 'touch', `${target}/theirs`)).toMatchObject({ exitCode: 0 });
    expect(await inPod(4_713, stranger, 'touch', `${target}/nobodys`)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Permission denied') as string,
    });
  });

  it('outlives its plugin, which finds it again', async () => {
    await plugin.kill();
    await write('meanwhile', 5);
    await plugin.start();
    await csi.publish(volume, staging, target);
    expect(await csi.stats(volume, target)).toMatchObject({ volume_condition: { abnormal: false } });
  });

  it('is mounted again when its client dies, and the events of the node say so', async () => {
    const { client } = whole.cluster;
    await client.must('pkill', '--signal', 'KILL', '--full', 'glusterfs .*globalmount');
    const [said] = await waitFor(
      'it is mounted again',
      async () => {
        const events = await whole.claims.eventsOfNode('client');
        return events.some((event) => event.startsWith('GlusterMountRepaired: ')) ? [events] : undefined;
      },
      120_000,
    );
    const mount = `the mount of gluster volume ${volume.volume_context['volume']} at ${staging}`;
    expect(said).toEqual(
      expect.arrayContaining([
        `GlusterMountDead: The client process of ${mount} has ended. Errors until it is mounted again: pod one`,
        expect.stringContaining(`GlusterMountRepaired: There is a new client for ${mount}.`),
      ]),
    );
    await write('again', 5);
    expect(await csi.stats(volume, target)).toMatchObject({ volume_condition: { abnormal: false } });
  });

  it('is mounted again when its client dies while there is no plugin', async () => {
    const { client } = whole.cluster;
    await plugin.kill();
    await client.must('pkill', '--signal', 'KILL', '--full', 'glusterfs .*globalmount');
    // A process that was killed ends a moment later.
    await waitFor('the mount is dead', async () =>
      (await client.run('ls', target)).stderr.includes('Transport endpoint is not connected'),
    );
    await plugin.start();
    // For a moment nothing is mounted there, and the directory is empty.
    const again = async (): Promise<boolean> => (await client.run('cat', `${target}/again`)).exitCode === 0;
    await waitFor('it is mounted again', again);
    await write('once more', 5);
    expect(await csi.stats(volume, target)).toMatchObject({ volume_condition: { abnormal: false } });
  });

  it('grows where it is mounted', async () => {
    const before = await size();
    await whole.claims.grow(claim, '640Mi');
    await waitFor('the claim says so', async () => (await whole.claims.capacity(claim)) === '640Mi');
    await csi.node('NodeExpandVolume', { volume_id: volume.volume_id, volume_path: target });
    await waitFor('the plugin says so', async () => (await size()) >= before + 300 * MiB);
  });

  it('leaves nothing on any node', async () => {
    await csi.unpublish(volume, target);
    await csi.unpublish(volume, target);
    await csi.unstage(volume, staging);
    const { client } = whole.cluster;
    expect(await client.run('pgrep', '--full', 'glusterfs .*globalmount')).toMatchObject({ exitCode: 1 });
    expect(await client.run('ls', target)).toMatchObject({ exitCode: 2 });
    await whole.claims.delete(claim);
    await settled(whole, [], 240_000);
    expect(await whole.claims.volumes()).toEqual([]);
  });
});
