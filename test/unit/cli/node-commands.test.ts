import { describe, expect, it } from 'vitest';
import type { NewNodeQuery, Nodes, NodeView } from '../../../src/api/nodes.ts';
import type { OutcomeView } from '../../../src/api/outcome-view.ts';
import type { PlanView } from '../../../src/api/topology-plan.ts';
import { addNode, queryOf, removeNode } from '../../../src/cli/commands/node.ts';
import { CommandError, UsageError } from '../../../src/cli/exit-codes.ts';
import type { Io } from '../../../src/cli/io.ts';
import { nodesText } from '../../../src/cli/output/nodes.ts';
import { GiB } from '../../../src/domain/quantity.ts';

const plan: PlanView = {
  changes: [
    { kind: 'node-added', cluster: 'main', node: 'n1' },
    { kind: 'device-added', cluster: 'main', node: 'n1', device: '/dev/vdc', wipe: true },
  ],
  refusals: [],
  unchanged: { nodes: 0, devices: 0 },
};

function setUp(shown: PlanView, outcome: OutcomeView, agrees?: boolean) {
  const out: string[] = [];
  const asked: unknown[] = [];
  const apply: Nodes['add'] & Nodes['remove'] = async (query, onProgress) => {
    asked.push(query);
    onProgress({ step: 'leave', cluster: 'main', node: 'n1', outcome });
    return outcome;
  };
  const nodes: Nodes = {
    list: async () => [],
    planAdd: async () => shown,
    add: apply,
    planRemove: async () => shown,
    remove: apply,
  };
  const io: Io = {
    out: (line) => void out.push(line),
    err: () => undefined,
    interactive: agrees !== undefined,
    confirm: async () => agrees === true,
    environment: {},
  };
  return { admin: { nodes }, io, out, asked };
}

const options = { dryRun: false, yes: true, json: false };
const query: NewNodeQuery = queryOf('n1', { output: 'table', zone: 'a', wipe: ['/dev/vdc'] });

describe('node add', () => {
  it('reads devices, wipes, serial numbers and tags', () => {
    const flags = {
      output: 'table',
      cluster: 'main',
      zone: 'a',
      storage: '10.0.0.1',
      device: ['/dev/vdb', '/dev/vdc'],
      wipe: ['/dev/vdc', '/dev/vdd'],
      serial: new Map([['/dev/vdb', 'QM1']]),
      tag: new Map([['media', 'ssd']]),
    } as const;
    expect(queryOf('n1', flags)).toEqual({
      node: 'n1',
      cluster: 'main',
      zone: 'a',
      storage: '10.0.0.1',
      tags: { media: 'ssd' },
      devices: [
        { name: '/dev/vdb', wipe: false, serial: 'QM1' },
        { name: '/dev/vdc', wipe: true },
        { name: '/dev/vdd', wipe: true },
      ],
    });
    expect(() => queryOf('n 1', { output: 'table' })).toThrow(UsageError);
    expect(() => queryOf('n1', { output: 'table', zone: 'a b' })).toThrow(/^zone: /);
  });

  it('shows what would change, and asks before a disk is wiped', async () => {
    const refused = setUp(plan, { kind: 'done' }, false);
    expect(await addNode(refused.admin, query, refused.io, { ...options, yes: false })).toBe(1);
    expect(refused.out[0]).toContain('WHATEVER IS ON IT WILL BE DESTROYED');
    expect(refused.asked).toEqual([]);
    const agreed = setUp(plan, { kind: 'done' }, true);
    expect(await addNode(agreed.admin, query, agreed.io, { ...options, yes: false })).toBe(0);
    expect(agreed.asked).toEqual([query]);
    expect(agreed.out.at(-1)).toBe('Node n1 is in use.');
  });

  it('fails when not everything could be done', async () => {
    const { admin, io } = setUp(plan, { kind: 'waiting', reason: 'n1 does not answer a probe' });
    await expect(addNode(admin, query, io, options)).rejects.toThrow(
      new CommandError('not everything could be done (waiting): n1 does not answer a probe; run it again to carry on'),
    );
  });
});

describe('node remove', () => {
  it('does nothing while volumes are in the way', async () => {
    const refusals = [{ cluster: 'main', node: 'n1', reason: 'node n1 holds bricks of 1 volume(s): default/data' }];
    const { admin, io, asked } = setUp({ ...plan, changes: [], refusals }, { kind: 'done' });
    await expect(removeNode(admin, query, io, options)).rejects.toThrow(
      /because this asks for what must not be done:\nmain n1: node n1 holds bricks of 1 volume\(s\): default\/data$/,
    );
    expect(asked).toEqual([]);
  });

  it('says how it went', async () => {
    const { admin, io, out } = setUp(plan, { kind: 'done' });
    expect(await removeNode(admin, query, io, options)).toBe(0);
    expect(out.slice(1)).toEqual(['n1: left the pool and forgotten: ok', 'Node n1 is gone.']);
  });
});

describe('node list', () => {
  it('has a line a device, and below it what is amiss and what to do', () => {
    const place = { cluster: 'main', manage: 'x', storage: 'x', placement: 'online' } as const;
    const device = { name: '/dev/vdb', placement: 'online', size: 100 * GiB, used: 25 * GiB, free: 75 * GiB } as const;
    const nodes: readonly NodeView[] = [
      {
        ...place,
        id: 'n2',
        zone: 'b',
        state: 'down',
        since: '2026-01-01T00:00:45.000Z',
        problems: [{ kind: 'unreachable', meaning: 'it does not answer: refused', remedy: 'see that it runs' }],
        devices: [{ ...device, state: 'missing', placement: 'offline', bricks: 2 }],
      },
      { ...place, id: 'n1', zone: 'a', state: 'unknown', problems: [], devices: [] },
    ];
    expect(nodesText(nodes).split('\n')).toEqual([
      expect.stringMatching(/^CLUSTER +ZONE +NODE +STATE +SINCE +NEW BRICKS +DEVICE +STATE +SIZE +USED +FREE +BRICKS$/),
      expect.stringMatching(/^main +a +n1 +unknown +- +online +- /),
      expect.stringMatching(
        /^main +b +n2 +down +2026-01-01T00:00:45.000Z +online +\/dev\/vdb +missing, offline +100 GiB +25 GiB +75 GiB +2$/,
      ),
      '',
      'node n2: it does not answer: refused',
      '  -> see that it runs',
    ]);
  });
});
