/** Brick sets that join a volume. One command; a look only when its answer leaves open whether they have. */
import { done, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { BrickAddress, CallContext, GlusterVolume, VolumeSpec } from '../../engine/ports.ts';
import * as argv from '../argv/gluster.ts';
import { Errand, type Tools } from '../errand.ts';
import { readAcknowledgement } from '../xml/answer.ts';
import { blame } from './peers.ts';
import { setbackOf } from './refusals.ts';
import { built, look } from './volumes.ts';

export async function addBricks(
  tools: Tools,
  via: NodeRef,
  spec: VolumeSpec,
  context: CallContext,
): Promise<Outcome<void>> {
  const command = built(() => argv.volumeAddBricks(spec));
  if (command.kind !== 'done') {
    return command;
  }
  const errand = new Errand(tools, via, context);
  const reply = await errand.answer(command.value, readAcknowledgement);
  switch (reply.kind) {
    case 'success':
      return done();
    case 'refused':
      // Bricks of this very volume are in use as well, and carry its mark.
      return reply.refusal.problem === 'brick-in-use' || reply.refusal.problem === 'brick-marked'
        ? doneIfTheyAre(errand, spec, setbackOf(reply.refusal, via))
        : blame(tools, via, reply.refusal, context);
    case 'unknown':
      return errand.aborted ? reply : doneIfTheyAre(errand, spec, reply);
    default:
      return reply;
  }
}

async function doneIfTheyAre(errand: Errand, spec: VolumeSpec, otherwise: Setback): Promise<Outcome<void>> {
  const seen = await look(errand, spec.name);
  return seen.kind === 'done' && spec.bricks.every((brick) => holds(seen.value, brick)) ? done() : otherwise;
}

/** Whether the brick is part of the volume. */
export function holds(volume: GlusterVolume | undefined, { host, path }: BrickAddress): boolean {
  return volume?.bricks.some((brick) => brick.host === host && brick.path === path) === true;
}
