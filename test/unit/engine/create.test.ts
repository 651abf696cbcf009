import { describe, expect, it } from 'vitest';
import { clusterId } from '../../../src/domain/names.ts';
import { bytes, GiB, MiB } from '../../../src/domain/quantity.ts';
import type { FakeCall, Verdict } from '../../support/fake-storage/calls.ts';
import type { FakeStorage } from '../../support/fake-storage/fake-storage.ts';
import type { VolumeEngine } from '../../../src/engine/api.ts';
import { identityOf, identityOfText } from '../../../src/engine/identity.ts';
import { asBefore, benchOf, device, forever, idOf, requestOf, restart, turning, valueOf } from './bench.ts';

/** Answers `verdict` to the first call of the verb (or of the verb on a node), then lets everything through. */
function once(verb: FakeCall['verb'], verdict: Verdict, node?: string): (call: FakeCall) => Verdict {
  let armed = true;
  return (call) => {
    if (armed && call.verb === verb && (node === undefined || call.node === node)) {
      armed = false;
      return verdict;
    }
    return 'normal';
  };
}

/** What each brick on any node says of its volume. */
async function saidByBricks(storage: FakeStorage, engine: VolumeEngine): Promise<readonly (string | undefined)[]> {
  const log = [...storage.log];
  const port = storage.port();
  const listed = await Promise.all(engine.nodes().map((node) => port.listBricks(node, device, { signal: forever })));
  storage.log.splice(0, storage.log.length, ...log);
  return listed.flatMap((bricks) => valueOf(bricks).map(({ identity }) => identity));
}

const verbsOf = (log: readonly string[]): string[] => log.map((line) => line.split(' ')[0] ?? '');

