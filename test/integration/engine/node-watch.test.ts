/** Nodes watched through the command lines and answers of the real tools. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/domain/log.ts';
import { clusterId, deviceName, volumeId, volumeNameFor, type DeviceName } from '../../../src/domain/names.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { VolumeEngine } from '../../../src/engine/api.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { MemoryDisk, MemoryStore } from '../../../src/store/memory.ts';
import { disk, nodeSpecs, simulatedCluster, type SimulatedCluster } from '../../support/simulated-cluster.ts';

const forever = new AbortController().signal;
const ids = [1, 2, 3, 4].map((index) => volumeId(`5f6d1f2e-0c1a-4a53-9b0e-1f2a3b4c5d6${index}`));

let cluster: SimulatedCluster;
let engine: VolumeEngine;

function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'done') {
    throw new Error(`${outcome.kind}: ${outcome.reason}`);
  }
  return outcome.value;
}

async function begin(device: DeviceName): Promise<void> {
  cluster = simulatedCluster({ nodes: nodeSpecs(3, 100, device) });
  engine = createEngine({
    store: new MemoryStore(new MemoryDisk()),
    nodes: cluster.storage,
    clock: cluster.clock,
    random: () => 0.5,
    log: silentLog,
    observer: { stepFinished: () => undefined, laneChanged: () => undefined },
  });
  await engine.open('test');
  const nodes = nodeSpecs(3).map(({ id: node, manage, storage }, index) => ({
    id: node,
    manage,
    storage,
    zone: `z${index}`,
    tags: {},
    devices: [{ name: device, tags: {}, wipe: false }],
  }));
  valueOf(await engine.applyTopology({ clusters: [{ id: clusterId('main'), nodes }] }, { signal: forever }));
  for (const id of ids) {
    const owner = { uid: id, namespace: 'default', name: id, className: 'fast' };
    const shape = { size: bytes(GiB), durability: { kind: 'replicate', count: 3 }, snapshotFactor: 1 } as const;
    const place = { clusters: [], zoneSpread: 'prefer', preferredZones: [] } as const;
    valueOf(
      await engine.ensureVolume({ id, name: volumeNameFor(id), owner, options: [], ...shape, ...place }, forever),
    );
    valueOf(await engine.confirmVolume(id));
  }
  engine.nodeWatch.start();
  await cluster.clock.advance(30_000);
}

const states = (): string[] =>
  engine.nodeWatch.nodes().map(({ state, problems }) => [state, ...problems.map(({ kind }) => kind)].join(' '));

/** Whether every brick of each volume is served. */
async function online(): Promise<boolean[]> {
  const answers = await Promise.all(ids.map((id) => engine.brickStates(id, forever)));
  return answers.map((answer) => valueOf(answer)?.every((each) => each) === true);
}

describe.each([
  ['a disk', disk],
  ['a folder', deviceName('/srv/bricks')],
])('nodes whose device is %s', (_, device) => {
  beforeEach(() => begin(device));

  afterEach(async () => {
    await engine.close();
    const { notUnderstood } = cluster.simulation.inspect();
    if (notUnderstood.length > 0) {
      throw new Error(`no node should have been asked: ${JSON.stringify(notUnderstood)}`);
    }
  });

  it('are in order, and left alone', async () => {
    expect(states()).toEqual(['up', 'up', 'up']);
    expect(await online()).toEqual([true, true, true, true]);
    const before = JSON.stringify(cluster.simulation.inspect().pools);
    await cluster.clock.advance(60_000);
    expect(JSON.stringify(cluster.simulation.inspect().pools)).toBe(before);
  });

  it('are restored after a power failure, with nobody asked', async () => {
    const fault = cluster.simulation.faults.add({ effect: { kind: 'power-off' }, node: 'node-2' });
    await cluster.clock.advance(60_000);
    expect(states()).toEqual(['up', 'down unreachable', 'up']);
    cluster.simulation.faults.remove(fault);
    expect(await online()).toEqual([false, false, false, false]);
    await cluster.clock.advance(60_000);
    expect(states()).toEqual(['up', 'up', 'up']);
    expect(await online()).toEqual([true, true, true, true]);
  });

  it('are told from a glusterd that is down', async () => {
    const fault = cluster.simulation.faults.add({ effect: { kind: 'glusterd-down' }, node: 'node-3' });
    await cluster.clock.advance(60_000);
    expect(states()).toEqual(['up', 'up', 'down glusterd-down']);
    cluster.simulation.faults.remove(fault);
    await cluster.clock.advance(60_000);
    expect(states()).toEqual(['up', 'up', 'up']);
  });

  it('are found behind a cut cable, while the others are watched on', async () => {
    const fault = cluster.simulation.faults.add({ effect: { kind: 'cable-cut' }, node: 'node-1' });
    await cluster.clock.advance(120_000);
    expect(states()).toEqual(['down unreachable', 'up', 'up']);
    cluster.simulation.faults.remove(fault);
    await cluster.clock.advance(60_000);
    expect(states()).toEqual(['up', 'up', 'up']);
    expect(await online()).toEqual([true, true, true, true]);
  });
});
