import { describe, expect, it } from 'vitest';
import { clusterId, nodeId } from '../../../../src/domain/names.ts';
import { describeProblem, remedyOf } from '../../../../src/engine/node-watch/describe.ts';
import { downAfter, Hysteresis, upAfter } from '../../../../src/engine/node-watch/hysteresis.ts';
import type { WatchedNode } from '../../../../src/engine/node-watch/api.ts';
import { benchOf, device, forever, requestOf, restart, turning, valueOf, type Bench } from '../bench.ts';

const interval = 15_000;

/** A bench whose nodes are watched, and were looked at once. */
async function watchedBench(options: Parameters<typeof benchOf>[0] = {}): Promise<Bench> {
  const bench = await benchOf({ nodes: 4, ...options });
  bench.engine.nodeWatch.start();
  await bench.clock.advance(0);
  return bench;
}

async function looks({ clock }: Bench, count: number): Promise<void> {
  for (let look = 0; look < count; look += 1) {
    await clock.advance(interval);
  }
}

function seen({ engine }: Bench, id: string): WatchedNode {
  const found = engine.nodeWatch.nodes().find(({ node }) => node === id);
  if (found === undefined) {
    throw new Error(`${id} was never looked at`);
  }
  return found;
}

const kinds = (node: WatchedNode): string[] => node.problems.map(({ kind }) => kind);

describe('hysteresis', () => {
  it(`is down after ${downAfter} misses in a row, and up after ${upAfter} answers in a row`, () => {
    const states = (looks: string): string =>
      looks.split('').reduce<{ readonly machine: Hysteresis; readonly text: string }>(
        ({ machine, text }, look) => {
          machine[look === '+' ? 'answer' : 'miss']();
          return { machine, text: text + machine.state.charAt(0) };
        },
        { machine: new Hysteresis(), text: '' },
      ).text;
    expect(states('+---')).toBe('ussd');
    // Flapping: never three in a row, never down.
    expect(states('--+--+-')).toBe('ssussus');
    expect(states('---+-+-++')).toBe('ssddddddu');
  });
});