describe('ensureVolume', () => {
  it('makes bricks on distinct nodes, creates, sets options, starts, and says where', async () => {
    const { engine, storage } = await benchOf();
    const options = [{ key: 'performance.cache-size', value: '64MB' }];
    const location = valueOf(
      await engine.ensureVolume(requestOf(1, { options, gidRange: { min: 2000, max: 2001 } }), forever),
    );
    expect(verbsOf(storage.log)).toEqual([
      'ensureBrick',
      'ensureBrick',
      'ensureBrick',
      'createVolume',
      'setVolumeOptions',
      'startVolume',
    ]);
    const [volume] = storage.volumes();
    expect(volume).toMatchObject({ name: `vol_${idOf(1)}`, status: 'started' });
    expect(location.bricks).toEqual(volume?.bricks.map(({ host, path }) => `${host}:${path}`));
    expect(new Set(volume?.bricks.map(({ host }) => host)).size).toBe(3);
    expect(Object.fromEntries(volume?.options ?? [])).toEqual({ 'performance.cache-size': '64MB' });
    for (const said of await saidByBricks(storage, engine)) {
      expect(identityOfText(said ?? '')).toMatchObject({
        id: idOf(1),
        size: GiB,
        gid: 2000,
        options,
        owner: { namespace: 'apps', name: 'claim-1' },
        bricks: location.volume.brickSets.flat().map(({ path: _path, ...brick }) => brick),
      });
    }
    expect(location.volume).toMatchObject({ phase: 'creating', gid: 2000, size: GiB });
    expect(engine.locate(location.volume)).toEqual(location);
  });

  it('keeps further volumes of a namespace waiting at its limit, and those of others not', async () => {
    const { engine } = await benchOf({ maxVolumesPerNamespace: 1 });
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    const second = await engine.ensureVolume(requestOf(2), forever);
    expect(second).toMatchObject({
      kind: 'waiting',
      on: { what: 'capacity' },
      reason: expect.stringMatching(/namespace apps has 1 volumes.*maxVolumesPerNamespace allows 1/) as string,
    });
    const owner = { ...requestOf(3).owner, namespace: 'others' };
    valueOf(await engine.ensureVolume(requestOf(3, { owner }), forever));
    valueOf(await engine.deleteVolume(idOf(1), forever));
    valueOf(await engine.ensureVolume(requestOf(2), forever));
  });

  it('gives gluster no command beyond create and start when no option was asked for', async () => {
    const bench = await benchOf();
    const { engine, storage } = bench;
    const lost = valueOf(await engine.ensureVolume(requestOf(1), forever));
    const alone = ['ensureBrick', 'ensureBrick', 'ensureBrick', 'createVolume', 'startVolume'];
    expect(verbsOf(storage.log)).toEqual(alone);
    expect(storage.volumes()[0]?.options).toEqual(new Map());
    // A store that was lost, and a claim that is given its volume again: what its bricks said is the past.
    await bench.clock.advance(1000);
    const [node] = engine.nodes();
    if (node !== undefined) {
      await storage.port().stopVolume(node, lost.volume.name, { signal: forever });
      await storage.port().deleteVolume(node, lost.volume.name, { signal: forever });
    }
    bench.disk.documents.delete(JSON.stringify(['volume', idOf(1)]));
    const again = await restart(bench);
    // Its bricks carry marks of that volume, and the next try takes them off.
    await again.engine.ensureVolume(requestOf(1), forever);
    const found = valueOf(await again.engine.ensureVolume(requestOf(1), forever));
    expect(found.volume.createdAt).not.toBe(lost.volume.createdAt);
    const said = (await saidByBricks(storage, again.engine)).map((text) => identityOfText(text ?? '')?.createdAt);
    expect(new Set(said)).toEqual(new Set([found.volume.createdAt]));
  });

  it('sets what is too long for a brick as options, with those that were asked for', async () => {
    const { engine, storage } = await benchOf({ limits: { maxBrickSize: bytes(GiB), maxBricksPerVolume: 300 } });
    const options = [{ key: 'performance.cache-size', value: '64MB' }];
    const request = requestOf(1, { size: bytes(80 * GiB), options });
    const { volume } = valueOf(await engine.ensureVolume(request, forever));
    expect(volume.brickSets).toHaveLength(80);
    expect(new Set(await saidByBricks(storage, engine))).toEqual(new Set([undefined]));
    expect(verbsOf(storage.log).filter((verb) => verb === 'setVolumeOptions')).toHaveLength(1);
    const bricks = volume.brickSets.flat().map(({ path: _path, ...brick }) => brick);
    expect(identityOf(storage.volumes()[0]?.options ?? new Map())).toMatchObject({ id: idOf(1), options, bricks });
  });

  it('keeps options right that say what the volume is, because they count before its bricks', async () => {
    const bench = await benchOf();
    const { volume } = valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    asBefore(bench, volume);
    valueOf(await bench.engine.confirmVolume(idOf(1)));
    bench.storage.tamperVolume(volume.name, { options: { 'user.brickyard.size': '5' } });
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    expect(bench.storage.volumes()[0]?.options.get('user.brickyard.size')).toBe(String(GiB));
    bench.storage.log.length = 0;
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    expect(verbsOf(bench.storage.log)).toEqual(['volumeInfo']);
  });

  it('records the size that is allocated, which is whole extents and never less than asked for', async () => {
    const { engine } = await benchOf();
    const { volume } = valueOf(await engine.ensureVolume(requestOf(1, { size: bytes(GiB + 1) }), forever));
    expect(volume.size).toBe(GiB + 4 * MiB);
    expect(volume.brickSets.flat().every(({ size }) => size === volume.size)).toBe(true);
    const small = valueOf(await engine.ensureVolume(requestOf(2, { size: bytes(1) }), forever));
    expect(small.volume.size).toBe(GiB);
  });

  it('is one execution for callers who ask at the same time', async () => {
    const { engine, storage } = await benchOf();
    const [first, second] = await Promise.all([
      engine.ensureVolume(requestOf(1), forever),
      engine.ensureVolume(requestOf(1), forever),
    ]);
    expect(valueOf(first)).toEqual(valueOf(second));
    expect(verbsOf(storage.log).filter((verb) => verb === 'createVolume')).toHaveLength(1);
  });

  it('only looks when all is done already', async () => {
    const { engine, storage } = await benchOf();
    const first = valueOf(await engine.ensureVolume(requestOf(1), forever));
    storage.log.length = 0;
    // What it is asked for is not looked at again.
    const again = valueOf(await engine.ensureVolume(requestOf(1, { size: bytes(50 * GiB) }), forever));
    expect(verbsOf(storage.log)).toEqual(['volumeInfo']);
    expect(again).toEqual(first);
  });

  it('gives the same answer after a restart, with the paths that gluster names', async () => {
    const bench = await benchOf();
    const first = valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    bench.storage.log.length = 0;
    const { engine, storage } = await restart(bench);
    expect(
      engine
        .volume(idOf(1))
        ?.brickSets.flat()
        .map(({ path }) => path),
    ).toEqual([undefined, undefined, undefined]);
    expect(engine.locate(first.volume)).toBeDefined();
    expect(valueOf(await engine.ensureVolume(requestOf(1), forever))).toEqual(first);
    expect(verbsOf(storage.log)).toEqual(['volumeInfo']);
  });

  it('writes the paths with the confirmation, once', async () => {
    const bench = await benchOf();
    const { bricks } = valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    valueOf(await bench.engine.confirmVolume(idOf(1)));
    const { engine } = await restart(bench);
    const record = engine.volume(idOf(1));
    expect(record?.phase).toBe('ready');
    expect(record === undefined ? undefined : engine.locate(record)?.bricks).toEqual(bricks);
  });

  it('starts a volume that an administrator has stopped, after a look at its bricks', async () => {
    const bench = await benchOf();
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    valueOf(await bench.engine.confirmVolume(idOf(1)));
    const [node] = bench.engine.nodes();
    const [volume] = bench.storage.volumes();
    if (node === undefined || volume === undefined) {
      throw new Error('no node or volume');
    }
    await bench.storage.port().stopVolume(node, volume.name, { signal: forever });
    bench.storage.log.length = 0;
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    expect(verbsOf(bench.storage.log)).toEqual([
      'volumeInfo',
      'ensureBrick',
      'ensureBrick',
      'ensureBrick',
      'startVolume',
    ]);
    expect(bench.storage.violations).toEqual([]);
  });

  it.each(['ensureBrick', 'createVolume', 'setVolumeOptions', 'startVolume'] as const)(
    'says unknown when the answer of %s is lost, does nothing more, and looks first at the next call',
    async (verb) => {
      for (const verdict of ['lost-before', 'lost-after', 'late'] as const) {
        const { engine, storage } = await benchOf({ judge: once(verb, verdict) });
        const request = requestOf(1, { options: [{ key: 'performance.cache-size', value: '64MB' }] });
        const lost = await engine.ensureVolume(request, forever);
        expect(lost.kind).toBe('unknown');
        expect(verbsOf(storage.log).at(-1)).toBe(verb);
        storage.log.length = 0;
        valueOf(await engine.ensureVolume(request, forever));
        expect(verbsOf(storage.log)[0]).toBe('volumeInfo');
        expect(storage.volumes()).toHaveLength(1);
        expect(storage.bricks()).toHaveLength(3);
        expect(storage.violations).toEqual([]);
      }
    },
  );

  it('makes a volume anew that gluster will not start because its bricks lost their marks', async () => {
    const { engine, storage } = await benchOf({ judge: once('startVolume', 'unmarked') });
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    expect(storage.volumes()).toMatchObject([{ status: 'started' }]);
    const around = /^(?:create|start|delete)Volume$|^volumeInfo$/;
    expect(
      verbsOf(storage.log)
        .filter((verb) => around.test(verb))
        .join(' '),
    ).toBe('createVolume startVolume deleteVolume volumeInfo createVolume startVolume');
  });

  it('waits when the bricks of the new one have lost their marks again', async () => {
    const { engine, storage } = await benchOf({
      judge: ({ verb }) => (verb === 'startVolume' ? 'unmarked' : 'normal'),
    });
    expect(await engine.ensureVolume(requestOf(1), forever)).toMatchObject({
      kind: 'waiting',
      on: { what: 'condition' },
      reason: expect.stringContaining('it is made anew') as string,
    });
    expect(verbsOf(storage.log).filter((verb) => verb === 'startVolume')).toHaveLength(2);
    expect(storage.volumes()).toEqual([]);
  });

  it('goes through another node when the first one does not answer', async () => {
    const { engine, storage } = await benchOf({ nodes: 4, judge: once('createVolume', 'silent') });
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    const through = storage.log.filter((line) => line.startsWith('createVolume')).map((line) => line.split(' ')[1]);
    expect(new Set(through).size).toBe(2);
  });

  it('waits out a lock that somebody else holds, with pauses, and looks again', async () => {
    let locked = 3;
    const { engine, storage, clock } = await benchOf({
      judge: ({ verb }) => (verb === 'setVolumeOptions' && (locked -= 1) >= 0 ? 'locked' : 'normal'),
    });
    const options = [{ key: 'performance.cache-size', value: '64MB' }];
    valueOf(await turning(clock, engine.ensureVolume(requestOf(1, { options }), forever)));
    expect(verbsOf(storage.log).filter((verb) => verb === 'setVolumeOptions')).toHaveLength(4);
    expect(verbsOf(storage.log).filter((verb) => verb === 'volumeInfo')).toHaveLength(3);
    expect(clock.monotonic()).toBeGreaterThan(0);
  });

  it('gives up a lock that stays, and says that it waits for it', async () => {
    const { engine, clock } = await benchOf({
      judge: ({ verb }) => (verb === 'createVolume' ? 'locked' : 'normal'),
      patience: { lock: 5000 },
    });
    const outcome = await turning(clock, engine.ensureVolume(requestOf(1), forever));
    expect(outcome).toMatchObject({ kind: 'waiting', on: { what: 'lock' } });
  });

  it('leaves a volume of its name alone that has other bricks', async () => {
    const bench = await benchOf();
    const { engine, storage } = bench;
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    const [volume] = storage.volumes();
    const [node] = engine.nodes();
    if (volume === undefined || node === undefined) {
      throw new Error('no volume or node');
    }
    // The records are lost, and with them the place: the volume is planned again, elsewhere in its sets' order.
    storage.addNode('n9' as typeof node.id, '10.0.0.9', {});
    const port = storage.port();
    await port.stopVolume(node, volume.name, { signal: forever });
    await port.deleteVolume(node, volume.name, { signal: forever });
    bench.disk.documents.delete(JSON.stringify(['volume', idOf(1)]));
    for (const brick of engine.volume(idOf(1))?.brickSets.flat() ?? []) {
      const other = engine.nodes().find(({ id }) => id === brick.node);
      if (other !== undefined) {
        await port.ensureBrick(
          other,
          { ...brick, volume: idOf(1), snapshotFactor: 1 },
          { pristine: true },
          { signal: forever },
        );
      }
    }
    const reversed = [...volume.bricks].reverse();
    valueOf(
      await port.createVolume(
        node,
        { name: volume.name, durability: { kind: 'replicate', count: 3 }, bricks: reversed },
        { signal: forever },
      ),
    );
    const after = await restart(bench);
    const first = await after.engine.ensureVolume(requestOf(1), forever);
    const second = await after.engine.ensureVolume(requestOf(1), forever);
    expect([first.kind, second.kind]).toEqual(['failed', 'failed']);
    expect(storage.volumes()).toMatchObject([{ status: 'created', bricks: reversed }]);
  });

  it('makes nothing in place of a ready volume that gluster has lost', async () => {
    const { engine, storage } = await benchOf();
    valueOf(await engine.ensureVolume(requestOf(1), forever));
    valueOf(await engine.confirmVolume(idOf(1)));
    storage.removeVolume(`vol_${idOf(1)}`);
    storage.log.length = 0;
    const outcome = await engine.ensureVolume(requestOf(1), forever);
    expect(outcome).toMatchObject({ kind: 'failed' });
    expect(verbsOf(storage.log)).toEqual(['volumeInfo']);
  });

  it('never says rejected once a record stands', async () => {
    const { engine, storage } = await benchOf({ judge: once('startVolume', 'fail') });
    expect((await engine.ensureVolume(requestOf(1), forever)).kind).toBe('failed');
    expect(engine.volumes()).toHaveLength(1);
    expect(storage.bricks()).toHaveLength(3);
  });
});

