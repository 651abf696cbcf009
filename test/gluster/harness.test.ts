import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { waitFor } from '../support/wait-for.ts';
import { missingForGluster } from './environment.ts';
import { seesAll, startRealCluster, type RealCluster, type RealNode } from './harness/cluster.ts';
import { empty, loopsBelow, standingOn } from './harness/leftovers.ts';
import { kill, must } from './harness/namespaces.ts';
import { otherRoot } from './harness/root.ts';

const missing = await missingForGluster();

/** Every namespace of those processes that matters here, as `net:[4026531840]`. */
async function namespacesOf(pids: readonly number[]): Promise<ReadonlySet<string>> {
  const links = pids.flatMap((pid) => ['net', 'mnt', 'pid'].map((kind) => readlink(`/proc/${pid}/ns/${kind}`)));
  return new Set(await Promise.all(links));
}

/** Processes of this machine that are in one of the namespaces. */
async function inside(spaces: ReadonlySet<string>): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const own = await Promise.all(
    // One that ends meanwhile is in none.
    pids.map(async (pid) => ({ pid, spaces: await namespacesOf([Number(pid)]).catch(() => new Set<string>()) })),
  );
  return own.filter((each) => [...each.spaces].some((space) => spaces.has(space))).map(({ pid }) => pid);
}

describe.skipIf(missing.length > 0)('a cluster whose test run is killed', () => {
  it('leaves no process, namespace, mount, loop device or file', async () => {
    const owner = fork(fileURLToPath(new URL('harness/owner.ts', import.meta.url)), {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const [line] = (await once(owner.stdout ?? process.stdin, 'data')) as [Buffer];
    const { directory, processes } = z
      .object({ directory: z.string(), processes: z.array(z.number()) })
      .parse(JSON.parse(line.toString()));
    const mine = await namespacesOf([process.pid]);
    const spaces = new Set([...(await namespacesOf(processes))].filter((space) => !mine.has(space)));
    // Of two nodes, the client, and the network around them.
    expect(spaces.size).toBe(4 * 3);
    expect((await inside(spaces)).length).toBeGreaterThan(8);
    expect(await loopsBelow(directory)).toHaveLength(2);

    kill(owner.pid ?? 0);

    await waitFor('no process is left in its namespaces', async () => (await inside(spaces)).length === 0);
    await waitFor('no loop device is left', async () => (await loopsBelow(directory)).length === 0);
    await waitFor('its files are gone', () => !existsSync(directory));
    // Nobody is in the namespaces and nothing of them was bound to a file, so the kernel has dropped them and their mounts.
    expect(await inside(spaces)).toEqual([]);
  }, 120_000);
});

describe.skipIf(missing.length > 0)('nodes of a cluster', () => {
  let cluster: RealCluster;
  let first: RealNode;
  let second: RealNode;

  beforeAll(async () => {
    cluster = await startRealCluster(2);
    const [one, two] = cluster.nodes;
    if (one === undefined || two === undefined) {
      throw new Error('expected two nodes');
    }
    [first, second] = [one, two];
  });

  afterAll(async () => {
    await cluster?.close();
  });

  const connected = async (): Promise<boolean> =>
    (await first.must('gluster', '--mode=script', 'pool', 'list')).match(/\bConnected\b/g)?.length === 2;

  it.runIf(otherRoot !== undefined)('run the gluster of another file tree, which they cannot change', async () => {
    const version = await must(['chroot', otherRoot ?? '', 'glusterd', '--version']);
    for (const node of [...cluster.nodes, cluster.client]) {
      expect(await node.must('glusterd', '--version')).toBe(version);
      expect((await node.run('touch', '/usr/mark', '/etc/mark')).exitCode).toBe(1);
    }
    const running = `/proc/${(await first.must('cat', '/run/glusterd.pid')).trim()}/exe`;
    expect(await first.must('readlink', '-f', running)).toBe(await first.must('readlink', '-f', '/usr/sbin/glusterd'));
  });

  it('have nothing on them', async () => {
    expect(await Promise.all(cluster.nodes.map((node) => standingOn(node)))).toEqual([empty, empty]);
  });

  it('lose their processes and mounts with the power, and keep their disks and their place in the pool', async () => {
    const boot = await second.must('cat', '/proc/sys/kernel/random/boot_id');
    await second.must('touch', `${second.devices[0]}/kept`);
    await second.must('mkdir', '-p', '/var/lib/brickyard/there');
    await second.kill();
    await waitFor('the other node sees that', async () => !(await connected()));
    await cluster.revive(second);
    await seesAll(first, 2);
    expect(await second.must('ls', second.devices[0] ?? '')).toBe('kept\n');
    expect(await second.must('ls', '/var/lib/brickyard')).toBe('there\n');
    expect(await second.must('cat', '/proc/sys/kernel/random/boot_id')).not.toBe(boot);
    await second.must('rm', `${second.devices[0]}/kept`);
    await second.must('rmdir', '/var/lib/brickyard/there');
  });

  it('cannot be reached while their cable is cut', async () => {
    const reached = async (): Promise<boolean> =>
      (await first.run('timeout', '1', 'bash', '-c', `: </dev/tcp/${second.storage}/24007`)).exitCode === 0;
    expect(await reached()).toBe(true);
    await second.cable('cut');
    expect(await reached()).toBe(false);
    await second.cable('whole');
    await waitFor('it is reached again', reached);
  });

  it('go on without their glusterd, and get it back', async () => {
    await second.killGlusterd();
    expect((await second.run('gluster', '--mode=script', 'pool', 'list')).exitCode).not.toBe(0);
    await second.startGlusterd();
    await seesAll(first, 2);
    await seesAll(second, 2);
  });
});
