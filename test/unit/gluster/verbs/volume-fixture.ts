/** One volume and its bricks, ready to be worked on. */
import { brickIdFor, volumeId, volumeNameFor, type VolumeName } from '../../../../src/domain/names.ts';
import { bytes, GiB } from '../../../../src/domain/quantity.ts';
import type { BrickSpec, VolumeSpec } from '../../../../src/engine/ports.ts';
import { disk, type SimulatedCluster } from '../../../support/simulated-cluster.ts';

const idOf = (number: number) => volumeId(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`);
export const nameOf = (number: number): VolumeName => volumeNameFor(idOf(number));

export const brickOf = (number: number, position: number, change: Partial<BrickSpec> = {}): BrickSpec => ({
  id: brickIdFor(idOf(number), 0, position),
  volume: idOf(number),
  device: disk,
  size: bytes(10 * GiB),
  snapshotFactor: 1,
  arbiter: false,
  ...change,
});

export async function prepareAll({ storage, nodes, context }: SimulatedCluster, device = disk): Promise<void> {
  for (const node of nodes) {
    const outcome = await storage.prepareDevice(node, device, { wipe: false }, context);
    if (outcome.kind !== 'done') {
      throw new Error(outcome.reason);
    }
  }
}

/** Makes a brick on every node; throws when one is not made. */
export async function makeBricks(cluster: SimulatedCluster, number: number): Promise<VolumeSpec> {
  const { storage, nodes, context } = cluster;
  const bricks = await Promise.all(
    nodes.map(async (node, position) => {
      const made = await storage.ensureBrick(node, brickOf(number, position), { pristine: true }, context);
      if (made.kind !== 'done') {
        throw new Error(made.reason);
      }
      return { host: node.storage, path: made.value.path, arbiter: false };
    }),
  );
  return { name: nameOf(number), durability: { kind: 'replicate', count: nodes.length }, bricks };
}
