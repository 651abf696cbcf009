import { describe, expect, it } from 'vitest';
import { nodeId } from '../../../src/domain/names.ts';
import type { Evacuee } from '../../../src/domain/placement/capacity.ts';
import { forecastLoss } from '../../../src/domain/placement/node-loss.ts';
import { placeVolume } from '../../../src/domain/placement/place.ts';
import type { PlacementPool } from '../../../src/domain/placement/pool.ts';
import type { PlacementRequest } from '../../../src/domain/placement/request.ts';
import { bytes } from '../../../src/domain/quantity.ts';
import { node, observe, occupyAll, poolOf, request, volumeNumbered } from './arbitraries.ts';

/** Places a volume and counts it. */
function placed(pool: PlacementPool, number: number, more: Partial<PlacementRequest> = {}): Evacuee {
  const wanted = request({ volume: volumeNumbered(number), ...more });
  const answer = placeVolume(pool, wanted);
  expect(answer.kind).toBe('placed');
  const brickSets = answer.kind === 'placed' ? answer.brickSets : [];
  occupyAll(pool, brickSets);
  return { ...wanted, id: wanted.volume, brickSets };
}

const n1 = nodeId('n1');
const asked = [request({ volume: volumeNumbered(99) })];
const onNode = ({ brickSets }: Evacuee): boolean => brickSets.flat().some((brick) => brick.node === n1);

describe('what the loss of a node would mean', () => {
  it('degrades a replicated volume, whose brick another node takes', () => {
    const pool = poolOf(...[1, 2, 3, 4].map((number) => node(number, `z${number}`, [51])));
    const volumes = [1, 2, 3, 4].map((number) => placed(pool, number));
    const before = observe(pool);
    const loss = forecastLoss(pool, n1, asked, volumes, request());
    expect(observe(pool)).toEqual(before);
    const expected = volumes
      .filter(onNode)
      .map(({ id }) => ({ volume: id, fate: 'degraded', bricks: 1, rebuildable: 1 }));
    expect(expected.length).toBeGreaterThan(0);
    expect(loss.volumes).toEqual(expected);
  });

  it('counts what still fits before and after the bricks are made anew', () => {
    const pool = poolOf(...[1, 2, 3, 4].map((number) => node(number, `z${number}`, [51])));
    const volumes = [1, 2].map((number) => placed(pool, number));
    const [headroom] = forecastLoss(pool, n1, asked, volumes, request()).headroom;
    // Four nodes with five places each, less 6 bricks: 14 places, which are 4 sets of 3.
    expect(headroom?.now.volumes).toBe(4);
    expect(headroom?.after.volumes).toBeGreaterThanOrEqual(3);
    // Both volumes and all that is new are on three nodes then, with five places each.
    expect(headroom?.rebuilt.volumes).toBe(3);
  });

  it('leaves a volume degraded that has no other node to go to', () => {
    const pool = poolOf(...[1, 2, 3].map((number) => node(number, `z${number}`, [51])));
    const volume = placed(pool, 1);
    const loss = forecastLoss(pool, n1, asked, [volume], request());
    expect(loss.volumes).toEqual([{ volume: volume.id, fate: 'degraded', bricks: 1, rebuildable: 0 }]);
    expect(loss.headroom[0]).toMatchObject({ after: { volumes: 0 }, rebuilt: { volumes: 0 } });
  });

  it('loses a volume without copies, and makes nothing of it anew', () => {
    const pool = poolOf(node(1, 'z', [51]));
    const volume = placed(pool, 1, { durability: { kind: 'distribute' } });
    pool.upsertNode(node(2, 'z', [51]));
    const loss = forecastLoss(pool, n1, asked, [volume], request());
    expect(loss.volumes).toEqual([{ volume: volume.id, fate: 'lost', bricks: 1, rebuildable: 0 }]);
  });

  it('loses a volume whose other copies have failed already, but not one whose others are only offline', () => {
    const nodes = [1, 2].map((number) => node(number, 'z', [51]));
    const pool = poolOf(...nodes);
    const volume = placed(pool, 1, { durability: { kind: 'replicate', count: 2 } });
    pool.upsertNode(node(3, 'z', [51]));
    const fateWith = (state: 'offline' | 'failed') => {
      pool.upsertNode(node(2, 'z', [51], { state }));
      return forecastLoss(pool, n1, [], [volume], request()).volumes[0];
    };
    expect(fateWith('offline')).toMatchObject({ fate: 'degraded', rebuildable: 1 });
    expect(fateWith('failed')).toMatchObject({ fate: 'lost', rebuildable: 0 });
  });

  it('does not take an arbiter for a copy', () => {
    const pool = poolOf(...[1, 2, 3].map((number) => node(number, 'z', [51])));
    const volume = placed(pool, 1, { durability: { kind: 'arbiter' } });
    const [data, other, arbiter] = volume.brickSets[0] ?? [];
    expect(arbiter?.arbiter).toBe(true);
    const number = Number(String(other?.node).slice(1));
    pool.upsertNode(node(number, 'z', [51], { state: 'failed' }));
    const loss = forecastLoss(pool, nodeId(String(data?.node)), [], [volume], request());
    expect(loss.volumes).toMatchObject([{ fate: 'lost' }]);
  });

  it('does not say that a brick of unknown size would fit elsewhere', () => {
    const pool = poolOf(...[1, 2, 3, 4].map((number) => node(number, 'z', [51])));
    const volume = placed(pool, 1);
    const lost = volume.brickSets[0]?.[0]?.node ?? n1;
    const adopted = {
      ...volume,
      brickSets: volume.brickSets.map((set) =>
        set.map((brick) => ({ ...brick, size: bytes(0), footprint: bytes(0), external: true })),
      ),
    };
    expect(forecastLoss(pool, lost, [], [volume], request()).volumes).toMatchObject([{ rebuildable: 1 }]);
    expect(forecastLoss(pool, lost, [], [adopted], request()).volumes).toEqual([
      { volume: volume.id, fate: 'degraded', bricks: 1, rebuildable: 0 },
    ]);
  });

  it('passes over volumes that have nothing on the node, and a node that is not known', () => {
    const pool = poolOf(...[2, 3, 4].map((number) => node(number, 'z', [51])));
    const volume = placed(pool, 1);
    const loss = forecastLoss(pool, n1, asked, [volume], request());
    expect(loss.volumes).toEqual([]);
    expect(loss.headroom[0]?.after).toEqual(loss.headroom[0]?.now);
  });
});
