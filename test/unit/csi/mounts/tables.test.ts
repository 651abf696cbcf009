import { describe, expect, it } from 'vitest';
import { labelOf, readClients } from '../../../../src/csi/mounts/clients.ts';
import { isReadOnly, MountTableError, readMountTable, topAt, volumeOf } from '../../../../src/csi/mounts/mountinfo.ts';
import { wish } from './support.ts';

const gluster = (id: number, parent: number, target: string, rest = ''): string =>
  `${id} ${parent} 0:63 / ${target} rw,relatime ${rest}- fuse.glusterfs 10.77.0.1:/vol rw,user_id=0,max_read=131072\n`;

describe('the table of mounts', () => {
  it('is read with its escapes and its optional fields', () => {
    const [mount] = readMountTable(
      '36 35 98:0 /mnt1 /mnt2\\040and\\011\\134three ro,noatime shared:1 master:7 - ext3 /dev/r\\040oot rw,errors=continue\n',
    );
    expect(mount).toEqual({
      id: 36,
      parent: 35,
      device: '98:0',
      root: '/mnt1',
      target: '/mnt2 and\t\\three',
      options: ['ro', 'noatime'],
      shared: true,
      fstype: 'ext3',
      source: '/dev/r oot',
      superOptions: ['rw', 'errors=continue'],
    });
    expect(mount === undefined ? undefined : isReadOnly(mount)).toBe(true);
  });

  it('is read when a source is empty, and when a mount only receives', () => {
    const [first, second] = readMountTable(`1 0 0:1 / / rw - rootfs  rw\n${gluster(2, 1, '/a', 'master:3 ')}`);
    expect(first).toMatchObject({ fstype: 'rootfs', source: '', shared: false });
    expect(second).toMatchObject({ shared: false, target: '/a' });
  });

  it('is refused when a line is none', () => {
    expect(() => readMountTable('1 2 3\n')).toThrow(MountTableError);
  });

  it('tells what is seen where several mounts lie on one another', () => {
    const table = readMountTable(gluster(9, 12, '/a') + gluster(12, 1, '/a') + gluster(3, 1, '/b'));
    expect(topAt(table, '/a')?.id).toBe(9);
    expect(topAt(table, '/c')).toBeUndefined();
  });

  it('leaves out the copies that lie under the folder of the kubelet where that is mounted on itself', () => {
    const disk = (id: number, parent: number, root: string, target: string): string =>
      `${id} ${parent} 8:1 ${root} ${target} rw shared:1 - ext4 /dev/sda1 rw\n`;
    const pod = '/var/lib/kubelet/pods/a/mount';
    const seen = gluster(40, 30, pod).replace('relatime', 'nodiratime');
    const beneath = [gluster(41, 20, pod), gluster(42, 41, pod), gluster(43, 41, `${pod}/deeper`)].join('');
    const folders = disk(20, 1, '/', '/') + disk(30, 20, '/var/lib/kubelet', '/var/lib/kubelet');
    for (const text of [folders + seen + beneath, folders + beneath + seen]) {
      const table = readMountTable(text);
      expect(table.map(({ id }) => id)).toEqual([20, 30, 40]);
      expect(topAt(table, pod)?.options).toContain('nodiratime');
    }
  });

  it.each([
    ['10.77.0.1:/vol', 'vol'],
    ['fd00::1:/vol', 'vol'],
    ['server:vol', 'vol'],
    ['server:/vol/below', 'vol'],
    ['server:/-no-name', undefined],
    ['nothing', undefined],
  ])('names the volume of %s', (source, volume) => {
    const [mount] = readMountTable(`2 1 0:63 / /a rw - fuse.glusterfs ${source} rw\n`);
    expect(mount === undefined ? undefined : volumeOf(mount)).toBe(volume);
  });
});

describe('the list of processes', () => {
  it('tells clients of gluster, and which are ours', () => {
    const text = [
      '      1 /sbin/init',
      '    120 /usr/sbin/glusterfs --log-file=/x.log --process-name fuse.brickyard-0011aabbccdd --volfile-id=/vol /kubelet/a',
      '    121 /usr/sbin/glusterfs --process-name fuse --volfile-id=/vol /kubelet/b',
      '    122 /usr/sbin/glusterfsd -s host --volfile-id vol.host --brick-port 49152',
      '    123 [glusterfs] <defunct>',
      '    124 grep glusterfs /kubelet/a',
    ].join('\n');
    expect(readClients(text).map(({ pid, directory, label }) => [pid, directory, label])).toEqual([
      [120, '/kubelet/a', 'brickyard-0011aabbccdd'],
      [121, '/kubelet/b', undefined],
    ]);
  });

  it('is told what a mount was asked for, whatever the order of options and whoever serves it', () => {
    const label = labelOf(wish({ options: ['acl', 'log-level=INFO'] }));
    expect(label).toMatch(/^brickyard-[0-9a-f]{12}$/);
    expect(labelOf(wish({ options: ['log-level=INFO', 'acl'], servers: [] }))).toBe(label);
    expect(labelOf(wish({ options: ['acl'] }))).not.toBe(label);
    expect(labelOf(wish({ options: ['acl', 'log-level=INFO'], readOnly: true }))).not.toBe(label);
  });
});
