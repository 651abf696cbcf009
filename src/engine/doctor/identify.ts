/**
 * What a volume in gluster is: by its options, or else by what its bricks say of it. Only bricks that it is made of are
 * asked, never those of an earlier plan, and each only about itself: what names another volume, or leaves out the brick that
 * it stands on, was copied there.
 */
import { brickOfPath } from '../brick-match.ts';
import { hasIdentity, identityOf, identityOfText, sameIdentity, type Identity } from '../identity.ts';
import type { GlusterVolume } from '../ports.ts';
import { volumeIdOf, type Standing, type StandingBrick } from './record-of.ts';

export type Identified =
  | { readonly kind: 'known'; readonly identity: Identity }
  /** `isComplete`: all of its bricks have been seen, so that another look will not tell more. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly isComplete: boolean };

interface Witness {
  readonly brick: StandingBrick;
  readonly identity: Identity;
}

const nothingLegible = 'what it says of itself cannot be read';

export function identify(volume: GlusterVolume, standing: Standing): Identified {
  const told = identityOf(volume.options);
  if (told !== undefined) {
    return { kind: 'known', identity: told };
  }
  const bricks = volume.bricks.map(({ path }) => standingAt(path, standing));
  const isComplete = !bricks.includes(undefined);
  const [first, ...others] = bricks.flatMap((brick) => witness(brick) ?? []);
  if (first === undefined) {
    const reason = isComplete ? nothingLegible : `${nothingLegible}, and not all of its bricks could be seen`;
    return { kind: 'unknown', reason, isComplete };
  }
  const opponent = others.find(({ identity }) => !sameIdentity(identity, first.identity));
  if (opponent !== undefined) {
    const reason = `its bricks contradict each other: ${named(first)} and ${named(opponent)} do not say the same`;
    return { kind: 'unknown', reason, isComplete: true };
  }
  // There were options, so it has changed since; by how much can only be seen on its bricks.
  if (hasIdentity(volume.options) && !isComplete) {
    const reason = 'its options cannot be read, and not all of its bricks could be seen';
    return { kind: 'unknown', reason, isComplete };
  }
  const discarded = new Map(
    [first, ...others].flatMap(({ identity }) => identity.discarded.map((brick) => [brick.id, brick] as const)),
  );
  return { kind: 'known', identity: { ...first.identity, discarded: [...discarded.values()] } };
}

/** The brick of ours that gluster serves at the path, where a node has shown it. */
function standingAt(path: string, standing: Standing): StandingBrick | undefined {
  const id = brickOfPath(path);
  return id === undefined ? undefined : standing.get(volumeIdOf(id))?.get(id);
}

function witness(brick: StandingBrick | undefined): Witness | undefined {
  const identity = identityOfText(brick?.facts.identity ?? '');
  return brick !== undefined && identity !== undefined && isAbout(identity, brick) ? { brick, identity } : undefined;
}

const isAbout = ({ id, bricks }: Identity, { node, device, facts }: StandingBrick): boolean =>
  id === volumeIdOf(facts.id) &&
  bricks.some((said) => said.id === facts.id && said.node === node && said.device === device);

const named = ({ brick: { node, facts } }: Witness): string => `${facts.id} on ${node}`;
