import { beforeEach, describe, expect, it } from 'vitest';
import { done } from '../../../../src/domain/outcome.ts';
import type { NodeRef } from '../../../../src/domain/topology.ts';
import type { VolumeSpec } from '../../../../src/engine/ports.ts';
import { simulatedCluster, type SimulatedCluster } from '../../../support/simulated-cluster.ts';
import { brickOf, makeBricks, nameOf, prepareAll } from './volume-fixture.ts';

let cluster: SimulatedCluster;
let spec: VolumeSpec;

function first() {
  const [via] = cluster.nodes;
  if (via === undefined) {
    throw new Error('the cluster has no node');
  }
  return via;
}

beforeEach(async () => {
  cluster = simulatedCluster();
  await prepareAll(cluster);
  spec = await makeBricks(cluster, 1);
});

const commandsOf = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
  const before = cluster.ran.length;
  await work();
  return cluster.ran.slice(before).map(({ line }) => line.replace('gluster --xml --mode=script ', ''));
};

describe('the common way', () => {
  it('create, set, start, stop and delete cost one command each', async () => {
    const { storage, context } = cluster;
    const commands = await commandsOf(async () => {
      expect(await storage.createVolume(first(), spec, context)).toEqual(done());
      const options = [
        { key: 'user.brickyard.id', value: 'x' },
        { key: 'performance.cache-size', value: '64MB' },
      ];
      expect(await storage.setVolumeOptions(first(), spec.name, options, context)).toEqual(done());
      expect(await storage.startVolume(first(), spec.name, context)).toEqual(done());
      expect(await storage.stopVolume(first(), spec.name, context)).toEqual(done());
      expect(await storage.deleteVolume(first(), spec.name, context)).toEqual(done());
    });
    expect(commands.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'volume create',
      'volume set',
      'volume start',
      'volume stop',
      'volume delete',
    ]);
    expect(cluster.simulation.inspect().notUnderstood).toEqual([]);
  });

  it('info says what stands, and undefined when nothing does', async () => {
    const { storage, context } = cluster;
    expect(await storage.volumeInfo(first(), spec.name, context)).toEqual(done(undefined));
    await storage.createVolume(first(), spec, context);
    const info = await storage.volumeInfo(first(), spec.name, context);
    expect(info).toMatchObject({ kind: 'done', value: { name: spec.name, status: 'created', bricks: spec.bricks } });
    expect(await storage.listVolumes(first(), context)).toEqual(done([spec.name]));
  });

  it('setting no options runs nothing', async () => {
    expect(await commandsOf(() => cluster.storage.setVolumeOptions(first(), spec.name, [], cluster.context))).toEqual(
      [],
    );
  });
});

describe('already so', () => {
  it('creating the same volume again is done, after one look', async () => {
    const { storage, context } = cluster;
    await storage.createVolume(first(), spec, context);
    const commands = await commandsOf(async () => {
      expect(await storage.createVolume(first(), spec, context)).toEqual(done());
    });
    expect(commands).toHaveLength(2);
    expect(commands[1]).toBe(`volume info ${spec.name}`);
  });

  it('the same name with other bricks is rejected, naming both', async () => {
    const { storage, context } = cluster;
    await storage.createVolume(first(), spec, context);
    const other = await makeBricks(cluster, 2);
    expect(await storage.createVolume(first(), { ...other, name: spec.name }, context)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining(other.bricks[0]?.path ?? 'no brick') as string,
    });
  });

  it('the same bricks with another durability are rejected', async () => {
    const { storage, context } = cluster;
    await storage.createVolume(first(), spec, context);
    const other: VolumeSpec = { ...spec, durability: { kind: 'disperse', data: 2, redundancy: 1 } };
    expect(await storage.createVolume(first(), other, context)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('disperse 3 redundancy 1') as string,
    });
  });

  it('starting, stopping and deleting again are done', async () => {
    const { storage, context } = cluster;
    await storage.createVolume(first(), spec, context);
    for (const verb of ['startVolume', 'stopVolume', 'deleteVolume'] as const) {
      expect(await storage[verb](first(), spec.name, context)).toEqual(done());
      expect(await storage[verb](first(), spec.name, context)).toEqual(done());
    }
    expect(await storage.stopVolume(first(), spec.name, context)).toEqual(done());
  });

  it('deleting a volume that runs fails and says that it must be stopped', async () => {
    const { storage, context } = cluster;
    await storage.createVolume(first(), spec, context);
    await storage.startVolume(first(), spec.name, context);
    expect(await storage.deleteVolume(first(), spec.name, context)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('needs to be stopped') as string,
    });
  });
});

