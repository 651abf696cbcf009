/**
 * Makes a brick larger where it stands: the pool's metadata, the pool, the thin volume, the file system, in this order,
 * so that nothing ever promises room that what lies below it does not have. Sizes are absolute and each step is left out
 * that has been taken already, so that it can be cut off anywhere and run again.
 */
import { brickFootprint, extentSize } from '../../../domain/placement/footprint.ts';
import { done, failed, waiting, type Outcome, type Setback } from '../../../domain/outcome.ts';
import { bytes, describeSize, roundUp, type Bytes } from '../../../domain/quantity.ts';
import type { BrickFacts, BrickSpec } from '../../../engine/ports.ts';
import * as files from '../../argv/files.ts';
import type { Errand } from '../../errand.ts';
import type { Command } from '../../runner.ts';
import { step } from '../steps.ts';
import { activated } from './activate.ts';
import * as lvm from './argv.ts';
import { noSpace, partActive, sameSize } from './failures.ts';
import { mounted } from './file-system.ts';
import { brickPlaceOf, type BrickPlace } from './names.ts';
import { whatStands, type Standing } from './what-stands.ts';

export async function growBrick(errand: Errand, brick: BrickSpec): Promise<Outcome<BrickFacts>> {
  const node = errand.node.id;
  const place = brickPlaceOf(node, brick.device, brick.id);
  const standing = await whatStands(errand, place, brick);
  switch (standing.kind) {
    case 'no-device':
    case 'nothing':
    case 'pool':
      return failed(`${node}: brick ${brick.id} is to grow on ${brick.device}, but it does not stand there`);
    case 'brick': {
      const wanted = brickFootprint(brick);
      const size = bytes(Math.max(standing.size, roundUp(brick.size, extentSize)));
      const footprint = bytes(Math.max(standing.pool, wanted.pool) + Math.max(standing.metadata, wanted.metadata));
      for (const command of extensions(place, standing, brick)) {
        const setback = await extend(errand, brick, place, command);
        if (setback !== undefined) {
          return setback;
        }
      }
      // Also where LVM had nothing to do: an earlier try may have been cut off before this.
      const setback = await growFileSystem(errand, place);
      return setback ?? done({ id: brick.id, path: place.path, size, footprint });
    }
    default:
      return standing;
  }
}

/** What is missing to the wanted size. */
function extensions(
  place: BrickPlace,
  standing: Extract<Standing, { kind: 'brick' }>,
  brick: BrickSpec,
): readonly Command[] {
  const wanted = brickFootprint(brick);
  const larger = (has: Bytes, want: Bytes, command: (place: BrickPlace, size: Bytes) => Command): readonly Command[] =>
    has < want ? [command(place, want)] : [];
  return [
    ...larger(standing.metadata, wanted.metadata, lvm.lvExtendMetadata),
    ...larger(standing.pool, wanted.pool, lvm.lvExtendPool),
    ...larger(standing.size, roundUp(brick.size, extentSize), lvm.lvExtendVolume),
  ];
}

async function extend(
  errand: Errand,
  brick: BrickSpec,
  place: BrickPlace,
  command: Command,
): Promise<Setback | undefined> {
  let exited = await errand.run(command);
  if (exited.kind === 'exited' && partActive(exited)) {
    const setback = await activated(errand, place);
    if (setback !== undefined) {
      return setback;
    }
    exited = await errand.run(command);
  }
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode === 0 || sameSize(exited)) {
    return undefined;
  }
  const where = `${brick.device} of ${errand.node.id}`;
  return noSpace(exited)
    ? waiting(
        { what: 'capacity' },
        `${where} has no room to extend brick ${brick.id} to ${describeSize(brick.size)}: ${exited.stderr.trim()}`,
      )
    : errand.failure(command, exited);
}

async function growFileSystem(errand: Errand, place: BrickPlace): Promise<Setback | undefined> {
  const command = files.growXfs(place.mountpoint);
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode === 0) {
    return undefined;
  }
  return /is not a mounted XFS/.test(exited.stderr)
    ? ((await remounted(errand, place)) ?? step(errand, command))
    : errand.failure(command, exited);
}

async function remounted(errand: Errand, place: BrickPlace): Promise<Setback | undefined> {
  const setback = await activated(errand, place);
  if (setback !== undefined) {
    return setback;
  }
  const mount = await mounted(errand, place, { fresh: false });
  return mount.kind === 'mounted' ? undefined : mount;
}
