/**
 * A brick that takes another's place. Gluster knows this only as `commit force`, which leaves checks out: it would take a
 * brick that carries another volume's mark, or a second one of a set on one node. It does refuse a brick of another
 * volume of the pool.
 */
import type { VolumeName } from '../../domain/names.ts';
import { done, failed, rejected, waiting, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { BrickAddress, CallContext, GlusterVolume, Peer } from '../../engine/ports.ts';
import * as argv from '../argv/gluster.ts';
import { Errand, type Tools } from '../errand.ts';
import type { DiagnosedRefusal } from '../errors.ts';
import { readAcknowledgement } from '../xml/answer.ts';
import type { VolumeInfo } from '../xml/volume-info.ts';
import { holds } from './add-bricks.ts';
import { inService } from './brick-processes.ts';
import { listPeers } from './peers.ts';
import { setbackOf } from './refusals.ts';
import { built, look } from './volumes.ts';

export interface BrickChange {
  readonly from: BrickAddress;
  readonly to: BrickAddress;
}

export async function replaceBrick(
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  change: BrickChange,
  context: CallContext,
): Promise<Outcome<void>> {
  const command = built(() => argv.volumeReplaceBrick(name, change.from, change.to));
  if (command.kind !== 'done') {
    return command;
  }
  const errand = new Errand(tools, via, context);
  const trouble = await obstacle(errand, name, change);
  if (trouble !== undefined) {
    return trouble;
  }
  const reply = await errand.answer(command.value, readAcknowledgement);
  switch (reply.kind) {
    case 'success':
      return done();
    case 'refused': {
      const meaning = await meaningOf(reply.refusal, change, () => listPeers(tools, via, context));
      return doneIfMade(errand, name, change, meaning ?? setbackOf(reply.refusal, via));
    }
    case 'unknown':
      return errand.aborted ? reply : doneIfMade(errand, name, change, reply);
    default:
      return reply;
  }
}

/** What ends the verb before anything is done: a setback, or that it is done already. */
async function obstacle(errand: Errand, name: VolumeName, change: BrickChange): Promise<Outcome<void> | undefined> {
  const seen = await look(errand, name);
  if (seen.kind === 'done' && isMade(seen.value, change)) {
    return done();
  }
  const volume = inService(seen, name, errand.node);
  return volume.kind === 'done' ? troubleWith(volume.value, change) : volume;
}

const isMade = (volume: GlusterVolume | undefined, { from, to }: BrickChange): boolean =>
  holds(volume, to) && !holds(volume, from);

const placeOf = ({ host, path }: BrickAddress): string => `${host}:${path}`;

/** What `force` would let pass. */
function troubleWith(volume: VolumeInfo, { from, to }: BrickChange): Setback | undefined {
  const { name, bricks, replicaCount, disperseCount } = volume;
  const index = bricks.findIndex((brick) => placeOf(brick) === placeOf(from));
  if (index === -1) {
    return failed(`volume ${name} has neither the brick ${placeOf(from)} nor ${placeOf(to)} in its place`);
  }
  if (holds(volume, to)) {
    return rejected(`the brick ${placeOf(to)} is part of volume ${name} already, beside ${placeOf(from)}`);
  }
  const perSet = Math.max(replicaCount, disperseCount, 1);
  const start = index - (index % perSet);
  const sharing = bricks
    .slice(start, start + perSet)
    .find(({ host }, place) => host === to.host && start + place !== index);
  return sharing === undefined
    ? undefined
    : rejected(`two bricks of a set of ${name} would be on one node: ${placeOf(sharing)} and ${placeOf(to)}`);
}

/**
 * A better answer to two refusals than their words give. Gluster names no reason when it does not see the new brick's
 * node, or has never heard of it.
 */
async function meaningOf(
  { problem, message }: DiagnosedRefusal,
  { to }: BrickChange,
  peers: () => Promise<Outcome<readonly Peer[]>>,
): Promise<Setback | undefined> {
  if (problem === 'brick-in-use') {
    return rejected(`the brick ${placeOf(to)} belongs to a volume already: ${message}`);
  }
  if (problem !== 'refused-without-reason') {
    return undefined;
  }
  const pool = await peers();
  return pool.kind === 'done' && pool.value.some(({ hosts, state }) => state === 'member' && hosts.includes(to.host))
    ? undefined
    : waiting({ what: 'node', name: to.host }, `gluster does not see ${to.host}, where the new brick is: ${message}`);
}

/** A replacement whose first answer was lost is refused the second time: then it has been made. */
async function doneIfMade(
  errand: Errand,
  name: VolumeName,
  change: BrickChange,
  otherwise: Setback,
): Promise<Outcome<void>> {
  const seen = await look(errand, name);
  return seen.kind === 'done' && isMade(seen.value, change) ? done() : otherwise;
}
