import { beforeEach, describe, expect, it } from 'vitest';
import { hostName } from '../../../../src/domain/names.ts';
import { done } from '../../../../src/domain/outcome.ts';
import type { NodeRef } from '../../../../src/domain/topology.ts';
import { nodeSpecs, simulatedCluster, type SimulatedCluster } from '../../../support/simulated-cluster.ts';
import { makeBricks, prepareAll } from './volume-fixture.ts';

let cluster: SimulatedCluster;
let via: NodeRef;
let leaving: NodeRef;

beforeEach(() => {
  cluster = simulatedCluster({ nodes: nodeSpecs(4) });
  const [first, , , fourth] = cluster.nodes;
  if (first === undefined || fourth === undefined) {
    throw new Error('the cluster has too few nodes');
  }
  via = first;
  leaving = fourth;
});

const remove = (host = leaving.storage) => cluster.storage.removePeer(via, host, cluster.context);

describe('taking a node out of the pool', () => {
  it('is done, again is done, and the node can be taken in again', async () => {
    expect(await remove()).toEqual(done());
    expect(await remove()).toEqual(done());
    const peers = await cluster.storage.listPeers(leaving, cluster.context);
    expect(peers).toMatchObject({ kind: 'done', value: [{ hosts: [leaving.storage] }] });
    expect(await cluster.storage.ensurePeer(via, leaving.storage, cluster.context)).toEqual(done());
    const all = await cluster.storage.listPeers(leaving, cluster.context);
    expect(all.kind === 'done' ? all.value.length : all).toBe(4);
  });

  it('is done for a host that never was a member', async () => {
    expect(await remove(hostName('10.0.0.99'))).toEqual(done());
  });

  it('is rejected while volumes have bricks there, whatever the pool calls the node, and nothing is sent', async () => {
    await prepareAll(cluster);
    const specs = await Promise.all([1, 2, 3, 4].map((number) => makeBricks(cluster, number)));
    for (const spec of specs) {
      await cluster.storage.createVolume(via, spec, cluster.context);
    }
    expect(await remove()).toMatchObject({
      kind: 'rejected',
      reason: expect.stringMatching(/^10\.0\.0\.4 .* bricks of vol_\S+, vol_\S+, vol_\S+ and 1 more$/) as string,
    });
    expect(cluster.ran.filter(({ line }) => line.includes('detach'))).toEqual([]);
  });

  it('is rejected in the words of gluster, should a brick have come in between', async () => {
    cluster.simulation.faults.add({
      effect: { kind: 'refuse', opRet: 1, opErrno: 3, opErrstr: 'Peer 10.0.0.4 hosts one or more bricks. If the peer' },
      argv: 'peer detach',
    });
    expect(await remove()).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('hosts one or more bricks') as string,
    });
  });

  it('is rejected while a volume has all of its bricks there, which gluster would let go with it', async () => {
    await prepareAll(cluster);
    const { bricks, name } = await makeBricks(cluster, 1);
    const whole = { name, durability: { kind: 'distribute' } as const, bricks: bricks.slice(3) };
    expect(await cluster.storage.createVolume(via, whole, cluster.context)).toEqual(done());
    expect(await remove()).toMatchObject({
      kind: 'rejected',
      reason: `10.0.0.4 cannot leave the trusted pool: it has bricks of ${name}`,
    });
    const argv = ['gluster', '--xml', '--mode=script', 'peer', 'detach', leaving.storage];
    await cluster.simulation.runner.run(via, { argv, deadlineMs: 1_000 }, cluster.context);
    expect(await cluster.storage.listVolumes(via, cluster.context)).toEqual(done([]));
    expect(await cluster.storage.listVolumes(leaving, cluster.context)).toEqual(done([name]));
  });

  it('is rejected by the node itself: another member has to be asked', async () => {
    expect(await remove(via.storage)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('localhost') as string,
    });
  });

  it('is done while the node is down, and waits while another one is, by its name', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-3' });
    expect(await remove()).toMatchObject({ kind: 'waiting', on: { what: 'node', name: '10.0.0.3' } });
    expect(await remove(hostName('10.0.0.3'))).toEqual(done());
    expect(await remove()).toEqual(done());
  });

  it('is unknown when its answer is lost, and done when asked again', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'lose-answer' }, argv: 'peer detach', times: 1 });
    expect(await remove()).toMatchObject({ kind: 'unknown' });
    expect(await remove()).toEqual(done());
  });
});
