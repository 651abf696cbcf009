import { describe, expect, it } from 'vitest';
import type { KnownMount } from '../../../../src/csi/mounts/known.ts';
import type { ClientWords, Memory } from '../../../../src/csi/mounts/memory.ts';
import type { MountNotice } from '../../../../src/csi/mounts/watch.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { FakeHost } from './fake-host.ts';
import { context, openOn, staged, target, wish } from './support.ts';

const reader = target.replace('/a/', '/b/');

/** In place of a file. */
function remembering(words: ClientWords = new Map()) {
  const kept: ClientWords[] = [words];
  const memory: Memory = {
    recall: async () => kept.at(-1) ?? new Map(),
    remember: async (next) => void kept.push(new Map(next)),
  };
  return { kept, memory };
}

async function watched(host: FakeHost, ready = true, memory?: Memory) {
  const clock = new FakeClock();
  const mounts = openOn(host, { clock });
  if (ready) {
    await mounts.stage(staged, wish({ options: ['acl'] }), context());
    await mounts.publish(staged, target, { readOnly: false }, context());
    await mounts.publish(staged, reader, { readOnly: true }, context());
  }
  const notices: MountNotice[] = [];
  const looks: (readonly KnownMount[])[] = [];
  const stop = new AbortController();
  const over = mounts.watch({
    everyMs: 1_000,
    signal: stop.signal,
    listener: (notice) => notices.push(notice),
    looked: (found) => looks.push(found),
    ...(memory === undefined ? {} : { memory }),
  });
  const tick = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) {
      await clock.advance(100);
    }
  };
  await tick();
  return { mounts, clock, notices, looks, tick, end: async () => (stop.abort(), over) };
}

describe('the watch over mounts', () => {
  it('says nothing while all is well, and costs the same however many there are', async () => {
    const host = new FakeHost();
    const { notices, looks, end, tick } = await watched(host);
    expect(notices).toEqual([]);
    expect(looks.at(-1)).toMatchObject([
      { directory: staged, volume: 'data', targets: [{ directory: target }, { directory: reader }] },
    ]);
    const before = host.calls.length;
    await tick();
    expect(new Set(host.calls.slice(before).map((call) => call.split(' ')[0]))).toEqual(
      new Set(['realpath', 'cat', 'ps']),
    );
    await end();
  });

  it('mounts again what has died, as it was, for pods too', async () => {
    const host = new FakeHost();
    const { mounts, notices, tick, end } = await watched(host);
    host.killClient(staged);
    await tick();
    await tick();
    const about = { directory: staged, volume: 'data', targets: [target, reader] };
    expect(notices).toEqual([
      { kind: 'dead', ...about },
      { kind: 'repaired', ...about },
    ]);
    expect(host.targets()).toEqual([staged, target, reader]);
    expect(host.mounts.at(-1)?.options).toContain('ro');
    expect(await mounts.stage(staged, wish({ options: ['acl'] }), context())).toEqual({ kind: 'done' });
    expect(await mounts.stage(staged, wish(), context())).toMatchObject({ kind: 'rejected' });
    await end();
  });

  it('shows pods the new mount when only the staged one was made anew', async () => {
    const host = new FakeHost();
    const { mounts, notices, tick, end } = await watched(host);
    host.killClient(staged);
    await mounts.stage(staged, wish({ options: ['acl'] }), context());
    await tick();
    expect(notices.at(-1)).toMatchObject({ kind: 'repaired', directory: staged, targets: [target, reader] });
    expect(await mounts.look(reader, context())).toMatchObject({ value: { kind: 'mounted', readOnly: true } });
    await end();
  });

  it('names what it cannot repair, once', async () => {
    const host = new FakeHost();
    await openOn(host).stage(staged, wish(), context());
    await openOn(host).publish(staged, target, { readOnly: false }, context());
    host.killClient(staged);
    const { notices, tick, end } = await watched(host, false);
    await tick();
    expect(notices.map(({ kind }) => kind)).toEqual(['dead', 'not-repaired']);
    expect(notices.at(-1)).toMatchObject({ directory: staged, targets: [target] });
    await end();
  });

  it('mounts again what died while no plugin ran, by what an earlier one had seen', async () => {
    const host = new FakeHost();
    const { kept, memory } = remembering();
    const earlier = await watched(host, true, memory);
    await earlier.tick();
    await earlier.end();
    expect(kept.map((words) => [...words.keys()])).toEqual([[], [staged]]);
    host.killClient(staged);
    const { mounts, notices, tick, end } = await watched(host, false, memory);
    await tick();
    expect(notices.map(({ kind }) => kind)).toEqual(['dead', 'repaired']);
    expect(host.targets()).toEqual([staged, target, reader]);
    expect(await mounts.stage(staged, wish({ options: ['acl'] }), context())).toEqual({ kind: 'done' });
    await end();
  });

  it('remembers a client as soon as it was started, and not after its rest', async () => {
    const host = new FakeHost();
    const { kept, memory } = remembering();
    const { mounts, clock, end } = await watched(host, false, memory);
    const then = clock.monotonic();
    await mounts.stage(staged, wish(), context());
    await waitFor('it is remembered', () => kept.length > 1);
    expect(kept.map((words) => [...words.keys()])).toEqual([[], [staged]]);
    expect(clock.monotonic()).toBe(then);
    await end();
  });

  it('forgets how a client was started once nothing is mounted there any more', async () => {
    const host = new FakeHost();
    const { kept, memory } = remembering();
    const { mounts, tick, end } = await watched(host, true, memory);
    await mounts.unpublish(target, context());
    await mounts.unpublish(reader, context());
    await mounts.unstage(staged, context());
    await tick();
    expect(kept.map(({ size }) => size)).toEqual([0, 1, 0]);
    await end();
  });

  it('tries again and again what fails', async () => {
    const host = new FakeHost();
    const { notices, tick, end } = await watched(host);
    host.killClient(staged);
    host.bricksUp = false;
    await tick();
    expect(notices.map(({ kind }) => kind)).toEqual(['dead', 'not-repaired']);
    host.bricksUp = true;
    await tick();
    expect(notices.map(({ kind }) => kind)).toEqual(['dead', 'not-repaired', 'repaired']);
    await end();
  });

  it('leaves alone what hangs, what kubelets of old mounted, and what is none of the kubelet’s', async () => {
    const host = new FakeHost();
    const gluster = { fstype: 'fuse.glusterfs', source: 's1:/old' };
    host.mount('/kubelet/pods/x/volumes/kubernetes.io~glusterfs/old', gluster);
    host.mount('/mnt/admin', gluster);
    const { looks, notices, tick, end } = await watched(host);
    host.silent.add(staged);
    host.killClient(staged);
    await tick();
    expect(looks.at(-1)?.map(({ directory }) => directory)).toEqual([staged]);
    expect(notices).toEqual([]);
    await end();
  });
});
