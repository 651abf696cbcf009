/** Bricks in a folder, on simulated nodes; test/gluster/bricks.test.ts has the same on real loop devices. */
import { beforeEach, describe, expect, it } from 'vitest';
import { brickIdentity } from '../../../../src/domain/brick-identity.ts';
import { deviceName } from '../../../../src/domain/names.ts';
import { done } from '../../../../src/domain/outcome.ts';
import { brickFootprint } from '../../../../src/domain/placement/footprint.ts';
import { bytes, GiB, MiB } from '../../../../src/domain/quantity.ts';
import { deviceMissing, deviceUnprepared, type BrickSpec } from '../../../../src/engine/ports.ts';
import { deviceKeyOf, mountPlaceOf } from '../../../../src/gluster/bricks/place.ts';
import type { FaultSpec } from '../../../../src/gluster/simulated/faults.ts';
import type { SimulatedNodeSpec } from '../../../../src/gluster/simulated/topology.ts';
import { createCommandStorageNodes } from '../../../../src/gluster/storage-nodes.ts';
import { nodeSpecs, simulatedCluster, type SimulatedCluster } from '../../../support/simulated-cluster.ts';
import { brickOf, prepareAll } from './volume-fixture.ts';

const folder = deviceName('/srv/bricks');
let cluster: SimulatedCluster;

beforeEach(async () => {
  cluster = simulatedCluster({ nodes: nodeSpecs(1, 100, folder) });
  await prepareAll(cluster, folder);
});

function node() {
  const [first] = cluster.nodes;
  if (first === undefined) {
    throw new Error('the cluster has no node');
  }
  return first;
}

function state() {
  const [first] = cluster.simulation.inspect().nodes;
  if (first === undefined) {
    throw new Error('the simulation has no node');
  }
  return first;
}

const brick = (number: number, change: Partial<BrickSpec> = {}) => brickOf(number, 0, { device: folder, ...change });
const ensure = (spec: BrickSpec, pristine = true) =>
  cluster.storage.ensureBrick(node(), spec, { pristine }, cluster.context);
const grow = (spec: BrickSpec) => cluster.storage.growBrick(node(), spec, cluster.context);
const destroy = (spec: BrickSpec) => cluster.storage.destroyBrick(node(), spec, cluster.context);
const inspect = () => cluster.storage.inspectDevice(node(), folder, cluster.context);
const list = () => cluster.storage.listBricks(node(), folder, cluster.context);
const restore = () => cluster.storage.restoreBricks(node(), folder, cluster.context);
const programs = (from: number) => cluster.ran.slice(from).map(({ line }) => line.split(' ')[0]);
const files = () => state().folders.flatMap(({ entries }) => entries.filter(({ path }) => /-\d+\.\w+$/.test(path)));
const said = brickIdentity(`schema=1&name=${'x'.repeat(900)}`);
const saidBy = (listed: Awaited<ReturnType<typeof list>>) =>
  listed.kind === 'done' ? listed.value.map(({ identity }) => identity) : listed;
const reboot = () =>
  cluster.simulation.faults.remove(cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: node().id }));

