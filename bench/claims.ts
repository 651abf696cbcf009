/**
 * Claims through the whole product: sandbox API and simulated nodes in this process, the controller in one of its own.
 * A bounded number of claims is under way at any time, so that the time from create to bound is the work's and not a
 * queue's.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { KubeSandbox } from '../src/sandbox/api/start.ts';
import { loadTopology, startBrickyard } from '../test/support/brickyard-process.ts';
import { startStorage } from '../test/support/storage.ts';
import { startTestApi } from '../test/support/test-api.ts';

/** As the image runs it: built, and with its bounds for the heap. */
const program = [
  '--max-semi-space-size=4',
  '--max-old-space-size=256',
  fileURLToPath(new URL('../dist/main.js', import.meta.url)),
];

const claimType = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' } as const;

/** Usage: `claims [COUNT] [UNDER WAY]`; 10000 and 100 unless said otherwise. */
export async function run(args: readonly string[]): Promise<void> {
  const count = wholeNumber(args[0], 10_000);
  const atOnce = wholeNumber(args[1], 100);
  const directory = await mkdtemp(join(tmpdir(), 'brickyard-bench-'));
  const api = await startTestApi();
  const storage = await startStorage(directory, { deviceGiB: 64 * 1024 });
  const kubeconfigPath = join(directory, 'kubeconfig');
  await writeFile(kubeconfigPath, api.kubeconfig, { mode: 0o600 });
  const options = {
    directory,
    kubeconfigPath,
    storage,
    program,
    config: {
      api: { qps: 10_000, burst: 10_000 },
      limits: { maxVolumesPerCluster: count + 1 },
      log: { level: 'warn' },
    },
  };
  const brickyard = await startBrickyard(options);
  try {
    await loadTopology(options);
    await measure(api, brickyard.pid, count, atOnce);
  } finally {
    await brickyard.kill();
    await storage.close();
    await api.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(api: KubeSandbox, pid: number, count: number, atOnce: number): Promise<void> {
  api.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bench' } });
  api.api.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'bench' },
    provisioner: 'brickyard.dev/glusterfs',
  });
  const load = new Load(api, count, atOnce);
  const tenths: { readonly cpu: number; readonly seconds: number }[] = [];
  const idle = await residentMiB(pid);
  let cpu = await cpuSeconds(pid);
  let begun = performance.now();
  for (let tenth = 1; tenth <= 10; tenth += 1) {
    await load.reach(Math.round((count * tenth) / 10));
    const [now, time] = [await cpuSeconds(pid), performance.now()];
    tenths.push({ cpu: now - cpu, seconds: (time - begun) / 1000 });
    [cpu, begun] = [now, time];
    console.log(`${String(load.bound).padStart(7)} bound, ${(await residentMiB(pid)).toFixed(0)} MiB resident`);
  }
  load.stop();
  const seconds = tenths.reduce((sum, tenth) => sum + tenth.seconds, 0);
  const milliseconds = (tenth: (typeof tenths)[number] | undefined): string =>
    (((tenth?.cpu ?? 0) * 1000) / (count / 10)).toFixed(2);
  const rows: readonly (readonly [string, string])[] = [
    ['claims', `${count}, ${atOnce} under way at a time`],
    ['claims per second', (count / seconds).toFixed(1)],
    ['create to bound', `p50 ${load.quantile(0.5)} ms, p99 ${load.quantile(0.99)} ms`],
    [
      'controller CPU per claim',
      `${milliseconds(tenths[0])} ms in the first tenth, ${milliseconds(tenths[9])} ms in the last`,
    ],
    ['controller resident', `${idle.toFixed(0)} MiB before, ${(await residentMiB(pid)).toFixed(0)} MiB at the end`],
    ['API writes per claim', (api.stats.writes('brickyard/') / count).toFixed(3)],
  ];
  console.log('');
  for (const [name, value] of rows) {
    console.log(`${name.padEnd(26)}${value}`);
  }
}

/** Keeps `atOnce` claims under way until `count` have been made, and times each. */
class Load {
  readonly #api: KubeSandbox;
  readonly #count: number;
  readonly #created = new Map<string, number>();
  readonly #times: number[] = [];
  readonly #stop: () => void;
  #made = 0;
  #goal = 0;
  #reached: () => void = () => undefined;

  constructor(api: KubeSandbox, count: number, atOnce: number) {
    this.#api = api;
    this.#count = count;
    this.#stop = api.api.watch(claimType, {}, (event) => {
      if (event.type === 'MODIFIED' && isBound(event.object['status'])) {
        this.#isBound(event.object.metadata.name);
      }
    });
    for (let each = 0; each < atOnce; each += 1) {
      this.#create();
    }
  }

  get bound(): number {
    return this.#times.length;
  }

  async reach(goal: number): Promise<void> {
    this.#goal = goal;
    if (this.bound < goal) {
      await new Promise<void>((resolve) => {
        this.#reached = resolve;
      });
    }
  }

  /** Whole milliseconds. */
  quantile(part: number): number {
    const sorted = this.#times.toSorted((a, b) => a - b);
    return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  }

  stop(): void {
    this.#stop();
  }

  #isBound(name: string): void {
    const created = this.#created.get(name);
    if (created === undefined) {
      return;
    }
    this.#created.delete(name);
    this.#times.push(performance.now() - created);
    // Whoever watches must not write, so the next claim is made in a turn of its own.
    setImmediate(() => this.#create());
    if (this.bound >= this.#goal) {
      this.#reached();
    }
  }

  #create(): void {
    if (this.#made >= this.#count) {
      return;
    }
    this.#made += 1;
    const name = `claim-${this.#made}`;
    this.#created.set(name, performance.now());
    this.#api.api.create({
      ...claimType,
      metadata: { name, namespace: 'bench' },
      spec: {
        accessModes: ['ReadWriteMany'],
        storageClassName: 'bench',
        resources: { requests: { storage: '1Gi' } },
      },
    });
  }
}

function isBound(status: unknown): boolean {
  return typeof status === 'object' && status !== null && 'phase' in status && status.phase === 'Bound';
}

function wholeNumber(text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (!Number.isSafeInteger(value) || value < 10) {
    throw new RangeError(`expected a whole number of at least 10, got ${JSON.stringify(text)}`);
  }
  return value;
}

async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** User and system time of the process so far. */
async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
