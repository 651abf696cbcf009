import { beforeEach, describe, expect, it } from 'vitest';
import { done } from '../../../../src/domain/outcome.ts';
import type { NodeRef } from '../../../../src/domain/topology.ts';
import type { VolumeSpec } from '../../../../src/engine/ports.ts';
import { simulatedCluster, type SimulatedCluster } from '../../../support/simulated-cluster.ts';
import { makeBricks, nameOf, prepareAll } from './volume-fixture.ts';

let cluster: SimulatedCluster;
let spec: VolumeSpec;
let via: NodeRef;

beforeEach(async () => {
  cluster = simulatedCluster();
  await prepareAll(cluster);
  spec = await makeBricks(cluster, 1);
  const [first] = cluster.nodes;
  if (first === undefined) {
    throw new Error('the cluster has no node');
  }
  via = first;
  await cluster.storage.createVolume(via, spec, cluster.context);
});

const start = () => cluster.storage.startVolume(via, spec.name, cluster.context);
const summary = () => cluster.storage.healSummary(via, spec.name, cluster.context);
const heal = (full = false) => cluster.storage.startHeal(via, spec.name, { full }, cluster.context);
/** How long the daemons of a volume that has just been started are of no use. */
const daemonsUp = () => cluster.clock.advance(2_000);

describe('what waits to be healed', () => {
  it('is nothing on a volume that is whole', async () => {
    await start();
    const whole = { connected: true, pending: 0, splitBrain: 0 };
    expect(await summary()).toEqual(done(spec.bricks.map(({ host, path }) => ({ host, path, ...whole }))));
  });

  it('is not known of a brick that could not be asked: no count, rather than 0', async () => {
    await start();
    cluster.simulation.crashBrick('node-3', spec.bricks[2]?.path ?? '');
    const outcome = await summary();
    expect(outcome.kind === 'done' ? outcome.value[2] : outcome).toEqual({
      host: '10.0.0.3',
      path: spec.bricks[2]?.path,
      connected: false,
    });
  });

  it('cannot be told of a volume that is not started, or of which no brick runs: both are waited for', async () => {
    const waiting = { kind: 'waiting', on: { what: 'condition', name: 'no-brick-answers' } };
    expect(await summary()).toMatchObject(waiting);
    await start();
    spec.bricks.forEach(({ path }, position) => cluster.simulation.crashBrick(`node-${position + 1}`, path));
    expect(await summary()).toMatchObject(waiting);
  });

  it('is rejected of a volume that keeps every file once', async () => {
    const bricks = (await makeBricks(cluster, 2)).bricks;
    const plain: VolumeSpec = { name: nameOf(2), durability: { kind: 'distribute' }, bricks };
    await cluster.storage.createVolume(via, plain, cluster.context);
    await cluster.storage.startVolume(via, plain.name, cluster.context);
    expect(await cluster.storage.healSummary(via, plain.name, cluster.context)).toMatchObject({ kind: 'rejected' });
    await daemonsUp();
    expect(await cluster.storage.startHeal(via, plain.name, { full: false }, cluster.context)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('Self-heal-daemon is disabled') as string,
    });
  });

  it('fails for a volume that is not there', async () => {
    expect(await cluster.storage.healSummary(via, nameOf(9), cluster.context)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('does not exist') as string,
    });
  });
});

describe('beginning to heal', () => {
  it('is waited for while the daemons are not up, and done then', async () => {
    await start();
    expect(await heal()).toMatchObject({ kind: 'waiting', on: { what: 'condition', name: 'self-heal-not-ready' } });
    await daemonsUp();
    expect(await heal()).toEqual(done());
    expect(await heal(true)).toEqual(done());
  });

  it('is waited for while a brick does not run', async () => {
    await start();
    await daemonsUp();
    cluster.simulation.crashBrick('node-2', spec.bricks[1]?.path ?? '');
    expect(await heal()).toMatchObject({ kind: 'waiting', on: { what: 'condition', name: 'self-heal-not-ready' } });
    await cluster.storage.restartBricks(via, spec.name, cluster.context);
    expect(await heal()).toEqual(done());
  });

  it('is waited for while the volume is not started', async () => {
    expect(await heal()).toMatchObject({ kind: 'waiting', on: { what: 'condition' } });
  });

  it('is waited for while somebody changes the volume', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'slow', ms: 1_000 }, argv: 'volume start', times: 1 });
    const slow = start();
    await cluster.clock.advance(10);
    expect(await heal()).toMatchObject({ kind: 'waiting', on: { what: 'lock', name: spec.name } });
    await cluster.clock.advance(1_000);
    await slow;
  });

  it("fails, with gluster's words, for a volume that is not there", async () => {
    expect(await cluster.storage.startHeal(via, nameOf(9), { full: true }, cluster.context)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('does not exist') as string,
    });
  });
});