describe('a brick in a folder', () => {
  it('is promised, looked for room, made, signed and mounted', async () => {
    const before = cluster.ran.length;
    const made = await ensure(brick(1, { gid: 4_000 }));
    expect(made).toMatchObject({ kind: 'done', value: { id: brick(1).id, size: 10 * GiB } });
    const making = ['find', 'truncate', 'find', 'mkfs.xfs', 'ln', 'sync', 'mount', 'install', 'stat'];
    expect(programs(before)).toEqual(making);
    expect(state().loops).toHaveLength(1);
    expect(state().mounts).toMatchObject([{ type: 'xfs', source: state().loops[0]?.name }]);
    expect(made.kind === 'done' ? made.value.path : '').toBe(`${state().mounts[0]?.target}/brick`);
  });

  it('without a group needs one command less, and says nothing of its volume unless it is told to', async () => {
    const before = cluster.ran.length;
    await ensure(brick(1));
    expect(programs(before)).toEqual(['find', 'truncate', 'find', 'mkfs.xfs', 'ln', 'sync', 'mount', 'mkdir']);
    expect(cluster.ran.map(({ line }) => line)).toContainEqual(expect.stringMatching(/^ln .* xfs \S+\.ready$/));
    expect(saidBy(await list())).toEqual([undefined]);
  });

  it('says what it was told when it was made, and says so until it is told otherwise', async () => {
    await ensure(brick(1, { identity: said }));
    expect(saidBy(await list())).toEqual([said]);
    const before = cluster.ran.length;
    await ensure(brick(1, { identity: said }));
    await ensure(brick(1));
    expect(programs(before)).not.toContain('ln');
    expect(saidBy(await list())).toEqual([said]);
    expect(await grow(brick(1, { size: bytes(20 * GiB) }))).toMatchObject({ kind: 'done' });
    expect(saidBy(await list())).toEqual([said]);
    await ensure(brick(1, { identity: brickIdentity('schema=2') }));
    expect(saidBy(await list())).toEqual(['schema=2']);
  });

  it('of a version that wrote no identity is as whole, and is told its identity', async () => {
    await ensure(brick(1));
    const before = cluster.ran.length;
    expect(await ensure(brick(1, { identity: said }))).toMatchObject({ kind: 'done' });
    expect(programs(before)).not.toContain('mkfs.xfs');
    expect(saidBy(await list())).toEqual([said]);
  });

  it.each(['ln', 'sync'])(
    'that is told another identity and cut off at %s is told by the next try',
    async (program) => {
      await ensure(brick(1));
      cluster.simulation.faults.add({ effect: { kind: 'lose-answer' }, argv: `^${program} `, times: 1 });
      expect(await ensure(brick(1, { identity: said }))).toMatchObject({ kind: 'unknown' });
      expect(await ensure(brick(1, { identity: said }))).toMatchObject({ kind: 'done' });
      expect(saidBy(await list())).toEqual([said]);
      expect(state().mounts).toHaveLength(1);
    },
  );

  it('takes exactly its footprint from what the device has, whatever is written to it by now', async () => {
    const before = await inspect();
    await ensure(brick(1));
    const after = await inspect();
    const [was, is] = [before, after].map((facts) => (facts.kind === 'done' ? facts.value : undefined));
    expect(is?.size).toBe(was?.size);
    expect((was?.free ?? 0) - (is?.free ?? 0)).toBe(brickFootprint(brick(1)).total);
  });

  it('as large as the device allows fits, and one extent more does not', async () => {
    const facts = await inspect();
    const free = facts.kind === 'done' ? facts.value.free : bytes(0);
    let size = free;
    while (brickFootprint({ size, snapshotFactor: 1 }).total > free) {
      size = bytes(size - 4 * MiB);
    }
    const larger = brick(1, { size: bytes(size + 2 * GiB) });
    expect(await ensure(larger)).toMatchObject({ kind: 'waiting', on: { what: 'capacity' } });
    expect(files()).toEqual([]);
    expect(await ensure(brick(2, { size }))).toMatchObject({ kind: 'done' });
  });

  it('below what XFS needs can never be', async () => {
    const reason = expect.stringMatching(/expected at least 300 MiB, which XFS needs, got 299 MiB$/) as string;
    expect(await ensure(brick(1, { size: bytes(299 * MiB) }))).toEqual({ kind: 'rejected', reason });
    expect(cluster.ran.some(({ line }) => line.startsWith('truncate'))).toBe(false);
  });

  it('grows, or waits for room and promises nothing', async () => {
    await ensure(brick(1));
    const before = await inspect();
    const large = brick(1, { size: bytes(200 * GiB) });
    expect(await grow(large)).toMatchObject({ kind: 'waiting', on: { what: 'capacity' } });
    expect(await inspect()).toEqual(before);
    const larger = brick(1, { size: bytes(20 * GiB) });
    const footprint = brickFootprint(larger).total;
    expect(await grow(larger)).toMatchObject({ value: { size: 20 * GiB, footprint } });
    expect(await list()).toMatchObject({ value: [{ size: 20 * GiB, footprint }] });
    expect(await grow(brick(2))).toMatchObject({ kind: 'failed' });
  });

  it('is on the disk with its new size before its file system grows', async () => {
    await ensure(brick(1));
    const before = cluster.ran.length;
    await grow(brick(1, { size: bytes(20 * GiB) }));
    const growing = ['find', 'truncate', 'find', 'truncate', 'findmnt', 'losetup', 'losetup', 'sync', 'losetup'];
    expect(programs(before)).toEqual([...growing, 'xfs_growfs']);
  });

  it('gives back the promise of a growth that was given up', async () => {
    await ensure(brick(1));
    const before = await inspect();
    cluster.simulation.faults.add({ effect: { kind: 'unreachable' }, argv: '^truncate .*xfs', times: 1 });
    expect(await grow(brick(1, { size: bytes(20 * GiB) }))).toMatchObject({ kind: 'waiting' });
    expect(await inspect()).not.toEqual(before);
    expect(await grow(brick(1))).toMatchObject({ value: { size: 10 * GiB } });
    expect(await inspect()).toEqual(before);
  });

  it('comes back after a reboot, once', async () => {
    await ensure(brick(1));
    await ensure(brick(2));
    await destroy(brick(2));
    cluster.simulation.faults.add({ effect: { kind: 'fail', exitCode: 1 }, argv: '^mkfs', times: 1 });
    await ensure(brick(3));
    reboot();
    expect(state().loops).toEqual([]);
    expect(await restore()).toEqual(done([brick(1).id]));
    expect(await restore()).toEqual(done([]));
    expect(state().mounts).toHaveLength(1);
  });

  it('that does not mount keeps no other down', async () => {
    await ensure(brick(1));
    await ensure(brick(2));
    reboot();
    const sick = {
      effect: { kind: 'fail', exitCode: 32, stderr: 'bad superblock' },
      argv: '^mount',
      times: 1,
    } as const;
    cluster.simulation.faults.add(sick);
    expect(await restore()).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('bad superblock') as string,
    });
    expect(state().mounts).toHaveLength(1);
  });

  it('that is destroyed while it is about to be mounted is no failure, and leaves no mount point', async () => {
    await ensure(brick(1));
    reboot();
    const { runner } = cluster.simulation;
    let destroyed: unknown;
    const storage = createCommandStorageNodes({
      runner: {
        run: async (ref, command, context) => {
          if (command.argv[0] === 'mount') {
            destroyed ??= await destroy(brick(1));
          }
          return runner.run(ref, command, context);
        },
      },
    });
    expect(await storage.restoreBricks(node(), folder, cluster.context)).toEqual(done([]));
    expect(destroyed).toEqual(done());
    const { mountpoint } = mountPlaceOf(deviceKeyOf(node().id, folder), brick(1).id);
    const left = await runner.run(node(), { argv: ['rmdir', mountpoint], deadlineMs: 1000 }, cluster.context);
    expect(left).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('No such file') as string });
  });

  it('is not taken for gone while its folder is', async () => {
    const elsewhere = deviceName('/srv/not-mounted');
    expect(await destroy(brick(1, { device: elsewhere }))).toMatchObject({
      kind: 'waiting',
      on: { what: 'condition' },
    });
    expect(await ensure(brick(1, { device: elsewhere }))).toMatchObject({ kind: 'waiting', on: { what: 'condition' } });
  });
});

