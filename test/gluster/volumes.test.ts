import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brickIdFor, clusterId, deviceName, volumeId, volumeNameFor } from '../../src/domain/names.ts';
import { bytes, GiB } from '../../src/domain/quantity.ts';
import type { VolumeRecord } from '../../src/domain/volume.ts';
import { identityOf, identityOptions } from '../../src/engine/identity.ts';
import type { CallContext, StorageNodes, VolumeSpec } from '../../src/engine/ports.ts';
import { createCommandStorageNodes } from '../../src/gluster/storage-nodes.ts';
import { missingForGluster } from './environment.ts';
import { startRealCluster, type RealCluster, type RealNode } from './harness/cluster.ts';
import { valueOf } from './support.ts';

const missing = await missingForGluster();

const id = volumeId('6cd8ff88-d15e-4c5a-a301-2921c327e561');
const name = volumeNameFor(id);

describe.skipIf(missing.length > 0)('the volume verbs on a real gluster', () => {
  let cluster: RealCluster;
  let nodes: StorageNodes;
  let via: RealNode;

  beforeAll(async () => {
    cluster = await startRealCluster(3);
    nodes = createCommandStorageNodes({ runner: cluster.runner });
    via = cluster.nodes[0] ?? fail('no node');
  });

  afterAll(async () => {
    await cluster?.close();
  });

  const context = (): CallContext => ({ signal: AbortSignal.timeout(60_000) });

  const spec = (directory: string): VolumeSpec => ({
    name,
    durability: { kind: 'replicate', count: 3 },
    bricks: cluster.nodes.map((node) => ({
      host: node.storage,
      path: `/run/bricks/${directory}/brick`,
      arbiter: false,
    })),
  });

  it('know every member of the pool', async () => {
    const peers = valueOf(await nodes.listPeers(via, context()));
    expect(peers.filter(({ state }) => state === 'member')).toHaveLength(3);
    expect(peers.flatMap((peer) => peer.hosts).sort()).toEqual(cluster.nodes.map((node) => node.storage).sort());
  });

  it('join a node that is in the pool already', async () => {
    const member = cluster.nodes[1] ?? fail('no second node');
    expect(await nodes.ensurePeer(via, member.storage, context())).toEqual({ kind: 'done' });
  });

  it('say that a volume is not there', async () => {
    expect(valueOf(await nodes.volumeInfo(via, name, context()))).toBeUndefined();
    expect(valueOf(await nodes.listVolumes(via, context()))).toEqual([]);
  });

  it('make a volume, and find it made when asked again', async () => {
    expect(await nodes.createVolume(via, spec('1'), context())).toEqual({ kind: 'done' });
    expect(await nodes.createVolume(via, spec('1'), context())).toEqual({ kind: 'done' });
    expect(valueOf(await nodes.volumeInfo(via, name, context()))).toMatchObject({ status: 'created', ...spec('1') });
  });

  it('refuse the name for other bricks', async () => {
    expect(await nodes.createVolume(via, spec('2'), context())).toMatchObject({ kind: 'rejected' });
  });

  it('write a whole record into the options of the volume, from which it can be read again', async () => {
    const record = recordOf(cluster.nodes);
    const options = [...record.options, ...identityOptions(record)];
    expect(await nodes.setVolumeOptions(via, name, options, context())).toEqual({ kind: 'done' });
    const volume = valueOf(await nodes.volumeInfo(via, name, context()));
    const { name: _name, cluster: _cluster, phase: _phase, brickSets, ...facts } = record;
    expect(identityOf(volume?.options ?? new Map())).toMatchObject({ ...facts, bricks: brickSets.flat() });
  });

  it('start and stop it, twice each', async () => {
    for (const verb of ['startVolume', 'startVolume', 'stopVolume', 'stopVolume'] as const) {
      expect(await nodes[verb](via, name, context()), verb).toEqual({ kind: 'done' });
    }
  });

  it('delete it, twice', async () => {
    expect(await nodes.deleteVolume(via, name, context())).toEqual({ kind: 'done' });
    expect(await nodes.deleteVolume(via, name, context())).toEqual({ kind: 'done' });
    expect(valueOf(await nodes.volumeInfo(via, name, context()))).toBeUndefined();
  });

  it('do not force themselves on bricks that carry the mark of an earlier volume', async () => {
    expect(await nodes.createVolume(via, spec('1'), context())).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('already part of a volume') as string,
    });
  });
});

function fail(why: string): never {
  throw new Error(why);
}

function recordOf(nodes: readonly RealNode[]): VolumeRecord {
  return {
    id,
    name,
    cluster: clusterId('default'),
    phase: 'creating',
    size: bytes(GiB),
    durability: { kind: 'replicate', count: 3 },
    options: [{ key: 'performance.cache-size', value: '64MB' }],
    gid: 2000,
    snapshotFactor: 1.5,
    owner: { uid: id, namespace: 'team-a', name: 'data.web-0', className: 'gold' },
    brickSets: [
      nodes.map((node, position) => ({
        id: brickIdFor(id, 0, position),
        node: node.id,
        device: deviceName('/dev/disk/by-id/ata-x_0'),
        size: bytes(GiB),
        footprint: bytes(1_082_130_432),
        arbiter: false,
      })),
    ],
    createdAt: '2026-11-23T15:35:54.671Z',
  };
}
