import { describe, expect, it } from 'vitest';
import { Startup } from '../../../src/agent/server/startup.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { brickIdFor, deviceName, hostName, nodeId, volumeId, volumeNameFor } from '../../../src/domain/names.ts';
import { done, failed, unknown, waiting, type Outcome } from '../../../src/domain/outcome.ts';
import { deviceMissing, deviceUnprepared, type StorageNodes } from '../../../src/engine/ports.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const ids = [1, 2, 3].map((index) => volumeId(`5f6d1f2e-0c1a-4a53-9b0e-00000000000${index}`));
const [first, second, third] = ids.map((id) => ({ id, name: volumeNameFor(id, 'team'), brick: brickIdFor(id, 0, 0) }));
const disks = [deviceName('/dev/vdb'), deviceName('/dev/vdc')] as const;

type Answers = {
  readonly [V in 'restoreBricks' | 'listBricks' | 'listVolumes' | 'volumeStatus' | 'restartBricks']: (
    about: string,
  ) => Outcome<unknown>;
};

/** A node on which the first disk holds a brick of two volumes, one of them without its process. */
const usual: Answers = {
  restoreBricks: () => done([]),
  listBricks: (disk) =>
    done(disk === disks[0] ? [first, second].map((volume) => ({ id: volume?.brick, path: '', size: 1 })) : []),
  // The third is none of ours.
  listVolumes: () => done([first?.name, third?.name, second?.name, 'by-hand']),
  volumeStatus: (name) =>
    done([
      { host: 'other', path: `/bricks/${third?.brick}/brick`, online: false },
      { host: 'here', path: `/bricks/${first?.brick}/brick`, online: name !== first?.name },
    ]),
  restartBricks: () => done(),
};

function begin(answers: Partial<Answers>): { startup: Startup; clock: FakeClock; calls: string[]; stop: () => void } {
  const clock = new FakeClock();
  const calls: string[] = [];
  const all = { ...usual, ...answers };
  const nodes = Object.fromEntries(
    Object.entries(all).map(([verb, answer]) => [
      verb,
      async (_node: unknown, about: unknown) => {
        const what = typeof about === 'string' ? about : '';
        calls.push(`${verb} ${what}`.trim());
        return answer(what);
      },
    ]),
  ) as unknown as StorageNodes;
  const node = { id: nodeId('a'), manage: hostName('a'), storage: hostName('a') };
  const startup = new Startup({ node, devices: disks, nodes, clock, log: silentLog, retryMs: 10_000 });
  const abort = new AbortController();
  void startup.run(abort.signal);
  return { startup, clock, calls, stop: () => abort.abort() };
}

describe('the start of an agent', () => {
  it('mounts all bricks first, then has gluster start those that do not run, and no other', async () => {
    const { startup, clock, calls } = begin({});
    expect(startup).toMatchObject({ restored: false, ready: false, reasons: ['bricks are being mounted'] });
    await clock.advance(0);
    expect(startup).toMatchObject({ restored: true, ready: true, reasons: [] });
    expect(calls).toEqual([
      'restoreBricks /dev/vdb',
      'restoreBricks /dev/vdc',
      'listBricks /dev/vdb',
      'listBricks /dev/vdc',
      'listVolumes',
      `volumeStatus ${first?.name}`,
      `volumeStatus ${second?.name}`,
      `restartBricks ${first?.name}`,
    ]);
    await clock.advance(100_000);
    expect(calls).toHaveLength(8);
    expect(clock.sleeping).toBe(0);
  });

  it('takes operations but is not ready while glusterd does not answer', async () => {
    let up = false;
    const { startup, clock } = begin({
      listVolumes: () => (up ? done([]) : failed('glusterd does not answer')),
    });
    await clock.advance(25_000);
    expect(startup).toMatchObject({
      restored: true,
      ready: false,
      reasons: ['waiting for glusterd', 'glusterd does not answer'],
    });
    up = true;
    await clock.advance(10_000);
    expect(startup).toMatchObject({ ready: true, reasons: [] });
  });

  it('is ready without a device that does not come, says so, and takes it when it does', async () => {
    let there = false;
    const { startup, clock, calls } = begin({
      restoreBricks: (disk) =>
        disk === disks[1] || there
          ? done([])
          : waiting({ what: 'condition', name: deviceMissing }, '/dev/vdb is not there'),
      listBricks: (disk) => (there ? usual.listBricks(disk) : failed('not there')),
    });
    await clock.advance(0);
    expect(startup).toMatchObject({ ready: true, reasons: ['/dev/vdb is not there'] });
    expect(calls).not.toContain(`volumeStatus ${first?.name}`);
    there = true;
    await clock.advance(10_000);
    expect(startup.reasons).toEqual([]);
    expect(calls).toContain(`restartBricks ${first?.name}`);
  });

  it('has nothing to wait for on a device that was never prepared', async () => {
    const { startup, clock } = begin({
      restoreBricks: () => waiting({ what: 'condition', name: deviceUnprepared }, 'not prepared'),
      listBricks: () => failed('not prepared'),
    });
    await clock.advance(0);
    expect(startup).toMatchObject({ ready: true, reasons: [] });
    expect(clock.sleeping).toBe(0);
  });

  it('tries volumes again that gluster was not sure about, and those only', async () => {
    let sure = false;
    const { startup, clock, calls } = begin({
      restartBricks: () => (sure ? done() : unknown('no answer')),
    });
    await clock.advance(0);
    expect(startup).toMatchObject({ ready: true, reasons: ['no answer'] });
    calls.length = 0;
    sure = true;
    await clock.advance(10_000);
    expect(calls).toEqual([`volumeStatus ${first?.name}`, `restartBricks ${first?.name}`]);
    expect(startup.reasons).toEqual([]);
  });

  it('ends when it is stopped', async () => {
    const { clock, calls, stop } = begin({ listVolumes: () => failed('down') });
    await clock.advance(0);
    stop();
    await clock.advance(0);
    const before = calls.length;
    await clock.advance(60_000);
    expect(calls).toHaveLength(before);
  });
});
