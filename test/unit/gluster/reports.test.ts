import { describe, expect, it } from 'vitest';
import { readBlockDevices, readSignatures, userOf } from '../../../src/gluster/bricks/lvm-thin/device-report.ts';
import { ownerOf } from '../../../src/gluster/bricks/loop/names.ts';
import { readEntries, readListingWithRoom, readLoopDevices } from '../../../src/gluster/bricks/loop/report.ts';
import { readMount } from '../../../src/gluster/bricks/mounts.ts';
import { ReportError } from '../../../src/gluster/json.ts';
import { readGroups, readPhysicalVolumes, readVolumes } from '../../../src/gluster/bricks/lvm-thin/report.ts';
import { groupMissing, noSpace, volumeExists, volumeMissing } from '../../../src/gluster/bricks/lvm-thin/failures.ts';

describe('reports of LVM', () => {
  it('are read in the layout that lvm2 2.03 prints', () => {
    const text = `  {
      "report": [
          {
              "lv": [
                  {"lv_name":"brick_1", "lv_size":"1073741824", "pool_lv":"tp_1", "lv_tags":""},
                  {"lv_name":"tp_1", "lv_size":"1073741824", "pool_lv":"", "lv_tags":"a=1,b"}
              ]
          }
      ]
      ,
      "log": [
      ]
  }`;
    expect(readVolumes(text)).toEqual([
      { lv_name: 'brick_1', lv_size: 1_073_741_824, pool_lv: 'tp_1', lv_tags: [] },
      { lv_name: 'tp_1', lv_size: 1_073_741_824, pool_lv: '', lv_tags: ['a=1', 'b'] },
    ]);
    expect(readVolumes('{"report": [{"lv": []}]}')).toEqual([]);
    expect(readPhysicalVolumes('{"report":[{"pv":[{"pv_name":"/dev/vdb","vg_name":"","vg_tags":""}]}]}')).toEqual([
      { pv_name: '/dev/vdb', vg_name: '', vg_tags: [] },
    ]);
  });

  it.each([
    ['no JSON', '', /vgs: expected JSON/],
    ['a size with a unit', '{"report":[{"vg":[{"vg_name":"a","vg_size":"1.00g"}]}]}', /vgs: .*vg_size/],
    ['another report', '{"blockdevices":[]}', /vgs: report/],
  ])('with %s are refused by the tool and the field', (_case, text, message) => {
    expect(() => readGroups(text)).toThrow(ReportError);
    expect(() => readGroups(text)).toThrow(message);
  });
});

describe('what LVM says when it fails', () => {
  const failed = (stderr: string) => ({ kind: 'exited', exitCode: 5, stdout: '', stderr }) as const;

  it.each([
    ['  Volume group "by_1" not found\n  Cannot process volume group by_1\n', groupMissing],
    ['  Volume group "by_1" not found.\n', groupMissing],
    ['  Failed to find logical volume "by_1/tp_1"\n', volumeMissing],
    ['  Logical volume tp_1 already exists in Volume group by_1.\n', volumeExists],
    ['  Logical Volume "brick_1" already exists in volume group "by_1"\n', volumeExists],
    ['  Volume group "by_1" has insufficient free space (3 extents): 256 required.\n', noSpace],
    ['  Insufficient suitable allocatable extents for logical volume tp_1: 2 more required\n', noSpace],
  ])('%j is told from the others', (stderr, its) => {
    const all = [groupMissing, volumeMissing, volumeExists, noSpace];
    expect(all.filter((says) => says(failed(stderr)))).toEqual([its]);
    expect(its({ ...failed(stderr), exitCode: 0 })).toBe(false);
  });
});

