import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostName, volumeId, volumeNameFor } from '../../src/domain/names.ts';
import type { BrickAddress, StorageNodes } from '../../src/engine/ports.ts';
import { createCommandStorageNodes } from '../../src/gluster/storage-nodes.ts';
import { waitFor } from '../support/wait-for.ts';
import { missingForGluster } from './environment.ts';
import { startRealCluster, type RealCluster, type RealNode } from './harness/cluster.ts';
import { brickOn, connected, context, untilDone, valueOf } from './support.ts';

const missing = await missingForGluster();
const name = volumeNameFor(volumeId('6cd8ff88-d15e-4c5a-a301-2921c327e564'));
const other = volumeNameFor(volumeId('6cd8ff88-d15e-4c5a-a301-2921c327e565'));

describe.skipIf(missing.length > 0)('bricks that are lost, on a real gluster', () => {
  let cluster: RealCluster;
  let nodes: StorageNodes;
  let via: RealNode;
  let second: RealNode;
  let third: RealNode;
  let mounted: string;

  beforeAll(async () => {
    cluster = await startRealCluster(3);
    nodes = createCommandStorageNodes({ runner: cluster.runner });
    const [a, b, c] = cluster.nodes;
    if (a === undefined || b === undefined || c === undefined) {
      throw new Error('too few nodes');
    }
    [via, second, third] = [a, b, c];
    const bricks = cluster.nodes.map((node) => brickOn(node, 1));
    await nodes.createVolume(via, { name, durability: { kind: 'replicate', count: 3 }, bricks }, context());
    await nodes.startVolume(via, name, context());
    mounted = await cluster.client.mount(`${via.storage}:/${name}`);
  });

  afterAll(async () => {
    await cluster?.close();
  });

  const bricks = async (): Promise<readonly string[]> =>
    (valueOf(await nodes.volumeInfo(via, name, context()))?.bricks ?? []).map(({ host, path }) => `${host}:${path}`);
  const summary = async () => valueOf(await nodes.healSummary(via, name, context()));
  const online = async () =>
    valueOf(await nodes.volumeStatus(via, name, context()))?.map(({ online: runs }) => runs) ?? [];
  const allOnline = () => waitFor('every brick runs', async () => !(await online()).includes(false));
  const restart = () => nodes.restartBricks(via, name, context());
  const reset = (brick: BrickAddress) => nodes.resetBrick(via, name, brick, context());

  const write = (file: string, text: string) =>
    cluster.client.must('sh', '-c', 'printf %s "$2" >"$1"', 'write', `${mounted}/${file}`, text);
  /** The file as it lies in the brick itself. */
  const inBrick = (node: RealNode, disk: 1 | 2, file: string) =>
    node.run('cat', `${brickOn(node, disk).path}/${file}`).then(({ stdout }) => stdout);
  /** The process of the node's only brick of the volume. */
  const killBrick = (node: RealNode) =>
    node.must('sh', '-c', 'kill -KILL "$(cat /run/gluster/vols/"$1"/*.pid)"', 'kill', name);

  const healed = (node: RealNode, disk: 1 | 2, file: string, text: string) =>
    waitFor(
      `${file} is healed onto ${node.id}`,
      async () =>
        (await inBrick(node, disk, file)) === text &&
        (await summary()).every((brick) => brick.connected && brick.pending === 0 && brick.splitBrain === 0),
      120_000,
    );

  it('a brick whose process has died is offline, started again without disturbing the others, and healed', async () => {
    await allOnline();
    await write('before', 'all three');
    const pids = () => via.must('sh', '-c', 'cat /run/gluster/vols/"$1"/*.pid', 'pids', name);
    const undisturbed = await pids();
    await killBrick(third);
    await waitFor('its loss is seen', async () => (await online()).join() === 'true,true,false');
    await write('meanwhile', 'only two');
    const [first, , lost] = await waitFor('its loss is seen by heal info', async () => {
      const seen = await summary();
      return seen.some(({ connected: asked }) => !asked) && seen;
    });
    expect(first).toMatchObject({ connected: true, pending: expect.any(Number) as number, splitBrain: 0 });
    expect(first?.pending).toBeGreaterThan(0);
    expect(lost).toEqual({ ...addressOf(third), connected: false });
    expect(await nodes.startHeal(via, name, { full: false }, context())).toMatchObject({ kind: 'waiting' });

    expect(await restart()).toEqual({ kind: 'done' });
    await allOnline();
    expect(await restart()).toEqual({ kind: 'done' });
    expect(await pids()).toBe(undisturbed);
    await untilDone('a heal is begun', () => nodes.startHeal(via, name, { full: false }, context()));
    await healed(third, 1, 'meanwhile', 'only two');
    await untilDone('a full heal is begun', () => nodes.startHeal(via, name, { full: true }, context()));
  });

  const addressOf = (node: RealNode, disk: 1 | 2 = 1): Omit<BrickAddress, 'arbiter'> => {
    const { host, path } = brickOn(node, disk);
    return { host, path };
  };

  it('a brick is replaced, twice over, and its data comes to the new one', async () => {
    await write('kept', 'by two');
    const change = { from: brickOn(third, 1), to: brickOn(third, 2) };
    const want = [brickOn(via, 1), brickOn(second, 1), brickOn(third, 2)].map(({ host, path }) => `${host}:${path}`);
    for (let time = 0; time < 2; time += 1) {
      expect(await nodes.replaceBrick(via, name, change, context())).toEqual({ kind: 'done' });
      expect(await bricks()).toEqual(want);
    }
    await allOnline();
    await healed(third, 2, 'kept', 'by two');
    expect(await inBrick(third, 2, 'before')).toBe('all three');
  });

  it('a brick of another volume is never taken for a replacement', async () => {
    const taken = brickOn(via, 2);
    const durability = { kind: 'distribute' } as const;
    await nodes.createVolume(via, { name: other, durability, bricks: [taken] }, context());
    const before = await bricks();
    expect(await nodes.replaceBrick(via, name, { from: brickOn(via, 1), to: taken }, context())).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('belongs to a volume') as string,
    });
    expect(await nodes.replaceBrick(via, name, { from: brickOn(third, 2), to: taken }, context())).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('on one node') as string,
    });
    expect(await bricks()).toEqual(before);
  });

  it('a replacement on a node that is not seen waits for it, by name', async () => {
    const strange = { ...brickOn(third, 1), host: hostName('10.77.0.99') };
    expect(await nodes.replaceBrick(via, name, { from: brickOn(third, 2), to: strange }, context())).toMatchObject({
      kind: 'waiting',
      on: { what: 'node', name: '10.77.0.99' },
    });
    await second.killGlusterd();
    await waitFor('the loss is seen', async () => (await connected(nodes, via)) === 2);
    const change = { from: brickOn(second, 1), to: brickOn(second, 2) };
    expect(await nodes.replaceBrick(via, name, change, context())).toMatchObject({
      kind: 'waiting',
      on: { what: 'node', name: second.storage },
    });
    expect(await online()).toEqual([true, false, true]);
    expect(await reset(brickOn(second, 1))).toMatchObject({
      kind: 'waiting',
      on: { what: 'node', name: second.storage },
    });
    await second.startGlusterd();
    await waitFor('all are connected', async () => (await connected(nodes, via)) === 3);
    await untilDone('the bricks are started', restart);
    await allOnline();
  });

  it('an empty disk at the old path is taken for the old brick, however often, and healed', async () => {
    await write('again', 'by two again');
    await healed(second, 1, 'again', 'by two again');
    await killBrick(second);
    await second.must('umount', '--lazy', '/run/bricks/1');
    await second.must('mount', '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', '/run/bricks/1');
    await second.must('mkdir', '/run/bricks/1/brick');
    // Gluster does not take the empty directory by itself.
    expect(await restart()).toEqual({ kind: 'done' });
    expect(await online()).toEqual([true, false, true]);
    // Somebody was cut off after the first of the two commands.
    const place = `${second.storage}:/run/bricks/1/brick`;
    await via.must('gluster', '--mode=script', 'volume', 'reset-brick', name, place, 'start');
    for (let time = 0; time < 2; time += 1) {
      expect(await reset(brickOn(second, 1))).toEqual({ kind: 'done' });
      await allOnline();
      await healed(second, 1, 'again', 'by two again');
    }
    expect(await inBrick(second, 1, 'before')).toBe('all three');
  });

  it('a volume that is not started is left so', async () => {
    expect(await nodes.stopVolume(via, name, context())).toEqual({ kind: 'done' });
    expect(await nodes.volumeStatus(via, name, context())).toEqual({ kind: 'done', value: undefined });
    const waiting = { kind: 'waiting', on: { what: 'condition' } };
    expect(await restart()).toMatchObject(waiting);
    expect(await nodes.healSummary(via, name, context())).toMatchObject(waiting);
    expect(await nodes.startHeal(via, name, { full: false }, context())).toMatchObject(waiting);
    const change = { from: brickOn(third, 2), to: brickOn(third, 1) };
    expect(await nodes.replaceBrick(via, name, change, context())).toMatchObject(waiting);
    expect(await reset(brickOn(second, 1))).toMatchObject(waiting);
    expect(valueOf(await nodes.volumeInfo(via, name, context()))?.status).toBe('stopped');
  });

  it('what keeps every file once is never replaced or reset', async () => {
    expect(await nodes.startVolume(via, other, context())).toEqual({ kind: 'done' });
    const change = { from: brickOn(via, 2), to: brickOn(second, 2) };
    expect(await nodes.replaceBrick(via, other, change, context())).toMatchObject({ kind: 'rejected' });
    expect(await nodes.resetBrick(via, other, change.from, context())).toMatchObject({ kind: 'rejected' });
    expect(await nodes.healSummary(via, other, context())).toMatchObject({ kind: 'rejected' });
    expect(valueOf(await nodes.volumeStatus(via, other, context()))).toEqual([
      { host: via.storage, path: '/run/bricks/2/brick', online: true },
    ]);
  });
});
