import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deviceName } from '../../src/domain/names.ts';
import { MiB } from '../../src/domain/quantity.ts';
import type { PrepareOptions } from '../../src/engine/ports.ts';
import { hasProgram, missingForLvm } from './harness/missing.ts';
import {
  clearDisks,
  context,
  disk,
  guestNode,
  reread,
  sharedGuest,
  valueOf,
  type StorageGuest,
} from './harness/storage-guest.ts';
import { whole } from './harness/whole.ts';

const missing = await missingForLvm();

/** What a device may be found in. */
interface Scene {
  readonly name: string;
  /** Shell that sets the scene. */
  readonly before: string;
  /** What the refusal names. */
  readonly holder: RegExp;
  /** A program that not every machine has. */
  readonly needs?: string;
}

/** One partition over all of the disk, of Linux' type, as fdisk would write it. */
const partitioned =
  String.raw`printf '\000\000\000\000\203\000\000\000\000\010\000\000\000\000\017\000' | dd of=/dev/vda bs=1 seek=446 conv=notrunc; ` +
  String.raw`printf '\125\252' | dd of=/dev/vda bs=1 seek=510 conv=notrunc; ${reread('/dev/vda')}; udevadm settle; `;

const inUse: readonly Scene[] = [
  {
    name: 'is mounted',
    // Nothing of it is to be written later: the head of the disk is compared.
    before: 'mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/vda; mount /dev/vda /mnt; sync',
    holder: /mounted on \/mnt/,
  },
  { name: 'is swap', before: 'mkswap -q /dev/vda; swapon /dev/vda', holder: /is swap/ },
  {
    name: 'has a partition that is mounted',
    before: `${partitioned} mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/vda1; mount /dev/vda1 /mnt; sync`,
    holder: /vda1 is mounted on \/mnt/,
  },
  {
    name: "has an active volume of somebody else's on it",
    before: 'vgcreate -qq other /dev/vda; lvcreate -qq --yes -L 64m -n data other',
    holder: /held by volume group other/,
  },
  {
    name: 'is in a running RAID array',
    before: 'mdadm --quiet --create /dev/md0 --level=1 --raid-devices=2 /dev/vda missing --force --run',
    holder: /md0 \(raid1\)/,
    needs: 'mdadm',
  },
];

const lyingThere: readonly Scene[] = [
  { name: 'has a file system', before: 'mkfs.ext4 -q /dev/vda', holder: /ext4/ },
  { name: 'has a file system that is XFS', before: 'mkfs.xfs -q /dev/vda', holder: /xfs/ },
  { name: 'has partitions', before: `${partitioned} mkfs.xfs -q -f /dev/vda1`, holder: /dos, \/dev\/vda1/ },
  {
    name: "is a sleeping volume group of somebody else's",
    before: 'vgcreate -qq other /dev/vda; lvcreate -qq --yes -L 64m -n data other; vgchange -qq -an other',
    holder: /volume group other/,
  },
  {
    name: 'was in a RAID array',
    before:
      'mdadm --quiet --create /dev/md0 --level=1 --raid-devices=2 /dev/vda missing --force --run; mdadm --quiet --stop /dev/md0',
    holder: /linux_raid_member/,
    needs: 'mdadm',
  },
];

const available = await Promise.all(
  [inUse, lyingThere].map(async (scenes) => {
    const found = await Promise.all(scenes.map(async ({ needs }) => needs === undefined || (await hasProgram(needs))));
    return scenes.filter((_scene, index) => found[index]).slice(0, whole ? undefined : 1);
  }),
);
const [scenesInUse = [], scenesLyingThere = []] = available;

