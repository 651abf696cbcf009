import { beforeEach, describe, expect, it } from 'vitest';
import { brickFootprint } from '../../../../src/domain/placement/footprint.ts';
import { brickIdentity } from '../../../../src/domain/brick-identity.ts';
import { deviceName } from '../../../../src/domain/names.ts';
import { done } from '../../../../src/domain/outcome.ts';
import { bytes, GiB, MiB } from '../../../../src/domain/quantity.ts';
import type { BrickSpec } from '../../../../src/engine/ports.ts';
import { brickPlaceOf } from '../../../../src/gluster/bricks/lvm-thin/names.ts';
import type { FaultSpec } from '../../../../src/gluster/simulated/faults.ts';
import { createCommandStorageNodes } from '../../../../src/gluster/storage-nodes.ts';
import { disk, nodeSpecs, simulatedCluster, type SimulatedCluster } from '../../../support/simulated-cluster.ts';
import { brickOf, makeBricks, prepareAll } from './volume-fixture.ts';

let cluster: SimulatedCluster;

beforeEach(async () => {
  cluster = simulatedCluster();
  await prepareAll(cluster);
});

function node(index = 0) {
  const found = cluster.nodes[index];
  if (found === undefined) {
    throw new Error(`the cluster has no node ${index}`);
  }
  return found;
}

const state = (index = 0) => {
  const found = cluster.simulation.inspect().nodes[index];
  if (found === undefined) {
    throw new Error(`the simulation has no node ${index}`);
  }
  return found;
};

const volumes = () => state().volumeGroups.flatMap(({ logicalVolumes }) => logicalVolumes);
const programs = (from: number) => cluster.ran.slice(from).map(({ line }) => line.split(' ')[0]);

const ensure = (brick: BrickSpec, pristine = false) =>
  cluster.storage.ensureBrick(node(), brick, { pristine }, cluster.context);
const destroy = (brick: BrickSpec) => cluster.storage.destroyBrick(node(), brick, cluster.context);

