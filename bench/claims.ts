/**
 * Claims through the whole product: an API server, simulated nodes in this process, the controller in one of its own. The
 * budgets are those of a controller with 10,000 claims.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadTopology, startBrickyard } from '../test/support/brickyard-process.ts';
import { startStorage } from '../test/support/storage.ts';
import { oneOf, wholeNumber } from './support/arguments.ts';
import { ClaimLoad } from './support/claim-load.ts';
import type { ClaimServer } from './support/claim-server.ts';
import { clusterServer } from './support/cluster-server.ts';
import { heapMiB, writesByMetrics } from './support/controller-metrics.ts';
import { cpuSeconds, residentMiB } from './support/process-figures.ts';
import { figure, verdict } from './support/report.ts';
import { sandboxServer } from './support/sandbox-server.ts';

/** As the image runs it: built, and with its bounds for memory (see the Dockerfile). */
const under = ['env', 'MALLOC_ARENA_MAX=1', 'MALLOC_MMAP_THRESHOLD_=131072', 'MALLOC_TRIM_THRESHOLD_=131072'];
const program = [
  '--max-semi-space-size=2',
  '--max-old-space-size=256',
  '--heap-growing-percent=20',
  fileURLToPath(new URL('../dist/main.js', import.meta.url)),
];

const budgetMiB = 200;
/**
 * How much dearer a claim of the last tenth may be than one of the second. Not of the first, in which the program is still
 * being compiled. Above 1 for what a busy machine does to it.
 */
const budgetGrowth = 1.2;
/** Writes to the API for each claim, events included. A record in the API takes two. */
const budgetWrites = { sqlite: 3, kubernetes: 5 } as const;

/** The Service and the Endpoints of the cluster; in the API the status of each of six nodes too. */
const writtenOnce = { sqlite: 2, kubernetes: 8 } as const;

type Store = keyof typeof budgetWrites;

interface Plan {
  readonly count: number;
  readonly atOnce: number;
  readonly store: Store;
}

/**
 * Usage: `claims [COUNT] [UNDER WAY] [--store sqlite|kubernetes] [--api sandbox|kubeconfig]`; 10000 and 100, sqlite and
 * sandbox unless said otherwise. Fails the process when a budget is missed.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { store: { type: 'string', default: 'sqlite' }, api: { type: 'string', default: 'sandbox' } },
  });
  const plan: Plan = {
    count: wholeNumber(positionals[0], 10_000, 10),
    atOnce: wholeNumber(positionals[1], 100, 1),
    store: oneOf('--store', values.store, ['sqlite', 'kubernetes']),
  };
  const api = oneOf('--api', values.api, ['sandbox', 'kubeconfig']);
  const server = api === 'sandbox' ? await sandboxServer() : await clusterServer(plan.store === 'kubernetes');
  const directory = await mkdtemp(join(tmpdir(), 'brickyard-bench-'));
  try {
    await serveAndMeasure(server, plan, directory);
  } finally {
    await server.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function serveAndMeasure(server: ClaimServer, plan: Plan, directory: string): Promise<void> {
  const { count, store } = plan;
  const storage = await startStorage(directory, { deviceGiB: 64 * 1024 });
  const kubeconfigPath = join(directory, 'kubeconfig');
  await writeFile(kubeconfigPath, server.kubeconfig, { mode: 0o600 });
  const opsPort = await freePort();
  const unlimited = { qps: 10_000, burst: 10_000 };
  const limits = { maxVolumesPerCluster: count + 1 };
  const { provisioner, namespace } = server;
  const ops = { address: '127.0.0.1', port: opsPort };
  const config = { api: unlimited, limits, log: { level: 'warn' }, ops, store: { kind: store } };
  const options = { directory, kubeconfigPath, storage, program, under, provisioner, namespace, config };
  const brickyard = await startBrickyard(options);
  try {
    await loadTopology(options);
    await measure(server, { pid: brickyard.pid, opsPort }, plan);
  } finally {
    await server.cleanUp();
    await brickyard.kill();
    await storage.close();
  }
}

async function measure(server: ClaimServer, controller: Controller, { count, atOnce, store }: Plan): Promise<void> {
  const { pid, opsPort } = controller;
  const writes = async (): Promise<number> => server.writes() ?? writesByMetrics(opsPort);
  const load = new ClaimLoad(server, count, atOnce);
  const [idle, writesBefore] = [await residentMiB(pid), await writes()];
  console.log(`      0 bound, ${await memory(controller)}`);
  const tenths: Tenth[] = [];
  const stop = await load.start();
  for (let tenth = 1; tenth <= 10; tenth += 1) {
    tenths.push(await measureTenth(pid, () => load.reach(Math.round((count * tenth) / 10))));
    console.log(`${String(load.bound).padStart(7)} bound, ${await memory(controller)}`);
  }
  stop();
  const milliseconds = tenths.map(({ cpu }) => (cpu * 1000) / (count / 10));
  const [second = 0, last = 0] = [milliseconds[1], milliseconds.at(-1)];
  const seconds = tenths.reduce((sum, tenth) => sum + tenth.seconds, 0);
  const { now, peak } = await residentMiB(pid);
  const perClaim = ((await writes()) - writesBefore) / count;

  console.log('');
  figure('claims', `${count}, ${atOnce} under way at a time, on the ${store} store`);
  figure('claims per second', (count / seconds).toFixed(1));
  figure('create to bound', `p50 ${load.quantile(0.5)} ms, p99 ${load.quantile(0.99)} ms`);
  const residents = `${idle.now.toFixed(0)} MiB before, ${now.toFixed(0)} at the end, ${peak.toFixed(0)} at most`;
  verdict('controller resident', residents, `${budgetMiB}`, peak <= budgetMiB);
  const costs = `${second.toFixed(2)} ms in the second tenth, ${last.toFixed(2)} in the last`;
  verdict('controller CPU per claim', costs, `${budgetGrowth} times that`, last <= second * budgetGrowth);
  const met = perClaim <= budgetWrites[store] + writtenOnce[store] / count;
  verdict('API writes per claim', perClaim.toFixed(3), `${budgetWrites[store]}`, met);
}

async function memory({ pid, opsPort }: Controller): Promise<string> {
  const [{ now, ofFiles }, { total, used, external }] = [await residentMiB(pid), await heapMiB(opsPort)];
  const rest = now - ofFiles - total - external;
  const parts = [`heap ${total.toFixed(0)} (${used.toFixed(0)} in use)`, `external ${external.toFixed(0)}`];
  return `${now.toFixed(0)} MiB resident: ${parts.join(', ')}, files ${ofFiles.toFixed(0)}, rest ${rest.toFixed(0)}`;
}

interface Controller {
  readonly pid: number;
  readonly opsPort: number;
}

interface Tenth {
  readonly cpu: number;
  readonly seconds: number;
}

async function measureTenth(pid: number, work: () => Promise<void>): Promise<Tenth> {
  const [cpu, begun] = [await cpuSeconds(pid), performance.now()];
  await work();
  return { cpu: (await cpuSeconds(pid)) - cpu, seconds: (performance.now() - begun) / 1000 };
}

/** One that nobody listens on just now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error(`expected a TCP port, got ${JSON.stringify(address)}`);
  }
  return address.port;
}
