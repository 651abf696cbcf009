import { describe, expect, it } from 'vitest';
import { beginningWith, mountWords, restartWords, serverOrder } from '../../../../src/csi/mounts/client.ts';
import { labelOf } from '../../../../src/csi/mounts/clients.ts';
import { explain } from '../../../../src/csi/mounts/failure.ts';
import { hostName, nodeId } from '../../../../src/domain/names.ts';
import { wish } from './support.ts';

const plain = { client: { kind: 'host', version: '10.3' }, cgroup: { kind: 'none' } } as const;
const hosts = (...names: readonly string[]) => names.map((name) => hostName(name));

describe('how a client is started', () => {
  it('names every server, the log file, and options as they came', () => {
    const wanted = wish({
      servers: hosts('10.0.0.2', 'fd00::3', 's1'),
      options: ['acl', 'attribute-timeout=5'],
      readOnly: true,
    });
    expect(mountWords(plain, '/kubelet/a', wanted)).toEqual([
      'mount.glusterfs',
      '10.0.0.2:/data',
      '/kubelet/a',
      '-o',
      `backup-volfile-servers=[fd00::3]:s1,log-file=/var/log/glusterfs/brickyard-data.log,process-name=${labelOf(wanted)},ro,acl,attribute-timeout=5`,
    ]);
  });

  it('goes into a scope of the host’s systemd, and into the tree that is its root', () => {
    const around = {
      client: { kind: 'tree', version: '10.3', root: '/var/lib/tree' },
      cgroup: { kind: 'scope', slice: 'brickyard.slice' },
    } as const;
    const scope = ['systemd-run', '--scope', '--quiet', '--collect', '--slice=brickyard.slice'];
    expect(mountWords(around, '/kubelet/a', wish({ servers: hosts('s1') })).slice(0, 11)).toEqual([
      ...scope,
      '--description=gluster volume data at /kubelet/a',
      '--',
      'chroot',
      '/var/lib/tree',
      'mount.glusterfs',
      's1:/data',
    ]);
    expect(restartWords(around, '/kubelet/a', ['glusterfs', '/kubelet/a']).slice(7)).toEqual([
      'chroot',
      '/var/lib/tree',
      'glusterfs',
      '/kubelet/a',
    ]);
  });

  it('asks servers in an order that is always the same for a node and a volume, and spread over all', () => {
    const servers = hosts('s1', 's2', 's3');
    const order = (node: string) => serverOrder(servers, nodeId(node), wish().volume);
    expect(order('worker-1')).toEqual(serverOrder(servers.toReversed(), nodeId('worker-1'), wish().volume));
    expect([...order('worker-1')].sort()).toEqual(servers);
    const firsts = Array.from({ length: 300 }, (_, index) => order(`worker-${index}`)[0]);
    for (const server of servers) {
      expect(firsts.filter((first) => first === server).length).toBeGreaterThan(60);
    }
  });

  it('begins with the next server after an attempt that came to nothing', () => {
    expect([0, 1, 2, 3].map((turn) => beginningWith(['a', 'b', 'c'], turn).join(''))).toEqual([
      'abc',
      'bca',
      'cab',
      'abc',
    ]);
    expect(beginningWith([], 5)).toEqual([]);
  });
});

describe('why a client could not mount', () => {
  const line = (level: string, where: string, text: string) =>
    `[2026-11-28 19:44:15.773498 +0000] ${level} [${where}] 0-x: ${text}\n`;
  const started = line(
    'I',
    'MSGID: 100030] [glusterfsd.c:2767:main',
    'Started running version [{arg=/usr/sbin/glusterfs}]',
  );

  it('is that no server answers, by name', () => {
    const log = started + line('I', 'glusterfsd-mgmt.c:2712:mgmt_rpc_notify', 'Exhausted all volfile servers ');
    expect(explain(wish(), '', log)).toEqual({
      kind: 'waiting',
      on: { what: 'node', name: 's1, s2, s3' },
      reason: 'no server of data answers, asked: s1, s2, s3: Exhausted all volfile servers',
    });
  });

  it('is that there is no such volume', () => {
    const log =
      started + line('E', 'glusterfsd-mgmt.c:2371:mgmt_getspec_cbk', 'failed to fetch volume file (key:/data)');
    expect(explain(wish(), '', log)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('gives out a volume data') as string,
    });
  });

  it('is that bricks are missing', () => {
    const log = `${started}Final graph:\n${line('E', 'fuse-bridge.c:5364:fuse_first_lookup', 'first lookup on root failed (Transport endpoint is not connected)')}`;
    expect(explain(wish(), '', log)).toMatchObject({
      kind: 'waiting',
      on: { what: 'condition', name: 'bricks of data' },
    });
  });

  it('is not what an earlier attempt died of', () => {
    const log =
      line('E', 'a.c:1:b', 'failed to fetch volume file (key:/data)') + started + line('E', 'c.c:2:d', 'no space left');
    expect(explain(wish(), 'Mount failed.', log)).toEqual({
      kind: 'failed',
      reason: 'data could not be mounted: no space left',
    });
    expect(explain(wish(), 'Mount failed.\n', '')).toEqual({
      kind: 'failed',
      reason: 'data could not be mounted: Mount failed.',
    });
  });
});
