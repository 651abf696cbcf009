/** Random small pools and requests, and the pool they describe. */
import * as fc from 'fast-check';
import {
  brickIdFor,
  clusterId,
  deviceName,
  hostName,
  nodeId,
  volumeId,
  type VolumeId,
} from '../../../src/domain/names.ts';
import type { BrickLoad } from '../../../src/domain/placement/pool.ts';
import { PlacementPool } from '../../../src/domain/placement/pool.ts';
import { defaultLimits, type PlacementRequest } from '../../../src/domain/placement/request.ts';
import { bytes, GiB, MiB } from '../../../src/domain/quantity.ts';
import { nodeRecord, type NodeRecord } from '../../../src/domain/topology.ts';
import type { BrickRecord } from '../../../src/domain/volume.ts';

export function volumeNumbered(number: number): VolumeId {
  return volumeId(`00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`);
}

/** A node `n<number>` with devices of those sizes in GiB. */
export function node(
  number: number,
  zone: string,
  sizes: readonly number[],
  more: Partial<Pick<NodeRecord, 'state' | 'tags'>> = {},
): NodeRecord {
  const name = `n${number}`;
  return nodeRecord.parse({
    id: nodeId(name),
    cluster: clusterId('c'),
    zone,
    manage: hostName(name),
    storage: hostName(name),
    devices: sizes.map((size, device) => ({ name: deviceName(`/dev/d${device}`), size: Math.round(size * GiB) })),
    ...more,
  });
}

export function poolOf(...nodes: readonly NodeRecord[]): PlacementPool {
  const pool = new PlacementPool();
  for (const each of nodes) {
    pool.upsertNode(each);
  }
  return pool;
}

/** replicate 3 of 10 GiB, zones preferred, unless told otherwise. */
export function request(more: Partial<PlacementRequest> = {}): PlacementRequest {
  return {
    volume: volumeNumbered(1),
    size: bytes(10 * GiB),
    durability: { kind: 'replicate', count: 3 },
    snapshotFactor: 1,
    zoneSpread: 'prefer',
    preferredZones: [],
    limits: defaultLimits,
    ...more,
  };
}

export function load(number: number, where: NodeRecord, device: number, footprint: number): BrickLoad {
  const { name } = where.devices[device] ?? { name: deviceName('/dev/gone') };
  return { id: brickIdFor(volumeNumbered(number), 0, 0), node: where.id, device: name, footprint: bytes(footprint) };
}

export function occupyAll(pool: PlacementPool, brickSets: readonly (readonly BrickRecord[])[]): void {
  for (const brick of brickSets.flat()) {
    pool.occupy(brick);
  }
}

/** What can be observed of a pool, for comparing two. */
export function observe(pool: PlacementPool): unknown {
  return { volumes: pool.volumeCount, devices: pool.devices(), nodes: pool.nodes() };
}

const device = fc.record({
  size: fc.integer({ min: 1, max: 40 }),
  state: fc.constantFrom('online', 'online', 'online', 'online', 'offline', 'failed'),
  reserved: fc.constantFrom(0, 0, 0, 2),
  prepared: fc.constantFrom(true, true, true, true, false),
  tag: fc.constantFrom(undefined, undefined, undefined, 'required', 'disabled'),
});

/** Up to six nodes with up to three devices of up to 40 GiB, in up to three zones. */
export const nodesArbitrary: fc.Arbitrary<NodeRecord[]> = fc
  .array(
    fc.record({
      zone: fc.constantFrom('z1', 'z2', 'z3'),
      state: fc.constantFrom('online', 'online', 'online', 'online', 'offline', 'failed'),
      devices: fc.array(device, { minLength: 0, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((nodes) =>
    nodes.map(({ zone, state, devices }, number) =>
      nodeRecord.parse({
        id: nodeId(`n${number}`),
        cluster: clusterId('c'),
        zone,
        manage: hostName(`n${number}`),
        storage: hostName(`n${number}`),
        state,
        devices: devices.map(({ size, prepared, reserved, tag, ...each }, index) => ({
          name: deviceName(`/dev/d${index}`),
          state: each.state,
          ...(prepared ? { size: size * GiB } : {}),
          reserved: reserved * GiB,
          tags: tag === undefined ? {} : { arbiter: tag },
        })),
      }),
    ),
  );

/** Nodes whose devices are all usable for data, so that a brute force may look at sizes alone. */
export const plainNodesArbitrary: fc.Arbitrary<NodeRecord[]> = fc
  .array(
    fc.record({
      zone: fc.constantFrom('z1', 'z2', 'z3'),
      sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((nodes) => nodes.map(({ zone, sizes }, number) => node(number, zone, sizes)));

export const requestArbitrary: fc.Arbitrary<PlacementRequest> = fc
  .record({
    number: fc.integer({ min: 1, max: 1000 }),
    size: fc.integer({ min: 1, max: 60 * 1024 }),
    durability: fc.constantFrom<PlacementRequest['durability'][]>(
      { kind: 'replicate', count: 2 },
      { kind: 'replicate', count: 3 },
      { kind: 'replicate', count: 4 },
      { kind: 'arbiter' },
      { kind: 'disperse', data: 2, redundancy: 1 },
      { kind: 'distribute' },
    ),
    snapshotFactor: fc.constantFrom(1, 1, 1.5, 2),
    zoneSpread: fc.constantFrom<PlacementRequest['zoneSpread'][]>('prefer', 'require', 'off'),
    preferredZones: fc.subarray(['z1', 'z2', 'z3']),
  })
  .map(({ number, size, ...rest }) => request({ ...rest, volume: volumeNumbered(number), size: bytes(size * MiB) }));
