import { describe, expect, it } from 'vitest';
import { placeVolume } from '../../../src/domain/placement/place.ts';
import { bytes, GiB, KiB, MiB } from '../../../src/domain/quantity.ts';
import type { BrickRecord } from '../../../src/domain/volume.ts';
import type { NodeRecord } from '../../../src/domain/topology.ts';
import type { PlacementRequest } from '../../../src/domain/placement/request.ts';
import { node, poolOf, request } from './arbitraries.ts';

function place(nodes: readonly NodeRecord[], more: Partial<PlacementRequest> = {}): BrickRecord[] {
  const answer = placeVolume(poolOf(...nodes), request({ durability: { kind: 'arbiter' }, ...more }));
  if (answer.kind !== 'placed') {
    throw new Error(`expected a place, got: ${answer.shortfall}`);
  }
  return answer.brickSets.flat();
}

const arbiterOf = (bricks: readonly BrickRecord[]): BrickRecord | undefined => bricks.find(({ arbiter }) => arbiter);

describe('an arbiter', () => {
  it('is the third brick, with 4 KiB for each file of average size', () => {
    const nodes = [1, 2, 3].map((number) => node(number, `z${number}`, [200]));
    const bricks = place(nodes, { size: bytes(100 * GiB) });
    expect(bricks.map(({ arbiter }) => arbiter)).toEqual([false, false, true]);
    expect(bricks.map(({ size }) => size)).toEqual([100 * GiB, 100 * GiB, (100 / 16) * GiB]);
    const large = place(nodes, { size: bytes(100 * GiB), averageFileSize: bytes(1024 * KiB) });
    expect(arbiterOf(large)?.size).toBe(512 * MiB);
  });

  it('goes to a device with arbiter=required before any other', () => {
    const nodes = [1, 2, 3].map((number) => node(number, 'z', [50]));
    const bricks = place([...nodes, node(4, 'z', [50], { tags: { arbiter: 'required' } })]);
    expect(arbiterOf(bricks)?.node).toBe('n4');
  });

  it('never goes to a device with arbiter=disabled, and data never to one with arbiter=required', () => {
    const bricks = place([
      node(1, 'z', [50], { tags: { arbiter: 'disabled' } }),
      node(2, 'z', [50], { tags: { arbiter: 'disabled' } }),
      node(3, 'z', [20]),
      node(4, 'z', [900], { tags: { arbiter: 'required' } }),
    ]);
    expect(arbiterOf(bricks)?.node).toBe('n4');
    expect(bricks.filter(({ arbiter }) => !arbiter).some(({ node }) => node === 'n4')).toBe(false);
  });

  it('does not take one of the only two nodes that can hold data, however empty they are', () => {
    const bricks = place([node(1, 'z', [500]), node(2, 'z', [500]), node(3, 'z', [2]), node(4, 'z', [2])]);
    expect(['n3', 'n4']).toContain(arbiterOf(bricks)?.node);
  });

  it('leaves the zones to the data bricks that need them', () => {
    // Data fits in z1 and z2 only: with zones required the arbiter has to be in z3.
    const bricks = place([node(1, 'z1', [50]), node(2, 'z2', [50]), node(3, 'z3', [2])], { zoneSpread: 'require' });
    expect(arbiterOf(bricks)?.node).toBe('n3');
  });

  it('is laid with every set of a volume that is cut', () => {
    const nodes = [1, 2, 3].map((number) => node(number, 'z', [11, 11, 11]));
    const bricks = place(nodes, { size: bytes(20 * GiB) });
    expect(bricks.filter(({ arbiter }) => arbiter)).toHaveLength(2);
  });

  it('that finds no node beside the data bricks is what the refusal says', () => {
    const pool = poolOf(
      node(1, 'z', [50], { tags: { arbiter: 'disabled' } }),
      node(2, 'z', [50], { tags: { arbiter: 'disabled' } }),
    );
    const answer = placeVolume(pool, request({ durability: { kind: 'arbiter' } }));
    expect(answer.kind === 'refused' ? answer.shortfall : '').toContain(
      'finds room for its data bricks, but not for an arbiter on another of the nodes',
    );
  });
});
