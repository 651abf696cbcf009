/**
 * The record of a volume, from what gluster and the nodes say of it. Gluster's list of bricks decides which there are and
 * in which order; the volume's identity says the rest of each, and the nodes say it where they know better: a brick
 * that was grown or replaced in the moment in which the store was lost.
 */
import { bricksPerSet } from '../../domain/durability.ts';
import { brickId, type ClusterId } from '../../domain/names.ts';
import { brickFootprint, extentSize } from '../../domain/placement/footprint.ts';
import { usableSize } from '../../domain/placement/in-place.ts';
import { failed, done, type Outcome } from '../../domain/outcome.ts';
import { roundUp } from '../../domain/quantity.ts';
import type { BrickRecord, VolumeRecord } from '../../domain/volume.ts';
import { brickOfPath } from '../brick-match.ts';
import type { Identity } from '../identity.ts';
import type { NodeDirectory } from '../node-directory.ts';
import type { BrickAddress, BrickFacts, GlusterVolume } from '../ports.ts';
import type { Observation } from './observe.ts';

/** A brick's id begins with its volume's, a UUID of 36 characters. */
export const volumeIdOf = (brick: string): string => brick.slice(0, 36);

/** A brick of ours where it stands. */
export interface StandingBrick extends Pick<BrickRecord, 'node' | 'device'> {
  readonly facts: BrickFacts;
}

/** Bricks of ours by volume and brick. */
export type Standing = ReadonlyMap<string, ReadonlyMap<string, StandingBrick>>;

export function standingBricks({ nodes }: Pick<Observation, 'nodes'>): Standing {
  const found = new Map<string, Map<string, StandingBrick>>();
  for (const [node, devices] of nodes) {
    for (const [device, sight] of devices) {
      for (const facts of sight.kind === 'seen' ? sight.bricks : []) {
        const volume = volumeIdOf(facts.id);
        const bricks = found.get(volume) ?? new Map<string, StandingBrick>();
        found.set(volume, bricks.set(facts.id, { node, device, facts }));
      }
    }
  }
  return found;
}

/** What the outside says about one volume of ours. */
export interface Testimony {
  readonly cluster: ClusterId;
  readonly volume: GlusterVolume;
  readonly identity: Identity;
  readonly observation: Pick<Observation, 'nodes'>;
  /** Of `observation`. */
  readonly standing: Standing;
}

/** The record, in phase `ready`. `failed`, naming it, when something does not fit. */
export function recordOf(testimony: Testimony, directory: NodeDirectory): Outcome<VolumeRecord> {
  const { cluster, volume, identity } = testimony;
  const bricks: BrickRecord[] = [];
  for (const address of volume.bricks) {
    const brick = brickAt(testimony, address, directory);
    if (brick.kind !== 'done') {
      return brick;
    }
    bricks.push(brick.value);
  }
  const perSet = bricksPerSet(identity.durability);
  if (bricks.length === 0 || bricks.length % perSet !== 0) {
    return failed(`it has ${bricks.length} bricks, which is no whole number of sets of ${perSet}`);
  }
  const discarded = discardedOf(testimony, bricks);
  const { id, durability, options, gid, snapshotFactor, placement, owner, createdAt } = identity;
  const brickSets = setsOf(bricks, perSet);
  return done({
    id,
    name: volume.name,
    cluster,
    phase: 'ready',
    size: isAsSaid(bricks, identity) ? identity.size : usableSize(durability, brickSets),
    durability,
    options: [...options],
    ...(gid === undefined ? {} : { gid }),
    snapshotFactor,
    ...(placement === undefined ? {} : { placement }),
    owner,
    brickSets,
    ...(discarded.length === 0 ? {} : { discarded: [...discarded] }),
    createdAt,
  });
}

/** A volume that has grown since it said what it is serves more by now. */
const isAsSaid = (bricks: readonly BrickRecord[], identity: Identity): boolean =>
  bricks.length === identity.bricks.length &&
  bricks.every(({ id, size }) => identity.bricks.some((said) => said.id === id && said.size === size));

export function setsOf<T>(bricks: readonly T[], perSet: number): T[][] {
  return Array.from({ length: bricks.length / perSet }, (_none, set) => bricks.slice(set * perSet, (set + 1) * perSet));
}

function brickAt(
  { identity, standing, cluster }: Testimony,
  { host, path, arbiter }: BrickAddress,
  directory: NodeDirectory,
): Outcome<BrickRecord> {
  const where = `${host}:${path}`;
  const id = brickOfPath(path);
  if (id === undefined || volumeIdOf(id) !== identity.id) {
    return failed(`its brick ${where} is none that Brickyard made for it`);
  }
  const stands = standing.get(identity.id)?.get(id);
  const said = identity.bricks.find((brick) => brick.id === id) ?? placed(stands, identity, arbiter);
  if (said === undefined) {
    return failed(`nothing says on which device its brick ${where} is; is its node reachable?`);
  }
  const node = directory.get(said.node);
  if (node?.cluster !== cluster || node.storage !== host) {
    return failed(
      `its brick ${where} is on node ${said.node}, which the topology does not know by that host in ${cluster}`,
    );
  }
  if (!node.devices.some(({ name }) => name === said.device)) {
    return failed(`its brick ${where} is on ${said.device} of ${said.node}, which is not in the topology`);
  }
  return done({ ...(stands === undefined ? said : corrected(said, stands, identity)), arbiter, path });
}

/** A brick as its node shows it. Its size is what the node rounded it to. */
function placed(
  stands: StandingBrick | undefined,
  { snapshotFactor }: Identity,
  arbiter: boolean,
): BrickRecord | undefined {
  if (stands === undefined) {
    return undefined;
  }
  const { node, device, facts } = stands;
  const { size } = facts;
  const footprint = facts.footprint ?? brickFootprint({ size, snapshotFactor }).total;
  return { id: brickId(facts.id), node, device, size, footprint, arbiter };
}

/** A brick's own size counts where it is another one than was written down. */
function corrected(said: BrickRecord, stands: StandingBrick, identity: Identity): BrickRecord {
  const { size } = stands.facts;
  const isSame = size === 0 || roundUp(size, extentSize) === roundUp(said.size, extentSize);
  return isSame ? said : (placed(stands, identity, said.arbiter) ?? said);
}

/**
 * Bricks of an earlier plan: those that stand on a node, and those that the volume speaks of on nodes that do not answer.
 * Of the others the sweep has taken care since.
 */
function discardedOf(
  { identity, standing, observation }: Testimony,
  bricks: readonly BrickRecord[],
): readonly BrickRecord[] {
  const current = new Set<string>(bricks.map(({ id }) => id));
  const standingHere = standing.get(identity.id) ?? new Map<string, StandingBrick>();
  const said = identity.discarded.filter(
    ({ id, node, device }) =>
      !current.has(id) && (standingHere.has(id) || observation.nodes.get(node)?.get(device)?.kind !== 'seen'),
  );
  const named = new Set<string>(said.map(({ id }) => id));
  const others = [...standingHere]
    .filter(([id]) => !current.has(id) && !named.has(id))
    .flatMap(([, brick]) => placed(brick, identity, false) ?? []);
  return [...said, ...others];
}
