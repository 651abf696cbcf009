/** Takes a brick down and gives its space back. What is gone already is success; what is not ours stays. */
import { done, waiting, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { BrickSpec, CallContext } from '../../engine/ports.ts';
import * as files from '../argv/files.ts';
import { lvRemovePool } from '../argv/lvm.ts';
import { Errand, type Tools } from '../errand.ts';
import { brickPlaceOf, type BrickPlace } from '../lvm-names.ts';
import type { Command, Exited } from '../runner.ts';
import { whatStands } from './brick-identity.ts';
import { volumeMissing } from './lvm-failures.ts';

export async function destroyBrick(
  tools: Tools,
  node: NodeRef,
  brick: BrickSpec,
  context: CallContext,
): Promise<Outcome<void>> {
  const errand = new Errand(tools, node, context);
  const place = brickPlaceOf(node.id, brick.device, brick.id);
  const standing = await whatStands(errand, place, brick);
  switch (standing.kind) {
    case 'no-device':
      // A disk that is unplugged comes back with the brick on it: only a look at the disk can say that it is gone.
      return waiting(
        { what: 'condition', name: `device ${brick.device} of ${node.id}` },
        `${node.id}: the volume group of ${brick.device} (${place.group}) is not there, so brick ${brick.id} may be neither`,
      );
    case 'nothing':
    case 'pool':
    case 'brick': {
      const setback =
        (await step(errand, files.unmount(place.mountpoint), unmountedAlready)) ??
        (standing.kind === 'nothing' ? undefined : await step(errand, lvRemovePool(place), volumeMissing)) ??
        (await withoutDirectory(errand, place));
      return setback ?? done();
    }
    default:
      return standing;
  }
}

async function step(
  errand: Errand,
  command: Command,
  already: (exited: Exited) => boolean,
): Promise<Setback | undefined> {
  const exited = await errand.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  return exited.exitCode === 0 || already(exited) ? undefined : errand.failure(command, exited);
}

/**
 * Gluster makes a brick's directory itself when only that is missing: a create that met the bare mount point has left an
 * empty one under it. Nothing but empty directories is taken away.
 */
async function withoutDirectory(errand: Errand, place: BrickPlace): Promise<Setback | undefined> {
  const remove = files.removeDirectory(place.mountpoint);
  const exited = await errand.run(remove);
  if (exited.kind !== 'exited') {
    return exited;
  }
  if (exited.exitCode === 0 || directoryMissing(exited)) {
    return undefined;
  }
  return /Directory not empty/.test(exited.stderr)
    ? ((await step(errand, files.removeDirectory(place.path), directoryMissing)) ??
        (await step(errand, remove, directoryMissing)))
    : errand.failure(remove, exited);
}

/** Not a mount point, or not even there. */
const unmountedAlready = ({ stderr }: Exited): boolean =>
  /not mounted|no mount point specified|No such file or directory/.test(stderr);

const directoryMissing = ({ stderr }: Exited): boolean => /No such file or directory/.test(stderr);
