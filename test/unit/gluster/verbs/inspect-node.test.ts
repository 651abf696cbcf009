import { beforeEach, describe, expect, it } from 'vitest';
import type { NodeRef } from '../../../../src/domain/topology.ts';
import { ReportError } from '../../../../src/gluster/json.ts';
import { readAddresses, readBootIdReport } from '../../../../src/gluster/node-report.ts';
import { simulatedCluster, type SimulatedCluster } from '../../../support/simulated-cluster.ts';

let cluster: SimulatedCluster;
let node: NodeRef;

beforeEach(() => {
  cluster = simulatedCluster();
  const [first] = cluster.nodes;
  if (first === undefined) {
    throw new Error('the cluster has no node');
  }
  node = first;
});

const inspect = () => cluster.storage.inspectNode(node, cluster.context);

describe('a node as it sees itself', () => {
  it('has a boot, its addresses, and the UUID that its peers know it by', async () => {
    const facts = await inspect();
    const peers = await cluster.storage.listPeers(node, cluster.context);
    const self = peers.kind === 'done' ? peers.value.find(({ hosts }) => hosts.includes(node.storage)) : undefined;
    expect(self).toBeDefined();
    expect(facts).toEqual({
      kind: 'done',
      value: {
        bootId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        addresses: ['10.0.0.1'],
        glusterId: self?.uuid,
      },
    });
  });

  it('has another boot after its power was cut, and the same UUID', async () => {
    const before = await inspect();
    const fault = cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: node.id });
    expect(await inspect()).toMatchObject({ kind: 'waiting', on: { what: 'node', name: node.id } });
    cluster.simulation.faults.remove(fault);
    const after = await inspect();
    if (before.kind !== 'done' || after.kind !== 'done') {
      throw new Error('expected facts');
    }
    expect(after.value.bootId).not.toBe(before.value.bootId);
    expect(after.value.glusterId).toBe(before.value.glusterId);
    expect(await inspect()).toEqual(after);
  });

  it('has no UUID while its glusterd is down', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'glusterd-down' }, node: node.id });
    const facts = await inspect();
    expect(facts).toMatchObject({ kind: 'done', value: { addresses: ['10.0.0.1'] } });
    expect(facts.kind === 'done' && 'glusterId' in facts.value).toBe(false);
  });

  it('has no UUID while its glusterd hangs', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'hang' }, argv: 'pool list' });
    const facts = inspect();
    await cluster.clock.advance(30_000);
    expect(await facts).toMatchObject({ kind: 'done', value: { addresses: ['10.0.0.1'] } });
    expect(JSON.stringify(await facts)).not.toContain('glusterId');
  });

  it('is unknown to a caller who has given up in the middle', async () => {
    const caller = new AbortController();
    cluster.simulation.faults.add({ effect: { kind: 'slow', ms: 50 }, argv: 'pool list' });
    const facts = cluster.storage.inspectNode(node, { signal: caller.signal });
    await cluster.clock.advance(10);
    caller.abort(new Error('enough'));
    expect(await facts).toMatchObject({ kind: 'unknown' });
  });

  it('is a failure that names the tool when that does not say what it should', async () => {
    cluster.simulation.faults.add({
      effect: { kind: 'fail', exitCode: 1, stderr: 'Option "-json" is unknown, try "ip -help".' },
      argv: '^ip ',
    });
    expect(await inspect()).toMatchObject({
      kind: 'failed',
      reason: 'node-1: ip address show: exit code 1: Option "-json" is unknown, try "ip -help".',
    });
  });
});

describe('addresses that `ip` reports', () => {
  const report = JSON.stringify([
    {
      ifname: 'lo',
      addr_info: [
        { family: 'inet', local: '127.0.0.1', scope: 'host' },
        { family: 'inet', local: '10.9.0.1', scope: 'global' },
        { family: 'inet6', local: '::1', scope: 'host' },
      ],
    },
    {
      ifname: 'eth0',
      addr_info: [
        { family: 'inet', local: '10.77.0.1', scope: 'global' },
        { family: 'inet', local: '169.254.3.4', scope: 'global' },
        { family: 'inet6', local: 'fd00::5', scope: 'global' },
        { family: 'inet6', local: 'fe80::74a3:c5ff:fe4f:d75c', scope: 'link' },
      ],
    },
    { ifname: 'eth1', addr_info: [{ family: 'inet', local: '10.77.0.1', scope: 'global' }] },
    { ifname: 'wg0', addr_info: [{ family: 'inet', peer: '10.1.1.1', scope: 'global' }] },
    {},
  ]);

  it('are those that another machine could use, each once', () => {
    expect(readAddresses(report)).toEqual(['10.9.0.1', '10.77.0.1', 'fd00::5']);
  });

  it('are none when the report is none, with a reason', () => {
    expect(() => readAddresses('eth0: <UP>')).toThrow(ReportError);
    expect(() => readAddresses('{"eth0":1}')).toThrow(/ip: /);
  });

  it('come with a boot id that is a UUID', () => {
    expect(readBootIdReport('3b82a821-c419-4edb-bd95-68cb234aef62\n')).toBe('3b82a821-c419-4edb-bd95-68cb234aef62');
    expect(() => readBootIdReport('')).toThrow('boot_id: expected a UUID, got ""');
  });
});
