import { GiB } from '../../../src/domain/quantity.ts';
import type { TestStorage } from '../../support/storage.ts';
import type { StorageView } from './storage-view.ts';

/** Simulated nodes as they are, whatever the records say of them. */
export function simulatedView(storage: TestStorage): StorageView {
  const { simulation, nodes, zones } = storage;
  const zoneOf = (node: string): string => zones.get(node) ?? '';
  return {
    nodes: async () => nodes.map(({ id, storage }) => ({ id, zone: zoneOf(id), address: storage })),
    volumes: async () => storage.volumes().map(({ name, status }) => ({ name, started: status === 'started' })),
    bricks: async (uid) =>
      simulation.inspect().nodes.flatMap(({ id, volumeGroups }) =>
        volumeGroups.flatMap(({ logicalVolumes }) => {
          // lvcreate of pool and volume in one command tags the pool only.
          const pools = logicalVolumes.filter(({ tags }) => tags.includes(`brickyard.volume=${uid}`));
          return pools.map((pool) => {
            const thin = logicalVolumes.find((each) => each.pool === pool.name);
            return { node: id, zone: zoneOf(id), gib: (thin?.fileSystemSize ?? 0) / GiB };
          });
        }),
      ),
  };
}
