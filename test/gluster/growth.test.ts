import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { volumeId, volumeNameFor } from '../../src/domain/names.ts';
import type { CallContext, StorageNodes, VolumeSpec } from '../../src/engine/ports.ts';
import { createCommandStorageNodes } from '../../src/gluster/storage-nodes.ts';
import { waitFor } from '../support/wait-for.ts';
import { missingForGluster } from './environment.ts';
import { startRealCluster, type RealCluster, type RealNode } from './harness/cluster.ts';

const missing = await missingForGluster();
const name = volumeNameFor(volumeId('6cd8ff88-d15e-4c5a-a301-2921c327e562'));

describe.skipIf(missing.length > 0)('sets of a volume on a real gluster', () => {
  let cluster: RealCluster;
  let nodes: StorageNodes;
  let via: RealNode;

  beforeAll(async () => {
    cluster = await startRealCluster(3);
    nodes = createCommandStorageNodes({ runner: cluster.runner });
    const [first] = cluster.nodes;
    if (first === undefined) {
      throw new Error('no node');
    }
    via = first;
  });

  afterAll(async () => {
    await cluster?.close();
  });

  const context = (): CallContext => ({ signal: AbortSignal.timeout(120_000) });

  const spec = (directory: string): VolumeSpec => ({
    name,
    durability: { kind: 'replicate', count: 3 },
    bricks: cluster.nodes.map(({ storage: host }) => ({
      host,
      path: `/run/bricks/${directory}/brick`,
      arbiter: false,
    })),
  });

  const status = () => nodes.rebalanceStatus(via, name, context());
  const bricks = async () => {
    const info = await nodes.volumeInfo(via, name, context());
    return info.kind === 'done' ? info.value?.bricks.length : info.reason;
  };

  it('join once, when asked twice', async () => {
    expect(await nodes.createVolume(via, spec('1'), context())).toEqual({ kind: 'done' });
    expect(await nodes.startVolume(via, name, context())).toEqual({ kind: 'done' });
    expect(await status()).toMatchObject({ kind: 'done', value: { state: 'none' } });
    // Files to be moved.
    const fill =
      'mkdir /run/mnt && mount -t glusterfs "$1:/$2" /run/mnt && for d in $(seq 12); do mkdir /run/mnt/$d && ' +
      'for f in $(seq 12); do echo x > /run/mnt/$d/$f || exit 1; done; done; umount /run/mnt';
    const argv = ['sh', '-c', fill, 'fill', via.storage, name];
    expect(await cluster.runner.run(via, { argv, deadlineMs: 100_000 }, context())).toMatchObject({ exitCode: 0 });
    for (let time = 0; time < 2; time += 1) {
      expect(await nodes.addBricks(via, spec('2'), context())).toEqual({ kind: 'done' });
    }
    expect(await bricks()).toBe(6);
    expect(await status()).toMatchObject({ kind: 'done', value: { state: 'none' } });
  });

  it('are rebalanced by a task with a name, up to its end', async () => {
    const started = await nodes.startRebalance(via, name, context());
    expect(started).toMatchObject({ kind: 'done', value: expect.stringMatching(/^[0-9a-f-]{36}$/) as string });
    const task = started.kind === 'done' ? started.value : undefined;
    const completed = async (): Promise<boolean> => {
      const now = await status();
      return now.kind === 'done' && now.value.state === 'completed' && now.value.task === task;
    };
    await waitFor('the rebalance is completed', completed, 120_000);
  });

  it('leave it after their files', async () => {
    expect(await nodes.removeBricks(via, spec('2'), context())).toMatchObject({ kind: 'waiting' });
    const gone = async (): Promise<boolean> => (await nodes.removeBricks(via, spec('2'), context())).kind === 'done';
    await waitFor('the bricks have left', gone, 120_000);
    expect(await bricks()).toBe(3);
    expect(await nodes.removeBricks(via, spec('2'), context())).toEqual({ kind: 'done' });
  });

  it('do not keep the volume from being stopped and deleted', async () => {
    expect(await nodes.stopVolume(via, name, context())).toEqual({ kind: 'done' });
    expect(await nodes.deleteVolume(via, name, context())).toEqual({ kind: 'done' });
  });
});
