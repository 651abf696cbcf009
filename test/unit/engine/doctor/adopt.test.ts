import { describe, expect, it } from 'vitest';
import { clusterId, hostName } from '../../../../src/domain/names.ts';
import type { Outcome } from '../../../../src/domain/outcome.ts';
import { GiB } from '../../../../src/domain/quantity.ts';
import type { VolumeRecord } from '../../../../src/domain/volume.ts';
import type { Forgotten, ForgetOptions } from '../../../../src/engine/doctor/api.ts';
import type { BrickAddress } from '../../../../src/engine/ports.ts';
import {
  asBefore,
  benchOf,
  device,
  forever,
  idOf,
  requestOf,
  restart,
  silence,
  turning,
  valueOf,
  type Bench,
} from '../bench.ts';

const brickOn = (host: number, path = '/data/brick'): BrickAddress => ({
  host: hostName(`10.0.0.${host}`),
  path,
  arbiter: false,
});

/** A volume that somebody has made with gluster alone, on directories of the nodes' own. */
function madeByHand({ storage }: Bench, name = 'byhand', hosts: readonly number[] = [1, 2, 3]): void {
  storage.addForeignVolume(
    'n1',
    name,
    { kind: 'replicate', count: 3 },
    hosts.map((host) => brickOn(host, `/data/${name}`)),
  );
}

const adopt = (
  { engine, clock }: Bench,
  name: string,
  options: { readonly dryRun?: boolean; readonly cluster?: string } = {},
): Promise<Outcome<VolumeRecord>> =>
  turning(
    clock,
    engine.doctor.adopt(name, {
      signal: forever,
      dryRun: options.dryRun ?? false,
      ...(options.cluster === undefined ? {} : { cluster: clusterId(options.cluster) }),
    }),
  );

const forget = (
  { engine, clock }: Bench,
  index: number,
  options: Partial<ForgetOptions> = {},
): Promise<Outcome<Forgotten>> =>
  turning(clock, engine.doctor.forget(idOf(index), { signal: forever, dryRun: false, leaveIt: false, ...options }));

async function ready(bench: Bench, index: number): Promise<VolumeRecord> {
  const gidRange = { min: 2000, max: 2001 };
  valueOf(await bench.engine.ensureVolume(requestOf(index, { gidRange }), forever));
  valueOf(await bench.engine.confirmVolume(idOf(index)));
  const record = bench.engine.volume(idOf(index));
  if (record === undefined) {
    throw new Error('no record');
  }
  return record;
}

const used = ({ engine }: Bench): readonly number[] => engine.usage().map((usage) => usage.used);

