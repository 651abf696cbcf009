import { describe, expect, it } from 'vitest';
import { describeIssues } from '../../../src/domain/schema.ts';
import { describeShape, usualShape, volumeShape } from '../../../src/domain/volume-shape.ts';

describe('the shape of a volume', () => {
  it('has defaults for all but size and durability', () => {
    const { size, durability } = usualShape;
    expect(volumeShape.parse({ size, durability })).toEqual(usualShape);
  });

  it.each([
    ['size', { size: 0 }, 'size: expected a size above 0, got 0'],
    ['size', { size: 1.5 }, 'size: expected a whole number of bytes from 0 to 2^53 - 1, got 1.5'],
    [
      'durability',
      { durability: { kind: 'disperse', data: 2, redundancy: 2 } },
      'durability: disperse 2+2: expected a redundancy below the data bricks, got 2',
    ],
    ['snapshotFactor', { snapshotFactor: 0 }, 'snapshotFactor: '],
    ['zoneSpread', { zoneSpread: 'maybe' }, 'zoneSpread: '],
    ['tagMatch', { tagMatch: [{ key: 'a b', op: '=', value: '' }] }, 'tagMatch[0].key: expected 1 to 32 letters'],
    ['allowedZones', { allowedZones: ['a b'] }, 'allowedZones[0]: expected a zone of 1 to 63 letters'],
    ['preferredZones', { preferredZones: [''] }, 'preferredZones[0]: expected a zone of 1 to 63 letters'],
    ['an unknown field', { sise: 1 }, 'Unrecognized key: "sise"'],
  ])('is refused for a wrong %s, which is named', (_name, change, expected) => {
    const parsed = volumeShape.safeParse({ ...usualShape, ...change });
    expect(parsed.success ? '' : describeIssues(parsed.error)).toContain(expected);
  });

  it('says what is not usual', () => {
    expect(describeShape(usualShape)).toBe('10 GiB, replicate 3');
    const shape = volumeShape.parse({
      ...usualShape,
      durability: { kind: 'disperse', data: 4, redundancy: 2 },
      snapshotFactor: 1.5,
      zoneSpread: 'require',
      allowedZones: ['a', 'b'],
      preferredZones: ['b'],
      tagMatch: [{ key: 'media', op: '!=', value: 'hdd' }],
    });
    expect(describeShape(shape)).toBe(
      '10 GiB, disperse 4+2, snapshot factor 1.5, zone spread require, only in a, b, preferably in b, media!=hdd',
    );
  });
});