describe('lost answers', () => {
  it('a create whose answer is lost is looked for, and found', async () => {
    const { storage, context, simulation } = cluster;
    simulation.faults.add({ effect: { kind: 'lose-answer' }, argv: 'volume create', times: 1 });
    expect(await storage.createVolume(first(), spec, context)).toEqual(done());
  });

  it.each([
    ['marked', (path: string) => `${path} is already part of a volume`],
    [
      'in use',
      (path: string) =>
        `Brick: n1:${path} not available. Brick may be containing or be contained by an existing brick.`,
    ],
  ])(
    'a create that meets an earlier one of its own, whose bricks it finds %s, is done once that stands',
    async (_what, says) => {
      const { storage, context, simulation } = cluster;
      await storage.createVolume(first(), spec, context);
      const refusal = { kind: 'refuse', opErrstr: says(spec.bricks[0]?.path ?? '') } as const;
      simulation.faults.add({ effect: refusal, argv: 'volume create', times: 2 });
      expect(await storage.createVolume(first(), spec, context)).toEqual(done());
      const stranger = { ...spec, name: nameOf(9) };
      expect(await storage.createVolume(first(), stranger, context)).toMatchObject({
        kind: 'failed',
        reason: refusal.opErrstr,
      });
    },
  );

  it('a create that hangs is unknown, although no volume is seen: it may come yet', async () => {
    const { storage, context, simulation, clock } = cluster;
    simulation.faults.add({ effect: { kind: 'hang' }, argv: 'volume create', times: 1 });
    const outcome = storage.createVolume(first(), spec, context);
    await clock.advance(200_000);
    expect(await outcome).toMatchObject({ kind: 'unknown' });
  });

  it.each(['startVolume', 'stopVolume', 'deleteVolume'] as const)('a lost %s is unknown', async (verb) => {
    const { storage, context, simulation } = cluster;
    await storage.createVolume(first(), spec, context);
    simulation.faults.add({ effect: { kind: 'lose-answer' }, argv: 'volume (start|stop|delete)' });
    expect(await storage[verb](first(), spec.name, context)).toMatchObject({ kind: 'unknown' });
  });

  it('a create in which a member failed while it was made is looked for, and found', async () => {
    const { storage, context, simulation } = cluster;
    simulation.faults.add({ effect: { kind: 'half-done' }, argv: 'volume create', times: 1 });
    expect(await storage.createVolume(first(), spec, context)).toEqual(done());
  });

  it.each(['startVolume', 'stopVolume', 'deleteVolume'] as const)(
    'a %s in which a member failed is unknown, as is one refused without a word',
    async (verb) => {
      const { storage, context, simulation } = cluster;
      await storage.createVolume(first(), spec, context);
      const effects = [{ kind: 'half-done' }, { kind: 'refuse', opErrstr: '' }] as const;
      for (const effect of effects) {
        simulation.faults.add({ effect, argv: 'volume (start|stop|delete)', times: 1 });
        expect(await storage[verb](first(), spec.name, context)).toMatchObject({ kind: 'unknown' });
      }
    },
  );

  it.each([
    ['stopVolume', 'Volume NAME is not started'],
    ['stopVolume', 'Volume NAME does not exist'],
    ['deleteVolume', 'Volume NAME does not exist'],
    ['startVolume', 'Volume NAME already started'],
  ] as const)('%s does not take the word of a member whose copy differs: %s', async (verb, words) => {
    const { storage, context, simulation } = cluster;
    await storage.createVolume(first(), spec, context);
    const opErrstr = `Staging failed on 10.0.0.3. Error: ${words.replace('NAME', spec.name)}`;
    simulation.faults.add({ effect: { kind: 'refuse', opErrstr }, argv: 'volume', times: 1 });
    expect(await storage[verb](first(), spec.name, context)).toMatchObject({
      kind: 'waiting',
      on: { what: 'condition', name: 'members-differ' },
      reason: expect.stringContaining('10.0.0.3') as string,
    });
  });

  it('torn output is unknown', async () => {
    const { storage, context, simulation } = cluster;
    simulation.faults.add({
      effect: { kind: 'fail', exitCode: 1, stdout: 'Error : Request timed out\n' },
      argv: 'start',
    });
    expect(await storage.startVolume(first(), spec.name, context)).toMatchObject({ kind: 'unknown' });
  });

  it('a caller who gives up in the middle gets unknown, before the first command failed', async () => {
    const { storage, simulation, clock } = cluster;
    const caller = new AbortController();
    simulation.faults.add({ effect: { kind: 'slow', ms: 50 }, argv: 'volume create' });
    const outcome = storage.createVolume(first(), spec, { signal: caller.signal });
    await clock.advance(10);
    caller.abort(new Error('enough'));
    expect(await outcome).toMatchObject({ kind: 'unknown' });
    expect(await storage.startVolume(first(), spec.name, { signal: caller.signal })).toMatchObject({ kind: 'failed' });
  });
});

