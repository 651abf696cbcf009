/**
 * Fixed placement workloads for replicate 3: a pool of nodes (zone, device sizes) and an ordered list of volume sizes.
 * All numbers come from a 32-bit mulberry32 generator, so that any language can make them again.
 */
import { clusterId, deviceName, hostName, nodeId, volumeId, type VolumeId } from '../src/domain/names.ts';
import { bytes, GiB, type Bytes } from '../src/domain/quantity.ts';
import { nodeRecord, type NodeRecord } from '../src/domain/topology.ts';

export const variants = ['A', 'B', 'C', 'D', 'E'] as const;
export type Variant = (typeof variants)[number];

export const variantTexts: Readonly<Record<Variant, string>> = {
  A: '12 nodes in 4 equal zones, volumes of 1 to 200 GiB',
  B: 'as A, many small volumes (log-uniform)',
  C: '12 nodes in 3 unequal zones (6, 4, 2)',
  D: '9 nodes of very unlike size in 3 zones',
  E: '50 nodes, 400 devices, volumes of 100 to 2,000 GiB',
};

export interface Workload {
  readonly nodes: readonly NodeRecord[];
  readonly volumes: readonly Bytes[];
}

/** Numbers from 0 (inclusive) to 1 (exclusive). */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Zone and number of devices of each node. */
function layout(variant: Variant): readonly (readonly [zone: number, devices: number])[] {
  switch (variant) {
    case 'A':
    case 'B':
      return Array.from({ length: 12 }, (_, node) => [(node % 4) + 1, 4] as const);
    case 'C':
      return [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3].map((zone) => [zone, 4] as const);
    case 'D':
      return Array.from({ length: 9 }, (_, node) => [Math.floor(node / 3) + 1, ((node % 3) + 1) * 2] as const);
    case 'E':
      return Array.from({ length: 50 }, (_, node) => [(node % 5) + 1, 8] as const);
  }
}

function volumeSizes(variant: Variant, random: () => number): number[] {
  switch (variant) {
    case 'B':
      return Array.from({ length: 20_000 }, () => Math.max(1, Math.min(200, Math.floor(200 ** random()))));
    case 'E':
      return Array.from({ length: 4000 }, () => 100 + Math.floor(random() * 1901));
    default:
      return Array.from({ length: 4000 }, () => 1 + Math.floor(random() * 200));
  }
}

export function workload(variant: Variant, seed: number): Workload {
  const random = mulberry32(seed);
  const tebibytes = [1, 2, 3, 4, 6, 8];
  const nodes = layout(variant).map(([zone, devices], node) => {
    const sizes = Array.from({ length: devices }, () => (tebibytes[Math.floor(random() * 6)] ?? 1) * 1024);
    return makeNode(node, `z${zone}`, sizes);
  });
  return { nodes, volumes: volumeSizes(variant, random).map((size) => bytes(size * GiB)) };
}

/** A node with devices of those sizes in GiB. */
export function makeNode(number: number, zone: string, sizes: readonly number[]): NodeRecord {
  const name = `node-${String(number + 1).padStart(3, '0')}`;
  return nodeRecord.parse({
    id: nodeId(name),
    cluster: clusterId('bench'),
    zone,
    manage: hostName(name),
    storage: hostName(name),
    devices: sizes.map((size, device) => ({ name: deviceName(`/dev/disk-${device}`), size: size * GiB })),
  });
}

/** The id of the volume with that number. */
export function numbered(number: number): VolumeId {
  return volumeId(`00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`);
}
