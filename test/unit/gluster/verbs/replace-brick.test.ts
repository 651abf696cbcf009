import { beforeEach, describe, expect, it } from 'vitest';
import { hostName } from '../../../../src/domain/names.ts';
import { done } from '../../../../src/domain/outcome.ts';
import type { NodeRef } from '../../../../src/domain/topology.ts';
import type { BrickAddress, VolumeSpec } from '../../../../src/engine/ports.ts';
import { nodeSpecs, simulatedCluster, type SimulatedCluster } from '../../../support/simulated-cluster.ts';
import { brickOf, nameOf, prepareAll } from './volume-fixture.ts';

let cluster: SimulatedCluster;
let spec: VolumeSpec;
let via: NodeRef;
/** The brick that leaves, and an empty one on a node that has none of the volume. */
let from: BrickAddress;
let to: BrickAddress;

beforeEach(async () => {
  cluster = simulatedCluster({ nodes: nodeSpecs(4) });
  await prepareAll(cluster);
  via = cluster.nodes[0] ?? fail('the cluster has no node');
  const bricks = await Promise.all([0, 1, 2].map((position) => make(1, position)));
  spec = { name: nameOf(1), durability: { kind: 'replicate', count: 3 }, bricks };
  from = bricks[2] ?? fail('no third brick');
  to = await make(1, 3);
  await cluster.storage.createVolume(via, spec, cluster.context);
  await cluster.storage.startVolume(via, spec.name, cluster.context);
});

function fail(why: string): never {
  throw new Error(why);
}

/** Makes the brick of a volume on the node of that position. */
async function make(volume: number, position: number): Promise<BrickAddress> {
  const node = cluster.nodes[position] ?? fail('no such node');
  const brick = brickOf(volume, position);
  const made = await cluster.storage.ensureBrick(node, brick, { pristine: true }, cluster.context);
  return made.kind === 'done' ? { host: node.storage, path: made.value.path, arbiter: false } : fail(made.reason);
}

const replace = (change = { from, to }) => cluster.storage.replaceBrick(via, spec.name, change, cluster.context);
const reset = (brick = from) => cluster.storage.resetBrick(via, spec.name, brick, cluster.context);
const place = ({ host, path }: BrickAddress): string => `${host}:${path}`;

async function bricks(): Promise<readonly string[]> {
  const info = await cluster.storage.volumeInfo(via, spec.name, cluster.context);
  return info.kind === 'done' ? (info.value?.bricks ?? []).map(place) : fail(info.reason);
}

async function pending(): Promise<readonly (number | undefined)[]> {
  const summary = await cluster.storage.healSummary(via, spec.name, cluster.context);
  return summary.kind === 'done' ? summary.value.map((brick) => brick.pending) : fail(summary.reason);
}

/** How many commands of that kind went out. */
const sent = (words: string): number => cluster.ran.filter(({ line }) => line.includes(words)).length;
const original = (): readonly string[] => spec.bricks.map(place);
const replaced = (): readonly string[] => [...spec.bricks.slice(0, 2), to].map(place);

