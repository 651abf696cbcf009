import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { volumeOptionOf } from '../../../src/domain/options.ts';
import { bytes } from '../../../src/domain/quantity.ts';
import type { VolumeRecord } from '../../../src/domain/volume.ts';
import { identityOf, identityOptions } from '../../../src/engine/identity.ts';
import { benchOf, forever, idOf, requestOf, valueOf } from './bench.ts';

async function someRecord(): Promise<VolumeRecord> {
  const { engine } = await benchOf();
  return valueOf(await engine.ensureVolume(requestOf(1), forever)).volume;
}

const asMap = (record: VolumeRecord): Map<string, string> =>
  new Map(identityOptions(record).map(({ key, value }) => [key, value]));

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
          const { id, createdAt } = made;
          const expected = { id, size: made.size, snapshotFactor, owner: made.owner, createdAt };
          expect(identityOf(asMap(made))).toEqual(gid === undefined ? expected : { ...expected, gid });
        },
      ),
    );
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
});
