/** A change that one member cannot make, and the others have made: no outcome says more than is known, and it can be mended. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { volumeName } from '../../src/domain/names.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import type { StorageNodes, VolumeSpec } from '../../src/engine/ports.ts';
import { createCommandStorageNodes } from '../../src/gluster/storage-nodes.ts';
import { waitFor } from '../support/wait-for.ts';
import { missingForGluster } from './environment.ts';
import { startRealCluster, type RealCluster, type RealNode } from './harness/cluster.ts';
import { brickOn, context, untilDone, valueOf } from './support.ts';

const missing = await missingForGluster();
const volumes = '/var/lib/glusterd/vols';
const waits = { kind: 'waiting', on: { what: 'condition', name: 'members-differ' } };

describe.skipIf(missing.length > 0)('a change that is half done, on a real gluster', () => {
  let cluster: RealCluster;
  let nodes: StorageNodes;
  let via: RealNode;
  let sick: RealNode;
  let spec: VolumeSpec;
  const words: string[] = [];

  beforeAll(async () => {
    cluster = await startRealCluster(3);
    const [first, , third] = cluster.nodes;
    if (first === undefined || third === undefined) {
      throw new Error('too few nodes');
    }
    [via, sick] = [first, third];
    nodes = createCommandStorageNodes({
      runner: {
        run: async (node, command, call) => {
          const result = await cluster.runner.run(node, command, call);
          words.push(result.kind === 'exited' ? result.stdout : result.reason);
          return result;
        },
      },
    });
    spec = {
      name: volumeName('half'),
      durability: { kind: 'replicate', count: 3 },
      bricks: cluster.nodes.map((node) => brickOn(node, 1)),
    };
  });

  afterAll(async () => {
    await cluster?.close();
  });

  const standsAt = async (node: RealNode): Promise<boolean> =>
    valueOf(await nodes.volumeInfo(node, spec.name, context())) !== undefined;
  const standsOn = (): Promise<readonly boolean[]> => Promise.all(cluster.nodes.map((node) => standsAt(node)));
  /** Members tell each other what they have when their connections are made anew, which a change does not wait for. */
  const everyMemberHasIt = (): Promise<true> =>
    waitFor('every member has it', async () => (await standsOn()).every(Boolean), 120_000);

  it('is looked up, and found made where it was asked for', async () => {
    await sick.must('mount', '-t', 'tmpfs', '-o', 'ro', 'tmpfs', volumes);
    expect(await nodes.createVolume(via, spec, context())).toEqual({ kind: 'done' });
    expect(words.join('\n')).toContain(`Commit failed on ${sick.storage}.`);
    await sick.must('umount', volumes);
    expect(await Promise.all([standsAt(via), standsAt(sick)])).toEqual([true, false]);
  });

  it.each([
    ['start', () => nodes.startVolume(via, spec.name, context())],
    ['delete', () => nodes.deleteVolume(via, spec.name, context())],
  ] satisfies [string, () => Promise<Outcome<void>>][])(
    'is not taken for a volume that is gone by a %s, because one member does not know it',
    async (_verb, ask) => {
      expect(await ask()).toMatchObject(waits);
      expect(await standsAt(via)).toBe(true);
    },
  );

  it('is mended when the glusterd of that member starts again', async () => {
    await sick.killGlusterd();
    await sick.startGlusterd();
    await everyMemberHasIt();
    await untilDone('it can be started', () => nodes.startVolume(via, spec.name, context()));
    valueOf(await nodes.stopVolume(via, spec.name, context()));
    await untilDone('it can be deleted', () => nodes.deleteVolume(via, spec.name, context()));
    expect(await standsOn()).toEqual([false, false, false]);
  });

  it('is a delete that is unknown, and the volume comes back from the member that could not', async () => {
    const onSecond = { ...spec, bricks: cluster.nodes.map((node) => brickOn(node, 2)) };
    valueOf(await nodes.createVolume(via, onSecond, context()));
    await sick.must('mount', '--bind', volumes, volumes);
    await sick.must('mount', '-o', 'remount,bind,ro', volumes);
    expect(await nodes.deleteVolume(via, spec.name, context())).toMatchObject({ kind: 'unknown' });
    await sick.must('umount', volumes);
    expect(await Promise.all([standsAt(via), standsAt(sick)])).toEqual([false, true]);
    await sick.killGlusterd();
    await sick.startGlusterd();
    await everyMemberHasIt();
    await untilDone('it can be deleted', () => nodes.deleteVolume(via, spec.name, context()));
    expect(await standsOn()).toEqual([false, false, false]);
  });
});
