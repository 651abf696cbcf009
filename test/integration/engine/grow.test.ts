/** Growth through the command lines and answers of gluster and LVM, seen from the nodes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clusterId, volumeId, volumeNameFor } from '../../../src/domain/names.ts';
import { silentLog } from '../../../src/domain/log.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import { defaultLimits } from '../../../src/domain/placement/request.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { VolumeEngine } from '../../../src/engine/api.ts';
import { createEngine } from '../../../src/engine/engine.ts';
import { MemoryDisk, MemoryStore } from '../../../src/store/memory.ts';
import { disk, nodeSpecs, simulatedCluster, type SimulatedCluster } from '../../support/simulated-cluster.ts';

const id = volumeId('5f6d1f2e-0c1a-4a53-9b0e-1f2a3b4c5d6e');
const forever = new AbortController().signal;

let cluster: SimulatedCluster;
let medium: MemoryDisk;
let engine: VolumeEngine;

function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'done') {
    throw new Error(`${outcome.kind}: ${outcome.reason}`);
  }
  return outcome.value;
}

/** An engine on the same nodes and records, in place of the one before. */
async function begin(): Promise<void> {
  medium.kill();
  engine = createEngine({
    store: new MemoryStore(medium),
    nodes: cluster.storage,
    clock: cluster.clock,
    random: () => 0.5,
    log: silentLog,
    observer: { stepFinished: () => undefined, laneChanged: () => undefined },
    limits: { ...defaultLimits, maxBrickSize: bytes(50 * GiB) },
  });
  await engine.open('test');
}

beforeEach(async () => {
  cluster = simulatedCluster({ nodes: nodeSpecs(6) });
  medium = new MemoryDisk();
  await begin();
  const nodes = nodeSpecs(6).map(({ id: node, manage, storage }, index) => ({
    id: node,
    manage,
    storage,
    zone: `z${index % 3}`,
    tags: {},
    devices: [{ name: disk, tags: {}, wipe: false }],
  }));
  valueOf(await engine.applyTopology({ clusters: [{ id: clusterId('main'), nodes }] }, { signal: forever }));
  const request = {
    id,
    name: volumeNameFor(id),
    clusters: [],
    size: bytes(10 * GiB),
    durability: { kind: 'replicate', count: 3 },
    options: [],
    snapshotFactor: 1.5,
    zoneSpread: 'prefer',
    owner: { uid: id, namespace: 'default', name: 'data', className: 'fast' },
    preferredZones: [],
  } as const;
  valueOf(await engine.ensureVolume(request, forever));
  valueOf(await engine.confirmVolume(id));
});

afterEach(async () => {
  await engine.close();
  const { notUnderstood } = cluster.simulation.inspect();
  const forced = cluster.ran.filter(({ line }) => /^gluster .*force/.test(line));
  if (notUnderstood.length > 0 || forced.length > 0) {
    throw new Error(`no node should have been asked: ${JSON.stringify([...notUnderstood, ...forced])}`);
  }
});

const grow = (gib: number) => engine.growVolume(id, bytes(gib * GiB), forever);

const thinVolumes = () =>
  cluster.simulation
    .inspect()
    .nodes.flatMap(({ volumeGroups }) => volumeGroups.flatMap(({ logicalVolumes }) => logicalVolumes))
    .filter(({ kind }) => kind === 'thin');

const gluster = () => {
  const [volume] = cluster.simulation.inspect().pools.flatMap(({ volumes }) => volumes);
  if (volume === undefined) {
    throw new Error('gluster has no volume');
  }
  return volume;
};

/** What each node has left, as the records and as LVM see it, must be the same. */
async function expectSameFree(): Promise<void> {
  for (const node of cluster.nodes) {
    const facts = valueOf(await cluster.storage.inspectDevice(node, disk, cluster.context));
    const usage = engine.usage().find((each) => each.node === node.id);
    const footprints = (engine.volume(id)?.brickSets.flat() ?? [])
      .filter((brick) => brick.node === node.id)
      .reduce((sum, { footprint }) => sum + footprint, 0);
    expect(facts.size - facts.free).toBe(footprints);
    expect(usage?.size).toBe(facts.size);
    expect(usage?.used).toBeGreaterThanOrEqual(footprints);
  }
}