describe('what has to be waited for', () => {
  it('a lock that somebody else holds', async () => {
    const { storage, context, simulation, clock } = cluster;
    await storage.createVolume(first(), spec, context);
    simulation.faults.add({ effect: { kind: 'slow', ms: 1_000 }, argv: 'volume start', times: 1 });
    const slow = storage.startVolume(first(), spec.name, context);
    await clock.advance(10);
    for (const node of cluster.nodes) {
      expect(
        await storage.setVolumeOptions(node, spec.name, [{ key: 'nfs.disable', value: 'on' }], context),
      ).toMatchObject({ kind: 'waiting', on: { what: 'lock', name: spec.name } });
    }
    expect(await storage.volumeInfo(first(), spec.name, context)).toMatchObject({ kind: 'done' });
    await clock.advance(1_000);
    expect(await slow).toEqual(done());
  });

  it('a member that has no part in it, and gives no reason', async () => {
    const { storage, context, simulation } = cluster;
    const opErrstr = 'Staging failed on 10.0.0.3. Please check log file for details.';
    simulation.faults.add({ effect: { kind: 'refuse', opErrstr }, argv: 'volume create', times: 1 });
    expect(await storage.createVolume(first(), spec, context)).toMatchObject({
      kind: 'waiting',
      on: { what: 'node', name: '10.0.0.3' },
    });
  });

  it('a peer that is down: delete names it, the rest works on', async () => {
    const { storage, context, simulation } = cluster;
    await storage.createVolume(first(), spec, context);
    await storage.startVolume(first(), spec.name, context);
    const fault = simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-3' });
    expect(await storage.stopVolume(first(), spec.name, context)).toEqual(done());
    expect(await storage.deleteVolume(first(), spec.name, context)).toMatchObject({
      kind: 'waiting',
      on: { what: 'node', name: '10.0.0.3' },
    });
    simulation.faults.remove(fault);
    expect(await storage.deleteVolume(first(), spec.name, context)).toEqual(done());
  });

  it('a node of a brick that is not connected', async () => {
    const { storage, context, simulation } = cluster;
    simulation.faults.add({ effect: { kind: 'glusterd-down' }, node: 'node-2' });
    expect(await storage.createVolume(first(), spec, context)).toMatchObject({
      kind: 'waiting',
      on: { what: 'node', name: '10.0.0.2' },
    });
  });

  it('a node that cannot be reached, and one whose glusterd has crashed', async () => {
    const { storage, context, simulation } = cluster;
    const fault = simulation.faults.add({ effect: { kind: 'unreachable' }, node: 'node-1' });
    const waiting = { kind: 'waiting', on: { what: 'node', name: 'node-1' } };
    expect(await storage.startVolume(first(), spec.name, context)).toMatchObject(waiting);
    simulation.faults.remove(fault);
    simulation.faults.add({ effect: { kind: 'glusterd-down' }, node: 'node-1' });
    expect(await storage.startVolume(first(), spec.name, context)).toMatchObject(waiting);
  });

  it('a quorum that is not met', async () => {
    const { storage, context, simulation } = cluster;
    simulation.faults.add({ effect: { kind: 'refuse', opErrstr: 'Quorum not met. Volume operation not allowed.' } });
    expect(await storage.startVolume(first(), spec.name, context)).toMatchObject({
      kind: 'waiting',
      on: { what: 'condition', name: 'quorum-not-met' },
    });
  });
});

