import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  brickIdFor,
  deviceName,
  hostName,
  NameError,
  nodeId,
  volumeId,
  volumeName,
} from '../../../src/domain/names.ts';
import * as argv from '../../../src/gluster/argv/gluster.ts';
import { brickFileOf, brickFilesOf } from '../../../src/gluster/bricks/loop/names.ts';
import { command } from '../../../src/gluster/command.ts';
import {
  brickIdOfTags,
  brickPlaceOf,
  brickTags,
  groupTags,
  volumeGroupOf,
} from '../../../src/gluster/bricks/lvm-thin/names.ts';
import type { Command } from '../../../src/gluster/runner.ts';
import { sample } from './samples.ts';

const bricks = (volume: string, nodes: number) =>
  Array.from({ length: nodes }, (_none, index) => ({
    host: hostName(`10.77.0.${index + 1}`),
    path: `/bricks/${volume}/brick`,
    arbiter: false,
  }));

const secondSet = [4, 5, 6].map((node) => ({
  host: hostName(`10.77.0.${node}`),
  path: '/bricks/e0/brick',
  arbiter: false,
}));

describe('command lines of gluster', () => {
  it.each<readonly [string, Command]>([
    [
      'volume-create.xml',
      argv.volumeCreate({
        name: volumeName('vol0'),
        durability: { kind: 'replicate', count: 3 },
        bricks: bricks('vol0', 3),
      }),
    ],
    [
      'volume-create-arbiter.xml',
      argv.volumeCreate({
        name: volumeName('arbiter0'),
        durability: { kind: 'arbiter' },
        bricks: bricks('arbiter0', 3),
      }),
    ],
    [
      'volume-create-disperse.xml',
      argv.volumeCreate({
        name: volumeName('disperse0'),
        durability: { kind: 'disperse', data: 4, redundancy: 2 },
        bricks: bricks('disperse0', 6),
      }),
    ],
    [
      'volume-create-distribute.xml',
      argv.volumeCreate({
        name: volumeName('distribute0'),
        durability: { kind: 'distribute' },
        bricks: bricks('distribute0', 3),
      }),
    ],
    [
      'add-brick.xml',
      argv.volumeAddBricks({ name: volumeName('e0'), durability: { kind: 'replicate', count: 3 }, bricks: secondSet }),
    ],
    [
      'remove-brick-start.xml',
      argv.volumeRemoveBricks(
        { name: volumeName('e0'), durability: { kind: 'replicate', count: 3 }, bricks: secondSet },
        'start',
      ),
    ],
    ['rebalance-start.xml', argv.volumeRebalance(volumeName('e0'), 'start')],
    ['rebalance-status-running.xml', argv.volumeRebalance(volumeName('e0'), 'status')],
    ['volume-start.xml', argv.volumeStart(volumeName('vol0'))],
    ['volume-stop.xml', argv.volumeStop(volumeName('vol5'))],
    ['volume-delete.xml', argv.volumeDelete(volumeName('vol5'))],
    ['volume-info-one.xml', argv.volumeInfo(volumeName('vol5'))],
    ['volume-list.xml', argv.volumeList()],
    ['volume-set.xml', argv.volumeSet(volumeName('vol5'), [{ key: 'performance.cache-size', value: '64MB' }])],
    ['pool-list.xml', argv.poolList()],
    ['peer-probe.xml', argv.peerProbe(hostName('10.77.0.6'))],
  ])('are word for word what was run for %s', (file, built) => {
    expect(built.argv).toEqual(['gluster', '--xml', '--mode=script', ...sample(file).words]);
  });

  it.each(['relative/path', '/', '/a', '/a/../b', '/a b/c', "/a';reboot;'/b", '/a/b\n', '/a//b', '-/a/b'])(
    'refuse the brick path %j',
    (path) => {
      const spec = {
        name: volumeName('v'),
        durability: { kind: 'distribute' } as const,
        bricks: [{ host: hostName('a'), path, arbiter: false }],
      };
      expect(() => argv.volumeCreate(spec)).toThrow(NameError);
    },
  );

  it.each([
    [{ key: 'auth.allow', value: '10.0.0.1;reboot' }],
    [{ key: 'auth.allow', value: '$(reboot)' }],
    [{ key: 'nfs.disable\n', value: 'on' }],
    [{ key: '', value: 'on' }],
    [{ key: 'nfs.disable', value: '' }],
  ])('refuse the option %j', (option) => {
    expect(() => argv.volumeSet(volumeName('v'), [option])).toThrow(NameError);
  });
});

