import { describe, expect, it } from 'vitest';
import { FaultBook, type FaultSpec } from '../../../../src/gluster/simulated/faults.ts';
import { mulberry32 } from '../../../support/random.ts';
import { nodeSpecs, simulatedCluster } from '../../../support/simulated-cluster.ts';

const book = (random = () => 0) => new FaultBook(random, () => undefined);
const hang: FaultSpec = { effect: { kind: 'hang' } };

describe('the book of faults', () => {
  it('hits what matches by node and by words, and nothing else', () => {
    const faults = book();
    faults.add({ ...hang, node: 'node-1', argv: 'volume (create|start) v' });
    expect(faults.strike('node-1', ['gluster', 'volume', 'start', 'v1'])).toEqual({ kind: 'hang' });
    expect(faults.strike('node-2', ['gluster', 'volume', 'start', 'v1'])).toBeUndefined();
    expect(faults.strike('node-1', ['gluster', 'volume', 'stop', 'v1'])).toBeUndefined();
  });

  it('is used up after as many hits as it was meant for, and counts them', () => {
    const faults = book();
    faults.add({ ...hang, times: 2 });
    expect(faults.strike('a', ['x'])).toBeDefined();
    expect(faults.list()).toMatchObject([{ hits: 1 }]);
    expect(faults.strike('a', ['x'])).toBeDefined();
    expect(faults.strike('a', ['x'])).toBeUndefined();
    expect(faults.list()).toEqual([]);
  });

  it('leaves it to the injected dice how often it hits', () => {
    const faults = book(mulberry32(7));
    faults.add({ ...hang, probability: 0.3 });
    const hits = Array.from({ length: 1_000 }, () => faults.strike('a', ['x'])).filter(
      (hit) => hit !== undefined,
    ).length;
    expect(hits).toBeGreaterThan(250);
    expect(hits).toBeLessThan(350);
  });

  it('tries faults in the order in which they came', () => {
    const faults = book();
    const first = faults.add({ effect: { kind: 'slow', ms: 5 }, times: 1 });
    faults.add(hang);
    expect(first).toBe(1);
    expect(faults.strike('a', ['x'])).toMatchObject({ kind: 'slow' });
    expect(faults.strike('a', ['x'])).toMatchObject({ kind: 'hang' });
  });

  it.each([
    ['a probability above 1', { ...hang, probability: 2 }, /probability/],
    ['no hits at all', { ...hang, times: 0 }, /times/],
    ['a pattern that is none', { ...hang, argv: '(' }, /regular expression/],
    ['a condition without a node', { effect: { kind: 'power-off' } }, /node/],
  ])('refuses %s', (_case, spec, message) => {
    const faults = book();
    expect(() => faults.add(spec as FaultSpec)).toThrow(message);
    expect(faults.list()).toEqual([]);
  });

  it('tells when a condition begins, and when the last fault of its kind has ended', () => {
    const told: string[] = [];
    const faults = new FaultBook(
      () => 0,
      (node, condition, on) => told.push(`${node} ${condition} ${on ? 'on' : 'off'}`),
    );
    const down: FaultSpec = { effect: { kind: 'glusterd-down' }, node: 'a' };
    const one = faults.add(down);
    const two = faults.add(down);
    faults.remove(one);
    expect(told).not.toContain('a glusterd-down off');
    faults.remove(two);
    expect(told.at(-1)).toBe('a glusterd-down off');
    expect(faults.remove(two)).toBe(false);
  });
});

describe('a simulation', () => {
  it('keeps and shows every command that no tool understands, and answers 127', async () => {
    const { simulation, nodes, context } = simulatedCluster({ nodes: nodeSpecs(1) });
    const [node] = nodes;
    const strange = [
      ['reboot'],
      ['lvcreate', '--strange', 'vg/tp'],
      ['gluster', 'volume', 'list'],
      ['gluster', '--xml', '--mode=script', 'volume', 'frobnicate', 'v'],
      ['lvs', '--reportformat', 'json', '--units', 'k', '--nosuffix', '--options', 'lv_name', 'vg'],
      ['mkdir', '/a'],
    ];
    for (const argv of strange) {
      const result =
        node === undefined ? undefined : await simulation.runner.run(node, { argv, deadlineMs: 10 }, context);
      expect(result).toMatchObject({ kind: 'exited', exitCode: 127 });
    }
    expect(simulation.inspect().notUnderstood).toEqual(strange);
  });

  it('refuses two nodes of one name, a pool of unknown nodes, and conditions for them', () => {
    const [one] = nodeSpecs(1);
    if (one === undefined) {
      throw new Error('no node');
    }
    expect(() => simulatedCluster({ nodes: [one, one] })).toThrow(RangeError);
    const { simulation } = simulatedCluster({ nodes: [one] });
    expect(() => simulation.addNode(one)).toThrow(RangeError);
    expect(() => simulation.faults.add({ effect: { kind: 'power-off' }, node: 'nobody' })).toThrow(RangeError);
    expect(simulation.faults.list()).toEqual([]);
  });

  it('takes the times of a real cluster when told to', async () => {
    const { simulation, nodes, context, clock } = simulatedCluster({ nodes: nodeSpecs(1), latency: 'measured' });
    const [node] = nodes;
    if (node === undefined) {
      throw new Error('no node');
    }
    let answered = false;
    const argv = ['gluster', '--xml', '--mode=script', 'volume', 'stop', 'v'];
    const ask = async (): Promise<void> => {
      await simulation.runner.run(node, { argv, deadlineMs: 90_000 }, context);
      answered = true;
    };
    const asked = ask();
    await clock.advance(2_204);
    expect(answered).toBe(false);
    await clock.advance(1);
    expect(answered).toBe(true);
    await asked;
  });

  it('ends a program at its deadline without its work, but glusterd goes on without its command line', async () => {
    const { simulation, nodes, context, clock } = simulatedCluster({ nodes: nodeSpecs(2), peered: false });
    const [node] = nodes;
    if (node === undefined) {
      throw new Error('no node');
    }
    simulation.faults.add({ effect: { kind: 'slow', ms: 100 } });
    const probe = ['gluster', '--xml', '--mode=script', 'peer', 'probe', '10.0.0.2'];
    const lost = [['pvcreate', '/dev/vdb'], probe].map((argv) =>
      simulation.runner.run(node, { argv, deadlineMs: 10 }, context),
    );
    await clock.advance(200);
    expect(await Promise.all(lost)).toMatchObject([{ kind: 'lost' }, { kind: 'lost' }]);
    expect(simulation.inspect()).toMatchObject({
      nodes: [{ devices: [{ holds: null }] }, {}],
      pools: [{ members: ['node-1', 'node-2'] }],
    });
  });
});