describe('a new brick', () => {
  it('is a pool, a volume, XFS, a mount and a directory, without a look', async () => {
    const before = cluster.ran.length;
    const made = await ensure(brickOf(1, 0));
    expect(programs(before)).toEqual(['lvcreate', 'mkfs.xfs', 'mkdir', 'mount', 'mkdir']);
    expect(made).toMatchObject({ kind: 'done', value: { id: brickOf(1, 0).id, size: 10 * GiB } });
    expect(state().mounts).toMatchObject([{ type: 'xfs' }]);
    const [mount] = state().mounts;
    expect(made.kind === 'done' ? made.value.path : '').toBe(`${mount?.target ?? ''}/brick`);
  });

  it('takes exactly its footprint, and the spare of the first pool besides', async () => {
    const free = state().volumeGroups[0]?.free ?? 0;
    const brick = brickOf(1, 0, { size: bytes(10 * GiB), snapshotFactor: 1.5 });
    await ensure(brick);
    const footprint = brickFootprint(brick);
    expect(free - (state().volumeGroups[0]?.free ?? 0)).toBe(footprint.total + footprint.metadata);
    const facts = await cluster.storage.inspectDevice(node(), disk, cluster.context);
    expect(facts.kind === 'done' ? facts.value.size - facts.value.free : facts).toBe(footprint.total);
  });

  it('with a gid belongs to that group, with 2775; an arbiter gives all space to inodes', async () => {
    const before = cluster.ran.length;
    await ensure(brickOf(1, 0, { gid: 4_321, arbiter: true }));
    const lines = cluster.ran.slice(before).map(({ line }) => line);
    expect(lines[1]).toContain('-i size=512,maxpct=100');
    expect(lines.slice(-2).map((line) => line.split(' ').slice(0, -1).join(' '))).toEqual([
      'install --directory --group=4321 --mode=2775',
      'stat --format=%g %a',
    ]);
  });

  it('carries what it is told from its first moment, at no command more, until it is told otherwise', async () => {
    const said = brickIdentity(`schema=1&name=${'x'.repeat(900)}`);
    const saidBy = async () => {
      const listed = await cluster.storage.listBricks(node(), disk, cluster.context);
      return listed.kind === 'done' ? listed.value.map(({ identity }) => identity) : listed;
    };
    await ensure(brickOf(1, 0, { identity: said }));
    expect(cluster.ran.map(({ line }) => line.split(' ')[0])).not.toContain('lvchange');
    expect(await saidBy()).toEqual([said]);
    const before = cluster.ran.length;
    await ensure(brickOf(1, 0, { identity: said }));
    await ensure(brickOf(1, 0));
    expect(cluster.ran.slice(before).some(({ line }) => /^lvchange .*tag/.test(line))).toBe(false);
    expect(await saidBy()).toEqual([said]);
    await ensure(brickOf(1, 0, { identity: brickIdentity('schema=2') }));
    expect(await saidBy()).toEqual(['schema=2']);
  });

  it('of a version that wrote no identity is told it', async () => {
    await ensure(brickOf(1, 0));
    const identity = brickIdentity('schema=1');
    cluster.simulation.faults.add({ effect: { kind: 'lose-answer' }, argv: '^lvchange .*--addtag', times: 1 });
    expect(await ensure(brickOf(1, 0, { identity }))).toMatchObject({ kind: 'unknown' });
    expect(await ensure(brickOf(1, 0, { identity }))).toMatchObject({ kind: 'done' });
    expect(await cluster.storage.listBricks(node(), disk, cluster.context)).toMatchObject({ value: [{ identity }] });
    expect(volumes()).toHaveLength(2);
  });

  it('a size that is no whole number of extents is rounded up, and so reported', async () => {
    expect(await ensure(brickOf(1, 0, { size: bytes(1 * GiB + 1) }))).toMatchObject({
      value: { size: GiB + 4 * MiB },
    });
  });

  it('that does not fit waits for capacity and leaves nothing', async () => {
    expect(await ensure(brickOf(1, 0, { size: bytes(200 * GiB) }))).toMatchObject({
      kind: 'waiting',
      on: { what: 'capacity' },
    });
    expect(volumes()).toEqual([]);
  });

  it('fills a device to exactly what inspectDevice promised', async () => {
    const facts = await cluster.storage.inspectDevice(node(), disk, cluster.context);
    const free = facts.kind === 'done' ? facts.value.free : bytes(0);
    // One brick as big as the device allows: pool + 0.5 % metadata, in extents.
    let size = Math.floor(free / (4 * MiB)) * 4 * MiB;
    while (brickFootprint({ size: bytes(size), snapshotFactor: 1 }).total > free) {
      size -= 4 * MiB;
    }
    expect(await ensure(brickOf(1, 0, { size: bytes(size) }))).toMatchObject({ kind: 'done' });
  });

  it('on a device that was not prepared waits for that', async () => {
    expect(await ensure(brickOf(1, 0, { device: deviceName('/dev/vdz') }))).toMatchObject({
      kind: 'waiting',
      on: { what: 'condition', name: 'device /dev/vdz of node-1' },
    });
  });
});

/** After each of these the work was cut off; the number of commands of a whole brick with gid is six. */
const cuts: readonly (readonly [string, FaultSpec])[] = [
  'lvcreate',
  'mkfs.xfs',
  'mkdir',
  'mount',
  'install',
  'stat',
].flatMap((program) => [
  [`${program} is lost after it was done`, { effect: { kind: 'lose-answer' }, argv: `^${program} `, times: 1 }],
  [`${program} fails`, { effect: { kind: 'fail', exitCode: 1, stderr: 'no luck' }, argv: `^${program} `, times: 1 }],
  [`${program} is not reached`, { effect: { kind: 'unreachable' }, argv: `^${program} `, times: 1 }],
]);

