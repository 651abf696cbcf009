import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallContext, MountWish } from '../../src/csi/mounts/api.ts';
import { findClientHost, type ClientHostOptions } from '../../src/csi/mounts/client-host.ts';
import { readMountTable, type Mount } from '../../src/csi/mounts/mountinfo.ts';
import { openMounts, type KeptMounts } from '../../src/csi/mounts/open.ts';
import type { MountNotice } from '../../src/csi/mounts/watch.ts';
import { silentLog } from '../../src/domain/log.ts';
import { volumeName } from '../../src/domain/names.ts';
import { createLocalRunner } from '../../src/gluster/local-runner.ts';
import { realClock } from '../support/test-api.ts';
import { waitFor } from '../support/wait-for.ts';
import { missingForGluster } from './environment.ts';
import { makeClientTree } from './harness/client-tree.ts';
import { startRealCluster, type RealCluster, type RealNode } from './harness/cluster.ts';
import { start, wholly } from './harness/namespaces.ts';
import { valueOf } from './support.ts';

const missing = await missingForGluster();

const kubelet = '/var/lib/brickyard/kubelet';
const staged = `${kubelet}/plugins/kubernetes.io/csi/glusterfs.brickyard.dev/0123/globalmount`;
const pod = (name: string): string => `${kubelet}/pods/${name}/volumes/kubernetes.io~csi/data/mount`;
const volume = volumeName('data');
const done = { kind: 'done' };
const context = (): CallContext => ({ signal: AbortSignal.timeout(120_000) });