describe('work on a brick in a folder', () => {
  const faults = (program: string): readonly (readonly [string, FaultSpec])[] => [
    [`${program} is lost after it was done`, { effect: { kind: 'lose-answer' }, argv: `^${program} `, times: 1 }],
    [`${program} fails`, { effect: { kind: 'fail', exitCode: 1, stderr: 'no luck' }, argv: `^${program} `, times: 1 }],
  ];

  it.each(['find', 'truncate', 'mkfs.xfs', 'ln', 'sync', 'mount', 'install', 'stat'].flatMap(faults))(
    'is finished by the next try when %s',
    async (_case, fault) => {
      const spec = brick(1, { gid: 4_000 });
      cluster.simulation.faults.add(fault);
      expect((await ensure(spec)).kind).toBe(fault.effect.kind === 'fail' ? 'failed' : 'unknown');
      expect(await ensure(spec, false)).toMatchObject({ kind: 'done' });
      expect(state().loops).toHaveLength(1);
      expect(await destroy(spec)).toEqual(done());
      expect([files(), state().loops, state().mounts]).toEqual([[], [], []]);
    },
  );

  it.each(['find', 'umount', 'losetup', 'rm', 'sync', 'rmdir'].flatMap(faults))(
    'is taken away by the next try when %s',
    async (_case, fault) => {
      await ensure(brick(1));
      cluster.simulation.faults.add(fault);
      expect((await destroy(brick(1))).kind).not.toBe('done');
      expect(await destroy(brick(1))).toEqual(done());
      expect([files(), state().loops, state().mounts]).toEqual([[], [], []]);
    },
  );
});