describe('a brick whose making was cut off', () => {
  it.each(cuts)('when %s, the next try finishes it', async (_case, fault) => {
    const brick = brickOf(1, 0, { gid: 4_000 });
    cluster.simulation.faults.add(fault);
    const first = await ensure(brick);
    expect(first.kind).not.toBe('done');
    expect(first.kind).toBe(
      { 'lose-answer': 'unknown', fail: 'failed', unreachable: 'waiting' }[fault.effect.kind as 'fail'],
    );
    expect(await ensure(brick)).toMatchObject({ kind: 'done', value: { size: 10 * GiB } });
    expect(volumes()).toHaveLength(2);
    expect(state().mounts).toHaveLength(1);
    expect(await ensure(brick)).toMatchObject({ kind: 'done' });
    expect(await destroy(brick)).toEqual(done());
    expect(volumes()).toEqual([]);
    expect(state().mounts).toEqual([]);
  });

  /** Takes the thin volume away and leaves its pool, as a crash between the two does. */
  async function poolWithoutVolume(brick: BrickSpec): Promise<void> {
    await ensure(brick);
    const [mount] = state().mounts;
    const group = state().volumeGroups[0]?.name ?? '';
    const volume = volumes().find(({ kind }) => kind === 'thin')?.name ?? '';
    const run = (...argv: readonly string[]) =>
      cluster.simulation.runner.run(node(), { argv, deadlineMs: 1_000 }, cluster.context);
    await run('umount', mount?.target ?? '');
    await run('lvremove', '--quiet', '--quiet', '--yes', `${group}/${volume}`);
  }

  it('when the pool stands without its volume, both are made anew: LVM may refuse to go on with such a pool', async () => {
    const brick = brickOf(1, 0);
    await poolWithoutVolume(brick);
    expect(volumes()).toHaveLength(1);
    const before = cluster.ran.length;
    expect(await ensure(brick)).toMatchObject({ kind: 'done' });
    expect(programs(before).slice(0, 4)).toEqual(['lvcreate', 'lvs', 'lvremove', 'lvcreate']);
    expect(volumes()).toHaveLength(2);
  });

  it('when the pool stands without its volume, but with something else in it, that is kept', async () => {
    const brick = brickOf(1, 0);
    await poolWithoutVolume(brick);
    const pool = volumes()[0]?.name ?? '';
    const argv = ['lvcreate', '--thin', '--virtualsize', '4194304b', '--name', 'snapshot'];
    const target = `${state().volumeGroups[0]?.name ?? ''}/${pool}`;
    await cluster.simulation.runner.run(node(), { argv: [...argv, target], deadlineMs: 1_000 }, cluster.context);
    expect(await ensure(brick)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('its pool still holds snapshot') as string,
    });
    expect(volumes()).toHaveLength(2);
  });

  it('when the pool stands without its volume, it is listed with size 0 and can be destroyed', async () => {
    const brick = brickOf(1, 0);
    await poolWithoutVolume(brick);
    expect(await cluster.storage.listBricks(node(), disk, cluster.context)).toMatchObject({
      value: [{ id: brick.id, size: 0 }],
    });
    expect(await destroy(brick)).toEqual(done());
    expect(volumes()).toEqual([]);
  });

  it('when the caller gives up between two commands, it is unknown and the next try finishes it', async () => {
    const brick = brickOf(1, 0);
    const caller = new AbortController();
    const storage = createCommandStorageNodes({
      runner: {
        run: async (...call) => {
          const result = await cluster.simulation.runner.run(...call);
          caller.abort(new Error('enough'));
          return result;
        },
      },
    });
    expect(await storage.ensureBrick(node(), brick, { pristine: true }, caller)).toMatchObject({ kind: 'unknown' });
    expect(volumes()).toHaveLength(2);
    expect(await ensure(brick)).toMatchObject({ kind: 'done' });
  });

  it('after a reboot it is mounted again, and its file system kept', async () => {
    const brick = brickOf(1, 0);
    await ensure(brick);
    const fault = cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-1' });
    cluster.simulation.faults.remove(fault);
    expect(state().mounts).toEqual([]);
    const before = cluster.ran.length;
    expect(await ensure(brick)).toMatchObject({ kind: 'done' });
    expect(state().mounts).toHaveLength(1);
    expect(programs(before)).not.toContain('mkfs.xfs');
  });

  it('when LVM was killed while it activated the pool, its parts are put to sleep first', async () => {
    const brick = brickOf(1, 0);
    await ensure(brick);
    cluster.simulation.faults.remove(cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-1' }));
    const stderr = 'Activation of logical volume g/v is prohibited while logical volume g/p_tmeta is active.';
    cluster.simulation.faults.add({
      effect: { kind: 'fail', exitCode: 5, stderr },
      argv: '^lvchange .*--activate y',
      times: 1,
    });
    const before = cluster.ran.length;
    expect(await ensure(brick)).toMatchObject({ kind: 'done' });
    const changes = cluster.ran.slice(before).filter(({ line }) => line.startsWith('lvchange'));
    expect(changes.map(({ line }) => line.split(' ')[4])).toEqual(['y', 'n', 'y']);
    expect(state().mounts).toHaveLength(1);
  });

  it('when LVM was killed before it put the volume into the pool, the pool is activated before it is removed', async () => {
    const brick = brickOf(1, 0);
    await ensure(brick);
    const stderr =
      '  Device g-p_tmeta (253:5) is used by another device.\n' +
      '  Cannot deactivate subvolume g/p_tmeta of logical volume g/p.';
    cluster.simulation.faults.add({ effect: { kind: 'fail', exitCode: 5, stderr }, argv: '^lvremove ', times: 1 });
    const before = cluster.ran.length;
    expect(await destroy(brick)).toEqual(done());
    const lines = cluster.ran.slice(before).map(({ line }) => line);
    const { group, pool } = brickPlaceOf(node().id, disk, brick.id);
    expect(lines.filter((line) => /^lv(?:change|remove) /.test(line))).toEqual([
      `lvremove --quiet --quiet --yes ${group}/${pool}`,
      `lvchange --quiet --quiet --activate y ${group}/${pool}`,
      `lvremove --quiet --quiet --yes ${group}/${pool}`,
    ]);
    expect(volumes()).toEqual([]);
  });

  it('when its pool knows nothing of the volume, it is made anew only where no volume ever stood', async () => {
    const brick = brickOf(1, 0);
    await ensure(brick);
    cluster.simulation.faults.remove(cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-1' }));
    const stderr = '  device-mapper: reload ioctl on  (253:3) failed: No data available';
    cluster.simulation.faults.add({ effect: { kind: 'fail', exitCode: 5, stderr }, argv: '^lvchange ', times: 2 });
    expect(await ensure(brick)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining(`has no data of brick ${brick.id}`) as string,
    });
    const before = cluster.ran.length;
    expect(await ensure(brick, true)).toMatchObject({ kind: 'done' });
    expect(programs(before).slice(0, 5)).toEqual(['lvcreate', 'lvs', 'lvchange', 'lvremove', 'lvcreate']);
  });

  it('when mkfs was killed half-way and no volume ever stood there, it is made anew', async () => {
    const brick = brickOf(1, 0);
    cluster.simulation.faults.add({ effect: { kind: 'fail', exitCode: 1 }, argv: '^mount', times: 1 });
    await ensure(brick, true);
    const bad = 'wrong fs type, bad option, bad superblock on /dev/mapper/x';
    cluster.simulation.faults.add({ effect: { kind: 'fail', exitCode: 32, stderr: bad }, argv: '^mount', times: 1 });
    expect(await ensure(brick, true)).toMatchObject({ kind: 'failed' });
    expect(volumes()).toEqual([]);
    expect(await ensure(brick, true)).toMatchObject({ kind: 'done' });
  });

  it('but a file system that does not mount is kept when a volume may stand on it', async () => {
    const brick = brickOf(1, 0);
    await ensure(brick);
    const fault = cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-1' });
    cluster.simulation.faults.remove(fault);
    cluster.simulation.faults.add({ effect: { kind: 'fail', exitCode: 32, stderr: 'bad superblock' }, argv: '^mount' });
    expect(await ensure(brick)).toMatchObject({ kind: 'failed' });
    expect(volumes()).toHaveLength(2);
  });
});

