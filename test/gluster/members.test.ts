import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostName, volumeId, volumeNameFor } from '../../src/domain/names.ts';
import type { StorageNodes } from '../../src/engine/ports.ts';
import { createCommandStorageNodes } from '../../src/gluster/storage-nodes.ts';
import { waitFor } from '../support/wait-for.ts';
import { missingForGluster } from './environment.ts';
import { startRealCluster, type RealCluster, type RealNode } from './harness/cluster.ts';
import { brickOn, connected, context, untilDone, valueOf } from './support.ts';

const missing = await missingForGluster();
const name = volumeNameFor(volumeId('6cd8ff88-d15e-4c5a-a301-2921c327e563'));
const other = volumeNameFor(volumeId('6cd8ff88-d15e-4c5a-a301-2921c327e566'));

describe.skipIf(missing.length > 0)('nodes and members of the pool on a real gluster', () => {
  let cluster: RealCluster;
  let nodes: StorageNodes;
  let via: RealNode;
  let last: RealNode;

  beforeAll(async () => {
    cluster = await startRealCluster(3);
    nodes = createCommandStorageNodes({ runner: cluster.runner });
    const [first, , third] = cluster.nodes;
    if (first === undefined || third === undefined) {
      throw new Error('too few nodes');
    }
    via = first;
    last = third;
  });

  afterAll(async () => {
    await cluster?.close();
  });

  const inspect = async (node: RealNode) => valueOf(await nodes.inspectNode(node, context()));

  it('a node tells its boot, its addresses, and the UUID that its peers know it by', async () => {
    const uuids = valueOf(await nodes.listPeers(via, context())).map(({ uuid }) => uuid);
    const facts = await Promise.all(cluster.nodes.map(inspect));
    expect(facts.map(({ addresses }) => addresses)).toEqual(cluster.nodes.map(({ storage }) => [storage]));
    expect(new Set(facts.map(({ glusterId }) => glusterId))).toEqual(new Set(uuids));
    const { bootId } = await inspect(via);
    expect(bootId).toBe((await via.must('cat', '/proc/sys/kernel/random/boot_id')).trim());
    expect(bootId).toBe(facts[0]?.bootId);
  });

  it('a node whose glusterd is down tells all but its UUID, and that again once it is up', async () => {
    const before = await inspect(last);
    await last.killGlusterd();
    const { glusterId, ...rest } = before;
    expect(glusterId).toBeDefined();
    expect(await inspect(last)).toEqual(rest);
    await last.startGlusterd();
    expect(await inspect(last)).toEqual(before);
  });

  it('a member leaves the pool, twice, and joins it again, twice', async () => {
    await waitFor('all are connected', async () => (await connected(nodes, via)) === 3);
    for (let time = 0; time < 2; time += 1) {
      expect(await nodes.removePeer(via, last.storage, context())).toEqual({ kind: 'done' });
      expect(valueOf(await nodes.listPeers(via, context()))).toHaveLength(2);
    }
    expect(valueOf(await nodes.listPeers(last, context()))).toHaveLength(1);
    for (let time = 0; time < 2; time += 1) {
      expect(await nodes.ensurePeer(via, last.storage, context())).toEqual({ kind: 'done' });
    }
    for (const node of cluster.nodes) {
      await waitFor(`${node.id} sees all`, async () => (await connected(nodes, node)) === 3);
    }
  });

  it('nobody leaves by its own word, and a stranger has left already', async () => {
    expect(await nodes.removePeer(via, via.storage, context())).toMatchObject({ kind: 'rejected' });
    expect(await nodes.removePeer(via, hostName('10.77.0.99'), context())).toEqual({ kind: 'done' });
  });

  it('no member leaves while another one is down; one that is down itself may', async () => {
    const [, second] = cluster.nodes;
    await last.killGlusterd();
    await waitFor('the loss is seen', async () => (await connected(nodes, via)) === 2);
    expect(await nodes.removePeer(via, second?.storage ?? last.storage, context())).toMatchObject({
      kind: 'waiting',
      on: { what: 'node', name: last.storage },
    });
    expect(await nodes.removePeer(via, last.storage, context())).toEqual({ kind: 'done' });
    await last.startGlusterd();
    // It still believes itself a member, and is taken in again all the same.
    await untilDone('it is a peer', () => nodes.ensurePeer(via, last.storage, context()));
    await waitFor('all are connected', async () => (await connected(nodes, via)) === 3);
  });

  it('no member leaves that has a brick, nor one that has all bricks of a volume, which gluster would let go', async () => {
    const volume = { name, durability: { kind: 'distribute' } as const, bricks: [brickOn(last, 1)] };
    await untilDone('there is a volume', () => nodes.createVolume(via, volume, context()));
    const refused = { kind: 'rejected', reason: expect.stringContaining(name) as string };
    expect(await nodes.removePeer(via, last.storage, context())).toMatchObject(refused);
    // The first node is known to this one by another name than its bricks have.
    const first = { ...volume, name: other, bricks: [brickOn(via, 2)] };
    await untilDone('there is another', () => nodes.createVolume(via, first, context()));
    expect(await nodes.removePeer(last, via.storage, context())).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining(other) as string,
    });
    expect(valueOf(await nodes.listPeers(via, context()))).toHaveLength(3);
    // Gluster itself: yes, and the volume goes along.
    await via.must('gluster', '--mode=script', 'peer', 'detach', last.storage);
    expect(valueOf(await nodes.listVolumes(via, context()))).toEqual([other]);
    expect(valueOf(await nodes.listVolumes(last, context()))).toEqual([name]);
  });
});
