import { describe, expect, it } from 'vitest';
import { hostName, volumeName } from '../../../../src/domain/names.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeHost } from './fake-host.ts';
import { context, openOn, staged, target, Warnings, wish } from './support.ts';

const done = { kind: 'done' };
const reading = { readOnly: true };
const writing = { readOnly: false };

async function mounted(): Promise<{ readonly host: FakeHost; readonly mounts: ReturnType<typeof openOn> }> {
  const host = new FakeHost();
  const mounts = openOn(host);
  expect(await mounts.stage(staged, wish(), context())).toEqual(done);
  expect(await mounts.publish(staged, target, writing, context())).toEqual(done);
  return { host, mounts };
}

describe('a volume on a node', () => {
  it('is mounted once, shown to a pod, and taken away again, each of them twice', async () => {
    const { host, mounts } = await mounted();
    const before = JSON.stringify(host.mounts);
    expect(await mounts.stage(staged, wish({ servers: [hostName('s9')] }), context())).toEqual(done);
    expect(await mounts.publish(staged, target, writing, context())).toEqual(done);
    expect(JSON.stringify(host.mounts)).toBe(before);
    expect(host.targets()).toEqual([staged, target]);
    for (let time = 0; time < 2; time += 1) {
      expect(await mounts.unpublish(target, context())).toEqual(done);
    }
    for (let time = 0; time < 2; time += 1) {
      expect(await mounts.unstage(staged, context())).toEqual(done);
    }
    expect([host.mounts, host.clients, [...host.directories.keys()]]).toEqual([[], [], ['/kubelet']]);
  });

  it('has the commands that change a directory in its lane', async () => {
    const { host } = await mounted();
    const lanes = new Map(host.calls.map((call, index) => [call, host.laned[index]]));
    const laneOf = (words: string) => [...lanes].find(([call]) => call.startsWith(words))?.[1];
    expect(laneOf('systemd-run')).toBe(staged);
    expect(laneOf('mount --bind')).toBe(target);
    expect(laneOf('stat --file-system')).toBeUndefined();
  });

  it('cannot be told as another one, with other options or in another mode', async () => {
    const { mounts } = await mounted();
    for (const other of [{ volume: volumeName('other') }, { readOnly: true }, { options: ['acl'] }]) {
      expect(await mounts.stage(staged, wish(other), context())).toMatchObject({ kind: 'rejected' });
    }
    expect(await mounts.publish(staged, target, reading, context())).toMatchObject({ kind: 'rejected' });
    expect(await mounts.stage('/kubelet/other', wish({ servers: [] }), context())).toMatchObject({ kind: 'rejected' });
  });

  it('is read only where it is wanted so', async () => {
    const { host, mounts } = await mounted();
    const second = target.replace('/a/', '/b/');
    expect(await mounts.publish(staged, second, reading, context())).toEqual(done);
    expect(host.mounts.at(-1)?.options).toEqual(['relatime', 'nodiratime', 'ro']);
    expect(await mounts.publish(staged, second, reading, context())).toEqual(done);
    expect(await mounts.publish(staged, second, writing, context())).toMatchObject({ kind: 'rejected' });
    expect(await mounts.look(second, context())).toEqual({
      kind: 'done',
      value: { kind: 'mounted', volume: 'data', readOnly: true },
    });
  });

  it('is read only everywhere when it is staged so', async () => {
    const host = new FakeHost();
    const mounts = openOn(host);
    expect(await mounts.stage(staged, wish({ readOnly: true }), context())).toEqual(done);
    expect(await mounts.publish(staged, target, writing, context())).toEqual(done);
    expect(host.mounts.at(-1)?.options).toContain('ro');
    expect(await mounts.publish(staged, target, writing, context())).toEqual(done);
  });

  it('is never put on, or taken for, something else that is mounted', async () => {
    const host = new FakeHost();
    host.mount(staged);
    const mounts = openOn(host);
    expect(await mounts.stage(staged, wish(), context())).toMatchObject({ kind: 'rejected' });
    expect(await mounts.publish(staged, target, writing, context())).toMatchObject({ kind: 'rejected' });
    expect(await mounts.unstage(staged, context())).toMatchObject({ kind: 'rejected' });
    expect(await mounts.usage(staged, context())).toMatchObject({ kind: 'rejected' });
    expect(await mounts.look(staged, context())).toEqual({ kind: 'done', value: { kind: 'mounted', readOnly: false } });
  });

  it.each([
    '/etc/mount',
    '/kubelet',
    '/kubelet/../etc/x',
    '/kubelet/a b/c',
    'kubelet/a',
    '/kubelet/link/x',
    '/kubelet/a/',
  ])('is not mounted at %s', async (path) => {
    const host = new FakeHost();
    host.links.set('/kubelet/link', '/etc');
    const mounts = openOn(host);
    expect(await mounts.stage(path, wish(), context())).toMatchObject({ kind: 'rejected' });
    expect(await mounts.unstage(path, context())).toMatchObject({ kind: 'rejected' });
    expect(host.calls.filter((call) => !call.startsWith('realpath'))).toEqual([]);
  });

  it('is mounted where a link of the node’s leads, and not on a link', async () => {
    const host = new FakeHost();
    host.links.set('/kubelet', '/data/kubelet');
    const mounts = openOn(host);
    expect(await mounts.stage(staged, wish(), context())).toEqual(done);
    expect(host.mounts.map((mount) => mount.target)).toEqual([`/data${staged}`]);
    host.links.set('/data/kubelet/x/link', '/etc');
    expect(await mounts.stage('/kubelet/x/link', wish(), context())).toMatchObject({ kind: 'rejected' });
  });

  it('is told to be in use before it is taken away, copies of a client tree’s left out', async () => {
    const { host, mounts } = await mounted();
    host.mount(`/tree${staged}`, { ...host.mounts[0], target: `/tree${staged}` });
    expect(await mounts.unstage(staged, context())).toEqual({
      kind: 'waiting',
      on: { what: 'condition', name: target },
      reason: `${staged} is still shown at ${target}`,
    });
  });
});

