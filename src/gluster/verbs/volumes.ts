/**
 * Gluster volumes. The common case of each verb costs exactly one command; only an answer that leaves a question open
 * ("already exists", or none at all) costs a look.
 */
import type { Durability } from '../../domain/durability.ts';
import { bricksPerSet } from '../../domain/durability.ts';
import { NameError, type VolumeName } from '../../domain/names.ts';
import { done, failed, rejected, waiting, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { VolumeOption } from '../../domain/volume.ts';
import {
  bricksUnmarked,
  type BrickAddress,
  type CallContext,
  type GlusterVolume,
  type VolumeSpec,
} from '../../engine/ports.ts';
import * as argv from '../argv/gluster.ts';
import { Errand, type Reply, type Tools } from '../errand.ts';
import type { GlusterProblem } from '../errors.ts';
import type { Command } from '../runner.ts';
import { readAcknowledgement } from '../xml/answer.ts';
import { readRebalance } from '../xml/migration.ts';
import { readVolumeCreated, readVolumeDeleted, readVolumeStarted, readVolumeStopped } from '../xml/volume-answers.ts';
import { readVolumeInfo, type VolumeInfo } from '../xml/volume-info.ts';
import { readVolumeList } from '../xml/volume-list.ts';
import { blame, nameThePeer } from './peers.ts';
import { outcomeOf, setbackOf } from './refusals.ts';

export const volumeInfo = (
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  context: CallContext,
): Promise<Outcome<GlusterVolume | undefined>> => look(new Errand(tools, via, context), name);

export async function listVolumes(
  tools: Tools,
  via: NodeRef,
  context: CallContext,
): Promise<Outcome<readonly string[]>> {
  return outcomeOf(await new Errand(tools, via, context).ask(argv.volumeList(), readVolumeList), via);
}

export async function createVolume(
  tools: Tools,
  via: NodeRef,
  spec: VolumeSpec,
  context: CallContext,
): Promise<Outcome<void>> {
  const command = built(() => argv.volumeCreate(spec));
  if (command.kind !== 'done') {
    return command;
  }
  const errand = new Errand(tools, via, context);
  const reply = await errand.ask(command.value, readVolumeCreated);
  if (reply.kind === 'refused' && reply.refusal.problem === 'not-a-peer') {
    return blame(tools, via, reply.refusal, context);
  }
  const outcome = concluded(reply, via, []);
  if (outcome.kind === 'exists') {
    return settled(await look(errand, spec.name), spec, failed(outcome.reason));
  }
  if (outcome.kind === 'unknown' && !errand.aborted) {
    // It may have happened all the same: one look is cheaper than another round through the engine.
    const seen = await look(errand, spec.name);
    return seen.kind === 'done' && seen.value !== undefined ? settled(seen, spec, outcome) : outcome;
  }
  return outcome;
}

export async function setVolumeOptions(
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  options: readonly VolumeOption[],
  context: CallContext,
): Promise<Outcome<void>> {
  if (options.length === 0) {
    return done();
  }
  const command = built(() => argv.volumeSet(name, options));
  if (command.kind !== 'done') {
    return command;
  }
  return simple(concluded(await new Errand(tools, via, context).answer(command.value, readAcknowledgement), via, []));
}

export async function startVolume(
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  context: CallContext,
): Promise<Outcome<void>> {
  const reply = await new Errand(tools, via, context).ask(argv.volumeStart(name), readVolumeStarted);
  if (reply.kind === 'refused' && reply.refusal.problem === 'brick-unmarked') {
    return waiting({ what: 'condition', name: bricksUnmarked }, `gluster on ${via.id}: ${reply.refusal.message}`);
  }
  return simple(concluded(reply, via, ['already-started']));
}

/** A volume that is gone does not run either. Gluster stops none whose files are being moved, so that is ended first. */
export async function stopVolume(
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  context: CallContext,
): Promise<Outcome<void>> {
  const errand = new Errand(tools, via, context);
  const stop = async (): Promise<Reply<unknown>> => errand.ask(argv.volumeStop(name), readVolumeStopped);
  let reply = await stop();
  if (reply.kind === 'refused' && reply.refusal.problem === 'migration-running') {
    const ended = await errand.ask(argv.volumeRebalance(name, 'stop'), readRebalance);
    reply = ended.kind === 'success' ? await stop() : ended;
  }
  return simple(concluded(reply, via, ['not-started', 'no-such-volume']));
}

export async function deleteVolume(
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  context: CallContext,
): Promise<Outcome<void>> {
  const reply = await new Errand(tools, via, context).ask(argv.volumeDelete(name), readVolumeDeleted);
  if (reply.kind === 'refused' && reply.refusal.problem === 'peer-down' && reply.refusal.subject === undefined) {
    return nameThePeer(tools, via, reply.refusal.message, context);
  }
  return simple(concluded(reply, via, ['no-such-volume']));
}

type Conclusion = Outcome<void> | { readonly kind: 'exists'; readonly reason: string };

/**
 * Refusals by which a create may have met itself. After a cable was cut, an earlier one whose answer was lost lands late:
 * the nodes that have it already know the volume, the others only its bricks.
 */
const signsOfVolume: ReadonlySet<GlusterProblem> = new Set(['volume-exists', 'brick-in-use', 'brick-marked']);

/** The outcome of a reply; a refusal because of one of `fine` is success: it is so already. */
function concluded(reply: Reply<unknown>, via: NodeRef, fine: readonly GlusterProblem[]): Conclusion {
  switch (reply.kind) {
    case 'success':
      return done();
    case 'refused':
      if (fine.includes(reply.refusal.problem)) {
        return done();
      }
      return signsOfVolume.has(reply.refusal.problem)
        ? { kind: 'exists', reason: reply.refusal.message }
        : setbackOf(reply.refusal, via);
    default:
      return reply;
  }
}

const simple = (conclusion: Conclusion): Outcome<void> =>
  conclusion.kind === 'exists' ? failed(conclusion.reason) : conclusion;

export async function look(errand: Errand, name: VolumeName): Promise<Outcome<VolumeInfo | undefined>> {
  const reply = await errand.ask(argv.volumeInfo(name), readVolumeInfo);
  switch (reply.kind) {
    case 'success':
      return done(reply.value.find((volume) => volume.name === name));
    case 'refused':
      return reply.refusal.problem === 'no-such-volume' ? done(undefined) : setbackOf(reply.refusal, errand.node);
    default:
      return reply;
  }
}

/** A volume of the name stands: it is the one that was wanted, or it is somebody else's. */
function settled(seen: Outcome<VolumeInfo | undefined>, spec: VolumeSpec, missing: Setback): Outcome<void> {
  if (seen.kind !== 'done') {
    return seen;
  }
  if (seen.value === undefined) {
    return missing;
  }
  const difference = differenceOf(seen.value, spec);
  return difference === undefined ? done() : rejected(`a volume ${spec.name} exists already, but ${difference}`);
}

function differenceOf(found: VolumeInfo, { bricks, durability }: VolumeSpec): string | undefined {
  const brick = ({ host, path }: BrickAddress): string => `${host}:${path}`;
  const have = found.bricks.map(brick).join(' ');
  const want = bricks.map(brick).join(' ');
  if (have !== want) {
    return `its bricks are ${have}, not ${want}`;
  }
  const counts = (of: ReturnType<typeof countsOf>): string =>
    `replica ${of.replicaCount} arbiter ${of.arbiterCount} disperse ${of.disperseCount} redundancy ${of.redundancyCount}`;
  return counts(found) === counts(countsOf(durability))
    ? undefined
    : `it is ${counts(found)}, not ${counts(countsOf(durability))}`;
}

/** The numbers by which `volume info` tells one durability from another. */
function countsOf(
  durability: Durability,
): Pick<VolumeInfo, 'replicaCount' | 'arbiterCount' | 'disperseCount' | 'redundancyCount'> {
  const plain = { replicaCount: 1, arbiterCount: 0, disperseCount: 0, redundancyCount: 0 };
  switch (durability.kind) {
    case 'replicate':
      return { ...plain, replicaCount: durability.count };
    case 'arbiter':
      return { ...plain, replicaCount: 3, arbiterCount: 1 };
    case 'disperse':
      return { ...plain, disperseCount: bricksPerSet(durability), redundancyCount: durability.redundancy };
    case 'distribute':
      return plain;
  }
}

/** A name or option that breaks the grammar can never work, and has not got near a node. */
export function built(build: () => Command): Outcome<Command> {
  try {
    return done(build());
  } catch (error) {
    if (error instanceof NameError) {
      return rejected(error.message);
    }
    throw error;
  }
}
