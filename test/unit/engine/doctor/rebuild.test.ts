import { describe, expect, it } from 'vitest';
import type { Durability } from '../../../../src/domain/durability.ts';
import { brickId } from '../../../../src/domain/names.ts';
import { bytes, GiB, MiB } from '../../../../src/domain/quantity.ts';
import type { VolumeRecord, VolumeRequest } from '../../../../src/domain/volume.ts';
import type { Rebuild } from '../../../../src/engine/doctor/api.ts';
import { createEngine } from '../../../../src/engine/engine.ts';
import { MemoryDisk, MemoryStore } from '../../../../src/store/memory.ts';
import type { Judge } from '../../../support/fake-storage/calls.ts';
import { mulberry32 } from '../../../support/random.ts';
import { identityOptions } from '../../../../src/engine/identity.ts';
import {
  asBefore,
  benchOf,
  device,
  forever,
  idOf,
  realm,
  requestOf,
  restart,
  silence,
  topologyOf,
  turning,
  valueOf,
  type Bench,
} from '../bench.ts';

const durabilities: readonly Durability[] = [
  { kind: 'replicate', count: 2 },
  { kind: 'replicate', count: 3 },
  { kind: 'arbiter' },
  { kind: 'disperse', data: 2, redundancy: 1 },
  { kind: 'disperse', data: 4, redundancy: 2 },
  { kind: 'distribute' },
];
const nodes = 7;

async function make({ engine }: Bench, index: number, changes: Partial<VolumeRequest> = {}): Promise<VolumeRecord> {
  valueOf(await engine.ensureVolume(requestOf(index, changes), forever));
  valueOf(await engine.confirmVolume(idOf(index)));
  const record = engine.volume(idOf(index));
  if (record === undefined) {
    throw new Error('no record');
  }
  return record;
}

/** Many volumes, no two alike. */
async function variety(count: number): Promise<Bench> {
  const bench = await benchOf({ nodes, deviceSize: 4000 * GiB, limits: { maxBrickSize: bytes(8 * GiB) } });
  const random = mulberry32(3);
  for (let index = 1; index <= count; index += 1) {
    await make(bench, index, {
      size: bytes(GiB + Math.floor(random() * 40) * GiB + Math.floor(random() * 1000) * MiB),
      durability: durabilities[index % durabilities.length] ?? { kind: 'distribute' },
      snapshotFactor: 1 + Math.floor(random() * 30) / 10,
      ...(index % 3 === 0 ? {} : { gidRange: { min: 2000 + (index % 4) * 100, max: 9000 } }),
      options:
        index % 2 === 0
          ? []
          : [
              { key: 'performance.cache-size', value: '64MB' },
              { key: 'auth.allow', value: '10.0.0.*' },
            ],
      owner: {
        uid: idOf(index),
        namespace: `ns-${index % 5}`,
        name: `claim-${index}`,
        className: `class-${index % 3}`,
      },
    });
    await bench.clock.advance(1234);
  }
  return bench;
}

/** The same nodes with an empty store, and the topology loaded again. */
async function wiped(bench: Bench, judge?: Judge): Promise<Bench> {
  bench.disk.kill();
  const disk = new MemoryDisk();
  const options = { ...bench.options, store: new MemoryStore(disk), nodes: bench.storage.port(judge) };
  const engine = createEngine(options);
  await engine.open(realm);
  const count = new Set(bench.engine.nodes().map(({ id }) => id)).size;
  await turning(bench.clock, engine.applyTopology(topologyOf(count), { signal: forever }));
  return { ...bench, engine, disk, options };
}

const rebuild = async ({ engine, clock }: Bench, dryRun = false): Promise<Rebuild> =>
  valueOf(await turning(clock, engine.doctor.rebuild({ signal: forever, dryRun })));

const table = ({ engine }: Bench): readonly VolumeRecord[] =>
  engine.volumes().toSorted((a, b) => (a.id < b.id ? -1 : 1));

const stored = ({ disk }: Bench): readonly unknown[] =>
  [...disk.documents.values()]
    .filter(({ kind }) => kind === 'volume')
    .map(({ text }): unknown => JSON.parse(text))
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