describe('whose brick it is', () => {
  async function foreign(tags: readonly string[]): Promise<BrickSpec> {
    const brick = brickOf(1, 0);
    await ensure(brick);
    const pool = volumes().find(({ kind }) => kind === 'thin-pool')?.name ?? '';
    const thin = volumes().find(({ kind }) => kind === 'thin')?.name ?? '';
    const group = state().volumeGroups[0]?.name ?? '';
    const run = (...argv: readonly string[]) =>
      cluster.simulation.runner.run(node(), { argv, deadlineMs: 1_000 }, cluster.context);
    await run('umount', state().mounts[0]?.target ?? '');
    await run('lvremove', '--yes', `${group}/${pool}`);
    const sizes = ['--size', '4194304b', '--poolmetadatasize', '4194304b', '--virtualsize', '4194304b'];
    await run(
      'lvcreate',
      '--thin',
      ...sizes,
      '--name',
      thin,
      ...tags.flatMap((tag) => ['--addtag', tag]),
      `${group}/${pool}`,
    );
    return brick;
  }

  it.each([
    ['without a tag', []],
    ['with the tag of another brick', ['brickyard.brick=00000000-0000-4000-8000-000000000009-0-0-0']],
  ])('one of the same name %s is neither used nor destroyed', async (_case, tags) => {
    const brick = await foreign(tags);
    expect(await ensure(brick)).toMatchObject({ kind: 'rejected' });
    expect(await destroy(brick)).toMatchObject({ kind: 'rejected' });
    expect(volumes()).toHaveLength(2);
  });

  it('listBricks shows ours, and nothing that is not', async () => {
    await ensure(brickOf(1, 0));
    await ensure(brickOf(2, 0, { size: bytes(GiB) }));
    const listed = await cluster.storage.listBricks(node(), disk, cluster.context);
    expect(listed).toMatchObject({
      value: [
        { id: brickOf(1, 0).id, size: 10 * GiB },
        { id: brickOf(2, 0).id, size: GiB },
      ],
    });
  });
});

