import { describe, expect, it } from 'vitest';
import { nodeId } from '../../../src/domain/names.ts';
import { afterLossOf, headroom } from '../../../src/domain/placement/capacity.ts';
import { placeVolume } from '../../../src/domain/placement/place.ts';
import { defaultLimits } from '../../../src/domain/placement/request.ts';
import { GiB } from '../../../src/domain/quantity.ts';
import { node, observe, occupyAll, poolOf, request, volumeNumbered } from './arbitraries.ts';

const nodes = [1, 2, 3, 4].map((number) => node(number, 'z', [51]));

describe('headroom', () => {
  it('is what can really be placed, one after another', () => {
    const pool = poolOf(...nodes);
    const before = observe(pool);
    const { volumes, usable, endedBy } = headroom(pool, request());
    expect(observe(pool)).toEqual(before);
    expect(endedBy).toBe('space');
    expect(usable).toBe(volumes * 10 * GiB);
    for (let number = 0; number < volumes; number += 1) {
      const answer = placeVolume(pool, request({ volume: volumeNumbered(number) }));
      expect(answer.kind).toBe('placed');
      occupyAll(pool, answer.kind === 'placed' ? answer.brickSets : []);
    }
    // 4 nodes hold 5 bricks each: 20 bricks are 6 sets of 3.
    expect(volumes).toBe(6);
    expect(headroom(pool, request({ volume: volumeNumbered(99) })).volumes).toBe(0);
  });

  it('ends at the limit of volumes', () => {
    const limits = { ...defaultLimits, maxVolumesPerCluster: 2 };
    expect(headroom(poolOf(...nodes), request({ limits }))).toMatchObject({ volumes: 2, endedBy: 'volume limit' });
  });
});

describe('the loss of a node', () => {
  it('says how much less fits, which bricks others would take, and which have no other place', () => {
    const pool = poolOf(...nodes.slice(0, 3), node(4, 'z', [12]));
    const volumes = [1, 2].map((number) => {
      const wanted = request({ volume: volumeNumbered(number) });
      const answer = placeVolume(pool, wanted);
      const brickSets = answer.kind === 'placed' ? answer.brickSets : [];
      occupyAll(pool, brickSets);
      return Object.assign({ id: wanted.volume, brickSets }, wanted);
    });
    const before = observe(pool);
    const lost = nodeId('n1');
    const there = volumes.flatMap(({ brickSets }) => brickSets.flat()).filter(({ node }) => node === lost);
    const loss = afterLossOf(pool, lost, [request({ volume: volumeNumbered(9) })], volumes, request());
    expect(observe(pool)).toEqual(before);
    expect(loss.headroom[0]?.now.volumes).toBeGreaterThan(loss.headroom[0]?.after.volumes ?? Infinity);
    expect(there.length).toBeGreaterThan(0);
    expect([...loss.replaceable, ...loss.stranded].map(({ id }) => id).sort()).toEqual(
      there.map(({ id }) => id).sort(),
    );
    // Only n4 is left for them, with room for one brick at most.
    expect(loss.replaceable.length).toBeLessThanOrEqual(1);
  });
});
