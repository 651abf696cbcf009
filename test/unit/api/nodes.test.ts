import { describe, expect, it } from 'vitest';
import { localAdmin } from '../../../src/api/local-admin.ts';
import { newNodeQuery, nodeQuery, type NewNodeQuery } from '../../../src/api/nodes.ts';
import { nodeId } from '../../../src/domain/names.ts';
import { GiB } from '../../../src/domain/quantity.ts';
import { benchOf, device, forever, requestOf, valueOf, type Bench } from '../engine/bench.ts';

function wholeAdminOf({ engine }: Bench) {
  return localAdmin({ version: '1', role: () => 'offline', engine: () => engine });
}

const adminOf = (bench: Bench) => wholeAdminOf(bench).nodes;

const ignore = (): void => undefined;

const newNode = (changes: object = {}): NewNodeQuery =>
  newNodeQuery.parse({
    node: 'n4',
    zone: 'z4',
    manage: 'n4',
    storage: '10.0.0.4',
    devices: [{ name: device }],
    ...changes,
  });

describe('nodes list', () => {
  it('looks itself where nobody watches, and shows state, problems, sizes and bricks', async () => {
    const bench = await benchOf();
    valueOf(await bench.engine.ensureVolume(requestOf(1), forever));
    bench.storage.setUp('n2', false);
    const nodes = await adminOf(bench).list();
    expect(nodes.map(({ id, state }) => [id, state])).toEqual([
      ['n1', 'up'],
      ['n2', 'suspect'],
      ['n3', 'up'],
    ]);
    expect(nodes[0]).toMatchObject({
      cluster: 'east',
      placement: 'online',
      problems: [],
      devices: [{ name: device, state: 'ok', size: 100 * GiB, bricks: 1 }],
    });
    expect(nodes[1]?.problems).toMatchObject([{ kind: 'unreachable', meaning: 'it does not answer: n2 is down' }]);
    expect(nodes[1]?.devices).toMatchObject([{ state: 'unknown' }]);
  });
});

describe('nodes add', () => {
  it('gives the same node as loading a topology, and nothing the second time', async () => {
    const bench = await benchOf();
    bench.storage.addNode(nodeId('n4'), '10.0.0.4', { [device]: 50 * GiB });
    const nodes = adminOf(bench);
    const steps: string[] = [];
    const outcome = await nodes.add(
      newNode(),
      ({ step, node, outcome: { kind } }) => steps.push(`${step} ${node} ${kind}`),
      forever,
    );
    expect(outcome).toEqual({ kind: 'done', reason: undefined });
    expect(steps.filter((line) => line.includes('n4'))).toEqual(['record n4 done', 'peer n4 done', 'device n4 done']);
    const loaded = await benchOf({ nodes: 4 });
    const [added, same] = [bench, loaded].map(({ engine }) => engine.nodes().find(({ id }) => id === 'n4'));
    expect({ ...added, devices: [] }).toEqual({ ...same, devices: [] });
    expect((await nodes.planAdd(newNode())).changes).toEqual([]);
  });

  it('says what is wrong with a wish, and changes nothing', async () => {
    const bench = await benchOf();
    const before = new Map(bench.disk.documents);
    await expect(adminOf(bench).planAdd(newNode({ node: 'n1' }))).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('zone: expected z1') as string,
    });
    // A host that another node has would be one server twice.
    const twin = await adminOf(bench).planAdd(newNode({ storage: '10.0.0.3' }));
    expect(twin.refusals.map(({ reason }) => reason)).toEqual([
      'host 10.0.0.3 of node n4 is already a host of node n3 in cluster east',
    ]);
    expect(bench.disk.documents).toEqual(before);
  });
});

describe('nodes remove', () => {
  it('names the volumes that are in the way', async () => {
    const bench = await benchOf();
    for (let index = 1; index <= 12; index += 1) {
      valueOf(await bench.engine.ensureVolume(requestOf(index), forever));
    }
    const [refusal, ...others] = (await adminOf(bench).planRemove(nodeQuery.parse({ node: 'n1' }))).refusals;
    expect(others).toEqual([]);
    expect(refusal?.reason).toMatch(/^node n1 holds bricks of 12 volume\(s\): apps\/claim-1 \(vol_.*\) and 2 more; /);
    const outcome = await adminOf(bench).remove(nodeQuery.parse({ node: 'n1' }), ignore, forever);
    expect(outcome).toMatchObject({ kind: 'rejected' });
    expect(bench.engine.nodes()).toHaveLength(3);
  });

  it('detaches an empty node and forgets it', async () => {
    const bench = await benchOf({ nodes: 4 });
    const nodes = adminOf(bench);
    const query = nodeQuery.parse({ node: 'n4' });
    expect((await nodes.planRemove(query)).changes).toEqual([{ kind: 'node-dropped', cluster: 'east', node: 'n4' }]);
    expect(await nodes.remove(query, ignore, forever)).toMatchObject({ kind: 'done' });
    expect(bench.engine.nodes().map(({ id }) => id)).toEqual(['n1', 'n2', 'n3']);
    expect(bench.storage.log).toContain('removePeer n1 10.0.0.4');
    await expect(nodes.planRemove(query)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('a volume', () => {
  it('is shown with what gluster says of its bricks, where it says anything', async () => {
    const bench = await benchOf();
    const { brickSets, name } = valueOf(await bench.engine.ensureVolume(requestOf(1), forever)).volume;
    const online = async (): Promise<unknown[]> =>
      (await wholeAdminOf(bench).volume(name)).bricks.map((brick) => brick.online);
    expect(await online()).toEqual([true, true, true]);
    const [, second] = brickSets.flat();
    if (second !== undefined) {
      bench.storage.tamperBrickState(second.node, second.id, { online: false });
    }
    expect(await online()).toEqual([true, false, true]);
    bench.storage.tamperVolume(name, { status: 'stopped' });
    expect(await online()).toEqual([undefined, undefined, undefined]);
  });
});