describe('a request that cannot be met', () => {
  it.each([
    ['a reserved option', { options: [{ key: 'user.brickyard.volume', value: 'x' }] }, /user\.brickyard\.volume/],
    ['a malformed option', { options: [{ key: '--force', value: 'x' }] }, /--force/],
    ['a snapshot factor below 1', { snapshotFactor: 0.5 }, /snapshot factor: expected a number from 1 to 100, got 0.5/],
    ['a GID range that is empty', { gidRange: { min: 5, max: 4 } }, /gid range: .*got 5 to 4/],
  ])('is rejected for %s, and leaves nothing', async (_, changes, reason) => {
    const { engine, storage } = await benchOf();
    const outcome = await engine.ensureVolume(requestOf(1, changes), forever);
    expect(outcome).toMatchObject({ kind: 'rejected' });
    expect('reason' in outcome ? outcome.reason : '').toMatch(reason);
    expect(engine.volumes()).toEqual([]);
    expect(storage.log).toEqual([]);
  });

  it('waits for space, and is met when there is some', async () => {
    const { engine } = await benchOf({ deviceSize: 3 * GiB });
    valueOf(await engine.ensureVolume(requestOf(1, { size: bytes(2 * GiB) }), forever));
    const big = requestOf(2, { size: bytes(2 * GiB) });
    expect(await engine.ensureVolume(big, forever)).toMatchObject({ kind: 'waiting', on: { what: 'capacity' } });
    expect(engine.planVolume(big)).toMatchObject({ kind: 'refused', refusals: [{ cluster: 'east' }] });
    valueOf(await engine.deleteVolume(idOf(1), forever));
    expect(engine.planVolume(big)).toMatchObject({ kind: 'placed', cluster: 'east' });
    valueOf(await engine.ensureVolume(big, forever));
  });

  it('waits for a cluster that is not known', async () => {
    const { engine } = await benchOf();
    const outcome = await engine.ensureVolume(requestOf(1, { clusters: [clusterId('west')] }), forever);
    expect(outcome).toMatchObject({ kind: 'waiting', reason: 'none of west is known; load a topology' });
  });

  it('waits when every GID of the range is in use', async () => {
    const { engine } = await benchOf();
    const gidRange = { min: 2000, max: 2000 };
    valueOf(await engine.ensureVolume(requestOf(1, { gidRange }), forever));
    const outcome = await engine.ensureVolume(requestOf(2, { gidRange }), forever);
    expect(outcome).toMatchObject({ kind: 'waiting', reason: 'every GID from 2000 to 2000 is in use' });
    expect(engine.usage().reduce((sum, { bricks }) => sum + bricks, 0)).toBe(3);
    valueOf(await engine.deleteVolume(idOf(1), forever));
    expect(valueOf(await engine.ensureVolume(requestOf(2, { gidRange }), forever)).volume.gid).toBe(2000);
  });
});
