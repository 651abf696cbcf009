import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brickFootprint, extentSize, metadataOf } from '../../../src/domain/placement/footprint.ts';
import { Seat } from '../../../src/domain/placement/seat.ts';
import { brickIdFor, deviceName, nodeId } from '../../../src/domain/names.ts';
import { bytes, GiB, MiB, TiB } from '../../../src/domain/quantity.ts';
import { volumeNumbered } from './arbitraries.ts';

const sizes = fc.integer({ min: 1, max: 6 * TiB }).map(bytes);
const factors = fc.constantFrom(1, 1.25, 1.5, 2, 10);

function seatOf(size: number, reserved = 0): Seat {
  const seat = new Seat(nodeId('n'), deviceName('/dev/d'));
  seat.standing = { zone: 'z', size: bytes(size), reserved: bytes(reserved), tags: {} };
  return seat;
}

describe('the footprint of a brick', () => {
  it.each([
    { size: 1 * GiB, snapshotFactor: 1, pool: 1 * GiB, metadata: 8 * MiB },
    { size: 10 * GiB, snapshotFactor: 1, pool: 10 * GiB, metadata: 52 * MiB },
    { size: 10 * GiB, snapshotFactor: 1.5, pool: 15 * GiB, metadata: 80 * MiB },
    { size: 1, snapshotFactor: 1, pool: 4 * MiB, metadata: 4 * MiB },
    { size: 4 * TiB, snapshotFactor: 1, pool: 4 * TiB, metadata: 16 * GiB },
    { size: 4 * TiB, snapshotFactor: 2, pool: 8 * TiB, metadata: 16 * GiB },
  ])('of $size bytes with factor $snapshotFactor is its pool, 0.5 % metadata and whole extents', (row) => {
    const footprint = brickFootprint({ size: bytes(row.size), snapshotFactor: row.snapshotFactor });
    expect(footprint).toEqual({ pool: row.pool, metadata: row.metadata, total: row.pool + row.metadata });
  });

  it('gives its metadata away by its total alone', () => {
    fc.assert(
      fc.property(sizes, factors, (size, snapshotFactor) => {
        const { metadata, total } = brickFootprint({ size, snapshotFactor });
        expect(metadataOf(total)).toBe(metadata);
        expect(total % extentSize).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a seat', () => {
  it('counts the footprints of what is there', () => {
    const seat = seatOf(100 * GiB);
    const small = brickFootprint({ size: bytes(GiB), snapshotFactor: 1 });
    const large = brickFootprint({ size: bytes(20 * GiB), snapshotFactor: 1 });
    seat.occupy(brickIdFor(volumeNumbered(1), 0, 0), small.total);
    seat.occupy(brickIdFor(volumeNumbered(2), 0, 0), large.total);
    expect(seat.used).toBe(small.total + large.total);
    seat.vacate(brickIdFor(volumeNumbered(2), 0, 0));
    expect(seat.used).toBe(small.total);
    seat.vacate(brickIdFor(volumeNumbered(1), 0, 0));
    expect(seat.used).toBe(0);
  });

  it('has as many slots as bricks can be put on it one after another', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 * 1024 }),
        fc.integer({ min: 0, max: 4 * 1024 }),
        fc.integer({ min: 1, max: 8 * 1024 }),
        fc.option(fc.integer({ min: 1, max: 8 * 1024 })),
        (size, reserved, brick, other) => {
          const seat = seatOf(size * MiB, reserved * MiB);
          if (other !== null) {
            seat.hold(brickFootprint({ size: bytes(other * MiB), snapshotFactor: 1 }).total);
          }
          const { total } = brickFootprint({ size: bytes(brick * MiB), snapshotFactor: 1 });
          const slots = seat.slots(total);
          for (let placed = 0; placed < slots; placed += 1) {
            expect(seat.fits(total)).toBe(true);
            seat.hold(total);
          }
          expect(seat.fits(total)).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('knows the largest brick that fits, to the extent', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 * TiB }), factors, (size, snapshotFactor) => {
        const seat = seatOf(size);
        const largest = seat.largestBrick(snapshotFactor);
        const next = bytes(largest + extentSize);
        expect(largest === 0 || seat.fits(brickFootprint({ size: largest, snapshotFactor }).total)).toBe(true);
        expect(seat.fits(brickFootprint({ size: next, snapshotFactor }).total)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});