describe('a folder', () => {
  const holding = (holds: SimulatedNodeSpec['devices'][number]['holds']) => {
    const [plain] = nodeSpecs(1);
    cluster = simulatedCluster({
      nodes: plain === undefined ? [] : [{ ...plain, devices: [{ name: folder, size: bytes(50 * GiB), holds }] }],
    });
  };
  const prepare = (wipe: boolean) => cluster.storage.prepareDevice(node(), folder, { wipe }, cluster.context);

  it('is prepared once; again is done with the same facts', async () => {
    holding(undefined);
    expect(await inspect()).toMatchObject({ kind: 'waiting', on: { name: deviceUnprepared } });
    const first = await prepare(false);
    expect(first).toMatchObject({ kind: 'done' });
    expect(await prepare(false)).toEqual(first);
    expect(await inspect()).toEqual(first);
  });

  it('that is not there is missing', async () => {
    const nowhere = deviceName('/nowhere');
    expect(await cluster.storage.inspectDevice(node(), nowhere, cluster.context)).toMatchObject({
      kind: 'waiting',
      on: { name: deviceMissing },
    });
    const prepared = await cluster.storage.prepareDevice(node(), nowhere, { wipe: true }, cluster.context);
    expect(prepared).toMatchObject({ kind: 'rejected' });
  });

  it('that holds something is emptied only with consent', async () => {
    holding({ signature: 'photos.tar' });
    const reason = '/srv/bricks of node-1 holds photos.tar';
    expect(await prepare(false)).toEqual({ kind: 'rejected', reason });
    expect(await prepare(true)).toMatchObject({ kind: 'done' });
  });

  it('with a mount inside is left alone', async () => {
    holding({ signature: 'nfs', mountpoint: `${folder}/home` });
    const reason = '/srv/bricks of node-1 is in use: /dev/elsewhere is mounted on /srv/bricks/home';
    expect(await prepare(true)).toEqual({ kind: 'rejected', reason });
  });

  it.each(['mkdir', 'ln', 'sync'])(
    'whose preparation was cut off at %s is prepared by the next try',
    async (program) => {
      holding(undefined);
      cluster.simulation.faults.add({ effect: { kind: 'lose-answer' }, argv: `^${program} `, times: 1 });
      expect(await prepare(false)).toMatchObject({ kind: 'unknown' });
      expect(await prepare(false)).toMatchObject({ kind: 'done' });
    },
  );
});
