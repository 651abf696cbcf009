import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brickIdFor, nodeId } from '../../../src/domain/names.ts';
import { volumeOptionOf } from '../../../src/domain/options.ts';
import { bytes } from '../../../src/domain/quantity.ts';
import type { VolumeRecord } from '../../../src/domain/volume.ts';
import { brickIdentity, longestBrickIdentity } from '../../../src/domain/brick-identity.ts';
import {
  birthIdentity,
  hasIdentity,
  identityOf,
  identityOfText,
  identityOptions,
  sameIdentity,
  type Identity,
} from '../../../src/engine/identity.ts';
import { benchOf, forever, idOf, requestOf, valueOf } from './bench.ts';

async function someRecord(): Promise<VolumeRecord> {
  const { engine } = await benchOf();
  return valueOf(await engine.ensureVolume(requestOf(1), forever)).volume;
}

const asMap = (record: VolumeRecord): Map<string, string> =>
  new Map(identityOptions(record).map(({ key, value }) => [key, value]));

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _left, ...rest } = value;
  return rest;
}

describe('what a volume says of itself', () => {
  it('is read back exactly, and keeps to the grammar of options, whatever its owner is called', async () => {
    const record = await someRecord();
    // A lone surrogate is no text.
    const name = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(
        fc.record({ namespace: name, name, className: name }),
        fc.nat(2 ** 50),
        fc.option(fc.integer({ min: 1, max: 2 ** 31 - 1 }), { nil: undefined }),
        fc.double({ min: 1, max: 100, noNaN: true }),
        (owner, size, gid, snapshotFactor) => {
          const made: VolumeRecord = {
            ...record,
            size: bytes(size),
            snapshotFactor,
            ...(gid === undefined ? {} : { gid }),
            owner: { uid: idOf(1), ...owner },
          };
          for (const { key, value } of identityOptions(made)) {
            volumeOptionOf(key, value);
          }
          const { id, createdAt, durability } = made;
          const bricks = made.brickSets.flat().map((brick) => without(brick, 'path'));
          const fixed = { id, createdAt, durability, bricks, discarded: [], options: [] };
          const expected = { ...fixed, size: made.size, snapshotFactor, owner: made.owner };
          const all = gid === undefined ? expected : { ...expected, gid };
          expect(identityOf(asMap(made))).toEqual(all);
          expect(identityOfText(birthIdentity(made) ?? '')).toEqual(all);
        },
      ),
    );
  });

  it('keeps the rules for its place, however many there are', async () => {
    const zones = Array.from({ length: 40 }, (_none, number) => `eu-central-1${number}.a_b`);
    const placement = {
      zoneSpread: 'require' as const,
      preferredZones: ['eu-central-10.a_b'],
      allowedZones: zones,
      tagMatch: [{ key: 'media', op: '!=' as const, value: 'ssd:1/2' }],
    };
    const made = { ...(await someRecord()), placement };
    for (const { key, value } of identityOptions(made)) {
      volumeOptionOf(key, value);
    }
    expect(identityOf(asMap(made))?.placement).toEqual(placement);
    expect(birthIdentity(made)).toBeUndefined();
    const few = { ...placement, allowedZones: zones.slice(0, 3) };
    expect(identityOfText(birthIdentity({ ...made, placement: few }) ?? '')?.placement).toEqual(few);
  });

  it('leaves out what gluster would not take, and stays what it is', async () => {
    const record = await someRecord();
    const options = asMap({ ...record, owner: { ...record.owner, name: 'ß'.repeat(100) } });
    expect(options.has('user.brickyard.name')).toBe(false);
    expect(identityOf(options)).toMatchObject({ id: record.id, owner: { namespace: 'apps', name: '' } });
  });

  it('leaves names of Kubernetes objects legible', async () => {
    expect(asMap(await someRecord()).get('user.brickyard.name')).toBe('claim-1');
  });

  it('is nothing when it is not there, is of another version, or was changed by hand', async () => {
    const options = asMap(await someRecord());
    const changed = (key: string, value: string): Map<string, string> =>
      new Map([...options, [`user.brickyard.${key}`, value]]);
    expect(identityOf(options)).toBeDefined();
    expect(identityOf(new Map([['user.heketi.id', 'x']]))).toBeUndefined();
    expect(identityOf(changed('schema', '2'))).toBeUndefined();
    expect(identityOf(changed('volume', 'x'))).toBeUndefined();
    expect(identityOf(changed('size', 'big'))).toBeUndefined();
    expect(identityOf(changed('name', '%'))).toBeUndefined();
  });

  it('says every durability, every option and every brick, however many, within what one value may hold', async () => {
    const record = await someRecord();
    const [[brick] = []] = record.brickSets;
    if (brick === undefined) {
      throw new Error('a record without bricks');
    }
    const durability = fc.constantFrom<VolumeRecord['durability']>(
      { kind: 'replicate', count: 16 },
      { kind: 'arbiter' },
      { kind: 'disperse', data: 8, redundancy: 3 },
      { kind: 'distribute' },
    );
    const option = fc.record({
      key: fc.stringMatching(/^[a-z]{1,40}\.[a-z]{1,40}$/),
      value: fc.stringMatching(/^[a-zA-Z0-9_.:/*%@+][a-zA-Z0-9_.:/*%@+=-]{0,255}$/),
    });
    fc.assert(
      fc.property(
        durability,
        fc.array(option, { maxLength: 9 }),
        fc.integer({ min: 1, max: 40 }),
        (kind, options, count) => {
          const bricks = Array.from({ length: count }, (_none, index) => ({
            ...without(brick, 'path'),
            id: brickIdFor(record.id, index, 0, 7),
            size: bytes(index * 4096),
            arbiter: index % 3 === 2,
          }));
          const made = {
            ...record,
            durability: kind,
            options,
            brickSets: bricks.map((one) => [one]),
            discarded: bricks,
          };
          const said = asMap(made);
          said.forEach((value, key) => volumeOptionOf(key, value));
          // What a longer list has left behind is not taken for a part of this one.
          said.set('user.brickyard.bricks-99', '99/99:nonsense');
          expect(identityOf(said)).toMatchObject({ durability: kind, options, bricks, discarded: bricks });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is nothing when a part of the bricks is missing', async () => {
    const options = asMap(await someRecord());
    expect(hasIdentity(options)).toBe(true);
    options.delete('user.brickyard.bricks-1');
    expect(identityOf(options)).toMatchObject({ bricks: [] });
    options.set('user.brickyard.bricks-1', '1/2:');
    expect(identityOf(options)).toBeUndefined();
    expect(hasIdentity(new Map([['user.heketi.id', 'x']]))).toBe(false);
  });
});

/** A record of that many sets, each brick on a node of its own. */
async function recordOf(sets: number): Promise<VolumeRecord> {
  const record = await someRecord();
  const [first = []] = record.brickSets;
  const brickSets = Array.from({ length: sets }, (_none, set) =>
    first.map((brick, position) => ({
      ...without(brick, 'path'),
      id: brickIdFor(record.id, set, position),
      node: nodeId(`n${position + 1}`),
    })),
  );
  return { ...record, brickSets };
}

const read = (record: VolumeRecord): Identity => {
  const identity = identityOfText(birthIdentity(record) ?? '');
  if (identity === undefined) {
    throw new Error('it says nothing');
  }
  return identity;
};

describe('what a brick says of its volume', () => {
  it('is one short line that people can read', async () => {
    expect(birthIdentity(await recordOf(1))).toBe(
      `schema=1&volume=${idOf(1)}&size=1073741824&durability=replicate-3&snapshot-factor=1&namespace=apps&name=claim-1` +
        '&class=fast&created=2026-01-01T00:00:00.000Z&bricks=0-0-0=d=n1=/dev/vdb=1073741824=1082130432!0-1-0==n2===!0-2-0==n3===',
    );
  });

  it('says each of many bricks, whatever they have in common', async () => {
    const record = await recordOf(10);
    const bricks = record.brickSets.flat().map((brick, index) => ({
      ...brick,
      size: bytes(brick.size + (index % 2) * 4096),
      arbiter: index % 3 === 2,
    }));
    const made = { ...record, brickSets: [bricks], discarded: bricks.slice(0, 2) };
    expect(read(made)).toMatchObject({ bricks, discarded: bricks.slice(0, 2) });
  });

  it('is nothing at all when it would be too long: then it is for the options to say', async () => {
    const sets = [];
    for (let count = 1; count < 60; count += 1) {
      sets.push(await recordOf(count));
    }
    const texts = sets.map(birthIdentity);
    const fits = texts.filter((text) => text !== undefined);
    expect(fits.length).toBeGreaterThan(10);
    expect(fits.length).toBeLessThan(sets.length);
    expect(Math.max(...fits.map(({ length }) => length))).toBeLessThanOrEqual(longestBrickIdentity);
    expect(texts.slice(fits.length).every((text) => text === undefined)).toBe(true);
    expect(birthIdentity({ ...(await someRecord()), createdAt: 'the day before' })).toBeUndefined();
  });

  it('keeps to what links and LVM’s tags take', () => {
    expect(() => brickIdentity('x'.repeat(longestBrickIdentity))).not.toThrow();
    for (const text of ['', '-x', 'a b', 'a,b', 'a@b', 'ä', 'x\n', 'x'.repeat(longestBrickIdentity + 1)]) {
      expect(() => brickIdentity(text)).toThrow(/^identity: expected at most 1000 letters, digits and/);
    }
  });

  it('is nothing when it was changed by hand, or is of another version', async () => {
    const text = String(birthIdentity(await recordOf(1)));
    expect(identityOfText(text)).toBeDefined();
    for (const [from, to] of [
      ['schema=1', 'schema=2'],
      [`volume=${idOf(1)}`, 'volume=x'],
      ['size=1073741824', 'size=big'],
      ['name=claim-1', 'name=#'],
      ['=d=n1=', '==='],
      ['0-1-0', '0'],
    ] as const) {
      expect(identityOfText(text.replace(from, to))).toBeUndefined();
    }
    expect(identityOfText('xfs')).toBeUndefined();
    expect(identityOfText('')).toBeUndefined();
  });

  it('is compared without bricks of earlier plans, which are cleared away while others are being made', async () => {
    const record = await recordOf(2);
    const cleared = { ...record, discarded: record.brickSets[0] };
    expect(sameIdentity(read(record), read(cleared))).toBe(true);
    expect(sameIdentity(read(record), read({ ...record, createdAt: '2026-01-01T00:00:00.001Z' }))).toBe(false);
    expect(sameIdentity(read(record), read({ ...record, brickSets: record.brickSets.slice(1) }))).toBe(false);
  });
});
