import { beforeEach, describe, expect, it } from 'vitest';
import { brickIdFor, volumeId } from '../../../../src/domain/names.ts';
import { done } from '../../../../src/domain/outcome.ts';
import { brickFootprint } from '../../../../src/domain/placement/footprint.ts';
import { bytes, GiB, MiB } from '../../../../src/domain/quantity.ts';
import type { BrickSpec, VolumeSpec } from '../../../../src/engine/ports.ts';
import { disk, simulatedCluster, type SimulatedCluster } from '../../../support/simulated-cluster.ts';
import { brickOf, makeBricks, nameOf, prepareAll } from './volume-fixture.ts';

let cluster: SimulatedCluster;

beforeEach(async () => {
  cluster = simulatedCluster();
  await prepareAll(cluster);
});

function first() {
  const [node] = cluster.nodes;
  if (node === undefined) {
    throw new Error('the cluster has no node');
  }
  return node;
}

const large = (size: number, change: Partial<BrickSpec> = {}): BrickSpec =>
  brickOf(1, 0, { size: bytes(size), ...change });
const grow = (brick: BrickSpec) => cluster.storage.growBrick(first(), brick, cluster.context);
const ensure = (brick: BrickSpec) => cluster.storage.ensureBrick(first(), brick, { pristine: false }, cluster.context);
const group = () => {
  const found = cluster.simulation.inspect().nodes[0]?.volumeGroups[0];
  if (found === undefined) {
    throw new Error('the device is not prepared');
  }
  return found;
};
const volumes = () => group().logicalVolumes;
const programs = (from: number) => cluster.ran.slice(from).map(({ line }) => line.split(' ')[0]);

describe('growBrick', () => {
  it('extends metadata, pool, volume and file system, in this order, in use', async () => {
    await ensure(large(10 * GiB));
    const free = group().free;
    const before = cluster.ran.length;
    const wanted = brickFootprint(large(20 * GiB));
    expect(await grow(large(20 * GiB))).toMatchObject({
      kind: 'done',
      value: { size: 20 * GiB, footprint: wanted.total },
    });
    expect(programs(before)).toEqual(['lvs', 'lvextend', 'lvextend', 'lvextend', 'xfs_growfs']);
    expect(cluster.ran[before + 1]?.line).toContain('--poolmetadatasize');
    const [pool, thin] = volumes();
    expect(pool).toMatchObject({ size: wanted.pool, metadataSize: wanted.metadata });
    expect(thin).toMatchObject({ size: 20 * GiB, fileSystemSize: 20 * GiB });
    const had = brickFootprint(large(10 * GiB));
    // The spare for the repair of metadata grows along.
    expect(free - group().free).toBe(wanted.total - had.total + wanted.metadata - had.metadata);
  });

  it.each([5 * GiB, 10 * GiB])('leaves a brick of 10 GiB as it is when asked for %i bytes', async (size) => {
    await ensure(large(10 * GiB));
    const stood = volumes();
    const before = cluster.ran.length;
    expect(await grow(large(size))).toMatchObject({ kind: 'done', value: { size: 10 * GiB } });
    expect(programs(before)).toEqual(['lvs', 'xfs_growfs']);
    expect(volumes()).toEqual(stood);
  });

  it('rounds up to whole extents, as making does', async () => {
    await ensure(large(GiB));
    expect(await grow(large(2 * GiB + 1))).toMatchObject({ value: { size: 2 * GiB + 4 * MiB } });
  });

  it.each(['lvs', 'metadatasize', 'lvextend .*/tp_', 'lvextend .*/brick_', 'xfs_growfs'])(
    'cut off at %s, is finished by the next try',
    async (argv) => {
      for (const kind of ['lose-answer', 'unreachable'] as const) {
        const number = kind === 'lose-answer' ? 1 : 2;
        const brick = { ...large(10 * GiB), id: brickOf(number, 0).id, volume: brickOf(number, 0).volume };
        await ensure(brick);
        cluster.simulation.faults.add({ effect: { kind }, argv, times: 1 });
        const target = { ...brick, size: bytes(20 * GiB) };
        expect((await grow(target)).kind).toBe(kind === 'lose-answer' ? 'unknown' : 'waiting');
        expect(await grow(target)).toMatchObject({ kind: 'done', value: { size: 20 * GiB } });
      }
      expect(volumes().filter(({ kind }) => kind === 'thin')).toMatchObject([
        { fileSystemSize: 20 * GiB },
        { fileSystemSize: 20 * GiB },
      ]);
    },
  );

  it('fails in the words of a tool that fails, and waits for room that is missing', async () => {
    await ensure(large(10 * GiB));
    const broken = { kind: 'fail', exitCode: 5, stderr: '  device-mapper: reload ioctl failed' } as const;
    cluster.simulation.faults.add({ effect: broken, argv: '^lvextend', times: 1 });
    expect(await grow(large(20 * GiB))).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('reload ioctl failed') as string,
    });
    expect(await grow(large(500 * GiB))).toMatchObject({ kind: 'waiting', on: { what: 'capacity' } });
    expect(volumes()[1]).toMatchObject({ size: 10 * GiB, fileSystemSize: 10 * GiB });
  });

  it('mounts the brick again after a reboot, and never touches one that is not ours', async () => {
    await ensure(large(10 * GiB));
    const off = cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-1' });
    cluster.simulation.faults.remove(off);
    expect(await grow(large(20 * GiB))).toMatchObject({ kind: 'done' });
    expect(cluster.simulation.inspect().nodes[0]?.mounts).toHaveLength(1);
    expect(await grow(brickOf(7, 0))).toMatchObject({ kind: 'failed' });
    expect(cluster.simulation.inspect().notUnderstood).toEqual([]);
  });
});