describe('destroying a brick', () => {
  it('again, or one that never was, is done', async () => {
    const brick = brickOf(1, 0);
    expect(await destroy(brick)).toEqual(done());
    await ensure(brick);
    expect(await destroy(brick)).toEqual(done());
    expect(await destroy(brick)).toEqual(done());
  });

  it.each(['lvs', 'umount', 'lvremove', 'rmdir'])('cut off at %s, is finished by the next try', async (program) => {
    const brick = brickOf(1, 0);
    await ensure(brick);
    cluster.simulation.faults.add({ effect: { kind: 'lose-answer' }, argv: `^${program} `, times: 1 });
    expect(await destroy(brick)).toMatchObject({ kind: 'unknown' });
    expect(await destroy(brick)).toEqual(done());
    expect(volumes()).toEqual([]);
    expect(state().mounts).toEqual([]);
  });

  it('whose pool also holds a snapshot waits until that is removed', async () => {
    const brick = brickOf(1, 0);
    await ensure(brick);
    const pool = volumes().find(({ kind }) => kind === 'thin-pool')?.name ?? '';
    const group = state().volumeGroups[0]?.name ?? '';
    const run = (...argv: readonly string[]) =>
      cluster.simulation.runner.run(node(), { argv, deadlineMs: 1_000 }, cluster.context);
    // To the pool a snapshot is a thin volume like any other.
    await run('lvcreate', '--thin', '--virtualsize', '4194304b', '--name', 'snapshot', `${group}/${pool}`);
    expect(await destroy(brick)).toMatchObject({
      kind: 'waiting',
      on: { what: 'condition', name: `snapshots of brick ${brick.id}` },
      reason: expect.stringContaining(`${group}/${pool} also holds snapshot`) as string,
    });
    expect(volumes()).toHaveLength(3);
    expect(state().mounts).toHaveLength(1);
    await run('lvremove', '--yes', `${group}/snapshot`);
    expect(await destroy(brick)).toEqual(done());
  });

  it('that gluster still serves fails and takes nothing', async () => {
    const spec = await makeBricks(cluster, 1);
    await cluster.storage.createVolume(node(), spec, cluster.context);
    await cluster.storage.startVolume(node(), spec.name, cluster.context);
    expect(await destroy(brickOf(1, 0))).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('target is busy') as string,
    });
    expect(volumes()).toHaveLength(2);
  });

  it('also takes the empty directory that gluster made under a mount point without its mount', async () => {
    const spec = await makeBricks(cluster, 1);
    cluster.simulation.faults.remove(cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-1' }));
    expect(await cluster.storage.createVolume(node(), spec, cluster.context)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('root partition') as string,
    });
    expect(await destroy(brickOf(1, 0))).toEqual(done());
  });

  it('on a device whose volume group is missing waits: the disk may come back with the brick on it', async () => {
    expect(await destroy(brickOf(1, 0, { device: deviceName('/dev/vdz') }))).toMatchObject({
      kind: 'waiting',
      on: { what: 'condition' },
    });
  });
});