describe('the node watch', () => {
  it('finds nothing amiss with nodes and devices that are in order', async () => {
    const bench = await watchedBench();
    await looks(bench, 3);
    expect(bench.engine.nodeWatch.nodes()).toEqual(
      ['n1', 'n2', 'n3', 'n4'].map((node) => ({
        node,
        cluster: 'east',
        state: 'up',
        since: '2026-01-01T00:00:00.000Z',
        problems: [],
        devices: [{ name: device, state: 'ok' }],
      })),
    );
    expect(bench.engine.usage().filter(({ unusable }) => unusable !== undefined)).toEqual([]);
  });

  it('changes nothing on a node that needs nothing', async () => {
    const bench = await watchedBench();
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    await looks(bench, 2);
    bench.storage.log.length = 0;
    await looks(bench, 2);
    const verbs = new Set(bench.storage.log.map((line) => line.split(' ')[0]));
    expect(verbs).toEqual(new Set(['inspectNode', 'inspectDevice', 'listPeers']));
  });

  it('says that a node is down only after three misses, keeps bricks away, and names it in refusals', async () => {
    const bench = await watchedBench({ nodes: 3 });
    bench.storage.setUp('n2', false);
    await looks(bench, 1);
    expect(seen(bench, 'n2')).toMatchObject({ state: 'suspect', problems: [{ kind: 'unreachable' }] });
    await looks(bench, 2);
    expect(seen(bench, 'n2')).toMatchObject({ state: 'down', since: '2026-01-01T00:00:45.000Z' });
    expect(bench.engine.usage().find(({ node }) => node === 'n2')).toMatchObject({
      unusable: 'node down',
      because: 'it does not answer: n2 is down',
    });
    const plan = bench.engine.planVolume(requestOf(1));
    expect(plan).toMatchObject({ kind: 'refused', permanent: false });
    expect('reason' in plan ? plan.reason : '').toMatch(
      /node n2 is down \(it does not answer: n2 is down\).*node n2 answering/,
    );
    bench.storage.setUp('n2', true);
    await looks(bench, 1);
    expect(seen(bench, 'n2').state).toBe('down');
    await looks(bench, 1);
    expect(seen(bench, 'n2')).toMatchObject({ state: 'up', problems: [] });
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
  });

  it('keeps bricks away from a flapping node only while it is silent', async () => {
    const bench = await watchedBench({ nodes: 3 });
    const states = new Set<string>();
    for (let flap = 0; flap < 5; flap += 1) {
      bench.storage.setUp('n3', false);
      await looks(bench, 2);
      states.add(seen(bench, 'n3').state);
      bench.storage.setUp('n3', true);
      await looks(bench, 1);
      states.add(seen(bench, 'n3').state);
      expect(bench.engine.planVolume(requestOf(1)).kind).toBe('placed');
    }
    expect(states).toEqual(new Set(['suspect', 'up']));
  });

  it('does not wait for a node whose cable is cut longer than its deadline, and looks at the others meanwhile', async () => {
    let cut = false;
    const bench = await benchOf({ nodes: 4, judge: ({ node }) => (cut && node === 'n1' ? 'hang' : 'normal') });
    bench.engine.nodeWatch.start();
    await bench.clock.advance(0);
    // Its verbs never come back, as when nothing tells that a connection is dead.
    cut = true;
    bench.storage.hops = () => 1;
    await looks(bench, 6);
    expect(seen(bench, 'n1').state).toBe('down');
    expect(['n2', 'n3', 'n4'].map((id) => seen(bench, id).state)).toEqual(['up', 'up', 'up']);
    cut = false;
    bench.storage.settle();
    await looks(bench, 3);
    expect(seen(bench, 'n1')).toMatchObject({ state: 'up', problems: [] });
  });

  it('ends by the deadline even where a verb does not hear of it', async () => {
    let deaf = false;
    const bench = await benchOf({
      nodes: 3,
      judge: ({ verb, node }) => (deaf && verb === 'inspectNode' && node === 'n2' ? 'dead' : 'normal'),
    });
    bench.engine.nodeWatch.start();
    await bench.clock.advance(0);
    deaf = true;
    await bench.clock.advance(120_000);
    expect(seen(bench, 'n2')).toMatchObject({
      state: 'down',
      problems: [{ kind: 'unreachable', reason: 'no answer within 10 s' }],
    });
    expect(seen(bench, 'n3').state).toBe('up');
  });

  it('tells a glusterd that does not answer from a node that does not', async () => {
    const bench = await watchedBench({ nodes: 3 });
    bench.storage.setGlusterd('n3', false);
    await looks(bench, 3);
    expect(seen(bench, 'n3')).toMatchObject({ state: 'down', problems: [{ kind: 'glusterd-down' }] });
    expect(bench.engine.planVolume(requestOf(1))).toMatchObject({ kind: 'refused' });
    // No gluster command goes through it any more.
    bench.storage.log.length = 0;
    await turning(
      bench.clock,
      bench.engine.ensureVolume(requestOf(1, { durability: { kind: 'replicate', count: 2 } }), forever),
    );
    expect(bench.storage.log.filter((line) => /(?:volumeInfo|createVolume|startVolume) n3/.test(line))).toEqual([]);
    bench.storage.setGlusterd('n3', true);
    await looks(bench, 2);
    expect(seen(bench, 'n3')).toMatchObject({ state: 'up', problems: [] });
  });

  it('recognises a node that was installed anew, by the UUID that its pool knows', async () => {
    const bench = await watchedBench();
    bench.storage.reinstall('n1');
    await looks(bench, 1);
    expect(seen(bench, 'n1')).toMatchObject({
      state: 'up',
      problems: [{ kind: 'reinstalled', storage: '10.0.0.1', expected: 'uuid-of-n1', found: 'uuid-of-n1-anew' }],
    });
    // Through its own, empty, pool the others look like strangers: that is not held against them.
    expect(['n2', 'n3', 'n4'].flatMap((id) => kinds(seen(bench, id)))).toEqual([]);
    expect(bench.engine.usage().find(({ node }) => node === 'n1')).toMatchObject({ unusable: 'node in trouble' });
    expect(bench.engine.planVolume(requestOf(1)).kind).toBe('placed');
    await looks(bench, 5);
    expect(
      bench.storage.log.filter((line) => /^(?:ensurePeer|removePeer|prepareDevice|resetBrick)/.test(line)),
    ).toEqual([]);
  });

  it("recognises a node that is in nobody's pool", async () => {
    const bench = await watchedBench();
    const [, n2, n3] = bench.engine.nodes();
    if (n2 === undefined || n3 === undefined) {
      throw new Error('expected four nodes');
    }
    valueOf(await bench.storage.port().removePeer(n2, n3.storage, { signal: forever }));
    await looks(bench, 1);
    expect(kinds(seen(bench, 'n3'))).toEqual(['not-in-pool']);
    expect(['n1', 'n2', 'n4'].flatMap((id) => kinds(seen(bench, id)))).toEqual([]);
  });

  it('names a node that two others reject, by three looks, and sends nothing to it or through it', async () => {
    const bench = await watchedBench({ nodes: 4 });
    bench.storage.setRejected('n1', true);
    await looks(bench, 2);
    expect(seen(bench, 'n1').problems).toEqual([]);
    bench.storage.log.length = 0;
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    expect(bench.storage.log.filter((line) => / n1 /.test(line) && !line.startsWith('ensureBrick'))).toEqual([]);
    await looks(bench, 1);
    expect(seen(bench, 'n1')).toMatchObject({ state: 'up', problems: [{ kind: 'rejected', by: ['n2', 'n3', 'n4'] }] });
    // It rejects them as well, and is not believed.
    expect(['n2', 'n3', 'n4'].flatMap((id) => kinds(seen(bench, id)))).toEqual([]);
    const [problem] = seen(bench, 'n1').problems;
    expect(problem === undefined ? '' : `${describeProblem(problem)} ${remedyOf(problem)}`).toMatch(
      /^n2, n3, n4 of its trusted pool reject it .*mv \/var\/lib\/glusterd\/vols /s,
    );
    expect(bench.engine.usage().find(({ node }) => node === 'n1')).toMatchObject({ unusable: 'node in trouble' });
    expect(bench.engine.planVolume(requestOf(2))).toMatchObject({ kind: 'placed' });
    bench.storage.setRejected('n1', false);
    await looks(bench, 1);
    expect(kinds(seen(bench, 'n1'))).toEqual(['rejected']);
    await looks(bench, 1);
    expect(kinds(seen(bench, 'n1'))).toEqual([]);
  });

  it('names both of two nodes that reject each other where there is no third, and neither where it does not answer', async () => {
    const pair = await watchedBench({ nodes: 2 });
    pair.storage.setRejected('n2', true);
    await looks(pair, 3);
    expect(['n1', 'n2'].map((id) => kinds(seen(pair, id)))).toEqual([['rejected'], ['rejected']]);
    const three = await watchedBench({ nodes: 3 });
    three.storage.setUp('n3', false);
    three.storage.setRejected('n2', true);
    await looks(three, 3);
    expect(['n1', 'n2'].flatMap((id) => kinds(seen(three, id)))).toEqual([]);
  });

  it('recognises a node that came back with another address, and says both', async () => {
    const bench = await watchedBench();
    bench.storage.reboot('n4');
    bench.storage.setAddresses('n4', ['10.0.0.99', 'fd00::99']);
    await looks(bench, 1);
    const [problem] = seen(bench, 'n4').problems;
    expect(problem).toEqual({
      kind: 'address-changed',
      storage: '10.0.0.4',
      expected: ['10.0.0.4'],
      found: ['10.0.0.99', 'fd00::99'],
    });
    expect(problem === undefined ? '' : describeProblem(problem)).toBe(
      'it has none of the addresses that 10.0.0.4 stands for (10.0.0.4), but 10.0.0.99, fd00::99',
    );
    bench.storage.setAddresses('n4', ['10.0.0.99', '10.0.0.4']);
    await looks(bench, 1);
    expect(seen(bench, 'n4').problems).toEqual([]);
  });

  it.each([
    ['missing', 'device-missing', 'device missing'],
    ['empty', 'device-empty', 'device empty'],
  ] as const)(
    'names a device that is %s after three looks, keeps bricks away, and does not touch it',
    async (how, kind, unusable) => {
      const bench = await watchedBench({ nodes: 3 });
      valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
      bench.storage.changeDisk('n2', device, how);
      await looks(bench, 2);
      expect(seen(bench, 'n2').problems).toEqual([]);
      await looks(bench, 1);
      expect(seen(bench, 'n2')).toMatchObject({
        state: 'up',
        problems: [{ kind, device, bricks: 1 }],
        devices: [{ name: device, state: how }],
      });
      expect(bench.engine.usage().find(({ node }) => node === 'n2')).toMatchObject({ unusable });
      const plan = bench.engine.planVolume(requestOf(2));
      expect('reason' in plan ? plan.reason : '').toContain(`node n2: its device is ${how} (${device}`);
      await looks(bench, 5);
      expect(bench.storage.log.filter((line) => line.startsWith('prepareDevice'))).toEqual([]);
    },
  );

  it('takes a disk that was put back into use again, and what was on it', async () => {
    const bench = await watchedBench({ nodes: 3 });
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    bench.storage.changeDisk('n2', device, 'missing');
    await looks(bench, 3);
    expect(bench.storage.offline()).toHaveLength(1);
    bench.storage.changeDisk('n2', device, 'present');
    await looks(bench, 2);
    expect(seen(bench, 'n2').problems).toEqual([]);
    expect(bench.storage.offline()).toEqual([]);
  });

  it('forgets a node that has left the topology', async () => {
    const bench = await watchedBench();
    bench.storage.setUp('n4', false);
    await looks(bench, 3);
    bench.storage.setUp('n4', true);
    const left = { id: clusterId('east'), nodes: [], only: [nodeId('n4')] };
    await bench.clock.advance(0);
    valueOf(await turning(bench.clock, bench.engine.applyTopology({ clusters: [left] }, { signal: forever })));
    await looks(bench, 1);
    expect(bench.engine.nodeWatch.nodes().map(({ node }) => node)).toEqual(['n1', 'n2', 'n3']);
  });

  it('tells who listens of each change once', async () => {
    const bench = await watchedBench();
    const told: string[] = [];
    const stop = bench.engine.nodeWatch.onChange(({ node, state }) => told.push(`${node} ${state}`));
    await looks(bench, 2);
    bench.storage.setUp('n2', false);
    await looks(bench, 5);
    expect(told).toEqual(['n2 suspect', 'n2 down']);
    stop();
    bench.storage.setUp('n2', true);
    await looks(bench, 3);
    expect(told).toHaveLength(2);
  });

  it('ends with the engine', async () => {
    const bench = await watchedBench();
    await bench.engine.close();
    bench.storage.log.length = 0;
    await looks(bench, 3);
    expect(bench.storage.log).toEqual([]);
    expect(bench.clock.sleeping).toBe(0);
  });
});