describe('a node whose plugin is killed', () => {
  const calls = [
    (mounts: ReturnType<typeof openOn>) => mounts.stage(staged, wish(), context()),
    (mounts: ReturnType<typeof openOn>) => mounts.publish(staged, target, reading, context()),
    (mounts: ReturnType<typeof openOn>) => mounts.unpublish(target, context()),
    (mounts: ReturnType<typeof openOn>) => mounts.unstage(staged, context()),
  ];

  it.each(['scope', 'groups'] as const)(
    'ends where it would have, after whichever command that was (%s)',
    async (kind) => {
      const cgroup =
        kind === 'scope' ? ({ kind, slice: 'x.slice' } as const) : ({ kind, procs: ['/cg/procs'] } as const);
      let crashes = 0;
      for (let at = 0; at < calls.length; at += 1) {
        for (let after = 1; ; after += 1) {
          const host = new FakeHost();
          for (const call of calls.slice(0, at)) {
            expect(await call(openOn(host, { cgroup }))).toEqual(done);
          }
          host.left = after;
          const outcome = await calls[at]?.(openOn(host, { cgroup }));
          const finished = host.left > 0;
          host.left = Infinity;
          expect(finished ? outcome?.kind : ['unknown', 'failed', 'done'].includes(outcome?.kind ?? '')).toBe(
            finished ? 'done' : true,
          );
          for (const call of calls.slice(at)) {
            expect(await call(openOn(host, { cgroup }))).toEqual(done);
          }
          expect([host.mounts, host.clients, [...host.directories.keys()]]).toEqual([[], [], ['/kubelet']]);
          crashes += finished ? 0 : 1;
          if (finished) {
            break;
          }
        }
      }
      expect(crashes).toBeGreaterThan(20);
    },
  );

  it('has its client moved by the next one', async () => {
    const host = new FakeHost();
    const cgroup = { kind: 'groups', procs: ['/cg/a/cgroup.procs', '/cg/b/cgroup.procs'] } as const;
    await openOn(host, { cgroup: { kind: 'none' } }).stage(staged, wish(), context());
    expect(await openOn(host, { cgroup }).stage(staged, wish(), context())).toEqual(done);
    const pid = host.clients[0]?.pid;
    expect(host.moved).toEqual([`${pid} /cg/a/cgroup.procs`, `${pid} /cg/b/cgroup.procs`]);
  });
});

describe('a mount whose client has died', () => {
  it('is seen, and made anew when it is asked for', async () => {
    const { host, mounts } = await mounted();
    host.killClient(staged);
    expect(await mounts.look(staged, context())).toEqual({ kind: 'done', value: { kind: 'dead', volume: 'data' } });
    expect(await mounts.look(target, context())).toEqual({ kind: 'done', value: { kind: 'dead', volume: 'data' } });
    expect(await mounts.publish(staged, target, writing, context())).toMatchObject({ kind: 'waiting' });
    expect(await mounts.usage(target, context())).toMatchObject({ kind: 'waiting' });
    expect(await mounts.stage(staged, wish(), context())).toEqual(done);
    expect(await mounts.publish(staged, target, writing, context())).toEqual(done);
    expect(host.targets()).toEqual([staged, target]);
    expect(await mounts.look(target, context())).toMatchObject({ value: { kind: 'mounted' } });
  });

  it('is taken away', async () => {
    const { host, mounts } = await mounted();
    host.killClient(staged);
    expect(await mounts.unpublish(target, context())).toEqual(done);
    expect(await mounts.unstage(staged, context())).toEqual(done);
    expect([host.mounts, [...host.directories.keys()]]).toEqual([[], ['/kubelet']]);
  });

  it('is not one whose bricks are all down: that goes on by itself', async () => {
    const { host, mounts } = await mounted();
    host.bricksUp = false;
    const gone = { kind: 'waiting', on: { what: 'condition', name: 'bricks of data' } };
    expect(await mounts.look(target, context())).toMatchObject(gone);
    expect(await mounts.stage(staged, wish(), context())).toMatchObject(gone);
    expect(host.targets()).toEqual([staged, target]);
    host.bricksUp = true;
    expect(await mounts.stage(staged, wish(), context())).toEqual(done);
  });

  it('is not one that hangs: nothing is known of that, and it is asked by one process at a time', async () => {
    const { host, mounts } = await mounted();
    host.silent.add(staged);
    expect(await mounts.stage(staged, wish(), context())).toMatchObject({ kind: 'unknown' });
    host.asking.push(`  77 stat --file-system --format=%S -- ${staged}`);
    const before = host.calls.length;
    expect(await mounts.usage(staged, context())).toMatchObject({ kind: 'waiting' });
    expect(host.calls.slice(before).filter((call) => call.startsWith('stat'))).toEqual([]);
    host.asking.length = 0;
    host.silent.clear();
    expect(await mounts.usage(staged, context())).toMatchObject({ kind: 'done' });
    expect(host.targets()).toEqual([staged, target]);
  });
});