describe('adopting', () => {
  it('records a volume made by hand: shown, owner unknown, nothing counted, and it stays after a restart', async () => {
    const bench = await benchOf();
    madeByHand(bench);
    bench.storage.log.length = 0;
    const shown = valueOf(await adopt(bench, 'byhand', { dryRun: true }));
    expect(bench.engine.volumes()).toEqual([]);
    const record = valueOf(await adopt(bench, 'byhand'));
    expect(record).toEqual(shown);
    expect(record).toMatchObject({
      id: bench.storage.volumes()[0]?.uuid,
      name: 'byhand',
      cluster: 'east',
      phase: 'ready',
      size: 0,
      durability: { kind: 'replicate', count: 3 },
      owner: { uid: '', namespace: '', name: '', className: '' },
      adopted: true,
    });
    expect(record.brickSets[0]?.map(({ node, external, path }) => [node, external, path])).toEqual([
      ['n1', true, '/data/byhand'],
      ['n2', true, '/data/byhand'],
      ['n3', true, '/data/byhand'],
    ]);
    expect(new Set(bench.storage.log.map((line) => line.split(' ')[0]))).toEqual(new Set(['volumeInfo']));
    const later = await restart(bench);
    expect(later.engine.volumes()).toEqual([record]);
    expect(used(later)).toEqual([0, 0, 0]);
    expect(later.engine.locate(record)?.bricks).toEqual([
      '10.0.0.1:/data/byhand',
      '10.0.0.2:/data/byhand',
      '10.0.0.3:/data/byhand',
    ]);
    const survey = await turning(later.clock, later.engine.doctor.survey({ signal: forever }));
    expect(valueOf(survey).findings).toEqual([]);
  });

  it('never lets an adopted volume be deleted, and lets it be forgotten', async () => {
    const bench = await benchOf();
    madeByHand(bench);
    const { id } = valueOf(await adopt(bench, 'byhand'));
    expect(await bench.engine.deleteVolume(id, forever)).toMatchObject({ kind: 'failed' });
    expect(bench.storage.volumes()).toMatchObject([{ name: 'byhand', status: 'started' }]);
    const options = { signal: forever, dryRun: false, leaveIt: false };
    expect(valueOf(await turning(bench.clock, bench.engine.doctor.forget(id, options)))).toMatchObject({
      gluster: 'other',
      bricks: [],
    });
    expect(bench.engine.volumes()).toEqual([]);
  });

  it('takes back one of ours whose identity was wiped, with its bricks counted as they were', async () => {
    const bench = await benchOf();
    const before = await ready(bench, 1);
    const usage = used(bench);
    silence(bench, before);
    bench.disk.documents.delete(JSON.stringify(['volume', before.id]));
    const later = await restart(bench);
    const record = valueOf(await adopt(later, before.name));
    expect(record).toMatchObject({ id: before.id, size: before.size, snapshotFactor: 1, brickSets: before.brickSets });
    expect(record.adopted).toBeUndefined();
    expect(used(later)).toEqual(usage);
    valueOf(await later.engine.deleteVolume(before.id, forever));
    expect(later.storage.bricks()).toEqual([]);
  });

  it('refuses by name whatever is ambiguous, and writes nothing', async () => {
    const bench = await benchOf();
    const ours = await ready(bench, 1);
    madeByHand(bench, 'far', [1, 2, 9]);
    madeByHand(bench, 'uneven', [1, 2]);
    const stolen = bench.storage.volumes().find(({ name }) => name === ours.name)?.bricks ?? [];
    const set = { kind: 'replicate', count: 3 } as const;
    bench.storage.addForeignVolume('n1', 'mixed', set, [...stolen.slice(0, 1), brickOn(2), brickOn(3)]);
    bench.storage.addForeignVolume('n1', 'thief', set, stolen);
    madeByHand(bench, 'first');
    valueOf(await adopt(bench, 'first'));
    const shared = [brickOn(1, '/data/first'), brickOn(2, '/data/x'), brickOn(3, '/data/x')];
    bench.storage.addForeignVolume('n1', 'second', set, shared);
    const reasons: readonly (readonly [name: string, words: string, cluster?: string])[] = [
      ['nothing', 'gluster has no volume nothing in east'],
      ['no/name', 'volume name: expected'],
      ['far', '10.0.0.9:/data/far is on a host that is no node of cluster east'],
      ['uneven', '2 bricks, which is no whole number of sets of 3'],
      ['mixed', 'were made for different volumes'],
      ['thief', `has a record: ${ours.id}`],
      ['first', 'has a record'],
      ['second', '10.0.0.1:/data/first is one of volume first'],
      [ours.name, `has a record: ${ours.id}`],
      ['first', 'cluster: expected one of east', 'west'],
    ];
    for (const [name, words, cluster] of reasons) {
      const refused = await adopt(bench, name, cluster === undefined ? {} : { cluster });
      expect(refused).toMatchObject({ kind: 'rejected', reason: expect.stringContaining(words) as string });
    }
    expect(bench.engine.volumes()).toHaveLength(2);
  });

  it('leaves a volume that says what it is to the rebuild, whether by its options or by one of its bricks', async () => {
    const bench = await benchOf();
    const [first, second] = [await ready(bench, 1), await ready(bench, 2)];
    asBefore(bench, first);
    silence(
      bench,
      second,
      second.brickSets
        .flat()
        .slice(-1)
        .map(({ id }) => id),
    );
    for (const { id } of [first, second]) {
      bench.disk.documents.delete(JSON.stringify(['volume', id]));
    }
    const later = await restart(bench);
    for (const { id, name } of [first, second]) {
      const reason = `volume ${name} says what it is (${id}): "brickyard doctor --rebuild" writes its record`;
      expect(await adopt(later, name)).toEqual({ kind: 'rejected', reason });
    }
    expect(later.engine.volumes()).toEqual([]);
  });

  it('waits for a cluster that does not answer, which may have another volume of that name', async () => {
    const bench = await benchOf();
    madeByHand(bench);
    for (const node of ['n1', 'n2', 'n3']) {
      bench.storage.setUp(node, false);
    }
    expect(await adopt(bench, 'byhand')).toMatchObject({ kind: 'waiting' });
  });
});