describe('replacing a brick', () => {
  it('puts the new one in the place of the old one, and has it healed from the others', async () => {
    expect(await replace()).toEqual(done());
    expect(await bricks()).toEqual(replaced());
    expect(await pending()).toEqual([1, 1, 0]);
    await cluster.clock.advance(5_000);
    expect(await pending()).toEqual([0, 0, 0]);
  });

  it('again is done without a command that changes anything', async () => {
    await replace();
    expect(await replace()).toEqual(done());
    expect(sent('replace-brick')).toBe(1);
  });

  it('is found made when its answer was lost', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'lose-answer' }, argv: 'replace-brick', times: 1 });
    expect(await replace()).toEqual(done());
    expect(await bricks()).toEqual(replaced());
  });

  it('is unknown while it may still come, and never a failure', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'hang' }, argv: 'replace-brick', times: 1 });
    const outcome = replace();
    await cluster.clock.advance(110_000);
    expect(await outcome).toMatchObject({ kind: 'unknown' });
    expect(await bricks()).toEqual(original());
  });

  it('by two callers at once is done for both, or waited for', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'slow', ms: 1_000 }, argv: 'replace-brick', times: 1 });
    const slow = replace();
    await cluster.clock.advance(10);
    expect(await replace()).toMatchObject({ kind: 'waiting', on: { what: 'lock' } });
    await cluster.clock.advance(1_000);
    expect([await slow, await replace()]).toEqual([done(), done()]);
  });

  it('is rejected when the new brick is part of another volume, and both volumes stay as they are', async () => {
    const other: VolumeSpec = { name: nameOf(2), durability: { kind: 'distribute' }, bricks: [to] };
    await cluster.storage.createVolume(via, other, cluster.context);
    expect(await replace()).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining(place(to)) as string,
    });
    expect(await bricks()).toEqual(original());
  });

  it('is rejected when the new brick is part of the same volume', async () => {
    const [first = from] = spec.bricks;
    expect(await replace({ from, to: first })).toMatchObject({ kind: 'rejected' });
    expect(sent('replace-brick')).toBe(0);
  });

  it('is rejected when two bricks of a set would be on one node, which gluster would do', async () => {
    const beside = await make(3, 0);
    expect(await replace({ from, to: beside })).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('on one node') as string,
    });
    expect(sent('replace-brick')).toBe(0);
  });

  it('on the same node is fine: another disk of it', async () => {
    const beside = await make(3, 2);
    expect(await replace({ from, to: beside })).toEqual(done());
  });

  it('fails when the volume has neither brick', async () => {
    const none = { ...from, path: '/bricks/none/brick' };
    expect(await replace({ from: none, to })).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('/bricks/none/brick') as string,
    });
    expect(sent('replace-brick')).toBe(0);
  });

  it('is rejected, without a command, for a path that breaks the grammar', async () => {
    const before = cluster.ran.length;
    expect(await replace({ from, to: { ...to, path: '/a b/c' } })).toMatchObject({ kind: 'rejected' });
    expect(cluster.ran.length).toBe(before);
  });

  it('waits for a volume that is not started', async () => {
    await cluster.storage.stopVolume(via, spec.name, cluster.context);
    expect(await replace()).toMatchObject({ kind: 'waiting', on: { what: 'condition' } });
    expect(sent('replace-brick')).toBe(0);
  });

  it('waits for the node of the new brick, by name, when that is down', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-4' });
    expect(await replace()).toMatchObject({ kind: 'waiting', on: { what: 'node', name: '10.0.0.4' } });
  });

  it('waits for a node that the pool has never heard of, by name, although gluster gives no reason', async () => {
    const strange = { ...to, host: hostName('10.0.0.99') };
    expect(await replace({ from, to: strange })).toMatchObject({
      kind: 'waiting',
      on: { what: 'node', name: '10.0.0.99' },
    });
  });

  it('of a brick whose node is down is what it is for', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-3' });
    expect(await replace()).toEqual(done());
    expect(await bricks()).toEqual(replaced());
  });

  it('is rejected for a volume that keeps every file once', async () => {
    const plain: VolumeSpec = { name: nameOf(2), durability: { kind: 'distribute' }, bricks: [await make(2, 0)] };
    await cluster.storage.createVolume(via, plain, cluster.context);
    await cluster.storage.startVolume(via, plain.name, cluster.context);
    const [gone = to] = plain.bricks;
    expect(await cluster.storage.replaceBrick(via, plain.name, { from: gone, to }, cluster.context)).toMatchObject({
      kind: 'rejected',
    });
    expect(await cluster.storage.resetBrick(via, plain.name, gone, cluster.context)).toMatchObject({
      kind: 'rejected',
    });
    expect(sent('reset-brick')).toBe(0);
  });
});

describe('resetting a brick', () => {
  it('takes the brick at the path anew and has it healed from the others, as often as it is asked', async () => {
    for (let time = 0; time < 2; time += 1) {
      expect(await reset()).toEqual(done());
      expect(await pending()).toEqual([1, 1, 0]);
      await cluster.clock.advance(5_000);
      expect(await pending()).toEqual([0, 0, 0]);
    }
    expect(await bricks()).toEqual(original());
  });

  it.each([' start$', ' commit force$'])('goes on after its answer to%s was lost', async (argv) => {
    cluster.simulation.faults.add({ effect: { kind: 'lose-answer' }, argv: `reset-brick.*${argv}`, times: 1 });
    expect(await reset()).toMatchObject({ kind: 'unknown' });
    expect(await reset()).toEqual(done());
    expect(await pending()).toEqual([1, 1, 0]);
  });

  it('cut off in the middle and undone by a restart of the processes is done the next time', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'unreachable' }, argv: 'commit force', times: 1 });
    expect(await reset()).toMatchObject({ kind: 'waiting', on: { what: 'node', name: 'node-1' } });
    await cluster.storage.restartBricks(via, spec.name, cluster.context);
    expect(await reset()).toEqual(done());
  });

  it('waits for the node of the brick', async () => {
    cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-3' });
    expect(await reset()).toMatchObject({ kind: 'waiting', on: { what: 'node', name: '10.0.0.3' } });
  });

  it('waits for a volume that is not started', async () => {
    await cluster.storage.stopVolume(via, spec.name, cluster.context);
    expect(await reset()).toMatchObject({ kind: 'waiting', on: { what: 'condition' } });
  });

  it('fails for a brick that the volume does not have', async () => {
    expect(await reset({ ...from, path: '/bricks/none/brick' })).toMatchObject({ kind: 'failed' });
    expect(sent('reset-brick')).toBe(0);
  });
});