/** Bricks for another set of volume 1, on the same nodes. */
async function setOf(set: number): Promise<VolumeSpec> {
  const id = volumeId(brickOf(1, 0).volume);
  const bricks = await Promise.all(
    cluster.nodes.map(async (node, position) => {
      const brick = brickOf(1, position, { id: brickIdFor(id, set, position), device: disk });
      const made = await cluster.storage.ensureBrick(node, brick, { pristine: false }, cluster.context);
      if (made.kind !== 'done') {
        throw new Error(made.reason);
      }
      return { host: node.storage, path: made.value.path, arbiter: false };
    }),
  );
  return { name: nameOf(1), durability: { kind: 'replicate', count: 3 }, bricks };
}

const bricksNow = () => cluster.simulation.inspect().pools[0]?.volumes[0]?.bricks.map(({ path }) => path);

describe('sets of a volume', () => {
  let stands: VolumeSpec;
  let added: VolumeSpec;

  beforeEach(async () => {
    stands = await makeBricks(cluster, 1);
    await cluster.storage.createVolume(first(), stands, cluster.context);
    await cluster.storage.startVolume(first(), stands.name, cluster.context);
    added = await setOf(1);
  });

  const add = () => cluster.storage.addBricks(first(), added, cluster.context);
  const remove = () => cluster.storage.removeBricks(first(), added, cluster.context);
  const rebalance = () => cluster.storage.startRebalance(first(), stands.name, cluster.context);
  const status = () => cluster.storage.rebalanceStatus(first(), stands.name, cluster.context);
  const both = () => [...stands.bricks, ...added.bricks].map(({ path }) => path);

  it('join it by one command, and are found to have when asked again', async () => {
    const before = cluster.ran.length;
    expect(await add()).toEqual(done());
    expect(cluster.ran).toHaveLength(before + 1);
    expect(bricksNow()).toEqual(both());
    expect(await add()).toEqual(done());
    expect(cluster.ran.at(-1)?.line).toContain('volume info');
    expect(bricksNow()).toEqual(both());
    expect(cluster.ran.some(({ line }) => line.includes('force'))).toBe(false);
  });

  it('are looked for when the answer was lost, whether they had joined or not', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'lose-answer' }, argv: 'add-brick', times: 1 });
    expect(await add()).toEqual(done());
    const other = await setOf(2);
    cluster.simulation.faults.add({ effect: { kind: 'hang' }, argv: 'add-brick', times: 1 });
    const adding = cluster.storage.addBricks(first(), other, cluster.context);
    await cluster.clock.advance(120_000);
    expect((await adding).kind).toBe('unknown');
  });

  it('of another volume, or no whole number of them, are refused', async () => {
    const other = await makeBricks(cluster, 2);
    await cluster.storage.createVolume(first(), other, cluster.context);
    const theirs = { ...added, bricks: other.bricks };
    expect((await cluster.storage.addBricks(first(), theirs, cluster.context)).kind).toBe('failed');
    const odd = { ...added, bricks: added.bricks.slice(0, 2) };
    expect((await cluster.storage.addBricks(first(), odd, cluster.context)).kind).toBe('failed');
    expect(bricksNow()).toEqual(stands.bricks.map(({ path }) => path));
  });

  it('wait while files are being moved', async () => {
    await add();
    await rebalance();
    const other = await setOf(2);
    expect(await cluster.storage.addBricks(first(), other, cluster.context)).toMatchObject({
      kind: 'waiting',
      on: { what: 'condition', name: 'migration-running' },
    });
    await cluster.clock.advance(10_000);
    expect(await cluster.storage.addBricks(first(), other, cluster.context)).toEqual(done());
  });

  it('get their share of the files by a rebalance, one at a time, which is followed by its name', async () => {
    expect((await rebalance()).kind).toBe('failed');
    expect(await status()).toMatchObject({ kind: 'done', value: { state: 'none' } });
    await add();
    expect(await status()).toMatchObject({ kind: 'done', value: { state: 'none' } });
    const started = await rebalance();
    expect(started).toMatchObject({ kind: 'done', value: expect.stringMatching(/^[0-9a-f-]{36}$/) as string });
    const task = started.kind === 'done' ? started.value : undefined;
    expect(await rebalance()).toEqual(done(task));
    expect(await status()).toMatchObject({ kind: 'done', value: { state: 'running', task } });
    await cluster.clock.advance(10_000);
    expect(await status()).toMatchObject({ kind: 'done', value: { state: 'completed', task, failures: 0 } });
    const again = await rebalance();
    expect(again.kind === 'done' ? again.value : task).not.toBe(task);
  });

  it('do not keep a volume from being stopped while it is rebalanced', async () => {
    await add();
    await rebalance();
    expect(await cluster.storage.stopVolume(first(), stands.name, cluster.context)).toEqual(done());
    expect(cluster.simulation.inspect().pools[0]?.volumes[0]?.migration).toBeUndefined();
    expect(await status()).toMatchObject({ kind: 'failed', reason: expect.stringContaining('started') as string });
    expect(
      cluster.ran.filter(({ line }) => line.endsWith('rebalance vol_00000000-0000-4000-8000-000000000001 stop')),
    ).toHaveLength(1);
    expect(await cluster.storage.deleteVolume(first(), stands.name, cluster.context)).toEqual(done());
  });

  it('leave it only after their files have, by start, status and commit', async () => {
    expect(await remove()).toEqual(done());
    await add();
    expect(await remove()).toMatchObject({ kind: 'waiting' });
    expect(await remove()).toMatchObject({ kind: 'waiting' });
    expect(bricksNow()).toEqual(both());
    await cluster.clock.advance(10_000);
    expect(await remove()).toEqual(done());
    expect(bricksNow()).toEqual(stands.bricks.map(({ path }) => path));
    expect(await remove()).toEqual(done());
    const steps = cluster.ran
      .filter(({ line }) => line.includes('remove-brick'))
      .map(({ line }) => line.split(' ').at(-1));
    expect(steps).toEqual(['status', 'start', 'status', 'status', 'commit']);
  });

  it('are not taken out by halves', async () => {
    await add();
    const odd = { ...added, bricks: added.bricks.slice(0, 2) };
    expect((await cluster.storage.removeBricks(first(), odd, cluster.context)).kind).toBe('failed');
    const strange = { ...added, bricks: [...added.bricks, { ...added.bricks[0], path: '/none/here' } as never] };
    expect((await cluster.storage.removeBricks(first(), strange, cluster.context)).kind).toBe('failed');
    expect(bricksNow()).toEqual(both());
  });
});