describe('any command', () => {
  it.each([[[]], [['']], [['ls', 'a\0b']], [['ls', 'a\nb']], [['ls', '\u007f']]])('refuses the words %j', (words) => {
    expect(() => command(1_000, ...words)).toThrow(TypeError);
  });

  it('is made in one place only: nothing else in the room writes a shell line', () => {
    const folder = new URL('../../../src/gluster/', import.meta.url);
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    expect(sources.length).toBeGreaterThan(30);
    const shells = sources.filter((file) =>
      /['"](?:ba)?sh['"]|shell: true/.test(readFileSync(new URL(file, folder), 'utf8')),
    );
    expect(shells).toEqual([]);
  });
});

describe('names of bricks', () => {
  const node = nodeId('node-1.example.org');
  const device = deviceName('/dev/disk/by-id/ata-ST4000:1+2.x');
  const volume = volumeId('6cd8ff88-d15e-4c5a-a301-2921c327e561');
  const brick = brickIdFor(volume, 9_999, 18, 999_999);

  it('never change: what stands on disks was named by them', () => {
    expect(volumeGroupOf(node, device)).toBe('by_581146010c4f9c2b');
    expect(brickPlaceOf(nodeId('a'), deviceName('/dev/vdb'), brickIdFor(volume, 0, 0))).toEqual({
      group: 'by_ecc18ca8b6593c35',
      pool: 'tp_41d157603b3ec078',
      volume: 'brick_41d157603b3ec078',
      device: '/dev/mapper/by_ecc18ca8b6593c35-brick_41d157603b3ec078',
      mountpoint: `/var/lib/brickyard/bricks/by_ecc18ca8b6593c35/${volume}-0-0-0`,
      path: `/var/lib/brickyard/bricks/by_ecc18ca8b6593c35/${volume}-0-0-0/brick`,
    });
  });

  it('in a folder never change either, and are read back', () => {
    const id = brickIdFor(volume, 0, 0);
    const shelf = '/srv/bricks/by_5833cdfe97200eab';
    const mountpoint = `/var/lib/brickyard/bricks/by_5833cdfe97200eab/${id}`;
    const files = brickFilesOf(nodeId('a'), deviceName('/srv/bricks'), id);
    expect(files).toEqual({
      shelf,
      image: `${shelf}/${id}.xfs`,
      ready: `${shelf}/${id}.ready`,
      claim: `${shelf}/${id}.claim`,
      mountpoint,
      path: `${mountpoint}/brick`,
    });
    for (const file of ['image', 'ready', 'claim'] as const) {
      expect(brickFileOf(files[file].slice(shelf.length + 1))).toEqual({ brick: id, file });
    }
    expect(['brickyard.identity', 'x.xfs', `${id}.img`, id].map(brickFileOf)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('differ by node, device and brick', () => {
    const other = deviceName('/dev/vdc');
    expect(
      new Set([volumeGroupOf(node, device), volumeGroupOf(node, other), volumeGroupOf(nodeId('b'), other)]).size,
    ).toBe(3);
    expect(brickPlaceOf(node, device, brick).pool).not.toBe(brickPlaceOf(node, device, brickIdFor(volume, 0, 0)).pool);
  });

  it('keep to what LVM and gluster take, at the longest', () => {
    const place = brickPlaceOf(node, device, brick);
    const mapper = `${place.group}-${place.volume}_tdata`;
    expect(mapper).toMatch(/^[a-z0-9_-]{1,127}$/);
    for (const tag of [...brickTags({ id: brick, volume }), ...groupTags(node, device)]) {
      expect(tag).toMatch(/^[A-Za-z0-9_+./=!:#&][A-Za-z0-9_+.\-/=!:#&]{0,1023}$/);
    }
    expect(brickIdOfTags(brickTags({ id: brick, volume }))).toBe(brick);
    expect(brickIdOfTags(groupTags(node, device))).toBeUndefined();
  });
});
