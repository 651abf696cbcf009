/** `volume plan`, `capacity` and `topology set-state`, with an administrator's counterpart whose answers the test knows. */
import { describe, expect, it } from 'vitest';
import type { CapacityQuery, CapacityView } from '../../../src/api/capacity.ts';
import type { StateQuery, StateView } from '../../../src/api/placement-state.ts';
import type { VolumePlanQuery, VolumePlanView } from '../../../src/api/volume-plan.ts';
import { printCapacity } from '../../../src/cli/commands/capacity.ts';
import { setState } from '../../../src/cli/commands/set-state.ts';
import { printPlan } from '../../../src/cli/commands/volume-plan.ts';
import { CommandError, UsageError } from '../../../src/cli/exit-codes.ts';
import type { Io } from '../../../src/cli/io.ts';
import { clusterId, nodeId } from '../../../src/domain/names.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import { usualShape } from '../../../src/domain/volume-shape.ts';

function setUp() {
  const out: string[] = [];
  const io: Io = {
    out: (line) => void out.push(line),
    err: () => undefined,
    interactive: false,
    confirm: () => Promise.reject(new Error('nobody to ask')),
    environment: {},
  };
  return { out, io };
}

const placed: VolumePlanView = {
  kind: 'placed',
  cluster: 'main',
  size: 10 * GiB,
  durability: 'replicate 3 arbiter 1',
  bricks: [1, 2, 3].map((number) => ({
    set: 0,
    zone: `z${number}`,
    node: `n${number}`,
    device: '/dev/vdb',
    size: number === 3 ? GiB : 10 * GiB,
    footprint: number === 3 ? 1.25 * GiB : 10.05 * GiB,
    arbiter: number === 3,
  })),
  explanation: ['cluster main', '  it fits'],
};
const refused: VolumePlanView = {
  kind: 'refused',
  permanent: false,
  reason: 'none has it. It would fit with node n1 online',
  refusals: [{ cluster: 'main', shortfall: 'none has it', attempts: [], zones: [], wouldFit: ['node n1 online'] }],
  explanation: ['cluster main', '  none has it'],
};