describe('a rebuild', () => {
  it('gives back the identical table of allocations, in memory, in the store and in what is free', async () => {
    const bench = await variety(60);
    const before = { records: table(bench), stored: stored(bench), usage: bench.engine.usage() };
    // Volumes of every age: their bricks say what they are, or their options.
    table(bench).forEach((record, index) => index % 5 === 4 && asBefore(bench, record));
    const speaking = bench.storage.volumes().filter(({ options }) => options.has('user.brickyard.schema'));
    expect(speaking).toHaveLength(12);
    const empty = await wiped(bench);
    expect(empty.engine.volumes()).toEqual([]);
    const shown = await rebuild(empty, true);
    expect(shown.records).toHaveLength(60);
    expect(empty.engine.volumes()).toEqual([]);
    expect(stored(empty)).toEqual([]);

    bench.storage.log.length = 0;
    const done = await rebuild(empty);
    expect(done).toMatchObject({ leftAlone: [], leftovers: [], blind: [], stood: 0 });
    expect(table(empty)).toEqual(before.records);
    expect(stored(empty)).toEqual(before.stored);
    expect(table(await restart(empty))).toEqual(before.records);
    expect(empty.engine.usage()).toEqual(before.usage);
    const verbs = new Set(bench.storage.log.map((line) => line.split(' ')[0]));
    expect(verbs).toEqual(new Set(['inspectDevice', 'listBricks', 'listVolumes', 'volumeInfo']));
  });

  it('leaves a system in which nothing is amiss, GIDs stay taken, and volumes can be deleted', async () => {
    const empty = await wiped(await variety(12));
    await rebuild(empty);
    const { engine, clock, storage } = empty;
    expect(valueOf(await turning(clock, engine.doctor.survey({ signal: forever }))).findings).toEqual([]);
    const taken = new Set(engine.volumes().map(({ gid }) => gid));
    const fresh = await make(empty, 99, { gidRange: { min: 2000, max: 9000 } });
    expect(taken.has(fresh.gid)).toBe(false);
    for (const { id } of engine.volumes()) {
      valueOf(await engine.deleteVolume(id, forever));
    }
    expect(storage.volumes()).toEqual([]);
    expect(storage.bricks()).toEqual([]);
    expect(storage.violations).toEqual([]);
  });

  it('is exact while a node is down, because volumes say themselves where their bricks are', async () => {
    const bench = await variety(12);
    const before = table(bench);
    const empty = await wiped(bench);
    bench.storage.setUp('n2', false);
    const done = await rebuild(empty);
    expect(table(empty)).toEqual(before);
    expect(done.blind).toMatchObject([{ kind: 'node-unreachable', node: 'n2' }]);
  });

  it('needs no more than one brick of a volume that says what it is', async () => {
    const bench = await benchOf();
    const before = await make(bench, 1, { gidRange: { min: 2000, max: 2001 } });
    for (const { id, node } of before.brickSets.flat()) {
      const identity = bench.storage.saidBy(node, id);
      silence(bench, before, [id]);
      const empty = await wiped(bench);
      await rebuild(empty);
      expect(table(empty)).toEqual([before]);
      before.brickSets.flat().forEach((brick) => bench.storage.tamperBrickState(brick.node, brick.id, { identity }));
    }
  });

  it('believes no brick that speaks of another volume, or not of itself', async () => {
    const bench = await benchOf();
    const [first, second] = [await make(bench, 1), await make(bench, 2)];
    const [brick, other] = [first, second].map(({ brickSets }) => brickSets.flat()[0]);
    if (brick === undefined || other === undefined) {
      throw new Error('no brick');
    }
    silence(bench, second);
    bench.storage.tamperBrickState(other.node, other.id, { identity: bench.storage.saidBy(brick.node, brick.id) });
    const elsewhere = String(bench.storage.saidBy(brick.node, brick.id)).replaceAll(/=n\d=/g, '=n9=');
    silence(bench, first);
    bench.storage.tamperBrickState(brick.node, brick.id, { identity: elsewhere });
    const done = await rebuild(await wiped(bench));
    expect(done.records).toEqual([]);
    expect(done.leftAlone).toMatchObject([
      { name: first.name, reason: 'what it says of itself cannot be read; "brickyard volume adopt" takes it' },
      { name: second.name, reason: 'what it says of itself cannot be read; "brickyard volume adopt" takes it' },
    ]);
  });

  it('leaves alone a volume whose bricks contradict each other, unless its options say what it is', async () => {
    const bench = await benchOf();
    const before = await make(bench, 1);
    const [one, two] = before.brickSets.flat();
    if (one === undefined || two === undefined) {
      throw new Error('no bricks');
    }
    const text = String(bench.storage.saidBy(two.node, two.id));
    bench.storage.tamperBrickState(two.node, two.id, { identity: text.replace('name=claim-1', 'name=claim-2') });
    const empty = await wiped(bench);
    const done = await rebuild(empty);
    expect(done.records).toEqual([]);
    const [left] = done.leftAlone;
    expect(left?.reason).toContain('its bricks contradict each other');
    expect(left?.reason).toContain(`${two.id} on ${two.node}`);
    expect(left?.reason).toContain('volume adopt');
    const options = Object.fromEntries(identityOptions(before).map(({ key, value }) => [key, value]));
    bench.storage.tamperVolume(before.name, { options });
    await rebuild(empty);
    expect(table(empty)).toEqual([before]);
  });

  it('falls back on bricks for options that cannot be read, once all of them are seen', async () => {
    const bench = await benchOf();
    const before = await make(bench, 1);
    bench.storage.tamperVolume(before.name, { options: { 'user.brickyard.schema': '7' } });
    const empty = await wiped(bench);
    bench.storage.setUp('n2', false);
    expect((await rebuild(empty)).leftAlone).toMatchObject([
      { reason: expect.stringMatching(/options cannot be read.* when all of its nodes answer$/) as string },
    ]);
    bench.storage.setUp('n2', true);
    await bench.clock.advance(60_000);
    await rebuild(empty);
    expect(table(empty)).toEqual([before]);
  });

  it('finds what a volume has by now when nothing but its bricks says what it was', async () => {
    const bench = await benchOf({ nodes: 6, deviceSize: 40 * GiB });
    await make(bench, 1, { size: bytes(2 * GiB) });
    await make(bench, 2, { size: bytes(30 * GiB) });
    valueOf(await bench.engine.growVolume(idOf(1), bytes(5 * GiB), forever));
    valueOf(await turning(bench.clock, bench.engine.growVolume(idOf(2), bytes(60 * GiB), forever)));
    const before = table(bench);
    for (const record of before) {
      // Bricks of later sets never said anything.
      const later = record.brickSets.slice(1).flat();
      expect(later.map(({ node, id }) => bench.storage.saidBy(node, id))).toEqual(later.map(() => undefined));
      silence(
        bench,
        record,
        record.brickSets.flat().map(({ id }) => id),
      );
    }
    const empty = await wiped(bench);
    await rebuild(empty);
    expect(table(empty)).toEqual(before.map(({ rebalance: _underWay, ...record }) => record));
  });

  it('writes what is missing and touches nothing that stands; a second one finds nothing to do', async () => {
    const bench = await variety(6);
    const before = table(bench);
    bench.disk.documents.delete(JSON.stringify(['volume', idOf(2)]));
    const key = JSON.stringify(['volume', idOf(4)]);
    const edited = bench.disk.documents.get(key);
    if (edited === undefined) {
      throw new Error('no document');
    }
    bench.disk.documents.set(key, { ...edited, text: edited.text.replace('"claim-4"', '"renamed"') });
    const partly = await restart(bench);
    const done = await rebuild(partly);
    expect(done.records.map(({ id }) => id)).toEqual([idOf(2)]);
    expect(done.stood).toBe(5);
    expect(partly.engine.volume(idOf(2))).toEqual(before[1]);
    expect(partly.engine.volume(idOf(4))?.owner.name).toBe('renamed');
    expect((await rebuild(partly)).records).toEqual([]);
  });

  it('does not write over a record that cannot be read, and says how to go on', async () => {
    const bench = await variety(2);
    const key = JSON.stringify(['volume', idOf(1)]);
    bench.disk.documents.set(key, { kind: 'volume', id: idOf(1), text: '{' });
    const broken = await restart(bench);
    const done = await rebuild(broken);
    expect(done.records).toEqual([]);
    expect(done.leftAlone).toMatchObject([{ reason: expect.stringContaining(`volume forget ${idOf(1)}`) as string }]);
    expect(bench.disk.documents.get(key)?.text).toBe('{');

    const before = table(bench).find(({ id }) => id === idOf(1));
    const { clock, engine } = broken;
    const options = { signal: forever, dryRun: false, leaveIt: true };
    valueOf(await turning(clock, engine.doctor.forget(idOf(1), options)));
    await rebuild(broken);
    expect(broken.engine.volume(idOf(1))).toEqual(before);
    expect(broken.engine.quarantined()).toEqual([]);
  });

  it('keeps bricks of an earlier plan as such, also on a node that does not answer', async () => {
    const bench = await benchOf({ nodes: 5 });
    bench.storage.setUp('n1', false);
    let record: VolumeRecord | undefined;
    for (let index = 1; index <= 6 && (record?.discarded ?? []).length === 0; index += 1) {
      await turning(bench.clock, bench.engine.ensureVolume(requestOf(index), forever));
      record = bench.engine.volume(idOf(index));
      if (record !== undefined) {
        valueOf(await bench.engine.confirmVolume(idOf(index)));
      }
    }
    const before = table(bench);
    expect(before.some(({ discarded = [] }) => discarded.length > 0)).toBe(true);
    expect(bench.storage.volumes().every(({ options }) => options.size === 0)).toBe(true);
    const normal = (records: readonly VolumeRecord[]) =>
      records.map((each) => ({ ...each, discarded: each.discarded ?? [] }));
    bench.storage.setUp('n1', true);
    await bench.clock.advance(60_000);
    const empty = await wiped(bench);
    bench.storage.setUp('n1', false);
    await rebuild(empty);
    expect(normal(table(empty))).toEqual(normal(before));
    // The node is back and never had them: there is nothing to destroy.
    bench.storage.setUp('n1', true);
    await bench.clock.advance(60_000);
    const again = await wiped(bench);
    await rebuild(again);
    expect(table(again).every(({ discarded = [] }) => discarded.length === 0)).toBe(true);
  });

  it('takes from the nodes what the volume does not say, and a size that has changed since', async () => {
    const bench = await benchOf();
    const before = await make(bench, 1, { durability: { kind: 'arbiter' } });
    const [brick] = before.brickSets.flat();
    if (brick === undefined) {
      throw new Error('no brick');
    }
    asBefore(bench, before);
    bench.storage.tamperVolume(before.name, { options: { 'user.brickyard.bricks-1': undefined } });
    const empty = await wiped(bench);
    const grown = { id: brick.id, volume: before.id, device, size: bytes(3 * GiB), snapshotFactor: 1, arbiter: false };
    await rebuild(empty);
    expect(table(empty)).toEqual([before]);
    bench.storage.tamperBrick(brick.node, brick.id, grown);
    const again = await wiped(bench);
    await rebuild(again);
    expect(table(again)[0]?.brickSets[0]?.[0]).toMatchObject({ id: brick.id, size: 3 * GiB });
  });

  it('is exact for a volume that has grown, in place and by more sets', async () => {
    const bench = await benchOf({ nodes: 6, deviceSize: 40 * GiB });
    await make(bench, 1, { size: bytes(2 * GiB) });
    await make(bench, 2, { size: bytes(30 * GiB) });
    valueOf(await bench.engine.growVolume(idOf(1), bytes(5 * GiB), forever));
    valueOf(await turning(bench.clock, bench.engine.growVolume(idOf(2), bytes(60 * GiB), forever)));
    const before = table(bench);
    expect(before.map(({ phase, brickSets }) => [phase, brickSets.length])).toEqual([
      ['ready', 1],
      ['ready', 2],
    ]);
    const empty = await wiped(bench);
    await rebuild(empty);
    // That files are still to be spread over the new set is known to gluster's rebalance alone.
    expect(table(empty)).toEqual(before.map(({ rebalance: _underWay, ...record }) => record));
    expect(empty.engine.usage()).toEqual(bench.engine.usage());
  });

  it('takes bricks of a growth that was under way for left over from a plan, and the sweep destroys them', async () => {
    const bench = await benchOf({ nodes: 6, deviceSize: 40 * GiB });
    const before = await make(bench, 1, { size: bytes(30 * GiB) });
    const broken = await restart(bench, ({ verb }) => (verb === 'addBricks' ? 'fail' : 'normal'));
    await turning(bench.clock, broken.engine.growVolume(idOf(1), bytes(60 * GiB), forever));
    expect(bench.storage.bricks()).toHaveLength(6);
    const empty = await wiped(broken);
    await rebuild(empty);
    const [record] = table(empty);
    expect(record).toMatchObject({ phase: 'ready', size: before.size, brickSets: before.brickSets });
    expect(record?.discarded).toHaveLength(3);
    await turning(bench.clock, empty.engine.sweep(forever));
    expect(bench.storage.bricks()).toHaveLength(3);
    expect(bench.storage.violations).toEqual([]);
  });

  it('leaves alone, by name, whatever is not plain', async () => {
    const bench = await benchOf();
    const [a, b, c, d] = [await make(bench, 1), await make(bench, 2), await make(bench, 3), await make(bench, 4)];
    const volumes = new Map(bench.storage.volumes().map((volume) => [volume.name, volume]));
    // b has a's identity; c has a brick that is none of its own; d says nothing legible.
    const ofA = Object.fromEntries(identityOptions(a).map(({ key, value }) => [key, value]));
    bench.storage.tamperVolume(b.name, { options: ofA });
    const stranger = (volumes.get(d.name)?.bricks ?? []).slice(0, 1);
    bench.storage.tamperVolume(c.name, { bricks: [...stranger, ...(volumes.get(c.name)?.bricks ?? []).slice(1)] });
    silence(bench, d);
    bench.storage.tamperVolume(d.name, { options: { 'user.brickyard.schema': '7' } });
    const empty = await wiped(bench);
    const done = await rebuild(empty);
    expect(done.records).toEqual([]);
    const reasons = new Map(done.leftAlone.map(({ name, reason }) => [name, reason]));
    expect(reasons.get(a.name)).toContain(b.name);
    expect(reasons.get(b.name)).toContain(a.name);
    expect(reasons.get(c.name)).toContain('is none that Brickyard made for it');
    expect(reasons.get(d.name)).toContain('volume adopt');
  });

  it('reports bricks of a create that was under way as leftovers, and makes no record of them', async () => {
    const bench = await benchOf({ judge: ({ verb }) => (verb === 'createVolume' ? 'fail' : 'normal') });
    await turning(bench.clock, bench.engine.ensureVolume(requestOf(1), forever));
    const empty = await wiped(bench);
    const done = await rebuild(empty);
    expect(done.records).toEqual([]);
    expect(done.leftovers.map(({ brick }) => brick).sort()).toEqual(
      [0, 1, 2].map((position) => brickId(`${idOf(1)}-0-${position}-0`)),
    );
    expect(bench.storage.bricks()).toHaveLength(3);
  });

  it('says which volume has got no record when the store fails, and can be run again', async () => {
    const bench = await variety(3);
    const empty = await wiped(bench);
    const put = empty.options.store.put.bind(empty.options.store);
    let failures = 1;
    empty.options.store.put = (document) => (failures-- > 0 ? Promise.reject(new Error('disk full')) : put(document));
    const first = await turning(bench.clock, empty.engine.doctor.rebuild({ signal: forever, dryRun: false }));
    expect(first).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('disk full') as string });
    await rebuild(empty);
    expect(table(await restart(empty))).toEqual(table(bench));
  });
});
