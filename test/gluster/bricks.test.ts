import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { brickIdentity } from '../../src/domain/brick-identity.ts';
import { deviceName } from '../../src/domain/names.ts';
import { done, isDone } from '../../src/domain/outcome.ts';
import { brickFootprint } from '../../src/domain/placement/footprint.ts';
import { bytes, MiB } from '../../src/domain/quantity.ts';
import { deviceMissing, deviceUnprepared } from '../../src/engine/ports.ts';
import { waitFor } from '../support/wait-for.ts';
import { missingForGluster } from './environment.ts';
import { folder, FolderBench, FolderNode, identity, loopDevicesOf, valueOf } from './harness/folder-node.ts';

const missing = await missingForGluster();

describe.skipIf(missing.length > 0)('bricks in a real folder', () => {
  let bench: FolderBench;
  let node: FolderNode;

  beforeEach(async () => {
    bench = await FolderBench.start();
    ({ node } = bench);
  });

  afterEach(async () => {
    await bench?.close();
  });

  const mountPoint = (path: string) => path.replace(/\/brick$/, '');

  it('live, grow and die, and nothing is left', async () => {
    const prepared = valueOf(await bench.prepare());
    expect(valueOf(await bench.prepare())).toEqual(prepared);
    expect(prepared.free).toBe(prepared.size);
    expect(prepared.size).toBeGreaterThan(1450 * MiB);
    const before = await bench.entries();

    const spec = bench.brick(0, { gid: 4321 });
    const standing = valueOf(await bench.ensure(spec));
    expect(standing).toMatchObject({ id: spec.id, size: 320 * MiB });
    expect(valueOf(await bench.ensure(spec))).toEqual(standing);
    expect(await loopDevicesOf(spec.id)).toHaveLength(1);
    expect(await bench.ownership(standing.path)).toBe('4321 2775');
    const facts = await bench.inspect();
    expect(facts.size).toBe(prepared.size);
    expect(facts.size - facts.free).toBe(brickFootprint(spec).total);
    expect(await bench.list()).toEqual([{ ...standing, footprint: brickFootprint(spec).total }]);

    const small = await bench.roomAt(standing.path);
    const larger = { ...spec, size: bytes(640 * MiB) };
    expect(valueOf(await bench.grow(larger))).toMatchObject({
      size: 640 * MiB,
      footprint: brickFootprint(larger).total,
    });
    expect((await bench.roomAt(standing.path)) - small).toBe(320 * MiB);
    expect(valueOf(await bench.grow(spec))).toMatchObject({ size: 640 * MiB });

    expect(await bench.destroy(larger)).toEqual(done());
    expect(await bench.destroy(larger)).toEqual(done());
    expect(await loopDevicesOf(spec.id)).toEqual([]);
    expect(await bench.mounts()).toBe('');
    expect(await bench.inspect()).toEqual(prepared);
    // The device's directory among the mount points stays, empty.
    const after = await bench.entries();
    expect(after.filter((entry) => !before.includes(entry))).toEqual(['d bricks']);
    expect(after.filter((entry) => entry.startsWith('d by_'))).toHaveLength(2);
    expect(after).toHaveLength(before.length + 2);
  });

  it('hold what their size says and not more, whatever the folder has', async () => {
    await bench.prepare();
    const { path } = valueOf(await bench.ensure(bench.brick(0)));
    const filled = await node.run('dd', 'if=/dev/zero', `of=${path}/file`, 'bs=1M');
    expect(filled.stderr).toContain('No space left on device');
    const image = await node.must('find', folder, '-name', '*.xfs', '-printf', '%s %b');
    const [size = 0, blocks = 0] = image.split(' ').map(Number);
    expect(size).toBe(320 * MiB);
    expect(blocks * 512).toBeLessThanOrEqual(320 * MiB);
    expect((await bench.inspect()).free).toBeGreaterThan(1000 * MiB);
  });

  it('say of their volume what they are told, also on XFS, and anything else in its place later', async () => {
    await bench.prepare();
    const outer = bench.brick(0, { size: bytes(640 * MiB) });
    const device = deviceName(valueOf(await bench.ensure(outer)).path);
    const { context, storage } = bench;
    valueOf(await storage.prepareDevice(node, device, { wipe: false }, context));
    const spec = bench.brick(1, { device, identity });
    const said = async () => valueOf(await storage.listBricks(node, device, context)).map((brick) => brick.identity);
    valueOf(await bench.ensure(spec));
    expect(await said()).toEqual([identity]);
    valueOf(await bench.ensure({ ...spec, identity: brickIdentity('schema=1&name=y') }));
    expect(await said()).toEqual(['schema=1&name=y']);
    // As a version left it that wrote none.
    await node.must('sh', '-c', `ln -sfn xfs ${device}/by_*/${spec.id}.ready`);
    expect(await said()).toEqual([undefined]);
    valueOf(await bench.ensure(spec));
    expect(await said()).toEqual([identity]);
    expect(await loopDevicesOf(spec.id)).toHaveLength(1);
    expect(await bench.destroy(spec)).toEqual(done());
    expect(await bench.destroy(outer)).toEqual(done());
  });

  it('take an arbiter: all its room may be inodes', async () => {
    await bench.prepare();
    const data = valueOf(await bench.ensure(bench.brick(0)));
    const arbiter = valueOf(await bench.ensure(bench.brick(1, { arbiter: true })));
    expect(await node.must('xfs_info', mountPoint(data.path))).toContain('imaxpct=25');
    expect(await node.must('xfs_info', mountPoint(arbiter.path))).toContain('imaxpct=100');
  });

  it('are never promised room that is not there, made side by side or grown', async () => {
    await bench.prepare();
    const noRoom = { kind: 'waiting', on: { what: 'capacity' } };
    const { free } = await bench.inspect();
    const size = bytes(Math.floor((free * 0.6) / (4 * MiB)) * 4 * MiB);
    const large = [0, 1, 2].map((position) => bench.brick(position, { size }));
    const atOnce = await Promise.all(large.map((spec) => bench.ensure(spec)));
    expect(atOnce.filter(isDone).length).toBeLessThanOrEqual(1);
    const inTurn = [];
    for (const spec of large) {
      inTurn.push(await bench.ensure(spec));
    }
    expect(inTurn.filter(isDone)).toHaveLength(1);
    for (const outcome of [...atOnce, ...inTurn].filter((each) => !isDone(each))) {
      expect(outcome).toMatchObject(noRoom);
    }
    expect((await bench.list()).map((brick) => brick.size)).toEqual([size]);

    const spec = bench.brick(3);
    valueOf(await bench.ensure(spec));
    const before = await bench.inspect();
    expect(await bench.grow({ ...spec, size: bytes(700 * MiB) })).toMatchObject(noRoom);
    expect(await bench.inspect()).toEqual(before);
    expect((await bench.list()).find(({ id }) => id === spec.id)).toMatchObject({ size: 320 * MiB });
    // What others put into the file system is missing, too.
    await node.must('fallocate', '-l', String(before.free), `${folder}/of-somebody`);
    expect(await bench.grow({ ...spec, size: bytes(400 * MiB) })).toMatchObject(noRoom);
    expect((await bench.inspect()).free).toBe(0);
  });

  it('come back after a reboot with what was on them, and only those that were gone', async () => {
    await bench.prepare();
    const [one, two] = [bench.brick(0), bench.brick(1)];
    const [first, second] = [valueOf(await bench.ensure(one)), valueOf(await bench.ensure(two))];
    await node.must('touch', `${first.path}/kept`, `${second.path}/kept`);
    await node.must('umount', mountPoint(first.path));
    expect(await bench.storage.restoreBricks(node, folder, bench.context)).toEqual(done([first.id]));
    expect(await bench.storage.restoreBricks(node, folder, bench.context)).toEqual(done([]));
    await node.must('ls', `${first.path}/kept`, `${second.path}/kept`);
    expect(await loopDevicesOf(first.id)).toHaveLength(1);
    for (const verb of [() => bench.ensure(one, false), () => bench.grow(one)]) {
      await node.must('umount', mountPoint(first.path));
      expect(await verb()).toMatchObject({ kind: 'done' });
      await node.must('ls', `${first.path}/kept`);
    }
  });

  it('keep the group and mode that their users gave them, from the day they carry the mark of a volume', async () => {
    await bench.prepare();
    const spec = bench.brick(0, { gid: 4000 });
    const { path } = valueOf(await bench.ensure(spec));
    await node.must('chmod', '0750', path);
    await bench.ensure(spec, false);
    expect(await bench.ownership(path)).toBe('4000 2775');
    await node.must('setfattr', '-n', 'trusted.glusterfs.volume-id', '-v', '0x0123', path);
    await node.must('chmod', '2700', path);
    await bench.ensure(spec, false);
    expect(await bench.ownership(path)).toBe('4000 2700');
    await bench.ensure(spec, true);
    expect(await bench.ownership(path)).toBe('4000 2775');
    const mark = await node.run('getfattr', '-n', 'trusted.glusterfs.volume-id', path);
    expect(mark.stderr).toContain('No such attribute');
  });

  it('that somebody else has mounted keep their loop device, and are not destroyed under him', async () => {
    await bench.prepare();
    const spec = bench.brick(0);
    const { path } = valueOf(await bench.ensure(spec));
    const other = await FolderNode.start({ from: node });
    try {
      await node.must('umount', mountPoint(path));
      const [loop] = await loopDevicesOf(spec.id);
      expect(await bench.ensure(spec, false)).toMatchObject({ kind: 'done' });
      expect(await loopDevicesOf(spec.id)).toEqual([loop]);
      expect(await bench.destroy(spec)).toMatchObject({
        kind: 'failed',
        reason: expect.stringContaining(`in use by ${loop}`) as string,
      });
    } finally {
      await other.close();
    }
    await waitFor('the last mount is gone', async () => (await loopDevicesOf(spec.id)).length === 0);
    expect(await bench.destroy(spec)).toEqual(done());
    expect(await bench.list()).toEqual([]);
  });

  it('whose file system is half made are made anew', async () => {
    await bench.prepare();
    const spec = bench.brick(0);
    const { path } = valueOf(await bench.ensure(spec));
    await node.must('umount', mountPoint(path));
    const image = (await node.must('find', folder, '-name', '*.xfs')).trim();
    // What a mkfs that was killed leaves: the beginning of it, and no sign that it is whole.
    await node.must('rm', image.replace('.xfs', '.ready'));
    await node.must('dd', 'if=/dev/urandom', `of=${image}`, 'bs=4096', 'count=1', 'seek=1', 'conv=notrunc');
    expect(await bench.list()).toMatchObject([{ id: spec.id, size: 0 }]);
    expect(await bench.ensure(spec)).toMatchObject({ kind: 'done' });
    expect(await bench.list()).toMatchObject([{ id: spec.id, size: spec.size }]);
  });

  describe('whose folder', () => {
    const rejectedFor = (reason: RegExp) => ({ kind: 'rejected', reason: expect.stringMatching(reason) as string });

    it('is missing, a file or a link are refused', async () => {
      const at = (name: string) => deviceName(`${folder}/${name}`);
      const prepare = (name: string) => bench.storage.prepareDevice(node, at(name), { wipe: true }, bench.context);
      await node.must('touch', at('file'));
      await node.must('ln', '-s', '/tmp', at('link'));
      expect(await prepare('nowhere')).toEqual(rejectedFor(/^\/srv\/nowhere of node-1 does not exist$/));
      expect(await prepare('file')).toEqual(rejectedFor(/^\/srv\/file of node-1 is a file, expected a folder$/));
      expect(await prepare('link')).toEqual(rejectedFor(/is a symbolic link to \/tmp, expected a folder$/));
      const inspect = (name: string) => bench.storage.inspectDevice(node, deviceName(name), bench.context);
      expect(await inspect(at('nowhere'))).toMatchObject({ kind: 'waiting', on: { name: deviceMissing } });
      expect(await inspect(folder)).toMatchObject({ kind: 'waiting', on: { name: deviceUnprepared } });
    });

    it('is to have a serial number are refused', async () => {
      const options = { wipe: true, serial: 'S1' };
      expect(await bench.storage.prepareDevice(node, folder, options, bench.context)).toEqual(
        rejectedFor(/no serial number, expected S1$/),
      );
    });

    it('holds something are refused by its name, and emptied only with consent', async () => {
      await node.must('mkdir', '-p', `${folder}/lost+found/#12`, `${folder}/data/deep`);
      await node.must('touch', `${folder}/.hidden`, `${folder}/two\nlines`, `${folder}/data/deep/file`);
      expect(await bench.prepare()).toEqual(rejectedFor(/^\/srv of node-1 holds \.hidden, data, two\?lines$/));
      expect(await node.must('ls', '-A', `${folder}/data/deep`)).toBe('file\n');
      expect(await bench.prepare(true)).toMatchObject({ kind: 'done' });
      expect((await bench.entries()).filter((entry) => !/ by_| brickyard/.test(entry))).toEqual([
        'd #12',
        'd lost+found',
      ]);
    });

    it('holds a mount or an image in use are refused, consent or not', async () => {
      await node.must('mkdir', '-p', `${folder}/a/b`);
      await node.must('mount', '-t', 'tmpfs', 'somebody', `${folder}/a/b`);
      expect(await bench.prepare(true)).toEqual(rejectedFor(/in use: somebody is mounted on \/srv\/a\/b$/));
      await node.must('umount', `${folder}/a/b`);
      await node.must('truncate', '-s', '1M', `${folder}/a/disk`);
      const loop = (await node.must('losetup', '--find', '--show', `${folder}/a/disk`)).trim();
      try {
        expect(await bench.prepare(true)).toEqual(rejectedFor(new RegExp(`in use: ${loop} uses /srv/a/disk$`)));
      } finally {
        await node.must('losetup', '-d', loop);
      }
      expect(await bench.prepare(true)).toMatchObject({ kind: 'done' });
    });

    it("holds another node's bricks, or another device's, are refused, consent or not", async () => {
      const shelf = `${folder}/deep/er/by_0123456789abcdef`;
      await node.must('mkdir', '-p', shelf);
      await node.must('ln', '-s', 'node=node-9;device=/mnt/bricks', `${shelf}/brickyard.identity`);
      const others = rejectedFor(/holds bricks of Brickyard's: it is device \/mnt\/bricks of node node-9$/);
      expect(await bench.prepare(true)).toEqual(others);
      expect(await bench.prepare()).toEqual(rejectedFor(/holds deep$/));
      await node.must('mv', shelf, folder);
      expect(await bench.prepare()).toEqual(others);
    });
  });
});
