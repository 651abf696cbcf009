/**
 * Memory of `brickyard node` at rest and after many calls, run as its image runs it: the built program, with the words and the
 * environment that the Dockerfile gives it, and a pod's service account, which nobody asks for here. Its commands run on the
 * client machine of a real gluster.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startRealCluster } from '../test/gluster/harness/cluster.ts';
import { wholly } from '../test/gluster/harness/namespaces.ts';
import { CsiClient } from '../test/support/csi-client.ts';
import { waitFor } from '../test/support/wait-for.ts';
import { wholeNumber } from './support/arguments.ts';
import { residentMiB } from './support/process-figures.ts';
import { figure, verdict } from './support/report.ts';

/** MiB. */
const budget = 70;
/** Milliseconds: longer than the watch rests between two looks. */
const rest = 35_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const kubelet = '/var/lib/kubelet';

/** Usage: `plugin [CALLS]`; 1000 unless said otherwise. Needs root and glusterd. */
export async function run(args: readonly string[]): Promise<void> {
  const calls = wholeNumber(args[0], 1_000, 1);
  const cluster = await startRealCluster(1);
  const directory = await mkdtemp(join(tmpdir(), 'brickyard-bench-plugin-'));
  let child: ChildProcess | undefined;
  try {
    await cluster.client.must('mkdir', '-p', kubelet);
    await mkdir(join(directory, 'registry'));
    const account = join(directory, 'account');
    await mkdir(account);
    await writeFile(join(account, 'token'), 'nobody reads it');
    await writeFile(join(account, 'ca.crt'), 'nor this');
    const socket = join(directory, 'csi.sock');
    child = await startAsImage(account, {
      name: 'client',
      'kubelet-dir': kubelet,
      'csi-socket': socket,
      'registration-dir': join(directory, 'registry'),
      prefix: wholly(cluster.client.pid).join(' '),
    });
    await waitFor('the plugin listens', () => existsSync(socket));
    const { pid = 0 } = child;
    await delay(rest);
    const resting = await residentMiB(pid);
    verdict('resident at rest', `${resting.now.toFixed(1)} MiB`, `${budget} MiB`, resting.now <= budget);
    await ask(socket, calls);
    await delay(rest);
    const after = await residentMiB(pid);
    figure(
      `after ${calls} calls`,
      `${after.now.toFixed(1)} MiB, ${after.peak.toFixed(1)} at most; ${after.ofFiles.toFixed(1)} mapped from files`,
    );
  } finally {
    if (child?.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await cluster.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** In a mount namespace of its own: `$1` is where a pod has its service account, then come the command's words. */
const inPod =
  'mount -t tmpfs tmpfs /run && mkdir -p /run/secrets/kubernetes.io && cp -r "$1" /run/secrets/kubernetes.io/serviceaccount && ' +
  'shift && exec "$@"';

/** `flags`: of `brickyard node serve`. Throws when the Dockerfile does not say how the image starts. */
async function startAsImage(account: string, flags: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const [, stage = ''] =
    /^FROM program AS node$([\s\S]*?)^FROM /m.exec(await readFile(join(root, 'Dockerfile'), 'utf8')) ?? [];
  const [, entry] = /^ENTRYPOINT \["node", (.*)"\/app\/dist\/main\.js"\]$/m.exec(stage) ?? [];
  const [, options] = /^ENV NODE_OPTIONS="([^"]*)" MALLOC_ARENA_MAX=1$/m.exec(stage) ?? [];
  if (entry === undefined || options === undefined) {
    throw new Error('expected the entry point and the options of the target node in the Dockerfile');
  }
  const words = [...entry.matchAll(/"([^"]*)"/g)].map(([, word = '']) => word);
  const settings = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const program = [process.execPath, ...words, join(root, 'dist/main.js'), 'node', 'serve', ...settings];
  return spawn('unshare', ['--mount', 'sh', '-c', inPod, 'sh', account, ...program], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_OPTIONS: options,
      MALLOC_ARENA_MAX: '1',
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: '443',
    },
  });
}

/** What kubelets and liveness probes ask all day. */
async function ask(socket: string, calls: number): Promise<void> {
  const client = new CsiClient(socket);
  for (let call = 0; call < calls; call += 2) {
    await client.call('identity', 'Probe');
    await client.node('NodeGetCapabilities');
  }
  client.close();
}
