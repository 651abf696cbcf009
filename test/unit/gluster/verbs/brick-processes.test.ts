import { beforeEach, describe, expect, it } from 'vitest';
import { done, type Outcome } from '../../../../src/domain/outcome.ts';
import type { NodeRef } from '../../../../src/domain/topology.ts';
import type { BrickStatus, VolumeSpec } from '../../../../src/engine/ports.ts';
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

const status = () => cluster.storage.volumeStatus(via, spec.name, cluster.context);
const restart = () => cluster.storage.restartBricks(via, spec.name, cluster.context);
const start = () => cluster.storage.startVolume(via, spec.name, cluster.context);
const crash = (position: number) =>
  cluster.simulation.crashBrick(`node-${position + 1}`, spec.bricks[position]?.path ?? '');

/** By host, in the order of the answer. */
const online = (outcome: Outcome<readonly BrickStatus[] | undefined>) =>
  outcome.kind === 'done' ? outcome.value?.map(({ host, online: runs }) => [host, runs]) : outcome;

describe('the state of bricks', () => {
  it('is told brick by brick, in set order', async () => {
    await start();
    expect(await status()).toEqual(done(spec.bricks.map(({ host, path }) => ({ host, path, online: true }))));
    crash(1);
    expect(online(await status())).toEqual([
      ['10.0.0.1', true],
      ['10.0.0.2', false],
      ['10.0.0.3', true],
    ]);
  });

  it.each(['power-off', 'glusterd-down'] as const)('of a node with %s is offline: gluster lists none', async (kind) => {
    await start();
    cluster.simulation.faults.add({ effect: { kind }, node: 'node-2' });
    expect(online(await status())).toEqual([
      ['10.0.0.1', true],
      ['10.0.0.2', false],
      ['10.0.0.3', true],
    ]);
  });

  it('is none for a volume that is not started, or is not there', async () => {
    expect(await status()).toEqual(done(undefined));
    expect(await cluster.storage.volumeStatus(via, nameOf(9), cluster.context)).toEqual(done(undefined));
  });

  it('asks about one volume, never about all', async () => {
    await start();
    const before = cluster.ran.length;
    await status();
    const asked = cluster.ran.slice(before).map(({ line }) => line);
    expect(asked).toEqual(['status', 'info'].map((verb) => `gluster --xml --mode=script volume ${verb} ${spec.name}`));
  });

  it('has to wait for a change of the volume: every node takes part in the answer', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'slow', ms: 1_000 }, argv: 'volume start', times: 1 });
    const slow = start();
    await cluster.clock.advance(10);
    expect(await status()).toMatchObject({ kind: 'waiting', on: { what: 'lock', name: spec.name } });
    await cluster.clock.advance(1_000);
    await slow;
    expect(await status()).toMatchObject({ kind: 'done' });
  });

  it('is unknown within its deadline while gluster waits for a node whose cable was cut', async () => {
    await start();
    cluster.simulation.faults.add({ effect: { kind: 'cable-cut' }, node: 'node-3' });
    const asked = status();
    await cluster.clock.advance(30_000);
    expect(await asked).toMatchObject({ kind: 'unknown' });
  });
});

describe('starting the bricks that do not run', () => {
  it('starts them, and is done when all run', async () => {
    await start();
    crash(0);
    crash(2);
    expect(await restart()).toEqual(done());
    expect(online(await status())).toEqual(spec.bricks.map(({ host }) => [host, true]));
    expect(await restart()).toEqual(done());
  });

  it('leaves out, in silence, a brick that is not mounted', async () => {
    await start();
    const fault = cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-3' });
    cluster.simulation.faults.remove(fault);
    expect(await restart()).toEqual(done());
    expect(online(await status())).toEqual([
      ['10.0.0.1', true],
      ['10.0.0.2', true],
      ['10.0.0.3', false],
    ]);
  });

  it('never starts a volume that is stopped: it waits', async () => {
    expect(await restart()).toMatchObject({ kind: 'waiting', on: { what: 'condition' } });
    expect(await status()).toEqual(done(undefined));
  });

  it('fails for a volume that is not there', async () => {
    expect(await cluster.storage.restartBricks(via, nameOf(9), cluster.context)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining(nameOf(9)) as string,
    });
  });
});

describe('killing the process of a brick in the simulation', () => {
  it('is refused where none serves', () => {
    expect(() => crash(0)).toThrow(RangeError);
    expect(() => cluster.simulation.crashBrick('node-9', '/x')).toThrow(RangeError);
  });
});