describe('a member that the others reject', () => {
  it('is seen so from both sides, and by nobody else', async () => {
    const { storage, context, simulation, nodes } = cluster;
    const fault = simulation.faults.add({ effect: { kind: 'rejected' }, node: 'node-3' });
    const seenBy = async (node: NodeRef | undefined): Promise<string[]> => {
      const peers = await storage.listPeers(node ?? first(), context);
      return peers.kind === 'done' ? peers.value.map(({ hosts, state }) => `${hosts[0]} ${state}`).toSorted() : [];
    };
    const sound = ['10.0.0.1 member', '10.0.0.2 member', '10.0.0.3 rejected'];
    expect([await seenBy(nodes[0]), await seenBy(nodes[1])]).toEqual([sound, sound]);
    expect(await seenBy(nodes[2])).toEqual(['10.0.0.1 rejected', '10.0.0.2 rejected', '10.0.0.3 member']);
    simulation.faults.remove(fault);
    expect(await seenBy(nodes[2])).toEqual(['10.0.0.1 member', '10.0.0.2 member', '10.0.0.3 member']);
  });

  it('is what a create waits for, whoever is asked', async () => {
    const { storage, context, simulation, nodes } = cluster;
    simulation.faults.add({ effect: { kind: 'rejected' }, node: 'node-3' });
    const waitingFor = (name: string) => ({ kind: 'waiting', on: { what: 'node', name } });
    expect(await storage.createVolume(first(), spec, context)).toMatchObject(waitingFor('10.0.0.3'));
    const third = nodes[2] ?? first();
    expect(await storage.createVolume(third, spec, context)).toMatchObject(waitingFor('node-3'));
  });

  it('keeps its brick processes when the others delete a volume, until all of them are started anew', async () => {
    const { storage, context, simulation, nodes } = cluster;
    await storage.createVolume(first(), spec, context);
    await storage.startVolume(first(), spec.name, context);
    const fault = simulation.faults.add({ effect: { kind: 'rejected' }, node: 'node-3' });
    expect(await storage.stopVolume(first(), spec.name, context)).toEqual(done());
    expect(await storage.deleteVolume(first(), spec.name, context)).toEqual(done());
    const last = nodes[2] ?? first();
    const destroyed = await storage.destroyBrick(last, brickOf(1, 2), context);
    expect(destroyed).toMatchObject({ kind: 'failed', reason: expect.stringContaining('busy') as string });
    expect(await storage.destroyBrick(first(), brickOf(1, 0), context)).toEqual(done());
    simulation.faults.remove(fault);
    expect(await storage.destroyBrick(last, brickOf(1, 2), context)).toEqual(done());
  });
});