describe('volume plan', () => {
  const plan = async (answer: VolumePlanView, flags: Partial<Parameters<typeof printPlan>[1]> = {}) => {
    const { out, io } = setUp();
    const asked: VolumePlanQuery[] = [];
    const admin = {
      planVolume: async (query: VolumePlanQuery) => {
        asked.push(query);
        return answer;
      },
    };
    const ended = await printPlan(admin, { size: bytes(10 * GiB), output: 'table', ...flags }, io).catch(
      (error: unknown) => error,
    );
    return { out, asked, ended };
  };

  it('prints where each brick would go', async () => {
    const { out, ended } = await plan(placed);
    expect(ended).toBeUndefined();
    expect(out).toEqual([
      [
        'Cluster main, replicate 3 arbiter 1 of 10 GiB',
        'SET   ZONE   NODE   DEVICE     SIZE              TAKES',
        '0     z1     n1     /dev/vdb   10 GiB            10.05 GiB',
        '0     z2     n2     /dev/vdb   10 GiB            10.05 GiB',
        '0     z3     n3     /dev/vdb   1 GiB (arbiter)   1.25 GiB',
      ].join('\n'),
    ]);
  });

  it('fails with the reason when it does not fit', async () => {
    const { out, ended } = await plan(refused);
    expect(out).toEqual([]);
    expect(ended).toEqual(new CommandError('it does not fit: none has it. It would fit with node n1 online'));
  });

  it('prints the proof of either answer with --explain', async () => {
    expect((await plan(placed, { explain: true })).out).toEqual(['cluster main\n  it fits']);
    const { out, ended } = await plan(refused, { explain: true });
    expect(out).toEqual(['cluster main\n  none has it']);
    expect(ended).toBeInstanceOf(CommandError);
  });

  it('prints all of it as JSON, and fails all the same', async () => {
    const { out, ended } = await plan(refused, { output: 'json' });
    expect(JSON.parse(out.join('\n'))).toEqual(refused);
    expect(ended).toBeInstanceOf(CommandError);
  });

  it('wants a size', async () => {
    const { asked, ended } = await plan(placed, { size: undefined });
    expect(ended).toEqual(new UsageError('expected --size, such as --size 10Gi'));
    expect(asked).toEqual([]);
  });

  it.each([
    [{}, { kind: 'replicate', count: 3 }],
    [{ replica: 2 }, { kind: 'replicate', count: 2 }],
    [{ arbiter: true }, { kind: 'arbiter' }],
    [{ arbiter: true, replica: 3 }, { kind: 'arbiter' }],
    [{ distribute: true }, { kind: 'distribute' }],
    [{ disperse: { kind: 'disperse', data: 4, redundancy: 2 } as const }, { kind: 'disperse', data: 4, redundancy: 2 }],
  ])('asks for what %j means', async (flags, durability) => {
    const { asked } = await plan(placed, { ...flags, cluster: [clusterId('main')] });
    expect(asked).toEqual([{ shape: { ...usualShape, durability }, clusters: ['main'] }]);
  });

  it('asks for the zones that were named', async () => {
    const { asked } = await plan(placed, { zone: ['z1', 'z2'], preferZone: ['z2'] });
    expect(asked).toMatchObject([{ shape: { allowedZones: ['z1', 'z2'], preferredZones: ['z2'] } }]);
  });

  it.each([
    [
      { replica: 2, distribute: true },
      'expected one of --replica, --arbiter, --disperse and --distribute, got --replica and --distribute',
    ],
    [{ arbiter: true, replica: 2 }, '--arbiter: expected --replica 3 or none beside it, got --replica 2'],
  ])('refuses %j', async (flags, message) => {
    const { asked, ended } = await plan(placed, flags);
    expect(ended).toEqual(new UsageError(message));
    expect(asked).toEqual([]);
  });
});

