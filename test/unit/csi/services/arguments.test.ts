import { describe, expect, it } from 'vitest';
import { mountCapability, type AccessMode } from '../../../support/csi-client.ts';
import { answer, Bench, contextOf, id, otherId } from './bench.ts';

type Call = 'stage' | 'unstage' | 'publish' | 'unpublish' | 'stats' | 'expand';
type Fields = Readonly<Record<string, unknown>>;

const withMount = (mount: Fields, mode: AccessMode = 'MULTI_NODE_MULTI_WRITER') => ({
  volume_capability: { mount, access_mode: { mode } },
});
const withFlags = (...flags: readonly string[]) => withMount({ mount_flags: flags });
const withContext = (fields: Fields) => ({ volume_context: { ...contextOf(id), ...fields } });

const wrong: readonly { readonly call: Call; readonly fields: Fields; readonly expected: string }[] = [
  ...(['stage', 'unstage', 'publish', 'unpublish', 'stats', 'expand'] as const).map((call) => ({
    call,
    fields: { volume_id: '' },
    expected: 'INVALID_ARGUMENT: volume_id: expected the id of a volume, got nothing',
  })),
  {
    call: 'stage',
    fields: { volume_id: '../etc' },
    expected: 'INVALID_ARGUMENT: volume_id: expected at most 128 letters, digits, and . _ : @ -, got "../etc"',
  },
  {
    call: 'stage',
    fields: { staging_target_path: '' },
    expected: 'INVALID_ARGUMENT: staging_target_path: expected an absolute path, got nothing',
  },
  {
    call: 'unstage',
    fields: { staging_target_path: '' },
    expected: 'INVALID_ARGUMENT: staging_target_path: expected an absolute path, got nothing',
  },
  {
    call: 'publish',
    fields: { target_path: '' },
    expected: 'INVALID_ARGUMENT: target_path: expected an absolute path, got nothing',
  },
  {
    call: 'unpublish',
    fields: { target_path: '' },
    expected: 'INVALID_ARGUMENT: target_path: expected an absolute path, got nothing',
  },
  {
    call: 'stats',
    fields: { volume_path: '' },
    expected: 'INVALID_ARGUMENT: volume_path: expected an absolute path, got nothing',
  },
  {
    call: 'expand',
    fields: { volume_path: '' },
    expected: 'INVALID_ARGUMENT: volume_path: expected an absolute path, got nothing',
  },
  {
    call: 'publish',
    fields: { staging_target_path: '' },
    expected:
      'FAILED_PRECONDITION: staging_target_path: expected where the volume is staged, got nothing; call NodeStageVolume first',
  },
  ...['a/b', '/a/../b', '/a/./b', '/a//b', '/a/', '/a\nb', '/'].map((path) => ({
    call: 'stage' as const,
    fields: { staging_target_path: path },
    expected: `INVALID_ARGUMENT: staging_target_path: expected an absolute path without . or .. in it, got ${JSON.stringify(path)}`,
  })),
  {
    call: 'publish',
    fields: { target_path: '/etc/brickyard' },
    expected: 'INVALID_ARGUMENT: target_path: expected a path in ',
  },
  {
    call: 'unpublish',
    fields: { target_path: '/etc/brickyard' },
    expected: 'INVALID_ARGUMENT: target_path: expected a path in ',
  },
  ...(['stage', 'publish'] as const).flatMap((call) => [
    {
      call,
      fields: { volume_capability: null },
      expected: 'INVALID_ARGUMENT: volume_capability: expected how the volume will be used, got nothing',
    },
    {
      call,
      fields: { volume_capability: { mount: {} } },
      expected: 'INVALID_ARGUMENT: volume_capability.access_mode: expected an access mode, got nothing',
    },
    {
      call,
      fields: { volume_capability: { access_mode: { mode: 'MULTI_NODE_MULTI_WRITER' } } },
      expected: 'INVALID_ARGUMENT: volume_capability.access_type: expected mount, got nothing',
    },
    {
      call,
      fields: { volume_capability: { mount: {}, access_mode: { mode: 'UNKNOWN' } } },
      expected: 'INVALID_ARGUMENT: volume_capability.access_mode.mode: expected an access mode, got nothing',
    },
    {
      call,
      fields: { volume_capability: { block: {}, access_mode: { mode: 'SINGLE_NODE_WRITER' } } },
      expected:
        'FAILED_PRECONDITION: volume_capability.block: expected a mount, got a block device; use volumeMode Filesystem',
    },
    {
      call,
      fields: withMount({ fs_type: 'ext4' }),
      expected: 'FAILED_PRECONDITION: volume_capability.mount.fs_type: expected nothing or glusterfs, got "ext4"',
    },
    {
      call,
      fields: withMount({ volume_mount_group: '2000' }),
      expected:
        'INVALID_ARGUMENT: volume_capability.mount.volume_mount_group: expected nothing, got a group; the plugin does not offer it',
    },
    {
      call,
      fields: withFlags('log-file=/etc/passwd'),
      expected: 'INVALID_ARGUMENT: volume_capability.mount.mount_flags: expected one of ro, rw, acl,',
    },
    {
      call,
      fields: withContext({ volume: 'a b' }),
      expected: 'INVALID_ARGUMENT: volume_context.volume: expected at most 128 letters, digits, _ and -, got "a b"',
    },
    {
      call,
      fields: withContext({ volume: `vol_${otherId}` }),
      expected: `INVALID_ARGUMENT: volume_context.volume: expected the volume of ${id}, got vol_${otherId}`,
    },
    { call, fields: { volume_context: {} }, expected: 'INVALID_ARGUMENT: volume_context.' },
    {
      call,
      fields: withContext({ endpointsNamespace: '../kube-system' }),
      expected: 'INVALID_ARGUMENT: volume_context.endpointsNamespace: expected the name of a namespace',
    },
  ]),
  {
    call: 'expand',
    fields: { volume_capability: { block: {}, access_mode: { mode: 'SINGLE_NODE_WRITER' } } },
    expected: 'INVALID_ARGUMENT: volume_capability.block: expected a mount',
  },
  {
    call: 'expand',
    fields: { capacity_range: { required_bytes: -1 } },
    expected: 'OUT_OF_RANGE: capacity_range: expected sizes of 0 or more',
  },
  {
    call: 'expand',
    fields: { capacity_range: { required_bytes: 5, limit_bytes: 4 } },
    expected: 'OUT_OF_RANGE: capacity_range: expected sizes of 0 or more',
  },
  ...(['stats', 'expand'] as const).flatMap((call) =>
    ['some/path', '/a/../b'].map((path) => ({
      call,
      fields: { volume_path: path },
      expected: `NOT_FOUND: volume_path: expected an absolute path at which a volume is mounted, got ${JSON.stringify(path)}`,
    })),
  ),
];

