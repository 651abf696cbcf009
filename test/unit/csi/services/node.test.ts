import { describe, expect, it } from 'vitest';
import { failed, waiting } from '../../../../src/domain/outcome.ts';
import type { Log } from '../../../../src/domain/log.ts';
import { volumeName } from '../../../../src/domain/names.ts';
import { mountCapability } from '../../../support/csi-client.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { answer, Bench, contextOf, hosts, id, otherId } from './bench.ts';

const alone = { volume_capability: mountCapability('SINGLE_NODE_SINGLE_WRITER') };
const readers = { volume_capability: mountCapability('MULTI_NODE_READER_ONLY') };

describe('staging', () => {
  it('mounts the volume from the servers in its Endpoints', async () => {
    const bench = new Bench();
    await bench.stage();
    expect(bench.mounts.state.mounts[bench.staging]?.wish).toEqual({
      volume: `vol_${id}`,
      servers: hosts,
      options: [],
      readOnly: false,
    });
  });

  it('is a no-op the second time, and refused with other parameters', async () => {
    const bench = new Bench();
    await bench.stage();
    const before = bench.mounts.state;
    expect(await answer(bench.stage())).toBe('OK');
    expect(bench.mounts.state).toEqual(before);
    expect(
      await answer(bench.stage({ volume_capability: mountCapability('MULTI_NODE_MULTI_WRITER', ['acl']) })),
    ).toContain('ALREADY_EXISTS');
    expect(await answer(bench.stage({ volume_id: otherId, volume_context: contextOf(otherId) }))).toContain(
      'ALREADY_EXISTS',
    );
  });

  it('takes volumes of yesterday, whatever they are called', async () => {
    const bench = new Bench();
    const volume_context = { ...contextOf(id), volume: 'vol_0123456789abcdef0123456789abcdef' };
    expect(await answer(bench.stage({ volume_id: 'old-data', volume_context }))).toBe('OK');
    expect(await answer(bench.unstage({ volume_id: 'old-data' }))).toBe('OK');
  });

  it('waits for servers, and says when it may not ask for them', async () => {
    const api = { what: 'condition', name: 'x' } as const;
    const none = new Bench({ servers: { of: async () => waiting(api, 'no addresses') } });
    expect(await answer(none.stage())).toBe('UNAVAILABLE: no addresses');
    const forbidden = new Bench({ servers: { of: async () => failed('not allowed') } });
    expect(await answer(forbidden.stage())).toBe('INTERNAL: not allowed');
  });

  it.each([
    ['waiting', 'UNAVAILABLE: no server answers'],
    ['unknown', 'DEADLINE_EXCEEDED: no answer in time'],
    ['failed', 'INTERNAL: the client could not start'],
  ] as const)('tells a kubelet what may be assumed when it is %s', async (setback, expected) => {
    const bench = new Bench();
    bench.mounts.change({ setback });
    expect(await answer(bench.stage())).toBe(expected);
  });
});

describe('unstaging', () => {
  it('can be repeated', async () => {
    const bench = new Bench();
    await bench.stage();
    expect(await answer(bench.unstage())).toBe('OK');
    expect(bench.mounts.state.mounts).toEqual({});
    expect(await answer(bench.unstage())).toBe('OK');
  });

  it('does not take the volume away under a pod, unless its client is dead anyway', async () => {
    const bench = new Bench();
    await bench.stage();
    await bench.publish();
    expect(await answer(bench.unstage())).toBe(
      `FAILED_PRECONDITION: staging_target_path: ${id} is still published at ${bench.target()}; unpublish it first`,
    );
    bench.mounts.kill(bench.staging);
    expect(await answer(bench.unstage())).toBe('OK');
  });

  it('leaves the mount of another volume alone', async () => {
    const bench = new Bench();
    await bench.stage();
    expect(await answer(bench.unstage({ volume_id: otherId }))).toContain('NOT_FOUND: staging_target_path');
    expect(bench.mounts.state.mounts[bench.staging]).toBeDefined();
  });
});

