/** The processes that serve a volume's bricks: which of them run, and starting those that do not. */
import type { VolumeName } from '../../domain/names.ts';
import { done, failed, waiting, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { BrickStatus, CallContext } from '../../engine/ports.ts';
import * as argv from '../argv/gluster.ts';
import { Errand, type Tools } from '../errand.ts';
import { readVolumeStarted } from '../xml/volume-answers.ts';
import type { VolumeInfo } from '../xml/volume-info.ts';
import { readVolumeStatus } from '../xml/volume-status.ts';
import { acknowledgementOf, setbackOf } from './refusals.ts';
import { look } from './volumes.ts';

/** `start force` starts a stopped volume too, and leaves out in silence what cannot be started: so a look goes first. */
export async function restartBricks(
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  context: CallContext,
): Promise<Outcome<void>> {
  const errand = new Errand(tools, via, context);
  const seen = inService(await look(errand, name), name, via);
  if (seen.kind !== 'done') {
    return seen;
  }
  return acknowledgementOf(await errand.ask(argv.volumeRestart(name), readVolumeStarted), via);
}

/** Gluster lists no brick of a node that it does not see, so the volume's own list says which there are. */
export async function volumeStatus(
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  context: CallContext,
): Promise<Outcome<readonly BrickStatus[] | undefined>> {
  const errand = new Errand(tools, via, context);
  const online = await onlineBricks(errand, name);
  if (online.kind !== 'done' || online.value === undefined) {
    return online.kind === 'done' ? done(undefined) : online;
  }
  const running = online.value;
  const seen = await look(errand, name);
  if (seen.kind !== 'done') {
    return seen;
  }
  return done(
    seen.value?.status === 'started'
      ? seen.value.bricks.map(({ host, path }) => ({ host, path, online: running.has(`${host}:${path}`) }))
      : undefined,
  );
}

/** `undefined`: the volume is not started, or there is none. */
async function onlineBricks(errand: Errand, name: VolumeName): Promise<Outcome<ReadonlySet<string> | undefined>> {
  const reply = await errand.ask(argv.volumeStatus(name), readVolumeStatus);
  switch (reply.kind) {
    case 'success': {
      const bricks = reply.value.filter((volume) => volume.name === name).flatMap((volume) => volume.bricks);
      return done(new Set(bricks.filter(({ online }) => online).map(({ host, path }) => `${host}:${path}`)));
    }
    case 'refused':
      return reply.refusal.problem === 'not-started' || reply.refusal.problem === 'no-such-volume'
        ? done(undefined)
        : setbackOf(reply.refusal, errand.node);
    default:
      return reply;
  }
}

/** The volume that was seen, when its bricks may be worked on; `waiting` while it is not started. */
export function inService(seen: Outcome<VolumeInfo | undefined>, name: VolumeName, via: NodeRef): Outcome<VolumeInfo> {
  if (seen.kind !== 'done') {
    return seen;
  }
  if (seen.value === undefined) {
    return failed(`gluster on ${via.id} has no volume ${name}`);
  }
  return seen.value.status === 'started' ? done(seen.value) : notStarted(name);
}

export const notStarted = (name: VolumeName): Setback =>
  waiting({ what: 'condition', name: `start of ${name}` }, `volume ${name} is not started`);