describe('traces of a volume', () => {
  it('left by a failed create are taken off when the brick must be pristine, and only then', async () => {
    const spec = await makeBricks(cluster, 1);
    const fault = cluster.simulation.faults.add({ effect: { kind: 'glusterd-down' }, node: 'node-3' });
    // Node 1 marks its own brick before it finds out that node 3 does not answer.
    expect(await cluster.storage.createVolume(node(), spec, cluster.context)).toMatchObject({ kind: 'waiting' });
    cluster.simulation.faults.remove(fault);
    expect(state().marks).toHaveLength(1);
    expect(await cluster.storage.createVolume(node(), spec, cluster.context)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('already part of a volume') as string,
    });
    await ensure(brickOf(1, 0), false);
    expect(state().marks).toHaveLength(1);
    expect(await ensure(brickOf(1, 0), true)).toMatchObject({ kind: 'done' });
    expect(state().marks).toEqual([]);
    expect(await cluster.storage.createVolume(node(), spec, cluster.context)).toEqual(done());
  });

  it('left by a deleted volume, too', async () => {
    const spec = await makeBricks(cluster, 1);
    const { storage, context } = cluster;
    await storage.createVolume(node(), spec, context);
    await storage.startVolume(node(), spec.name, context);
    await storage.stopVolume(node(), spec.name, context);
    await storage.deleteVolume(node(), spec.name, context);
    expect(state().marks).toHaveLength(1);
    await Promise.all(
      cluster.nodes.map((each, position) =>
        storage.ensureBrick(each, brickOf(1, position), { pristine: true }, context),
      ),
    );
    expect(cluster.simulation.inspect().nodes.flatMap(({ marks }) => marks)).toEqual([]);
    expect(await storage.createVolume(node(), spec, context)).toEqual(done());
  });
});

describe('devices', () => {
  const [plain] = nodeSpecs(1);

  function holding(holds: { readonly signature: string; readonly mountpoint?: string } | undefined) {
    if (plain === undefined) {
      throw new Error('no node');
    }
    cluster = simulatedCluster({ nodes: [{ ...plain, devices: [{ name: disk, size: bytes(50 * GiB), holds }] }] });
  }
  const prepare = (wipe: boolean) => cluster.storage.prepareDevice(node(), disk, { wipe }, cluster.context);

  it('are prepared once; again is done with the same facts', async () => {
    holding(undefined);
    expect(await cluster.storage.inspectDevice(node(), disk, cluster.context)).toMatchObject({ kind: 'waiting' });
    const first = await prepare(false);
    expect(first).toMatchObject({ kind: 'done' });
    expect(await prepare(false)).toEqual(first);
    expect(await cluster.storage.inspectDevice(node(), disk, cluster.context)).toEqual(first);
    expect(await cluster.storage.listBricks(node(), disk, cluster.context)).toEqual(done([]));
  });

  it('with a file system are rejected by its name, and wiped only with consent', async () => {
    holding({ signature: 'ext4' });
    expect(await prepare(false)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('/dev/vdb of node-1 holds ext4') as string,
    });
    expect(state().devices).toMatchObject([{ holds: 'ext4' }]);
    expect(await prepare(true)).toMatchObject({ kind: 'done' });
  });

  it('that are mounted are rejected by the mount point, consent or not', async () => {
    holding({ signature: 'xfs', mountpoint: '/data' });
    for (const wipe of [false, true]) {
      expect(await prepare(wipe)).toMatchObject({
        kind: 'rejected',
        reason: expect.stringContaining('mounted on /data') as string,
      });
    }
    expect(state().devices).toMatchObject([{ holds: 'xfs' }]);
  });

  it('of another volume group are rejected by its name', async () => {
    holding(undefined);
    const run = (...argv: readonly string[]) =>
      cluster.simulation.runner.run(node(), { argv, deadlineMs: 1_000 }, cluster.context);
    await run('pvcreate', disk);
    await run('vgcreate', '--physicalextentsize', '4M', 'vg_of_somebody', disk);
    expect(await prepare(false)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('volume group vg_of_somebody') as string,
    });
  });

  it('that LVM took without a group, as a crash leaves them, are simply finished', async () => {
    holding(undefined);
    cluster.simulation.faults.add({ effect: { kind: 'unreachable' }, argv: '^vgcreate', times: 1 });
    expect(await prepare(false)).toMatchObject({ kind: 'waiting' });
    expect(await prepare(false)).toMatchObject({ kind: 'done' });
  });

  it('that are none are rejected', async () => {
    holding(undefined);
    const nowhere = deviceName('/dev/nosuch');
    expect(await cluster.storage.prepareDevice(node(), nowhere, { wipe: true }, cluster.context)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('not a block device') as string,
    });
  });
});