describe('publishing', () => {
  it('is a no-op the second time, and refused with other parameters', async () => {
    const bench = new Bench();
    await bench.stage();
    await bench.publish();
    const before = bench.mounts.state;
    expect(await answer(bench.publish())).toBe('OK');
    expect(bench.mounts.state).toEqual(before);
    expect(await answer(bench.publish({ readonly: true }))).toBe(
      `ALREADY_EXISTS: target_path: expected ${bench.target()} to be free or to show vol_${id}, read only, got vol_${id}`,
    );
    bench.mounts.put(bench.target('b'), {
      wish: { volume: volumeName('other'), servers: hosts, options: [], readOnly: false },
      readOnly: false,
    });
    expect(await answer(bench.publish({ target_path: bench.target('b') }))).toContain('ALREADY_EXISTS: target_path');
  });

  it('is read only by access mode, by option, and by request', async () => {
    for (const [staged, published] of [
      [readers, readers],
      [
        { volume_capability: mountCapability('SINGLE_NODE_READER_ONLY') },
        { volume_capability: mountCapability('SINGLE_NODE_READER_ONLY') },
      ],
      [
        { volume_capability: mountCapability('MULTI_NODE_MULTI_WRITER', ['ro']) },
        { volume_capability: mountCapability('MULTI_NODE_MULTI_WRITER', ['ro']) },
      ],
      [{}, { readonly: true }],
    ]) {
      const bench = new Bench();
      await bench.stage(staged);
      await bench.publish(published);
      expect(bench.mounts.state.mounts[bench.target()]?.readOnly).toBe(true);
    }
  });

  it('does not show a volume writable that is staged read only', async () => {
    const bench = new Bench();
    await bench.stage(readers);
    expect(await answer(bench.publish())).toContain(
      `FAILED_PRECONDITION: staging_target_path: expected vol_${id}, writable`,
    );
  });

  it.each(['MULTI_NODE_MULTI_WRITER', 'SINGLE_NODE_MULTI_WRITER', 'SINGLE_NODE_WRITER'] as const)(
    'serves any number of pods of a node with %s',
    async (mode) => {
      const bench = new Bench();
      const volume_capability = mountCapability(mode);
      await bench.stage({ volume_capability });
      await bench.publish({ volume_capability });
      expect(await answer(bench.publish({ volume_capability, target_path: bench.target('b') }))).toBe('OK');
    },
  );

  it('serves one pod only with ReadWriteOncePod, whoever asks', async () => {
    const bench = new Bench();
    await bench.stage(alone);
    expect(await answer(bench.publish(alone))).toBe('OK');
    expect(await answer(bench.publish(alone))).toBe('OK');
    expect(await answer(bench.publish({ ...alone, target_path: bench.target('b') }))).toBe(
      `FAILED_PRECONDITION: volume_capability.access_mode: ${id} is for one pod only and is published at ${bench.target()}`,
    );
    await bench.unpublish();
    expect(await answer(bench.publish({ ...alone, target_path: bench.target('b') }))).toBe('OK');
  });

  it('brings a dead client back for a new pod', async () => {
    const bench = new Bench();
    await bench.stage();
    await bench.publish();
    bench.mounts.kill(bench.staging);
    expect(await answer(bench.publish({ target_path: bench.target('b') }))).toBe('OK');
    expect(bench.mounts.state.mounts[bench.staging]?.dead).toBeUndefined();
    expect(bench.mounts.state.mounts[bench.target('b')]?.dead).toBeUndefined();
  });

  it('does not happen where something else is staged', async () => {
    const bench = new Bench();
    await bench.stage();
    const request = { volume_id: otherId, volume_context: contextOf(otherId) };
    expect(await answer(bench.publish(request))).toContain('FAILED_PRECONDITION: staging_target_path');
  });
});

describe('unpublishing', () => {
  it('can be repeated, dead mounts included, and leaves those of other volumes alone', async () => {
    const bench = new Bench();
    await bench.stage();
    await bench.publish();
    expect(await answer(bench.unpublish({ volume_id: otherId }))).toContain('NOT_FOUND: target_path');
    bench.mounts.kill(bench.staging);
    expect(await answer(bench.unpublish())).toBe('OK');
    expect(await answer(bench.unpublish())).toBe('OK');
  });
});