describe('a node that comes back', () => {
  it('has its bricks mounted and started again, one volume after another', async () => {
    const bench = await watchedBench({ nodes: 3 });
    for (let index = 1; index <= 12; index += 1) {
      valueOf(await bench.engine.ensureVolume(requestOf(index), forever));
      valueOf(await bench.engine.confirmVolume(requestOf(index).id));
    }
    await looks(bench, 2);
    bench.storage.reboot('n2');
    expect(bench.storage.offline()).toHaveLength(12);
    bench.storage.log.length = 0;
    await looks(bench, 2);
    expect(bench.storage.offline()).toEqual([]);
    const verbs = bench.storage.log.map((line) => line.split(' ')[0]);
    expect(verbs.filter((verb) => verb === 'restoreBricks')).toHaveLength(1);
    expect(verbs.filter((verb) => verb === 'restartBricks')).toHaveLength(12);
    // Never the next volume before the last one has been started.
    expect(verbs.filter((verb) => verb === 'volumeStatus' || verb === 'restartBricks')).toEqual(
      Array.from({ length: 12 }, () => ['volumeStatus', 'restartBricks']).flat(),
    );
    expect(seen(bench, 'n2').problems).toEqual([]);
    // Done is done.
    bench.storage.log.length = 0;
    await looks(bench, 3);
    expect(bench.storage.log.filter((line) => line.startsWith('volumeStatus'))).toEqual([]);
  });

  it('shares what gluster says of a volume with others that come back at the same time', async () => {
    const bench = await watchedBench({ nodes: 3 });
    for (let index = 1; index <= 5; index += 1) {
      valueOf(await bench.engine.ensureVolume(requestOf(index), forever));
    }
    await bench.engine.nodeWatch.stop();
    const after = await restart(bench);
    after.storage.log.length = 0;
    after.engine.nodeWatch.start();
    await looks(after, 3);
    // At a start every node may have come back; all bricks of these five were found to run at the first question.
    expect(after.storage.log.filter((line) => line.startsWith('volumeStatus')).length).toBeLessThanOrEqual(7);
    expect(after.storage.log.filter((line) => line.startsWith('restartBricks'))).toEqual([]);
  });

  it('is restored too when the controller has started meanwhile', async () => {
    const first = await watchedBench({ nodes: 3 });
    valueOf(await first.engine.ensureVolume(requestOf(1), forever));
    await first.engine.nodeWatch.stop();
    first.storage.reboot('n1');
    const bench = await restart(first);
    bench.engine.nodeWatch.start();
    await looks(bench, 2);
    expect(bench.storage.offline()).toEqual([]);
  });

  it('has its bricks mounted before its glusterd answers, and started once it does', async () => {
    const bench = await watchedBench({ nodes: 3 });
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    await looks(bench, 1);
    bench.storage.reboot('n1');
    bench.storage.setGlusterd('n1', false);
    bench.storage.log.length = 0;
    await looks(bench, 2);
    expect(bench.storage.log.some((line) => line.startsWith('restoreBricks n1'))).toBe(true);
    expect(bench.storage.log.some((line) => line.startsWith('restartBricks'))).toBe(false);
    bench.storage.setGlusterd('n1', true);
    await looks(bench, 1);
    expect(bench.storage.offline()).toEqual([]);
  });

  it('is tried again until all is back, and says so meanwhile', async () => {
    let stubborn = true;
    const bench = await benchOf({
      nodes: 3,
      judge: ({ verb }) => (stubborn && verb === 'restoreBricks' ? 'fail' : 'normal'),
    });
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    bench.storage.reboot('n3');
    bench.engine.nodeWatch.start();
    await looks(bench, 3);
    expect(seen(bench, 'n3').problems).toEqual([
      { kind: 'not-restored', reason: 'restoreBricks on n3: injected failure' },
    ]);
    // What is on it is not yet back; it takes new bricks all the same.
    expect(bench.engine.usage().find(({ node }) => node === 'n3')).not.toHaveProperty('unusable');
    stubborn = false;
    await looks(bench, 2);
    expect(seen(bench, 'n3').problems).toEqual([]);
    expect(bench.storage.offline()).toEqual([]);
  });

  it.each([
    { how: 'fail', started: true, consequence: 'has its volumes started' },
    { how: 'silent', started: false, consequence: 'waits with its volumes' },
  ] as const)('$consequence when mounting ends with $how', async ({ how, started }) => {
    let stubborn = true;
    const bench = await benchOf({
      nodes: 3,
      judge: ({ verb }) => (stubborn && verb === 'restoreBricks' ? how : 'normal'),
    });
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    bench.storage.reboot('n3');
    bench.storage.log.length = 0;
    bench.engine.nodeWatch.start();
    await looks(bench, 3);
    // One brick that does not mount must not keep those beside it from being served.
    expect(bench.storage.log.some((line) => line.startsWith('volumeStatus'))).toBe(started);
    stubborn = false;
    await looks(bench, 4);
    expect(bench.storage.offline()).toEqual([]);
  });

  it('starts nothing of a volume that is being deleted, nor of one that is stopped', async () => {
    const bench = await watchedBench({ nodes: 3 });
    for (const index of [1, 2]) {
      valueOf(await bench.engine.ensureVolume(requestOf(index), forever));
    }
    bench.storage.tamperVolume(requestOf(2).name, { status: 'stopped' });
    bench.storage.reboot('n1');
    bench.storage.log.length = 0;
    const [deleted] = await Promise.all([
      turning(bench.clock, bench.engine.deleteVolume(requestOf(1).id, forever)),
      looks(bench, 2),
    ]);
    valueOf(deleted);
    expect(bench.storage.log.filter((line) => line.startsWith('restartBricks'))).toEqual([]);
    expect(bench.storage.violations).toEqual([]);
  });
});