describe.skipIf(missing.length > 0)('devices on real LVM', () => {
  let guest: StorageGuest;

  beforeAll(async () => {
    guest = await sharedGuest();
  });

  afterEach(() => clearDisks(guest));

  const prepare = (options: PrepareOptions, device = disk) =>
    guest.nodes.prepareDevice(guestNode, device, options, context());
  const inspect = (device = disk) => guest.nodes.inspectDevice(guestNode, device, context());
  const headOf = (device: string) => guest.shell(`dd if=${device} bs=1M count=4 2>/dev/null | md5sum`);

  it('that are blank become volume groups, once', async () => {
    expect(await inspect()).toMatchObject({ kind: 'waiting' });
    const facts = valueOf(await prepare({ wipe: false }));
    expect(facts.free).toBe(facts.size);
    expect(facts.size).toBeGreaterThan(850 * MiB);
    const uuid = await guest.shell('vgs --noheadings -o vg_uuid');
    expect(await prepare({ wipe: true })).toEqual({ kind: 'done', value: facts });
    expect(await inspect()).toEqual({ kind: 'done', value: facts });
    expect(await guest.shell('vgs --noheadings -o vg_uuid')).toBe(uuid);
  });

  it.runIf(whole)('that a crash left as a physical volume of no group are carried on with', async () => {
    await guest.shell('pvcreate -qq --metadatasize 128M --dataalignment 256K /dev/vda');
    expect(await prepare({ wipe: false })).toMatchObject({ kind: 'done' });
  });

  it.each(scenesInUse)('whose disk $name are refused, consent or not', async ({ before, holder }) => {
    await guest.shell(before);
    const head = await headOf('/dev/vda');
    for (const wipe of [false, true]) {
      expect(await prepare({ wipe })).toMatchObject({
        kind: 'rejected',
        reason: expect.stringMatching(holder) as string,
      });
    }
    expect(await headOf('/dev/vda')).toBe(head);
  });

  it.each(scenesLyingThere)(
    'whose disk $name are refused without consent, and wiped with it',
    async ({ before, holder }) => {
      await guest.shell(before);
      const head = await headOf('/dev/vda');
      expect(await prepare({ wipe: false })).toMatchObject({
        kind: 'rejected',
        reason: expect.stringMatching(holder) as string,
      });
      expect(await headOf('/dev/vda')).toBe(head);
      expect(await prepare({ wipe: true })).toMatchObject({ kind: 'done' });
      expect(await guest.shell('lsblk --noheadings --list --output NAME /dev/vda')).toBe('vda\n');
    },
  );

  it.runIf(whole)('are known by their lasting names as well', async () => {
    const lasting = deviceName('/dev/disk/by-id/virtio-DISK-A');
    await guest.shell('vgcreate -qq other /dev/vda');
    expect(await prepare({ wipe: false }, lasting)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('volume group other') as string,
    });
    expect(await prepare({ wipe: true }, lasting)).toMatchObject({ kind: 'done' });
    expect(await inspect(lasting)).toMatchObject({ kind: 'done' });
  });

  it.runIf(whole)('of Brickyard under another name are not taken again, consent or not', async () => {
    valueOf(await prepare({ wipe: false }));
    const lasting = deviceName('/dev/disk/by-id/virtio-DISK-A');
    for (const wipe of [false, true]) {
      expect(await prepare({ wipe }, lasting)).toMatchObject({ kind: 'rejected' });
    }
    expect(await inspect()).toMatchObject({ kind: 'done' });
  });

  it('are taken only with the serial number that was asked for, if any was', async () => {
    await guest.shell('mkfs.ext4 -q /dev/vda');
    expect(await prepare({ wipe: true, serial: 'DISK-B' })).toMatchObject({
      kind: 'rejected',
      reason: expect.stringMatching(/DISK-A.*DISK-B/) as string,
    });
    expect(await guest.shell('blkid -p -s TYPE -o value /dev/vda')).toBe('ext4\n');
    expect(await prepare({ wipe: true, serial: 'DISK-A' })).toMatchObject({ kind: 'done' });
  });

  it.each(whole ? ['/dev/vdz', '/dev/null', '/dev/disk'] : ['/dev/null'])(
    'that are no block device, such as %s, are refused',
    async (path) => {
      expect(await prepare({ wipe: true }, deviceName(path))).toMatchObject({
        kind: 'rejected',
        reason: expect.stringContaining('not a block device') as string,
      });
    },
  );
});