describe('a growth on nodes', () => {
  it('in place makes file systems, thin volumes and pools larger, and takes the space', async () => {
    expect(valueOf(await grow(40)).volume.size).toBe(40 * GiB);
    expect(thinVolumes()).toHaveLength(3);
    for (const volume of thinVolumes()) {
      expect(volume).toMatchObject({ size: 40 * GiB, fileSystemSize: 40 * GiB });
    }
    expect(gluster()).toMatchObject({ status: 'started', bricks: [{}, {}, {}] });
    expect(gluster().migration).toBeUndefined();
    expect(gluster().options['user.brickyard.size']).toBe(String(40 * GiB));
    await expectSameFree();
  });

  it('by sets adds them and follows the rebalance to its end, across a restart', async () => {
    const { volume, bricks } = valueOf(await grow(80));
    expect(volume.size).toBeGreaterThanOrEqual(80 * GiB);
    expect(gluster().bricks.map(({ host, path }) => `${host}:${path}`)).toEqual(bricks);
    expect(bricks.length).toBeGreaterThan(3);
    expect(gluster().migration).toEqual({ kind: 'rebalance', status: 'in progress' });
    await expectSameFree();
    await begin();
    expect((await engine.sweep(forever)).kind).toBe('waiting');
    await cluster.clock.advance(10_000);
    expect((await engine.sweep(forever)).kind).toBe('done');
    expect(engine.volume(id)?.rebalance).toBeUndefined();
    // A volume that is being rebalanced can be deleted too.
    valueOf(await grow(130));
    expect(gluster().migration).toEqual({ kind: 'rebalance', status: 'in progress' });
    valueOf(await engine.deleteVolume(id, forever));
    expect(thinVolumes()).toEqual([]);
  });

  it.each(['lvextend', 'xfs_growfs', 'add-brick', 'lvcreate', 'volume set'])(
    'whose answer to %s is lost is carried on by another engine',
    async (argv) => {
      const wanted = argv === 'lvcreate' || argv === 'add-brick' ? 80 : 40;
      cluster.simulation.faults.add({ effect: { kind: 'lose-answer' }, argv, times: 1 });
      await grow(wanted);
      await begin();
      await engine.sweep(forever);
      await cluster.clock.advance(10_000);
      expect((await engine.sweep(forever)).kind).toBe('done');
      expect(engine.volume(id)?.phase).toBe('ready');
      expect(valueOf(await grow(wanted)).volume.size).toBeGreaterThanOrEqual(wanted * GiB);
      await expectSameFree();
    },
  );

  it('that a device cannot do is given up with nothing lost and nothing left', async () => {
    const broken = { kind: 'fail', exitCode: 5, stderr: '  device-mapper: reload ioctl failed' } as const;
    const fault = cluster.simulation.faults.add({ effect: broken, argv: 'lvextend .*/brick_', node: firstNode() });
    expect((await grow(40)).kind).toBe('failed');
    const { volume } = valueOf(await engine.cancelGrowth(id, forever));
    expect(volume).toMatchObject({ phase: 'ready', size: 10 * GiB });
    expect(
      volume.brickSets
        .flat()
        .map(({ size }) => size / GiB)
        .sort((a, b) => a - b),
    ).toEqual([10, 40, 40]);
    await expectSameFree();
    cluster.simulation.faults.remove(fault);
    expect(valueOf(await grow(40)).volume.size).toBe(40 * GiB);
    await expectSameFree();
  });

  it('by sets that gluster would not take is given up, and the sets are gone', async () => {
    const refusal = { kind: 'refuse', opErrstr: 'no' } as const;
    const fault = cluster.simulation.faults.add({ effect: refusal, argv: 'add-brick' });
    expect((await grow(80)).kind).toBe('failed');
    expect(thinVolumes().length).toBeGreaterThan(3);
    expect(valueOf(await engine.cancelGrowth(id, forever)).volume.size).toBe(10 * GiB);
    expect(thinVolumes()).toHaveLength(3);
    await expectSameFree();
    cluster.simulation.faults.remove(fault);
    expect(valueOf(await grow(80)).volume.size).toBeGreaterThanOrEqual(80 * GiB);
  });
});

function firstNode() {
  const node = engine.volume(id)?.brickSets[0]?.[0]?.node;
  if (node === undefined) {
    throw new Error('no brick');
  }
  return node;
}
