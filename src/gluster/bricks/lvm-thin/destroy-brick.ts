/** Takes a brick down and gives its space back. What is gone already is success; what is not ours stays. */
import { done, waiting, type Outcome, type Setback } from '../../../domain/outcome.ts';
import type { BrickSpec } from '../../../engine/ports.ts';
import type { Errand } from '../../errand.ts';
import { unmounted, withoutMountPoint } from '../mounts.ts';
import { brickPlaceOf, type BrickPlace } from './names.ts';
import { poolRemoved } from './remove-pool.ts';
import { whatStands } from './what-stands.ts';

export async function destroyBrick(errand: Errand, brick: BrickSpec): Promise<Outcome<void>> {
  const node = errand.node.id;
  const place = brickPlaceOf(node, brick.device, brick.id);
  const standing = await whatStands(errand, place, brick);
  switch (standing.kind) {
    case 'no-device':
      // A disk that is unplugged comes back with the brick on it: only a look at the disk can say that it is gone.
      return waiting(
        { what: 'condition', name: `device ${brick.device} of ${node}` },
        `${node}: the volume group of ${brick.device} (${place.group}) is not there, so brick ${brick.id} may be neither`,
      );
    case 'pool':
    case 'brick':
      return standing.others.length > 0
        ? keptFor(standing.others, errand, brick, place)
        : ((await unmounted(errand, place)) ??
            (await poolRemoved(errand, place)) ??
            (await withoutMountPoint(errand, place)) ??
            done());
    case 'nothing':
      return (await unmounted(errand, place)) ?? (await withoutMountPoint(errand, place)) ?? done();
    default:
      return standing;
  }
}

/**
 * A thin snapshot lives in the brick's pool and would go with it. Gluster deletes no volume that has snapshots, but a
 * clone of one outlives its origin, and an administrator's backup may be under way.
 */
const keptFor = (others: readonly string[], { node }: Errand, brick: BrickSpec, place: BrickPlace): Setback =>
  waiting(
    { what: 'condition', name: `snapshots of brick ${brick.id}` },
    `${node.id}: ${place.group}/${place.pool} also holds ${others.join(', ')}: remove that (lvremove) before brick ${brick.id} can go`,
  );
