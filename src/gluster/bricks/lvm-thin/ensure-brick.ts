/**
 * Makes a brick: thin pool and volume, file system, mount, directory.
 *
 * The first attempt looks at nothing: it creates. Only when LVM answers that the name is taken does it look at what
 * stands there, and carries on from wherever an earlier attempt was cut off. Every step can be cut off and run again.
 */
import { extentSize, brickFootprint } from '../../../domain/placement/footprint.ts';
import { done, failed, rejected, waiting, type Outcome, type Setback } from '../../../domain/outcome.ts';
import { describeSize, roundUp, type Bytes } from '../../../domain/quantity.ts';
import type { BrickFacts, BrickSpec } from '../../../engine/ports.ts';
import type { Errand } from '../../errand.ts';
import type { Exited } from '../../runner.ts';
import { servedDirectory } from '../served-directory.ts';
import { step } from '../steps.ts';
import { activate } from './activate.ts';
import * as lvm from './argv.ts';
import { groupMissing, noSpace, volumeExists } from './failures.ts';
import { fileSystem, mounted } from './file-system.ts';
import { brickPlaceOf, brickTags, identityTagOf, type BrickPlace } from './names.ts';
import { poolRemoved } from './remove-pool.ts';
import { whatStands } from './what-stands.ts';

interface Work {
  readonly errand: Errand;
  readonly brick: BrickSpec;
  readonly place: BrickPlace;
  /** No volume of gluster's has ever stood on it. */
  readonly pristine: boolean;
}

/** `fresh`: this call made it, so there is nothing on it yet. */
interface Made {
  readonly kind: 'made';
  readonly size: Bytes;
  readonly fresh: boolean;
  /** Nobody has made a snapshot of it. */
  readonly alone: boolean;
}

export async function ensureBrick(
  errand: Errand,
  brick: BrickSpec,
  { pristine }: { readonly pristine: boolean },
): Promise<Outcome<BrickFacts>> {
  const place = brickPlaceOf(errand.node.id, brick.device, brick.id);
  const made = await logicalVolume({ errand, brick, place, pristine });
  if (made.kind !== 'made') {
    return made;
  }
  const { fresh, size, alone } = made;
  const setback = await fileSystem(errand, place, { fresh, arbiter: brick.arbiter });
  if (setback !== undefined) {
    return setback;
  }
  const mount = await mounted(errand, place, { fresh, disposable: pristine && alone });
  if (mount.kind !== 'mounted') {
    return mount;
  }
  return (
    (await servedDirectory(errand, { place, gid: brick.gid, fresh, pristine })) ??
    done({ id: brick.id, path: place.path, size })
  );
}

async function logicalVolume(work: Work): Promise<Made | Setback> {
  const created = await create(work);
  if (created.kind !== 'exited') {
    return created;
  }
  return volumeExists(created) ? earlierWork(work) : lvmFailure(work, created);
}

/** Makes pool and volume. `exited`: LVM would not. */
async function create({ errand, brick, place }: Work): Promise<Made | Exited | Setback> {
  const exited = await errand.run(lvm.lvCreateBrick(place, brick.size, brickFootprint(brick), brickTags(brick)));
  return exited.kind === 'exited' && exited.exitCode === 0
    ? { kind: 'made', size: roundUp(brick.size, extentSize), fresh: true, alone: true }
    : exited;
}

async function earlierWork(work: Work): Promise<Made | Setback> {
  const { errand, brick, place, pristine } = work;
  const standing = await whatStands(errand, place, brick);
  switch (standing.kind) {
    case 'brick': {
      const alone = standing.others.length === 0;
      // After a reboot it may stand without being a block device.
      const found = await activate(errand, place);
      if (found === 'active') {
        const made = { kind: 'made', size: standing.size, fresh: false, alone } as const;
        return (await withIdentity(work, standing.identity)) ?? made;
      }
      if (found !== 'unborn') {
        return found;
      }
      return pristine && alone ? madeAnew(work) : unborn(work);
    }
    case 'pool':
      return standing.others.length > 0 ? robbed(work, standing.others) : madeAnew(work);
    case 'nothing':
    case 'no-device':
      return failed(`${errand.node.id}: ${place.group}/${place.pool} vanished while it was being made`);
    default:
      return standing;
  }
}

/** One that stood already may be of an earlier life of its volume, or of a version that wrote none. */
async function withIdentity({ errand, brick, place }: Work, said: string | undefined): Promise<Setback | undefined> {
  const { identity } = brick;
  return identity === undefined || identity === said
    ? undefined
    : step(errand, lvm.lvRetag(place, said === undefined ? [] : [identityTagOf(said)], identityTagOf(identity)));
}

/**
 * An lvcreate that is killed leaves a pool without a volume, a pool whose parts are active by themselves so that LVM
 * refuses to activate the whole, or a plain volume under the pool's name that was to become its metadata. Nobody's data
 * has ever been in any of them, and lvremove takes them all.
 */
async function madeAnew(work: Work): Promise<Made | Setback> {
  const setback = await poolRemoved(work.errand, work.place);
  if (setback !== undefined) {
    return setback;
  }
  const created = await create(work);
  return created.kind === 'exited' ? lvmFailure(work, created) : created;
}

const unborn = ({ errand, brick, place }: Work): Setback =>
  failed(`${errand.node.id}: ${place.group}/${place.pool} has no data of brick ${brick.id} in it`);

const robbed = ({ errand, brick, place }: Work, others: readonly string[]): Setback =>
  rejected(
    `${errand.node.id}: somebody has removed ${place.group}/${place.volume}, which was brick ${brick.id}; its pool still holds ${others.join(', ')}`,
  );

function lvmFailure({ errand, brick, place }: Work, exited: Exited): Setback {
  const where = `${brick.device} of ${errand.node.id}`;
  if (groupMissing(exited)) {
    return waiting(
      { what: 'condition', name: `device ${where}` },
      `${where} is not prepared (no volume group ${place.group})`,
    );
  }
  if (noSpace(exited)) {
    const needed = describeSize(brickFootprint(brick).total);
    return waiting({ what: 'capacity' }, `${where} has no ${needed} left: ${exited.stderr.trim()}`);
  }
  return errand.failure(lvm.lvCreateBrick(place, brick.size, brickFootprint(brick), brickTags(brick)), exited);
}
