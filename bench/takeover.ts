/**
 * Two replicas on the kubernetes store, with the times of the default configuration: how long nobody serves claims after
 * the one that leads was killed, and after it was asked to end. Claims come all the time, so that it is in the middle of
 * work when that happens.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { objectAt, textAt } from '../src/sandbox/api/json.ts';
import {
  loadTopology,
  startBrickyard,
  type BrickyardOptions,
  type BrickyardProcess,
} from '../test/support/brickyard-process.ts';
import { startStorage, type TestStorage } from '../test/support/storage.ts';
import { waitFor } from '../test/support/wait-for.ts';
import { wholeNumber } from './support/arguments.ts';
import { ClaimLoad } from './support/claim-load.ts';
import { figure, verdict } from './support/report.ts';
import { sandboxServer, type SandboxServer } from './support/sandbox-server.ts';

/** Seconds from the signal to the first claim that another replica has bound. */
const budgets = { SIGKILL: 20, SIGTERM: 3 } as const;
type Signal = keyof typeof budgets;

const program = [fileURLToPath(new URL('../dist/main.js', import.meta.url))];
/** Milliseconds between two claims. */
const pace = 250;

interface Field {
  readonly server: SandboxServer;
  readonly storage: TestStorage;
  readonly directory: string;
}

/** Usage: `takeover [ROUNDS] [VOLUMES]`: 5 rounds of each kind, with 500 volumes, unless said otherwise. */
export async function run([rounds, volumes]: readonly string[]): Promise<void> {
  const [each, existing] = [wholeNumber(rounds, 5, 1), wholeNumber(volumes, 500, 1)];
  const directory = await mkdtemp(join(tmpdir(), 'brickyard-takeover-'));
  const server = await sandboxServer();
  const storage = await startStorage(directory, { deviceGiB: 64 * 1024 });
  await writeFile(join(directory, 'kubeconfig'), server.kubeconfig, { mode: 0o600 });
  const field: Field = { server, storage, directory };
  const replicas: BrickyardProcess[] = [];
  try {
    replicas.push(await startReplica(field, 'first'));
    await loadTopology(optionsOf(field, 'first'));
    await fill(server, existing);
    figure('volumes', `${existing}, and a claim every ${pace} ms`);
    await measure(field, replicas, each);
  } finally {
    await Promise.all(replicas.map((replica) => replica.kill()));
    await storage.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Signals whoever leads, `rounds` times each way; the other one takes over, and a new one stands by. */
async function measure(field: Field, replicas: BrickyardProcess[], rounds: number): Promise<void> {
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const times: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const name = `${signal}-${round}`;
      replicas.push(await startReplica(field, name));
      await standsBy(replicas.at(-1));
      times.push(await takeover(field, replicas.shift(), signal));
      console.log(`${name}: ${times.at(-1)?.toFixed(2)} s`);
    }
    const worst = Math.max(...times);
    const text = `${worst.toFixed(2)} s at most, ${(times.reduce((sum, one) => sum + one, 0) / rounds).toFixed(2)} s on average`;
    verdict(`takeover after ${signal}`, text, `${budgets[signal]} s`, worst <= budgets[signal]);
  }
}

/** Seconds from the signal to the first claim that becomes bound while somebody else holds the lease. */
async function takeover({ server }: Field, leader: BrickyardProcess | undefined, signal: Signal): Promise<number> {
  const before = holder(server);
  const served = Promise.withResolvers<number>();
  const stop = await server.onBound(() => {
    if (![before, ''].includes(holder(server))) {
      served.resolve(performance.now());
    }
  });
  let made = 0;
  const claims = setInterval(() => {
    made += 1;
    server.create(`${signal.toLowerCase()}-${leader?.pid}-${made}`);
  }, pace);
  // So that it is at work on them.
  await waitFor('some claims are under way', () => made >= 8);
  const begun = performance.now();
  const ended = signal === 'SIGKILL' ? leader?.kill() : leader?.stop();
  const seconds = ((await served.promise) - begun) / 1000;
  clearInterval(claims);
  stop();
  await ended;
  return seconds;
}

function holder(server: SandboxServer): string {
  const lease = server.sandbox.api.get({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    namespace: server.namespace,
    name: 'brickyard',
  });
  return textAt(objectAt(lease ?? {}, 'spec'), 'holderIdentity') ?? '';
}

function optionsOf({ server, storage, directory }: Field, name: string): BrickyardOptions {
  const unlimited = { qps: 10_000, burst: 10_000 };
  return {
    directory: join(directory, name),
    kubeconfigPath: join(directory, 'kubeconfig'),
    storage,
    program,
    namespace: server.namespace,
    leaderElection: true,
    config: { api: unlimited, limits: { maxVolumesPerCluster: 100_000 }, store: { kind: 'kubernetes' } },
  };
}

async function startReplica(field: Field, name: string): Promise<BrickyardProcess> {
  await mkdir(join(field.directory, name));
  return startBrickyard(optionsOf(field, name));
}

async function standsBy(replica: BrickyardProcess | undefined): Promise<void> {
  await waitFor('the other one stands by', async () => (await replica?.log())?.includes('somebody leads'), 30_000);
}

async function fill(server: SandboxServer, volumes: number): Promise<void> {
  const load = new ClaimLoad(server, volumes, 50);
  const stop = await load.start();
  await load.reach(volumes);
  stop();
}