describe('an attempt to mount', () => {
  it('that gets no answer is looked into by the next one', async () => {
    const host = new FakeHost();
    const mounts = openOn(host, { cgroup: { kind: 'none' } });
    host.unanswered.add('mount.glusterfs');
    expect(await mounts.stage(staged, wish(), context())).toMatchObject({ kind: 'unknown' });
    expect(await mounts.stage(staged, wish(), context())).toEqual(done);
    expect(host.targets()).toEqual([staged]);
  });

  it('that no server answers waits for them by name, and begins with another one the next time', async () => {
    const host = new FakeHost();
    const mounts = openOn(host);
    host.servers.clear();
    host.log =
      'Started running version\n[x] I [glusterfsd-mgmt.c:1:mgmt_rpc_notify] 0-m: Exhausted all volfile servers\n';
    const firsts: string[] = [];
    for (let time = 0; time < 3; time += 1) {
      expect(await mounts.stage(staged, wish(), context())).toMatchObject({ kind: 'waiting', on: { what: 'node' } });
      firsts.push(
        /mount\.glusterfs (\S+):\//.exec(host.calls.findLast((call) => call.includes('mount.glusterfs')) ?? '')?.[1] ??
          '',
      );
    }
    expect(firsts.sort()).toEqual(['s1', 's2', 's3']);
    expect(host.directories.get(staged)?.immutable).toBe(true);
  });
});

describe('where the file system knows no immutable directories', () => {
  it('mode 000 stands in, and one warning says so', async () => {
    const host = new FakeHost();
    host.immutableWorks = false;
    const log = new Warnings();
    const mounts = openOn(host, { log });
    expect(await mounts.stage(staged, wish(), context())).toEqual(done);
    expect(await mounts.publish(staged, target, writing, context())).toEqual(done);
    expect([staged, target].map((path) => host.directories.get(path)?.mode)).toEqual(['000', '000']);
    expect(log.said.filter((message) => message.includes('mode 000'))).toHaveLength(1);
    expect(await mounts.unpublish(target, context())).toEqual(done);
    expect(await mounts.unstage(staged, context())).toEqual(done);
    expect([...host.directories.keys()]).toEqual(['/kubelet']);
  });
});

describe('a client that does not end with its mount', () => {
  it.each(['until TERM', 'until KILL'] as const)('is ended (%s)', async (stay) => {
    const host = new FakeHost();
    const clock = new FakeClock();
    const mounts = openOn(host, { clock });
    await mounts.stage(staged, wish(), context());
    host.clientsStay = stay;
    const unstaging = mounts.unstage(staged, context());
    for (let second = 0; second < 400; second += 1) {
      await clock.advance(50);
    }
    expect(await unstaging).toEqual(done);
    const kills = host.calls.filter((call) => call.startsWith('kill'));
    expect(kills.map((call) => call.split(' ')[2])).toEqual(stay === 'until TERM' ? ['TERM'] : ['TERM', 'KILL']);
  });

  it('is left alone while its volume is mounted elsewhere', async () => {
    const host = new FakeHost();
    const clock = new FakeClock();
    const mounts = openOn(host, { clock });
    await mounts.stage(staged, wish(), context());
    await mounts.stage('/kubelet/plugins/csi/4567/globalmount', wish(), context());
    host.clientsStay = 'until TERM';
    const unstaging = mounts.unstage(staged, context());
    for (let second = 0; second < 450; second += 1) {
      await clock.advance(50);
    }
    expect(await unstaging).toMatchObject({ kind: 'waiting' });
    expect(host.calls.filter((call) => call.startsWith('kill'))).toEqual([]);
  });
});

describe('how full a volume is', () => {
  it('is counted in bytes and inodes', async () => {
    const { mounts } = await mounted();
    expect(await mounts.usage(target, context())).toEqual({
      kind: 'done',
      value: {
        bytes: { total: 409_600, used: 163_840, available: 204_800 },
        inodes: { total: 1000, used: 100, available: 900 },
      },
    });
  });
});
