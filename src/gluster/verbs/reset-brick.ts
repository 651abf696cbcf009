/**
 * An empty brick at the path of one that is lost. Two commands, and nothing tells afterwards that they were given, so both
 * are given every time: the first one again takes the brick out of service, the second has it healed again, which finds
 * nothing to do where all is healed. A restart of the volume's processes in between undoes the first, and the second is
 * refused then.
 */
import type { VolumeName } from '../../domain/names.ts';
import { failed, rejected, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { BrickAddress, CallContext } from '../../engine/ports.ts';
import * as argv from '../argv/gluster.ts';
import { Errand, type Tools } from '../errand.ts';
import { readAcknowledgement } from '../xml/answer.ts';
import type { VolumeInfo } from '../xml/volume-info.ts';
import { holds } from './add-bricks.ts';
import { inService } from './brick-processes.ts';
import { acknowledgementOf } from './refusals.ts';
import { built, look } from './volumes.ts';

export async function resetBrick(
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  brick: BrickAddress,
  context: CallContext,
): Promise<Outcome<void>> {
  const errand = new Errand(tools, via, context);
  const volume = inService(await look(errand, name), name, via);
  if (volume.kind !== 'done') {
    return volume;
  }
  const trouble = troubleWith(volume.value, brick);
  if (trouble !== undefined) {
    return trouble;
  }
  const started = await take(errand, name, brick, 'start');
  return started.kind === 'done' ? take(errand, name, brick, 'commit') : started;
}

/** Gluster itself would reset a brick that no other one can be healed from. */
function troubleWith(volume: VolumeInfo, brick: BrickAddress): Setback | undefined {
  if (!holds(volume, brick)) {
    return failed(`volume ${volume.name} has no brick ${brick.host}:${brick.path}`);
  }
  return volume.replicaCount > 1 || volume.disperseCount > 0
    ? undefined
    : rejected(`volume ${volume.name} keeps every file once: nothing could be healed onto ${brick.host}:${brick.path}`);
}

async function take(
  errand: Errand,
  name: VolumeName,
  brick: BrickAddress,
  step: 'start' | 'commit',
): Promise<Outcome<void>> {
  const command = built(() => argv.volumeResetBrick(name, brick, step));
  return command.kind === 'done'
    ? acknowledgementOf(await errand.answer(command.value, readAcknowledgement), errand.node)
    : command;
}
