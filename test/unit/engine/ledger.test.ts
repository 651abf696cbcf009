import { beforeEach, describe, expect, it } from 'vitest';
import { clusterId, nodeId } from '../../../src/domain/names.ts';
import { bytes, GiB } from '../../../src/domain/quantity.ts';
import type { VolumeRecord } from '../../../src/domain/volume.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import { MemoryStore } from '../../../src/store/memory.ts';
import { MortalStore, type StoreVerdict } from '../../support/mortal-store.ts';
import { brickIdFor } from '../../../src/domain/names.ts';
import { device, idOf, requestOf } from './bench.ts';

const east = clusterId('east');

function recordOf(index: number, nodes: readonly string[], generation = 0): VolumeRecord {
  const { id, name, size, durability, snapshotFactor, owner } = requestOf(index);
  const brickSets = [
    nodes.map((node, position) => ({
      id: brickIdFor(id, 0, position, generation),
      node: nodeId(node),
      device,
      size,
      footprint: bytes(GiB),
      arbiter: false,
    })),
  ];
  const createdAt = '2026-01-01T00:00:00.000Z';
  return {
    id,
    name,
    cluster: east,
    phase: 'creating',
    size,
    durability,
    options: [],
    snapshotFactor,
    owner,
    brickSets,
    createdAt,
  };
}

describe('Ledger', () => {
  let verdict: StoreVerdict;
  let ledger: Ledger;
  const counted = (): Record<string, number> =>
    Object.fromEntries(
      ledger
        .pool(east)
        .devices()
        .map(({ node, bricks }) => [node, bricks]),
    );

  beforeEach(async () => {
    verdict = 'normal';
    const store = new MortalStore(new MemoryStore(), () => verdict);
    await store.open();
    ledger = new Ledger(store);
  });

  it('counts a new record before it is durable, and shows it after', async () => {
    const adding = ledger.add(recordOf(1, ['a', 'b', 'c']));
    expect(counted()).toEqual({ a: 1, b: 1, c: 1 });
    expect(ledger.volume(idOf(1))).toBeUndefined();
    expect(ledger.volumes()).toEqual([]);
    expect((await adding).kind).toBe('done');
    expect(ledger.volumes()).toHaveLength(1);
  });

  it.each(['reject-before', 'reject-after'] as const)(
    'keeps a record whose first write failed (%s), visible and counted, until it is written or removed',
    async (fate) => {
      verdict = fate;
      expect((await ledger.add(recordOf(1, ['a', 'b', 'c']))).kind).toBe('unknown');
      expect(counted()).toEqual({ a: 1, b: 1, c: 1 });
      expect(ledger.volume(idOf(1))).toBeDefined();
      expect((await ledger.settle(idOf(1))).kind).toBe('unknown');
      verdict = 'normal';
      expect((await ledger.settle(idOf(1))).kind).toBe('done');
      verdict = 'reject-before';
      // Settled: there is nothing to write again.
      expect((await ledger.settle(idOf(1))).kind).toBe('done');
      expect((await ledger.remove(idOf(1))).kind).toBe('unknown');
      expect(counted()).toEqual({ a: 1, b: 1, c: 1 });
      verdict = 'normal';
      expect((await ledger.remove(idOf(1))).kind).toBe('done');
      expect(counted()).toEqual({});
      expect(ledger.volumes()).toEqual([]);
    },
  );

  it('counts both places of a volume that moves until the new one is durable', async () => {
    await ledger.add(recordOf(1, ['a', 'b', 'c']));
    const updating = ledger.update(recordOf(1, ['a', 'd', 'e'], 1));
    expect(counted()).toEqual({ a: 2, b: 1, c: 1, d: 1, e: 1 });
    await updating;
    expect(counted()).toEqual({ a: 1, d: 1, e: 1 });
  });

  it('counts both places for as long as nobody knows which of them the store holds', async () => {
    await ledger.add(recordOf(1, ['a', 'b', 'c']));
    verdict = 'reject-after';
    await ledger.update(recordOf(1, ['d', 'e', 'f'], 1));
    expect(Object.keys(counted())).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    verdict = 'normal';
    await ledger.settle(idOf(1));
    expect(counted()).toEqual({ d: 1, e: 1, f: 1 });
  });

  it('counts a brick that grows at the larger of both sizes until one of them is durable alone', async () => {
    const record = recordOf(1, ['a', 'b', 'c']);
    const size = bytes(3 * GiB);
    const bricks = record.brickSets.flat().map(({ id }) => ({ id, size, footprint: size }));
    const sets = recordOf(1, ['d', 'e', 'f'], 1).brickSets;
    const used = () =>
      Object.fromEntries(
        ledger
          .pool(east)
          .devices()
          .map(({ node, used: taken }) => [node, Math.floor(taken / GiB)]),
      );
    await ledger.add(record);
    verdict = 'reject-after';
    await ledger.update({ ...record, phase: 'growing', growth: { size, bricks, sets } });
    expect(used()).toEqual({ a: 3, b: 3, c: 3, d: 1, e: 1, f: 1 });
    await ledger.update(record);
    expect(used()).toEqual({ a: 3, b: 3, c: 3, d: 1, e: 1, f: 1 });
    verdict = 'normal';
    await ledger.settle(idOf(1));
    expect(used()).toEqual({ a: 1, b: 1, c: 1 });
  });

  it('counts discarded bricks with the others', async () => {
    const record = recordOf(1, ['a', 'b', 'c']);
    await ledger.add({ ...record, discarded: recordOf(1, ['x', 'y', 'z'], 1).brickSets[0] });
    expect(counted()).toEqual({ a: 1, b: 1, c: 1, x: 1, y: 1, z: 1 });
    await ledger.update({ ...record, discarded: [] });
    expect(counted()).toEqual({ a: 1, b: 1, c: 1 });
  });

  it('frees the GID with the record', async () => {
    const gid = ledger.takeGid({ min: 7, max: 7 }, idOf(1));
    expect(gid).toBe(7);
    await ledger.add({ ...recordOf(1, ['a']), gid: 7 });
    expect(ledger.takeGid({ min: 7, max: 7 }, idOf(2))).toBeUndefined();
    await ledger.remove(idOf(1));
    expect(ledger.takeGid({ min: 7, max: 7 }, idOf(2))).toBe(7);
  });
});