describe.skipIf(missing.length > 0)('mounts on a node of a real gluster', () => {
  let cluster: RealCluster;
  let client: RealNode;
  let mounts: KeptMounts;
  let wish: MountWish;
  let groups: readonly string[] = [];

  const hostOptions = (): ClientHostOptions => ({
    runner: createLocalRunner({ clock: realClock, prefix: wholly(client.pid) }),
    log: silentLog,
    node: client,
    kubeletDirectory: kubelet,
  });
  const open = async (options = hostOptions()): Promise<KeptMounts> => {
    const found = valueOf(await findClientHost(options, context()));
    groups = found.cgroup.kind === 'groups' ? found.cgroup.procs : [];
    return openMounts({ ...options, clock: realClock, ...found });
  };
  const stage = (options: Partial<MountWish> = {}) => mounts.stage(staged, { ...wish, ...options }, context());
  const publish = (name: string, readOnly = false) => mounts.publish(staged, pod(name), { readOnly }, context());
  const sh = (text: string) => client.run('sh', '-c', text);
  const clientPid = async (): Promise<string> =>
    (await client.must('pgrep', '--full', '--', `glusterfs .*${staged}$`)).trim();
  const table = async (): Promise<readonly Mount[]> =>
    readMountTable(await client.must('cat', '/proc/self/mountinfo')).filter(({ target }) =>
      target.startsWith(`${kubelet}/`),
    );

  beforeAll(async () => {
    cluster = await startRealCluster(3);
    client = cluster.client;
    const [first] = cluster.nodes;
    const bricks = cluster.nodes.map(({ storage }) => `${storage}:/run/bricks/1/brick`);
    await first?.must('gluster', '--mode=script', 'volume', 'create', volume, 'replica', '3', ...bricks);
    await first?.must('gluster', '--mode=script', 'volume', 'set', volume, 'network.ping-timeout', '3');
    await first?.must('gluster', '--mode=script', 'volume', 'start', volume);
    await client.must('mkdir', '-p', kubelet);
    // A host with systemd has this for its whole tree.
    await client.must('mount', '--bind', kubelet, kubelet);
    await client.must('mount', '--make-shared', kubelet);
    wish = { volume, servers: cluster.nodes.map(({ storage }) => storage), options: [], readOnly: false };
    mounts = await open();
  });

  afterAll(async () => {
    await client?.run('chattr', '-R', '-i', kubelet);
    await cluster?.close();
    // A group is gone once its last process is.
    for (const group of groups
      .map((file) => file.replace(/\/cgroup\.procs$/, ''))
      .filter((each) => each.endsWith('/brickyard'))) {
      await rmdir(group).catch(() => undefined);
    }
  });

  it('show one volume to two pods', async () => {
    expect([await stage(), await publish('a'), await publish('b')]).toEqual([done, done, done]);
    await client.must('sh', '-c', `echo hello >${pod('a')}/file`);
    expect(await client.must('cat', `${pod('b')}/file`)).toBe('hello\n');
    expect(valueOf(await mounts.look(staged, context()))).toEqual({ kind: 'mounted', volume, readOnly: false });
    expect(await client.must('ls', `/var/log/glusterfs/brickyard-${volume}.log`)).toContain('brickyard-data');
  });

  it('are made once, and refused with other parameters', async () => {
    const before = await table();
    expect([await stage(), await publish('a')]).toEqual([done, done]);
    expect(await table()).toEqual(before);
    expect(await stage({ readOnly: true })).toMatchObject({ kind: 'rejected' });
    expect(await stage({ options: ['acl'] })).toMatchObject({ kind: 'rejected' });
    expect(await stage({ volume: volumeName('other') })).toMatchObject({ kind: 'rejected' });
    expect(await publish('a', true)).toMatchObject({ kind: 'rejected' });
  });

  it('have their client outside of the control group of whoever started it', async () => {
    const groupsOfClient = await client.must('cat', `/proc/${await clientPid()}/cgroup`);
    expect(
      groupsOfClient
        .trim()
        .split('\n')
        .filter((line) => !/:cpuset:\/$|:\/brickyard$/.test(line)),
    ).toEqual([]);
  });

  it('say how full they are', async () => {
    const { bytes, inodes } = valueOf(await mounts.usage(pod('a'), context()));
    expect(bytes.total).toBe(64 * 2 ** 20);
    expect(bytes.used + bytes.available).toBe(bytes.total);
    expect(inodes.total).toBeGreaterThan(inodes.used);
    await client.must('mkdir', '-p', `${kubelet}/elsewhere`);
    expect(await mounts.usage(`${kubelet}/elsewhere`, context())).toMatchObject({ kind: 'rejected' });
  });

  it('refuse writes to a pod that may only read', async () => {
    expect(await publish('reader', true)).toEqual(done);
    expect(await client.must('cat', `${pod('reader')}/file`)).toBe('hello\n');
    expect((await sh(`echo x >${pod('reader')}/file`)).stderr).toContain('Read-only file system');
    expect(await publish('reader')).toMatchObject({ kind: 'rejected' });
    expect(await mounts.unpublish(pod('reader'), context())).toEqual(done);
  });

  it('lose no byte when the whole control group that mounted them is killed', async () => {
    const other = `${kubelet}/plugins/kubernetes.io/csi/glusterfs.brickyard.dev/4567/globalmount`;
    const errand = {
      pid: client.pid,
      kubeletDirectory: kubelet,
      staged: other,
      target: pod('killed'),
      volume,
      servers: wish.servers,
    };
    const plugin = await startPlugin(errand);
    const writer = await start(
      [...wholly(client.pid), 'sh', '-c', writerOf(`${pod('killed')}/log`)],
      ['ignore', 'pipe', 'pipe'],
    );
    const ended = once(writer, 'exit');
    await lines(`${pod('killed')}/log`, 20);
    await plugin.killAll();
    const then = await count(`${pod('killed')}/log`);
    await lines(`${pod('killed')}/log`, then + 50);
    await client.must('touch', '/run/stop');
    expect(await ended).toEqual([0, null]);
    const written = (await client.must('cat', `${pod('killed')}/log`)).trim().split('\n');
    expect(written).toEqual(written.map((_, index) => String(index)));
    // Another process takes over what the first one left.
    const successor = await open();
    const known = valueOf(await successor.known(context()));
    expect(
      known
        .map(({ directory, targets }) => [directory, ...targets.map((each) => each.directory)])
        .toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)),
    ).toEqual([
      [staged, pod('a'), pod('b')],
      [other, pod('killed')],
    ]);
    expect(await successor.stage(other, wish, context())).toEqual(done);
    expect(await successor.unpublish(pod('killed'), context())).toEqual(done);
    expect(await successor.unstage(other, context())).toEqual(done);
  });

  it('give errors, and never the node’s own disk, once their client has died', async () => {
    await client.must('kill', '-KILL', await clientPid());
    await waitFor(
      'the client has gone',
      async () => (await client.run('pgrep', '--full', '--', staged)).exitCode !== 0,
    );
    expect((await sh(`echo x >${pod('a')}/file`)).stderr).toContain('Transport endpoint is not connected');
    expect(valueOf(await mounts.look(staged, context()))).toEqual({ kind: 'dead', volume });
    expect(valueOf(await mounts.look(pod('a'), context()))).toEqual({ kind: 'dead', volume });
    expect(await mounts.usage(pod('a'), context())).toMatchObject({ kind: 'waiting' });
    expect(await publish('late')).toMatchObject({ kind: 'waiting' });
    await client.must('umount', '--lazy', pod('a'));
    expect((await sh(`echo x >${pod('a')}/file`)).stderr).toContain('Operation not permitted');
    expect((await sh(`mkdir ${pod('a')}/directory`)).exitCode).not.toBe(0);
    await client.must('umount', '--lazy', staged);
    expect((await sh(`echo x >${staged}/file`)).stderr).toContain('Operation not permitted');
  });

  it('are mounted anew when they are asked for again', async () => {
    expect(await stage()).toEqual(done);
    expect([await publish('a'), await publish('b')]).toEqual([done, done]);
    expect(await client.must('cat', `${pod('b')}/file`)).toBe('hello\n');
  });

  it('are mounted anew by the watch, for pods too', async () => {
    const notices: MountNotice[] = [];
    const looks: number[] = [];
    const stop = new AbortController();
    const watching = mounts.watch({
      everyMs: 50,
      signal: stop.signal,
      listener: (notice) => notices.push(notice),
      looked: (found) => looks.push(found.length),
    });
    await waitFor('the watch has looked', () => looks.length > 0);
    await client.must('kill', '-KILL', await clientPid());
    await waitFor('it is repaired', () => notices.some(({ kind }) => kind === 'repaired'));
    stop.abort();
    await watching;
    expect(notices).toEqual(
      ['dead', 'repaired'].map((kind) => ({ kind, directory: staged, volume, targets: [pod('a'), pod('b')] })),
    );
    expect(await client.must('cat', `${pod('a')}/file`, `${pod('b')}/file`)).toBe('hello\nhello\n');
    expect(await stage()).toEqual(done);
  });

  it('go on when a server has a power cut, and are made with the others', async () => {
    const [, , third] = cluster.nodes;
    await third?.kill();
    await client.must('sh', '-c', `echo still >${pod('a')}/file`);
    expect(await client.must('cat', `${pod('b')}/file`)).toBe('still\n');
    const other = `${kubelet}/plugins/kubernetes.io/csi/glusterfs.brickyard.dev/89ab/globalmount`;
    expect(await mounts.stage(other, wish, context())).toEqual(done);
    expect(await mounts.unstage(other, context())).toEqual(done);
  });

  it('wait for servers by name', async () => {
    const other = `${kubelet}/plugins/kubernetes.io/csi/glusterfs.brickyard.dev/cdef/globalmount`;
    const third = cluster.nodes[2]?.storage;
    const outcome = await mounts.stage(other, { ...wish, servers: wish.servers.slice(2) }, context());
    expect(outcome).toMatchObject({ kind: 'waiting', on: { what: 'node', name: third } });
    expect(await mounts.stage(other, { ...wish, volume: volumeName('nosuch') }, context())).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('failed to fetch volume file') as string,
    });
    expect(await mounts.unstage(other, context())).toEqual(done);
  });

  it('go without a trace, twice', async () => {
    expect(await mounts.unstage(staged, context())).toMatchObject({ kind: 'waiting', on: { what: 'condition' } });
    for (const name of ['a', 'b', 'late', 'a', 'b']) {
      expect(await mounts.unpublish(pod(name), context())).toEqual(done);
    }
    expect(await mounts.unstage(staged, context())).toEqual(done);
    expect(await mounts.unstage(staged, context())).toEqual(done);
    expect(await table()).toEqual([]);
    expect((await client.run('pgrep', 'glusterfs')).exitCode).toBe(1);
    expect((await client.must('find', kubelet, '-name', 'mount', '-o', '-name', 'globalmount')).trim()).toBe('');
    expect(await client.must('lsattr', '-R', kubelet)).not.toMatch(/^\S*i\S* /m);
  });

  it('keep to the kubelet’s folder', async () => {
    await client.must('mkdir', '-p', '/run/outside');
    await client.must('ln', '-s', '/run/outside', `${kubelet}/link`);
    for (const path of [`${kubelet}/link/mount`, '/run/outside/mount', `${kubelet}/../outside`]) {
      expect(await mounts.stage(path, wish, context())).toMatchObject({ kind: 'rejected' });
    }
    expect(await client.must('ls', '/run/outside')).toBe('');
  });

  it('are made by the client of an image where the host has none', async () => {
    const source = join(cluster.directory, 'image');
    await makeClientTree(source);
    const folder = '/var/lib/brickyard/client';
    const folderHere = join(client.tree, 'brickyard', 'client');
    const tree = { source, version: '1', folder, folderHere, runner: createLocalRunner({ clock: realClock }) };
    for (const program of ['mount.glusterfs', 'glusterfsd']) {
      await client.must('mount', '--bind', '/dev/null', `/usr/sbin/${program}`);
    }
    expect(await findClientHost(hostOptions(), context())).toMatchObject({ kind: 'failed' });
    const found = valueOf(await findClientHost({ ...hostOptions(), tree }, context()));
    expect(found.client).toMatchObject({ kind: 'tree', root: `${folder}/1` });
    mounts = await open({ ...hostOptions(), tree });
    expect(await stage()).toEqual(done);
    expect(await publish('a')).toEqual(done);
    await client.must('sh', '-c', `echo tree >${pod('a')}/file`);
    expect(await client.must('cat', `${staged}/file`)).toBe('tree\n');
    expect(await client.must('readlink', `/proc/${await clientPid()}/root`)).toBe(`${folder}/1\n`);
    expect([await stage(), await mounts.unpublish(pod('a'), context())]).toEqual([done, done]);
    expect(await mounts.unstage(staged, context())).toEqual(done);
    expect(await table()).toEqual([]);
  });

  async function count(file: string): Promise<number> {
    return (await client.run('cat', file)).stdout.split('\n').length - 1;
  }

  async function lines(file: string, least: number): Promise<void> {
    await waitFor(`${least} lines are written`, async () => (await count(file)) >= least);
  }
});

/** Appends one number a line until it is told to stop; ends with an error when a write does. */
const writerOf = (file: string): string =>
  `i=0; while [ ! -e /run/stop ]; do echo $i >>${file} || exit 1; i=$((i+1)); done`;

/** In a control group of its own, like a container. `killAll` ends it as a container runtime does: everything in the group at once. */
async function startPlugin(errand: object): Promise<{ readonly killAll: () => Promise<void> }> {
  const unified = readMountTable(await readFile('/proc/self/mountinfo', 'utf8')).find(
    ({ fstype }) => fstype === 'cgroup2',
  );
  const group = join(unified?.target ?? '/nowhere', `brickyard-test-${process.pid}`);
  await mkdir(group);
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('harness/plugin-child.ts', import.meta.url)), JSON.stringify(errand)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await writeFile(join(group, 'cgroup.procs'), String(child.pid));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(JSON.parse(said.toString())).toEqual([done, done]);
  return {
    killAll: async () => {
      await writeFile(join(group, 'cgroup.kill'), '1');
      await once(child, 'exit');
      await waitFor('the group is empty', async () => (await readFile(join(group, 'cgroup.procs'), 'utf8')) === '');
      await rmdir(group);
    },
  };
}
