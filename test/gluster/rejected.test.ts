/** A member that the others of its pool reject: it is named, deletes wait for it, and it can be cured. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/domain/log.ts';
import { clusterId, volumeId, volumeNameFor } from '../../src/domain/names.ts';
import { bytes, MiB } from '../../src/domain/quantity.ts';
import type { VolumeEngine } from '../../src/engine/api.ts';
import { createEngine } from '../../src/engine/engine.ts';
import type { NodeProblem } from '../../src/engine/node-watch/api.ts';
import type { StorageNodes } from '../../src/engine/ports.ts';
import { createCommandStorageNodes } from '../../src/gluster/storage-nodes.ts';
import { MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import { realClock } from '../support/test-api.ts';
import { waitFor } from '../support/wait-for.ts';
import { missingForGluster } from './environment.ts';
import { startRealCluster, type RealCluster, type RealNode } from './harness/cluster.ts';
import { empty, standingOn } from './harness/leftovers.ts';
import { cure, diverge, startsAgain } from './harness/rejection.ts';
import { connected, context, valueOf } from './support.ts';

const missing = await missingForGluster();
const forever = new AbortController().signal;
const kept = volumeId('1c7a2f0e-50f5-4a3b-9a55-6f0c5a0e0001');
const removedByHand = volumeId('1c7a2f0e-50f5-4a3b-9a55-6f0c5a0e0002');

describe.skipIf(missing.length > 0)('a member that the others reject, on a real gluster', () => {
  let cluster: RealCluster;
  let nodes: StorageNodes;
  let engine: VolumeEngine;
  let sound: RealNode;
  let sick: RealNode;

  beforeAll(async () => {
    cluster = await startRealCluster(3);
    const [first, , third] = cluster.nodes;
    if (first === undefined || third === undefined) {
      throw new Error('too few nodes');
    }
    [sound, sick] = [first, third];
    nodes = createCommandStorageNodes({ runner: cluster.runner });
    engine = createEngine({
      store: new MemoryStore(new MemoryDisk()),
      nodes,
      clock: realClock,
      random: Math.random,
      log: silentLog,
      observer: { stepFinished: () => undefined, laneChanged: () => undefined },
      limits: { minBrickSize: bytes(300 * MiB) },
    });
    await engine.open('test');
    const declared = cluster.nodes.map(({ id, manage, storage, devices: [name] }) => ({
      id,
      manage,
      storage,
      zone: id,
      tags: {},
      devices: name === undefined ? [] : [{ name, tags: {}, wipe: false }],
    }));
    valueOf(
      await engine.applyTopology({ clusters: [{ id: clusterId('main'), nodes: declared }] }, { signal: forever }),
    );
    for (const id of [kept, removedByHand]) {
      const request = {
        id,
        name: volumeNameFor(id),
        clusters: [],
        size: bytes(320 * MiB),
        durability: { kind: 'replicate', count: 3 } as const,
        options: [],
        snapshotFactor: 1,
        zoneSpread: 'prefer' as const,
        owner: { uid: id, namespace: 'default', name: 'data', className: 'fast' },
        preferredZones: [],
      };
      valueOf(await engine.ensureVolume(request, forever));
      valueOf(await engine.confirmVolume(id));
    }
  });

  afterAll(async () => {
    await engine?.close();
    await cluster?.close();
  });

  const problemsOf = (node: RealNode): readonly NodeProblem[] =>
    engine.nodeWatch.nodes().find((watched) => watched.node === node.id)?.problems ?? [];
  const brickProcesses = async (node: RealNode): Promise<number> => (await standingOn(node)).brickProcesses.length;

  it('is named by two others, and neither of them is', async () => {
    await diverge(sick, volumeNameFor(kept));
    await waitFor('it is named', async () => {
      await engine.nodeWatch.look(forever);
      return problemsOf(sick).length > 0;
    });
    expect(problemsOf(sick)).toEqual([
      { kind: 'rejected', by: cluster.nodes.filter((node) => node !== sick).map(({ id }) => id) },
    ]);
    expect(cluster.nodes.filter((node) => node !== sick).flatMap(problemsOf)).toEqual([]);
  });

  it('is waited for by a delete, before anything is changed', async () => {
    expect(await engine.deleteVolume(kept, forever)).toMatchObject({
      kind: 'waiting',
      on: { what: 'node', name: sick.id },
      reason: expect.stringContaining('Peer Rejected') as string,
    });
    expect(valueOf(await nodes.volumeInfo(sound, volumeNameFor(kept), context()))).toMatchObject({ status: 'started' });
  });

  it('goes on serving what somebody deletes by hand', async () => {
    for (const verb of ['stop', 'delete']) {
      await sound.must('gluster', '--mode=script', 'volume', verb, volumeNameFor(removedByHand));
    }
    expect(await engine.deleteVolume(removedByHand, forever)).toMatchObject({ kind: 'waiting' });
    expect([await brickProcesses(sound), await brickProcesses(sick)]).toEqual([1, 2]);
  });

  it('is a member again after the cure, serves what there is, and nothing else', async () => {
    await cure(sick);
    for (const node of cluster.nodes) {
      await waitFor(`${node.id} sees all`, async () => (await connected(nodes, node)) === 3);
    }
    await waitFor(
      'all bricks are served',
      async () =>
        (valueOf(await nodes.volumeStatus(sound, volumeNameFor(kept), context())) ?? []).filter(({ online }) => online)
          .length === 3,
    );
    expect(await brickProcesses(sick)).toBe(1);
    await waitFor('it is named no more', async () => {
      await engine.nodeWatch.look(forever);
      return problemsOf(sick).length === 0;
    });
  });

  it('does not start over a volume that it cannot read, as when it was killed in a create, and is cured alike', async () => {
    await sick.killGlusterd();
    await sick.must('truncate', '--size=0', `/var/lib/glusterd/vols/${volumeNameFor(kept)}/info`);
    expect(await startsAgain(sick)).toBe(false);
    await cure(sick);
    await waitFor('all are members', async () => (await connected(nodes, sound)) === 3);
    await waitFor('its brick is served', async () => (await brickProcesses(sick)) === 1);
  });

  it('lets the deletes end then, with nothing left of either volume', async () => {
    for (const id of [kept, removedByHand]) {
      await waitFor(`${id} is gone`, async () => (await engine.deleteVolume(id, forever)).kind === 'done');
    }
    expect(await Promise.all(cluster.nodes.map((node) => standingOn(node)))).toEqual([empty, empty, empty]);
    expect(engine.volumes()).toEqual([]);
  });
});
