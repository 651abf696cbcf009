import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { brickIdentity, longestBrickIdentity } from '../../src/domain/brick-identity.ts';
import { done } from '../../src/domain/outcome.ts';
import { brickFootprint } from '../../src/domain/placement/footprint.ts';
import { bytes, MiB } from '../../src/domain/quantity.ts';
import type { BrickSpec, DeviceFacts } from '../../src/engine/ports.ts';
import { missingForLvm } from './harness/missing.ts';
import {
  clearBricks,
  context,
  brickDisk,
  guestNode,
  leftovers,
  newBrick,
  sharedGuest,
  valueOf,
  type StorageGuest,
} from './harness/storage-guest.ts';
import { whole } from './harness/whole.ts';

const missing = await missingForLvm();

describe.skipIf(missing.length > 0)('bricks on real LVM', () => {
  let guest: StorageGuest;

  beforeAll(async () => {
    guest = await sharedGuest();
    valueOf(await guest.nodes.prepareDevice(guestNode, brickDisk, { wipe: false }, context()));
  });

  afterEach(() => clearBricks(guest));

  const ensure = (brick: BrickSpec, pristine = false) =>
    guest.nodes.ensureBrick(guestNode, brick, { pristine }, context());
  const destroy = (brick: BrickSpec) => guest.nodes.destroyBrick(guestNode, brick, context());
  const grow = (brick: BrickSpec) => guest.nodes.growBrick(guestNode, brick, context());
  const inspect = async (): Promise<DeviceFacts> =>
    valueOf(await guest.nodes.inspectDevice(guestNode, brickDisk, context()));
  const list = async () => valueOf(await guest.nodes.listBricks(guestNode, brickDisk, context()));
  /** Bytes of the file system that a path is on. */
  const sizeAt = async (path: string): Promise<number> =>
    Number(await guest.shell(`stat -f -c '%b * %S' ${path} | xargs expr`));

  it('take exactly their footprint from the device, and give all of it back', async () => {
    const before = await inspect();
    expect(before.free).toBe(before.size);
    const first = newBrick();
    const second = newBrick({ size: bytes(300 * MiB), snapshotFactor: 1.5, arbiter: true, gid: 4_321 });
    const paths = [valueOf(await ensure(first)).path, valueOf(await ensure(second)).path];
    const taken = brickFootprint(first).total + brickFootprint(second).total;
    expect(await inspect()).toEqual({ ...before, free: before.free - taken });
    expect(await list()).toHaveLength(2);
    expect(await list()).toEqual(
      expect.arrayContaining([
        { id: first.id, path: paths[0], size: 400 * MiB, footprint: brickFootprint(first).total },
        { id: second.id, path: paths[1], size: 300 * MiB, footprint: brickFootprint(second).total },
      ]),
    );
    expect(await guest.shell(`stat -c '%g %a' ${paths.join(' ')}`)).toBe('0 755\n4321 2775\n');
    expect(await guest.shell(`xfs_info $(dirname ${paths[1]}) | grep -o 'imaxpct=[0-9]*'`)).toBe('imaxpct=100\n');
    for (const brick of [first, second]) {
      expect(await destroy(brick)).toEqual(done());
      expect(await destroy(brick)).toEqual(done());
    }
    expect(await leftovers(guest)).toBe('');
    expect(await inspect()).toEqual(before);
  });

  it.runIf(whole)(
    'say of their volume what they are told from their first moment, as long as it may be, and anything else later',
    async () => {
      const identity = brickIdentity('schema=1&name='.padEnd(longestBrickIdentity, '#20!/:+.=-_'));
      const brick = newBrick({ identity });
      const said = async () => (await list()).map((listed) => listed.identity);
      valueOf(await ensure(brick));
      expect(await said()).toEqual([identity]);
      valueOf(await ensure({ ...brick, identity: brickIdentity('schema=1&name=y') }));
      expect(await said()).toEqual(['schema=1&name=y']);
      expect(await destroy(brick)).toEqual(done());
      // As a version made them that wrote none.
      const old = newBrick();
      valueOf(await ensure(old));
      expect(await said()).toEqual([undefined]);
      valueOf(await ensure({ ...old, identity }));
      expect(await said()).toEqual([identity]);
      expect(await destroy(old)).toEqual(done());
    },
  );

  it.runIf(whole)(
    'found standing are kept as they are, and lose the marks of a volume only when there is none',
    async () => {
      const brick = newBrick();
      const { path } = valueOf(await ensure(brick));
      await guest.shell(
        `echo data > ${path}/file; mkdir ${path}/.glusterfs; ` +
          `setfattr -n trusted.glusterfs.volume-id -v 0x6cd8ff88d15e4c5aa3012921c327e561 ${path}`,
      );
      valueOf(await ensure(brick));
      expect(await guest.shell(`getfattr -d -m trusted.glusterfs ${path}`)).toContain('volume-id');
      valueOf(await ensure(brick, true));
      expect(await guest.shell(`getfattr -d -m trusted.glusterfs ${path}; ls -A ${path}; cat ${path}/file`)).toBe(
        'file\ndata\n',
      );
      expect(await destroy(brick)).toEqual(done());
    },
  );

  it.runIf(whole)(
    'fill a device up to the last extent that it promised, and the next one waits for capacity',
    async () => {
      const { free } = await inspect();
      let size = bytes(free);
      while (brickFootprint({ size, snapshotFactor: 1 }).total > free) {
        size = bytes(size - 4 * MiB);
      }
      const brick = newBrick({ size });
      expect(await ensure(brick)).toMatchObject({ kind: 'done', value: { size } });
      const late = newBrick();
      expect(await ensure(late)).toMatchObject({ kind: 'waiting', on: { what: 'capacity' } });
      expect(await list()).toHaveLength(1);
      expect(await destroy(late)).toEqual(done());
      expect(await destroy(brick)).toEqual(done());
      expect(await leftovers(guest)).toBe('');
    },
  );

  it('say ENOSPC when they are full, and take more when they have grown while in use', async () => {
    const brick = newBrick({ size: bytes(300 * MiB) });
    const { path } = valueOf(await ensure(brick));
    const fill = `dd if=/dev/zero of=${path}/fill bs=1M 2>&1 || true; sync ${path}`;
    expect(await guest.shell(fill)).toContain('No space left on device');
    const full = await guest.shell(`stat -c %s ${path}/fill`);
    expect(Number(full)).toBeGreaterThan(200 * MiB);
    const sum = await guest.shell(`md5sum < ${path}/fill`);

    const larger = { ...brick, size: bytes(1_200 * MiB) };
    const before = await inspect();
    const grown = valueOf(await grow(larger));
    expect(grown).toEqual({ id: brick.id, path, size: 1_200 * MiB, footprint: brickFootprint(larger).total });
    expect(before.free - (await inspect()).free).toBe(brickFootprint(larger).total - brickFootprint(brick).total);
    expect(await sizeAt(path)).toBeGreaterThan(1_100 * MiB);
    expect(await guest.shell(`md5sum < ${path}/fill`)).toBe(sum);
    await guest.shell(`dd if=/dev/zero of=${path}/more bs=1M count=500 conv=fsync`);
    expect(await grow(larger)).toEqual(done(grown));
    // Never made smaller.
    expect(await grow(brick)).toMatchObject({ kind: 'done', value: { size: 1_200 * MiB } });
    expect(await destroy(larger)).toEqual(done());
    expect(await leftovers(guest)).toBe('');
  });

  it.runIf(whole)('that cannot grow for want of room wait, stay usable, and grow later', async () => {
    const brick = newBrick();
    const other = newBrick({ size: bytes(3_000 * MiB) });
    const { path } = valueOf(await ensure(brick));
    valueOf(await ensure(other));
    const larger = { ...brick, size: bytes(1_600 * MiB) };
    expect(await grow(larger)).toMatchObject({ kind: 'waiting', on: { what: 'capacity' } });
    await guest.shell(`echo usable > ${path}/file`);
    expect(await destroy(other)).toEqual(done());
    expect(await grow(larger)).toMatchObject({ kind: 'done', value: { size: 1_600 * MiB } });
    expect(await destroy(larger)).toEqual(done());
    expect(await leftovers(guest)).toBe('');
  });

  it('in use are not destroyed, and nothing of them is lost', async () => {
    const brick = newBrick();
    const { path } = valueOf(await ensure(brick));
    await guest.shell(`echo data > ${path}/file; sleep 300 < ${path}/file > /dev/null 2>&1 & echo $! > /run/reader`);
    expect(await destroy(brick)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('target is busy') as string,
    });
    expect(await guest.shell(`cat ${path}/file`)).toBe('data\n');
    await guest.shell('kill $(cat /run/reader); rm /run/reader');
    expect(await destroy(brick)).toEqual(done());
    expect(await leftovers(guest)).toBe('');
  });

  it('whose pool holds a snapshot are not destroyed until that is gone: it may be all that is left of the data', async () => {
    const brick = newBrick({ snapshotFactor: 2 });
    const { path } = valueOf(await ensure(brick));
    await guest.shell(`echo data > ${path}/file; sync ${path}/file`);
    const [source = ''] = (await guest.shell(`findmnt -n -o SOURCE --target ${path}`)).split('\n');
    // As gluster makes them: a snapshot without a size is a thin one, in the same pool.
    await guest.shell(`lvcreate -qq --snapshot --setactivationskip n --name backup ${source}`);
    const refusal = await destroy(brick);
    expect(refusal).toMatchObject({ kind: 'waiting', reason: expect.stringContaining('backup') as string });
    const snapshot = source.replace(/-[^-]*$/, '-backup');
    expect(await guest.shell(`mount -o ro,nouuid ${snapshot} /mnt; cat /mnt/brick/file; umount /mnt`)).toBe('data\n');
    // The brick itself is untouched.
    expect(await guest.shell(`cat ${path}/file`)).toBe('data\n');
    await guest.shell(`lvremove -qq --yes ${snapshot}`);
    expect(await destroy(brick)).toEqual(done());
    expect(await leftovers(guest)).toBe('');
  });

  it.runIf(whole)('of somebody else under the same name are neither used nor destroyed', async () => {
    const brick = newBrick();
    valueOf(await ensure(brick));
    const [group = '', pool = ''] = (
      await guest.shell(`lvs --noheadings -o vg_name,lv_name -S 'lv_tags=brickyard.brick=${brick.id}'`)
    )
      .trim()
      .split(/\s+/);
    await guest.shell(`lvchange -qq --deltag brickyard.brick=${brick.id} ${group}/${pool}`);
    expect(await ensure(brick)).toMatchObject({ kind: 'rejected' });
    expect(await destroy(brick)).toMatchObject({ kind: 'rejected' });
    await guest.shell(`lvchange -qq --addtag brickyard.brick=${brick.id} ${group}/${pool}`);
    expect(await destroy(brick)).toEqual(done());
    expect(await leftovers(guest)).toBe('');
  });

  it.runIf(whole)('are made where old data lies, and see none of it', async () => {
    const brick = newBrick();
    const free = (await inspect()).free;
    const { path } = valueOf(await ensure(brick));
    const [source = ''] = (await guest.shell(`findmnt -n -o SOURCE --target ${path}`)).split('\n');
    expect(await destroy(brick)).toEqual(done());
    // The head of a file system at the beginning of every extent that the brick will take.
    const group = source.replace(/^\/dev\/mapper\/(.*)-[^-]*$/, '$1');
    await guest.shell(
      `lvcreate -qq --wipesignatures n --zero n --size 440m --name old ${group}; mkfs.xfs -q -K -f /dev/${group}/old; ` +
        `dd if=/dev/${group}/old of=/run/head bs=4096 count=1 status=none; at=0; while [ $at -lt 110 ]; do ` +
        `dd if=/run/head of=/dev/${group}/old bs=4096 seek=$((at * 1024)) conv=notrunc status=none; at=$((at + 1)); done; ` +
        `sync; lvremove -qq --yes ${group}/old`,
    );
    expect(await ensure(brick)).toMatchObject({ kind: 'done' });
    expect(await guest.shell(`ls -A ${path}`)).toBe('');
    expect(await destroy(brick)).toEqual(done());
    expect(await leftovers(guest)).toBe('');
    expect((await inspect()).free).toBe(free);
  });
});