describe('capacity', () => {
  const count = (volumes: number, endedBy: 'space' | 'volume limit' | 'count' = 'space') => ({
    volumes,
    usable: volumes * 10 * GiB,
    endedBy,
  });
  const view: CapacityView = {
    clusters: [
      {
        id: 'main',
        volumes: 2,
        size: 300 * GiB,
        used: 60 * GiB,
        reserved: 0,
        free: 140 * GiB,
        blocked: 100 * GiB,
        blockedDevices: [{ node: 'n3', device: '/dev/vdb', free: 100 * GiB, reason: 'node down: no answer' }],
        fits: [
          { shape: '10 GiB, replicate 3', now: count(7) },
          { shape: '1 GiB, distribute', now: count(1000, 'count') },
        ],
      },
    ],
    loss: {
      node: 'n1',
      cluster: 'main',
      volumes: [
        { id: '2', name: 'vol_2', claim: { namespace: 'b', name: 'x' }, fate: 'degraded', bricks: 1, rebuildable: 1 },
        { id: '1', name: 'vol_1', claim: { namespace: 'a', name: 'x' }, fate: 'lost', bricks: 2, rebuildable: 0 },
      ],
      fits: [{ shape: '10 GiB, replicate 3', now: count(7), after: count(3), rebuilt: count(2, 'volume limit') }],
    },
  };
  const capacity = async (answer: CapacityView, flags: Partial<Parameters<typeof printCapacity>[1]> = {}) => {
    const { out, io } = setUp();
    const asked: CapacityQuery[] = [];
    const admin = {
      capacity: async (query: CapacityQuery) => {
        asked.push(query);
        return answer;
      },
    };
    await printCapacity(admin, { output: 'table', ...flags }, io);
    return { out: out.join('\n'), asked };
  };

  it('shows sizes, what more fits, and what the loss of a node would mean', async () => {
    expect((await capacity(view)).out).toMatchInlineSnapshot(`
      "CLUSTER   VOLUMES   SIZE      USED     RESERVED   FREE      FREE BUT NOT USABLE
      main      2         300 GiB   60 GiB   0 B        140 GiB   100 GiB

      CLUSTER   NODE   DEVICE     FREE      NOT USABLE BECAUSE
      main      n3     /dev/vdb   100 GiB   node down: no answer

      CLUSTER   SUCH VOLUMES          MORE FIT        OF USABLE SIZE
      main      10 GiB, replicate 3   7               70 GiB
      main      1 GiB, distribute     at least 1000   9.77 TiB

      Without node n1 (cluster main): 1 volume(s) degraded, 1 lost; 1 of 3 brick(s) find another place.

      CLAIM   VOLUME   BECOMES    BRICKS   FIND ANOTHER PLACE
      a/x     vol_1    lost       2        0
      b/x     vol_2    degraded   1        1

      SUCH VOLUMES          MORE FIT NOW   WITHOUT IT   ONCE ITS BRICKS ARE MADE ANEW
      10 GiB, replicate 3   7              3            2 (limit of volumes a cluster)"
    `);
  });

  it('counts what is usual, and beside it what was asked for', async () => {
    expect((await capacity(view)).asked).toEqual([{ shapes: [usualShape] }]);
    const { asked } = await capacity(view, { replica: 2, without: nodeId('n1'), cluster: clusterId('main') });
    expect(asked).toEqual([
      {
        shapes: [usualShape, { ...usualShape, durability: { kind: 'replicate', count: 2 } }],
        without: 'n1',
        cluster: 'main',
      },
    ]);
  });

  it('says when a node holds nothing, and when there is no cluster', async () => {
    const { loss } = view;
    const empty = { ...view, ...(loss === undefined ? {} : { loss: { ...loss, volumes: [] } }) };
    expect((await capacity(empty)).out).toContain('Without node n1 (cluster main): no volume has a brick there.');
    expect((await capacity({ clusters: [] })).out).toContain('No clusters.');
  });

  it('prints JSON', async () => {
    expect(JSON.parse((await capacity(view, { output: 'json' })).out)).toEqual(view);
  });
});

describe('topology set-state', () => {
  const set = async (target: string, state: StateQuery['state'], change: Partial<StateView> = {}) => {
    const { out, io } = setUp();
    const asked: StateQuery[] = [];
    const admin = {
      setState: async (query: StateQuery): Promise<StateView> => {
        asked.push(query);
        return { ...query, before: 'online', changed: true, bricks: 4, ...change };
      },
    };
    await setState(admin, target, state, 'table', io);
    return { out: out.join('\n'), asked };
  };

  it('says what the state means', async () => {
    expect((await set('n1', 'offline')).out).toBe(
      'node n1 is offline now (was online). No new bricks go there; the 4 brick(s) that are there stay in use.',
    );
    expect((await set('n1:/dev/vdb', 'failed')).out).toBe(
      'device /dev/vdb of node n1 is failed now (was online). No new bricks go there. The 4 brick(s) that are there ' +
        'stay where they are: this version does not make them anew elsewhere.',
    );
    expect((await set('n1', 'online', { changed: false })).out).toBe(
      'node n1 is online already. New bricks may go there.',
    );
  });

  it('takes a node apart from its device at the first colon', async () => {
    expect((await set('n1:/dev/disk/by-path/pci-0000:00:1f.2', 'offline')).asked).toEqual([
      { node: 'n1', device: '/dev/disk/by-path/pci-0000:00:1f.2', state: 'offline' },
    ]);
  });

  it.each([
    ['N1', 'node: expected a lower-case DNS name, got "N1"'],
    ['n1:vdb', 'device: expected an absolute path such as /dev/vdb, without . or .. in it, got "vdb"'],
  ])('refuses %s', async (target, message) => {
    await expect(set(target, 'offline')).rejects.toEqual(new UsageError(message));
  });
});