describe('a cut cable', () => {
  it('makes what needs the whole pool unknown within its deadline, and leaves the volume locked for a while', async () => {
    const { storage, context, simulation, clock } = cluster;
    await storage.createVolume(first(), spec, context);
    simulation.faults.add({ effect: { kind: 'cable-cut' }, node: 'node-3' });
    const peers = await storage.listPeers(first(), context);
    expect(peers.kind === 'done' && peers.value.every(({ state }) => state === 'member')).toBe(true);
    const start = storage.startVolume(first(), spec.name, context);
    await clock.advance(90_000);
    expect(await start).toMatchObject({ kind: 'unknown' });
    expect(await storage.startVolume(first(), spec.name, context)).toMatchObject({
      kind: 'waiting',
      on: { what: 'lock' },
    });
    // Two minutes after the cut the peer is known to be gone; 160 s after it the lock falls open.
    await clock.advance(71_000);
    expect(await storage.startVolume(first(), spec.name, context)).toEqual(done());
    expect(await storage.deleteVolume(first(), nameOf(9), context)).toEqual(done());
  });

  it('makes every command to the node itself unknown', async () => {
    const { storage, context, simulation, clock } = cluster;
    simulation.faults.add({ effect: { kind: 'cable-cut' }, node: 'node-1' });
    const info = storage.volumeInfo(first(), spec.name, context);
    await clock.advance(30_000);
    expect(await info).toMatchObject({ kind: 'unknown' });
  });
});

describe('what can never work', () => {
  it.each([
    ['a key with a space', { key: 'a b', value: 'on' }],
    ['a key that is a flag', { key: '--force', value: 'on' }],
    ['a value that is a flag', { key: 'nfs.disable', value: '-x' }],
    ['a value with a line break', { key: 'nfs.disable', value: 'on\nstart' }],
  ])('%s is rejected without a command', async (_case, option) => {
    const commands = await commandsOf(async () => {
      expect(await cluster.storage.setVolumeOptions(first(), spec.name, [option], cluster.context)).toMatchObject({
        kind: 'rejected',
      });
    });
    expect(commands).toEqual([]);
  });

  it('a brick path with a space is rejected without a command', async () => {
    const bad = { ...spec, bricks: spec.bricks.map((brick) => ({ ...brick, path: '/a b/c' })) };
    const commands = await commandsOf(async () => {
      expect(await cluster.storage.createVolume(first(), bad, cluster.context)).toMatchObject({ kind: 'rejected' });
    });
    expect(commands).toEqual([]);
  });

  it('an option that gluster does not know is rejected, naming it', async () => {
    const { storage, context } = cluster;
    await storage.createVolume(first(), spec, context);
    expect(
      await storage.setVolumeOptions(first(), spec.name, [{ key: 'no.such-option', value: '1' }], context),
    ).toMatchObject({ kind: 'rejected', reason: expect.stringContaining('no.such-option') as string });
  });
});

describe('peers', () => {
  it('a strange node becomes a member once, and again is done', async () => {
    const lone = simulatedCluster({ peered: false });
    const [a, b] = lone.nodes;
    if (a === undefined || b === undefined) {
      throw new Error('the cluster has too few nodes');
    }
    expect(await lone.storage.ensurePeer(a, b.storage, lone.context)).toEqual(done());
    expect(await lone.storage.ensurePeer(a, b.storage, lone.context)).toEqual(done());
    expect(await lone.storage.ensurePeer(a, a.storage, lone.context)).toEqual(done());
    const peers = await lone.storage.listPeers(b, lone.context);
    expect(new Set(peers.kind === 'done' ? peers.value.map(({ hosts }) => hosts[0]) : [])).toEqual(
      new Set(['10.0.0.1', '10.0.0.2']),
    );
  });

  it('a host without glusterd is waited for, a member of another pool rejected', async () => {
    const lone = simulatedCluster({ peered: false });
    const [a, b, c] = lone.nodes;
    if (a === undefined || b === undefined || c === undefined) {
      throw new Error('the cluster has too few nodes');
    }
    const fault = lone.simulation.faults.add({ effect: { kind: 'glusterd-down' }, node: 'node-2' });
    expect(await lone.storage.ensurePeer(a, b.storage, lone.context)).toMatchObject({
      kind: 'waiting',
      on: { what: 'node', name: '10.0.0.2' },
    });
    lone.simulation.faults.remove(fault);
    await lone.storage.ensurePeer(b, c.storage, lone.context);
    expect(await lone.storage.ensurePeer(a, b.storage, lone.context)).toMatchObject({ kind: 'rejected' });
  });
});
