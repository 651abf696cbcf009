/**
 * A node that leaves the trusted pool. Gluster refuses that while a volume has a brick there, unless the volume has all of
 * them there: then it leaves the pool with the node, without a word. So the bricks are looked for first.
 */
import type { HostName } from '../../domain/names.ts';
import { done, rejected, type Outcome } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { CallContext } from '../../engine/ports.ts';
import { peerDetach, poolList, volumesInfo } from '../argv/gluster.ts';
import { Errand, type Tools } from '../errand.ts';
import { readAcknowledgement } from '../xml/answer.ts';
import { readVolumeNodes, type VolumeNodes } from '../xml/brick-nodes.ts';
import { readPeers } from '../xml/peers.ts';
import { nameThePeer } from './peers.ts';
import { acknowledgementOf, outcomeOf } from './refusals.ts';

export async function removePeer(
  tools: Tools,
  via: NodeRef,
  host: HostName,
  context: CallContext,
): Promise<Outcome<void>> {
  const errand = new Errand(tools, via, context);
  const holding = await volumesOn(errand, host);
  if (holding.kind !== 'done') {
    return holding;
  }
  if (holding.value.length > 0) {
    const named = holding.value.slice(0, 3).join(', ');
    const more = holding.value.length > 3 ? ` and ${holding.value.length - 3} more` : '';
    return rejected(`${host} cannot leave the trusted pool: it has bricks of ${named}${more}`);
  }
  const reply = await errand.answer(peerDetach(host), readAcknowledgement);
  if (reply.kind === 'refused' && reply.refusal.problem === 'not-a-peer') {
    return done();
  }
  if (reply.kind === 'refused' && reply.refusal.problem === 'peer-down') {
    return nameThePeer(tools, via, reply.refusal.message, context);
  }
  return acknowledgementOf(reply, via);
}

/** The names of the volumes that have a brick on the host. */
async function volumesOn(errand: Errand, host: HostName): Promise<Outcome<readonly string[]>> {
  const pool = outcomeOf(await errand.ask(poolList(), readPeers), errand.node);
  if (pool.kind !== 'done') {
    return pool;
  }
  const volumes = outcomeOf(await errand.ask(volumesInfo(), readVolumeNodes), errand.node);
  if (volumes.kind !== 'done') {
    return volumes;
  }
  const known = pool.value.filter(({ hosts }) => hosts.includes(host)).map(({ uuid }) => uuid);
  return done(holders(volumes.value, host, known));
}

/** A peer can be known by another name than its bricks, and bricks of one node can have several. */
function holders(volumes: readonly VolumeNodes[], host: HostName, known: readonly string[]): readonly string[] {
  const bricks = volumes.flatMap(({ nodes }) => nodes);
  const uuids = new Set([...known, ...bricks.filter((brick) => brick.host === host).map(({ uuid }) => uuid)]);
  return volumes.filter(({ nodes }) => nodes.some(({ uuid }) => uuids.has(uuid))).map(({ name }) => name);
}