describe('a call with a wrong argument', () => {
  it.each(wrong)('$call $fields is answered: $expected', async ({ call, fields, expected }) => {
    const bench = new Bench();
    const said = await answer(bench[call](fields));
    expect(said.slice(0, expected.length)).toBe(expected);
    expect(bench.mounts.state.mounts).toEqual({});
  });

  it('is told all of what is missing at once', async () => {
    expect(await answer(new Bench().call('NodeStageVolume'))).toBe(
      'INVALID_ARGUMENT: volume_id: expected the id of a volume, got nothing; ' +
        'staging_target_path: expected an absolute path, got nothing; ' +
        'volume_capability: expected how the volume will be used, got nothing',
    );
  });
});

describe('mount options', () => {
  it('that are allowed reach the client in one order, ro as what it means', async () => {
    const bench = new Bench();
    await bench.stage(withFlags('noatime,log-level=WARNING', 'acl', 'ro', 'attribute-timeout=0.5', 'acl'));
    expect(bench.mounts.state.mounts[bench.staging]?.wish).toMatchObject({
      options: ['acl', 'attribute-timeout=0.5', 'log-level=WARNING', 'noatime'],
      readOnly: true,
    });
  });

  it.each([
    ['backup-volfile-servers=10.0.0.9', 'got "backup-volfile-servers"'],
    ['volfile-server=10.0.0.9', 'got "volfile-server"'],
    ['xlator-option=*replicate*.x=y', 'got "xlator-option"'],
    ['fuse-mountopts=suid', 'got "fuse-mountopts"'],
    ['suid', 'got "suid"'],
    ['dev', 'got "dev"'],
    ['log-level', 'expected log-level with a value, got "log-level"'],
    ['log-level=LOUD', 'got "LOUD"'],
    ['attribute-timeout=1;reboot', 'got "1;reboot"'],
    ['noatime=yes', 'got "noatime"'],
    ['-o', 'got "-o"'],
  ])('%s is refused by name', async (flag, expected) => {
    const said = await answer(new Bench().stage(withFlags(flag)));
    expect(said).toContain('INVALID_ARGUMENT: volume_capability.mount.mount_flags: expected ');
    expect(said).toContain(expected);
  });

  it('that contradict each other are refused', async () => {
    const bench = new Bench();
    expect(await answer(bench.stage(withFlags('ro', 'rw')))).toContain('expected ro or rw once, got ro and rw');
    expect(await answer(bench.stage(withFlags('lru-limit=1', 'lru-limit=2')))).toContain('expected lru-limit once');
  });

  it('cannot make a volume for readers writable', async () => {
    const bench = new Bench();
    await bench.stage({ volume_capability: mountCapability('MULTI_NODE_READER_ONLY', ['rw']) });
    expect(bench.mounts.state.mounts[bench.staging]?.readOnly).toBe(true);
  });
});
