/** The engine on real nodes, without Kubernetes: what it makes, and what it makes of work that was cut off. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/domain/log.ts';
import { clusterId, volumeId, volumeNameFor } from '../../src/domain/names.ts';
import { bytes, MiB, type Bytes } from '../../src/domain/quantity.ts';
import type { VolumeRequest } from '../../src/domain/volume.ts';
import type { VolumeEngine } from '../../src/engine/api.ts';
import { createEngine } from '../../src/engine/engine.ts';
import type { CommandRunner } from '../../src/gluster/runner.ts';
import { createCommandStorageNodes } from '../../src/gluster/storage-nodes.ts';
import { MemoryDisk, MemoryStore } from '../../src/store/memory.ts';
import { realClock } from '../support/test-api.ts';
import { missingForGluster } from './environment.ts';
import { startRealCluster, type RealCluster } from './harness/cluster.ts';
import { empty, standingOn } from './harness/leftovers.ts';
import { valueOf } from './support.ts';

const missing = await missingForGluster();
const forever = new AbortController().signal;
const small = bytes(320 * MiB);

function request(id: VolumeRequest['id'], size: Bytes = small): VolumeRequest {
  return {
    id,
    name: volumeNameFor(id),
    clusters: [],
    size,
    durability: { kind: 'replicate', count: 3 },
    options: [],
    gidRange: { min: 2000, max: 2999 },
    snapshotFactor: 1,
    zoneSpread: 'prefer',
    owner: { uid: id, namespace: 'default', name: 'data', className: 'fast' },
    preferredZones: [],
  };
}

describe.skipIf(missing.length > 0)('the engine on a real gluster', () => {
  let cluster: RealCluster;
  let medium: MemoryDisk;
  let engine: VolumeEngine;

  /** An engine on the records as they are, in the place of one that is no more. */
  async function begin(runner: CommandRunner = cluster.runner): Promise<void> {
    engine = createEngine({
      store: new MemoryStore(medium),
      nodes: createCommandStorageNodes({ runner }),
      clock: realClock,
      random: Math.random,
      log: silentLog,
      observer: { stepFinished: () => undefined, laneChanged: () => undefined },
      limits: { minBrickSize: bytes(300 * MiB) },
    });
    await engine.open('test');
  }

  /**
   * Ends the engine, as SIGKILL would, when it has sent that many commands: the last one runs on its node without anybody to
   * hear of its end, and nothing is written or sent any more. `work` is what it was about; answers whether that finished before.
   */
  async function cutOff(after: number, work: () => Promise<unknown>): Promise<boolean> {
    await engine.close();
    const dead = Promise.withResolvers<undefined>();
    const silence = new Promise<never>(() => undefined);
    let sent = 0;
    await begin({
      run: (node, command) => {
        sent += 1;
        if (sent > after) {
          return silence;
        }
        const running = cluster.runner.run(node, command, { signal: forever });
        if (sent < after) {
          return running;
        }
        medium.kill();
        dead.resolve(undefined);
        return silence;
      },
    });
    const finished = await Promise.race([work().then(() => true), dead.promise.then(() => false)]);
    if (finished) {
      await engine.close();
    }
    await begin();
    return finished;
  }

  beforeAll(async () => {
    cluster = await startRealCluster(3, { diskGiB: 4 });
    medium = new MemoryDisk();
    await begin();
    await loadTopology();
  });

  async function loadTopology(): Promise<void> {
    const nodes = cluster.nodes.map(({ id, manage, storage, devices: [name] }) => ({
      id,
      manage,
      storage,
      zone: id,
      tags: {},
      devices: name === undefined ? [] : [{ name, tags: {}, wipe: false }],
    }));
    valueOf(await engine.applyTopology({ clusters: [{ id: clusterId('main'), nodes }] }, { signal: forever }));
  }

  afterAll(async () => {
    await engine?.close();
    await cluster?.close();
  });

  const standing = () => Promise.all(cluster.nodes.map((node) => standingOn(node)));

  async function expectOneBrickEach(): Promise<void> {
    for (const { mounts, loops, brickProcesses, volumes } of await standing()) {
      expect({ mounts, loops, brickProcesses, volumes }).toMatchObject({
        mounts: [expect.any(String)],
        loops: [expect.any(String)],
        brickProcesses: [expect.any(String)],
        volumes: [expect.any(String)],
      });
    }
  }

  it('makes, grows and deletes a volume', async () => {
    const id = volumeId(randomUUID());
    valueOf(await engine.ensureVolume(request(id), forever));
    valueOf(await engine.confirmVolume(id));
    await expectOneBrickEach();
    valueOf(await engine.growVolume(id, bytes(400 * MiB), forever));
    expect(engine.volume(id)).toMatchObject({ phase: 'ready', size: 400 * MiB });
    for (const node of cluster.nodes) {
      const [mount = ''] = (await standingOn(node)).mounts;
      const room = Number((await node.must('df', '--block-size=1M', '--output=size', mount)).split('\n')[1]);
      expect(room).toBeGreaterThan(320);
    }
    valueOf(await engine.deleteVolume(id, forever));
    expect(await standing()).toEqual([empty, empty, empty]);
  });

  it('finds a volume again whose record is lost, from its bricks alone, and what growth has made of it', async () => {
    const id = volumeId(randomUUID());
    const lostAndFound = async (): Promise<void> => {
      const before = engine.volumes();
      await engine.close();
      medium = new MemoryDisk();
      await begin();
      await loadTopology();
      expect(engine.volumes()).toEqual([]);
      const rebuilt = valueOf(await engine.doctor.rebuild({ signal: forever, dryRun: false }));
      expect(rebuilt).toMatchObject({ leftAlone: [], leftovers: [], blind: [] });
      expect(engine.volumes()).toEqual(before);
      const { findings } = valueOf(await engine.doctor.survey({ signal: forever }));
      // The machine's disk is not this test's alone.
      expect(findings.filter(({ kind }) => !kind.startsWith('device-'))).toEqual([]);
    };
    valueOf(await engine.ensureVolume(request(id), forever));
    valueOf(await engine.confirmVolume(id));
    const info = (): Promise<string> =>
      cluster.nodes[0]?.must('gluster', 'volume', 'info', volumeNameFor(id)) ?? Promise.resolve('');
    expect(await info()).not.toContain('user.brickyard');
    await lostAndFound();
    valueOf(await engine.growVolume(id, bytes(400 * MiB), forever));
    expect(await info()).toContain('user.brickyard.size: 419430400');
    await lostAndFound();
    valueOf(await engine.deleteVolume(id, forever));
    expect(await standing()).toEqual([empty, empty, empty]);
  });

  it.each([1, 8, 16, 24])(
    'killed after %i commands of a creation, carries on with it; and so with the deletion',
    async (after) => {
      const id = volumeId(randomUUID());
      expect(await cutOff(after, () => engine.ensureVolume(request(id), forever)), 'finished').toBe(false);
      valueOf(await engine.ensureVolume(request(id), forever));
      valueOf(await engine.confirmVolume(id));
      await expectOneBrickEach();
      await cutOff(Math.ceil(after / 2), () => engine.deleteVolume(id, forever));
      valueOf(await engine.deleteVolume(id, forever));
      expect(await standing()).toEqual([empty, empty, empty]);
    },
  );

  it('killed in the middle of a creation that nobody wants any more, takes it back', async () => {
    const id = volumeId(randomUUID());
    await cutOff(16, () => engine.ensureVolume(request(id), forever));
    valueOf(await engine.deleteVolume(id, forever));
    expect(engine.volumes()).toEqual([]);
    expect(await standing()).toEqual([empty, empty, empty]);
  });
});