describe('one operation per volume', () => {
  it('turns the second away while the first runs, and other volumes not', async () => {
    const bench = new Bench();
    bench.mounts.change({ stuck: true });
    const first = answer(bench.stage());
    await waitFor('the first is under way', async () => (await answer(bench.unpublish())).startsWith('ABORTED'));
    expect(await answer(bench.publish())).toBe(
      `ABORTED: volume_id: NodeStageVolume of ${id} is still under way on this node; call again when it has ended`,
    );
    const other = answer(bench.unstage({ volume_id: otherId, staging_target_path: `${bench.staging}-b` }));
    bench.mounts.change({ stuck: false });
    expect(await first).toBe('OK');
    expect(await other).toBe('OK');
    expect(await answer(bench.publish())).toBe('OK');
  });

  it('lets go of the volume when the caller has gone', async () => {
    const bench = new Bench();
    bench.mounts.change({ stuck: true });
    const caller = new AbortController();
    const request = {
      volume_id: id,
      staging_target_path: bench.staging,
      volume_capability: mountCapability(),
      volume_context: contextOf(id),
    };
    const first = answer(bench.call('NodeStageVolume', request, caller.signal));
    caller.abort();
    expect(await first).toContain('DEADLINE_EXCEEDED');
    bench.mounts.change({ stuck: false });
    expect(await answer(bench.stage())).toBe('OK');
  });
});

describe('looks', () => {
  it('say how full the volume is, and that it is well', async () => {
    const bench = new Bench();
    await bench.stage();
    await bench.publish();
    expect(await bench.stats()).toMatchObject({
      usage: [
        { unit: 'BYTES', total: 1024 ** 3 },
        { unit: 'INODES', total: 1000, used: 10, available: 990 },
      ],
      volume_condition: { abnormal: false },
    });
  });

  it('have a dead client as a condition, with what to do', async () => {
    const bench = new Bench();
    await bench.stage();
    await bench.publish();
    bench.mounts.kill(bench.staging);
    expect(await bench.stats()).toMatchObject({ usage: [], volume_condition: { abnormal: true } });
    expect(JSON.stringify(await bench.stats())).toContain('delete the pods');
    expect(await answer(bench.expand())).toContain('UNAVAILABLE: volume_path');
  });

  it('find nothing where nothing is, and not another volume', async () => {
    const bench = new Bench();
    expect(await answer(bench.stats())).toContain('NOT_FOUND');
    expect(await answer(bench.expand())).toContain('NOT_FOUND');
    await bench.stage();
    await bench.publish();
    expect(await answer(bench.stats({ volume_id: otherId }))).toContain('NOT_FOUND');
  });

  it('say the size after a growth, which needs no work here', async () => {
    const bench = new Bench();
    await bench.stage();
    await bench.publish();
    expect(await bench.expand({ capacity_range: { required_bytes: 1024 } })).toEqual({ capacity_bytes: 1024 ** 3 });
  });

  it('say what node this is', async () => {
    const bench = new Bench();
    expect(await bench.call('NodeGetInfo')).toEqual({ node_id: 'worker-1', max_volumes_per_node: 7 });
    expect(JSON.stringify(await bench.call('NodeGetCapabilities'))).toContain('SINGLE_NODE_MULTI_WRITER');
  });
});

describe('the log', () => {
  it('has a line a change and no secret', async () => {
    const lines: string[] = [];
    const line = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const log: Log = { debug: line, info: line, warn: line, error: line, child: () => log };
    const bench = new Bench({ log });
    await bench.stage({ secrets: { password: 'hunter2' } });
    await answer(
      bench.publish({
        secrets: { password: 'hunter2' },
        staging_target_path: `${bench.directory}/x`,
        target_path: '/x',
      }),
    );
    await bench.publish({ secrets: { password: 'hunter2' } });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('NodeStageVolume');
    expect(lines.join('\n')).not.toContain('hunter2');
  });
});
