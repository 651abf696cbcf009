/**
 * Mounts on one node of a real gluster: time for each, memory of the process that makes them, and how long another one takes to
 * know them all after a SIGKILL. Each staged directory has a client process of its own, as on a node with as many volumes; they
 * share a few volumes, because bricks are what costs memory. The process under test is mounts-plugin.ts, which runs the sources:
 * what counts of its memory is by how much it grows.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { answerShape, kubelet, volumes, type Answer, type Errand } from './mounts-plugin.ts';
import { startRealCluster, type RealCluster } from '../test/gluster/harness/cluster.ts';
import { wholeNumber } from './support/arguments.ts';
import { quantile } from './support/report.ts';

/** Usage: `mounts [STAGED] [PODS EACH]`; 20 and 10 unless said otherwise, which makes 200. Needs root and glusterd. */
export async function run(args: readonly string[]): Promise<void> {
  const staged = wholeNumber(args[0], 20, 1);
  const each = wholeNumber(args[1], 10, 1);
  const cluster = await startRealCluster(3);
  let groups: readonly string[] = [];
  try {
    await makeVolumes(cluster);
    const errand = { pid: cluster.client.pid, servers: cluster.nodes.map(({ storage }) => storage), staged, each };
    console.log(`${staged} staged directories of ${volumes} volumes (replicate 3), ${each} pods each`);
    const mounting = await begin({ ...errand, what: 'mount' });
    groups = mounting.answer.groups;
    report('stage', mounting.answer.stage);
    report('publish', mounting.answer.publish);
    console.log(`memory: plugin ${growth(mounting.answer)}, ${await memoryOfClients(cluster)}`);
    await end(mounting.child);
    const finding = await begin({ ...errand, what: 'find' });
    await end(finding.child);
    const { knownMs, known } = finding.answer;
    if (known !== staged * each) {
      throw new Error(`expected ${staged * each} mounts after the restart, got ${known}`);
    }
    console.log(
      `restart: ${known} mounts of pods known after ${knownMs.toFixed(0)} ms, plugin ${growth(finding.answer)}`,
    );
    const removing = await begin({ ...errand, what: 'remove' });
    await end(removing.child);
    report('unpublish', removing.answer.publish);
    report('unstage', removing.answer.stage);
  } finally {
    await cluster.close();
    for (const group of groups) {
      await rmdir(group).catch(() => undefined);
    }
  }
}

async function makeVolumes({ nodes, client }: RealCluster): Promise<void> {
  for (let index = 0; index < volumes; index += 1) {
    const bricks = nodes.map(({ storage }) => `${storage}:/run/bricks/1/brick/${index}`);
    await nodes[0]?.must('gluster', '--mode=script', 'volume', 'create', `bench-${index}`, 'replica', '3', ...bricks);
    await nodes[0]?.must('gluster', '--mode=script', 'volume', 'start', `bench-${index}`);
  }
  await client.must('mkdir', '-p', kubelet);
}

const growth = ({ beforeMiB, rssMiB }: Answer): string => `${rssMiB.toFixed(1)} MiB (${beforeMiB.toFixed(1)} before)`;

async function memoryOfClients({ client }: RealCluster): Promise<string> {
  const sizes = (await client.must('ps', '-C', 'glusterfs', '-o', 'rss=')).trim().split('\n').map(Number);
  const mib = sizes.reduce((sum, size) => sum + size, 0) / 1024;
  return `${sizes.length} clients ${(mib / sizes.length).toFixed(1)} MiB each`;
}

async function begin(errand: Errand): Promise<{ readonly child: ChildProcess; readonly answer: Answer }> {
  const child = fork(fileURLToPath(new URL('mounts-plugin.ts', import.meta.url)), {
    env: { ...process.env, BRICKYARD_BENCH_MOUNTS: JSON.stringify(errand) },
  });
  const [message] = z.array(z.unknown()).parse(await Promise.race([once(child, 'message'), once(child, 'exit')]));
  return { child, answer: answerShape.parse(message) };
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

function report(what: string, times: readonly number[]): void {
  const at = (part: number): string => quantile(times, part).toFixed(0);
  console.log(`${what.padEnd(10)} ${String(times.length).padStart(4)} times  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms`);
}