describe('reports about devices', () => {
  const lsblk = (device: object) => readBlockDevices(JSON.stringify({ blockdevices: [device] }))[0];
  const user = (device: object) => {
    const read = lsblk(device);
    return read === undefined ? 'no device' : userOf(read);
  };
  const disk = { name: '/dev/vdb', type: 'disk', size: 10, mountpoint: null };

  it.each<readonly [string, object, string | undefined]>([
    ['a blank disk', disk, undefined],
    ['a mounted disk', { ...disk, mountpoint: '/data' }, '/dev/vdb is mounted on /data'],
    ['swap', { ...disk, mountpoint: '[SWAP]' }, '/dev/vdb is swap'],
    ['an idle partition', { ...disk, children: [{ name: '/dev/vdb1', type: 'part', mountpoint: null }] }, undefined],
    [
      'a mounted partition',
      { ...disk, children: [{ name: '/dev/vdb1', type: 'part', mountpoint: '/boot' }] },
      '/dev/vdb1 is mounted on /boot',
    ],
    [
      'an idle logical volume',
      { ...disk, children: [{ name: '/dev/mapper/vg-lv', type: 'lvm', mountpoint: null }] },
      '/dev/vdb is held by volume group vg (/dev/mapper/vg-lv)',
    ],
    [
      'RAID on a partition',
      {
        ...disk,
        children: [
          { name: '/dev/vdb1', type: 'part', children: [{ name: '/dev/md0', type: 'raid1', mountpoint: null }] },
        ],
      },
      '/dev/vdb1 is held by the RAID array /dev/md0 (raid1)',
    ],
    [
      'a mounted logical volume of a group with a hyphen',
      { ...disk, children: [{ name: '/dev/mapper/my--vg-root', type: 'lvm', mountpoint: '/' }] },
      '/dev/vdb is held by volume group my-vg (/dev/mapper/my--vg-root); /dev/mapper/my--vg-root is mounted on /',
    ],
    [
      'encryption',
      { ...disk, children: [{ name: '/dev/mapper/secret', type: 'crypt', mountpoint: null }] },
      '/dev/vdb is held by /dev/mapper/secret (crypt)',
    ],
  ])('%s: who uses it', (_case, device, expected) => {
    expect(user(device)).toBe(expected);
  });

  it('signatures: none printed, none listed, some', () => {
    expect(readSignatures('')).toEqual([]);
    expect(readSignatures('{\n   "signatures": [\n\n   ]\n}\n')).toEqual([]);
    const two = {
      signatures: [
        { device: 'vdb', offset: '0x1fe', type: 'dos' },
        { device: 'vdb', type: 'gpt' },
      ],
    };
    expect(readSignatures(JSON.stringify(two))).toEqual(['dos', 'gpt']);
  });

  it('of mounts on one directory the last one counts', () => {
    const mount = (source: string) => ({ target: '/a', source, fstype: 'xfs' });
    expect(readMount(JSON.stringify({ filesystems: [mount('x'), mount('y')] }))?.source).toBe('y');
  });
});

describe('reports about folders', () => {
  it('find: a field after every NUL, whatever is in the names', () => {
    const text = 'd\u0000100\u00008\u0000\u0000\u0000l\u000025\u00000\u0000node=a;device=/b\u0000x\ny\u0000';
    expect(readEntries(text)).toEqual([
      { type: 'd', size: 100, allocated: 4096, link: '', name: '' },
      { type: 'l', size: 25, allocated: 0, link: 'node=a;device=/b', name: 'x\ny' },
    ]);
    expect(readEntries('')).toEqual([]);
    expect(() => readEntries('d\u0000100\u0000')).toThrow(ReportError);
    expect(() => readEntries('d\u0000big\u00008\u0000\u0000\u0000')).toThrow('find: expected a number, got "big"');
  });

  it('find and df behind it: entries, and the numbers below the headings', () => {
    const room = ' 1B-blocks      Avail\n2147483648 2080038912\n';
    expect(readListingWithRoom(`d\u00004096\u00000\u0000\u0000\u0000${room}`)).toEqual({
      entries: [{ type: 'd', size: 4096, allocated: 0, link: '', name: '' }],
      room: { size: 2_147_483_648, free: 2_080_038_912 },
    });
    expect(() => readListingWithRoom('d\u00004096\u00000\u0000\u0000\u0000')).toThrow(ReportError);
    expect(() => readListingWithRoom('df: no such thing\n')).toThrow(ReportError);
  });

  it('losetup: none printed, none listed, some', () => {
    expect(readLoopDevices('')).toEqual([]);
    expect(readLoopDevices('{\n   "loopdevices": [\n\n   ]\n}\n')).toEqual([]);
    const some = {
      loopdevices: [
        { name: '/dev/loop0', 'back-file': '/srv/a (deleted)' },
        { name: '/dev/loop1', 'back-file': null },
      ],
    };
    expect(readLoopDevices(JSON.stringify(some))).toEqual([
      { name: '/dev/loop0', file: '/srv/a (deleted)' },
      { name: '/dev/loop1', file: '' },
    ]);
  });

  it('an identity: whose bricks these are, in words', () => {
    expect(ownerOf('node=a.example;device=/srv/b')).toBe('device /srv/b of node a.example');
    expect(ownerOf('something else')).toBe('something else');
  });
});