describe('forgetting', () => {
  it('removes the record of a volume that is gone, and frees its space and GID', async () => {
    const bench = await benchOf();
    const record = await ready(bench, 1);
    bench.storage.removeVolume(record.name);
    const [first] = record.brickSets.flat();
    if (first === undefined) {
      throw new Error('no brick');
    }
    bench.storage.tamperBrick(first.node, first.id, undefined);
    const shown = valueOf(await forget(bench, 1, { dryRun: true }));
    expect(shown).toMatchObject({ name: record.name, gluster: 'absent', record: 'legible' });
    expect(shown.bricks.map(({ state }) => state).toSorted()).toEqual(['gone', 'stands', 'stands']);
    expect(bench.engine.volume(record.id)).toBeDefined();
    bench.storage.log.length = 0;
    valueOf(await forget(bench, 1));
    expect(new Set(bench.storage.log.map((line) => line.split(' ')[0]))).toEqual(
      new Set(['volumeInfo', 'inspectDevice', 'listBricks']),
    );
    expect(bench.engine.volumes()).toEqual([]);
    expect(used(bench)).toEqual([0, 0, 0]);
    expect((await ready(bench, 2)).gid).toBe(record.gid);
    expect(bench.storage.bricks()).toHaveLength(5);
  });

  it('refuses while gluster has it with our identity, or does not say, unless told to leave it', async () => {
    const bench = await benchOf();
    await ready(bench, 1);
    expect(await forget(bench, 1)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('--yes-leave-it') as string,
    });
    for (const node of ['n1', 'n2', 'n3']) {
      bench.storage.setUp(node, false);
    }
    expect(await forget(bench, 1)).toMatchObject({
      kind: 'rejected',
      reason: expect.stringContaining('does not say') as string,
    });
    expect(bench.engine.volumes()).toHaveLength(1);
    const forgotten = valueOf(await forget(bench, 1, { leaveIt: true }));
    expect(forgotten).toMatchObject({ gluster: 'unknown', bricks: [{ state: 'unknown' }, {}, {}] });
    expect(bench.engine.volumes()).toEqual([]);
    expect(bench.storage.volumes()).toHaveLength(1);
  });

  it('removes a record that cannot be read, found in gluster by its id, and frees what could be read in it', async () => {
    const bench = await benchOf();
    const { gid } = await ready(bench, 1);
    const key = JSON.stringify(['volume', idOf(1)]);
    const document = bench.disk.documents.get(key);
    if (document === undefined) {
      throw new Error('no document');
    }
    bench.disk.documents.set(key, { ...document, text: document.text.replace('"ready"', '"lost"') });
    const broken = await restart(bench);
    expect(used(broken).every((bytes) => bytes > GiB)).toBe(true);
    expect(await forget(broken, 1)).toMatchObject({ kind: 'rejected' });
    const forgotten = valueOf(await forget(broken, 1, { leaveIt: true }));
    expect(forgotten).toMatchObject({ record: 'quarantined', gluster: 'ours', name: `vol_${idOf(1)}` });
    expect(forgotten.bricks.map(({ state, device: on }) => [state, on])).toEqual(
      Array.from({ length: 3 }, () => ['stands', device]),
    );
    expect(broken.engine.quarantined()).toEqual([]);
    expect(used(broken)).toEqual([0, 0, 0]);
    expect(broken.disk.documents.has(key)).toBe(false);
    expect((await ready(broken, 2)).gid).toBe(gid);
  });

  it('says when there is nothing to forget', async () => {
    expect(await forget(await benchOf(), 5)).toMatchObject({
      kind: 'rejected',
      reason: `volume ${idOf(5)} has no record`,
    });
  });
});
