/** Members of the trusted pool. */
import type { HostName } from '../../domain/names.ts';
import { done, waiting, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import { standsApart } from '../../engine/pool-view.ts';
import type { CallContext, Peer } from '../../engine/ports.ts';
import { peerProbe, poolList } from '../argv/gluster.ts';
import { Errand, type Tools } from '../errand.ts';
import type { DiagnosedRefusal } from '../errors.ts';
import { readAcknowledgement } from '../xml/answer.ts';
import { readPeers } from '../xml/peers.ts';
import { outcomeOf, setbackOf } from './refusals.ts';

/** A probe of a member, or of the node itself, is a success to gluster too. */
export async function ensurePeer(
  tools: Tools,
  via: NodeRef,
  host: HostName,
  context: CallContext,
): Promise<Outcome<void>> {
  const reply = await new Errand(tools, via, context).answer(peerProbe(host), readAcknowledgement);
  switch (reply.kind) {
    case 'success':
      return done();
    case 'refused':
      return reply.refusal.problem === 'probe-failed'
        ? waiting({ what: 'node', name: host }, `${via.id} cannot reach glusterd on ${host}: ${reply.refusal.message}`)
        : setbackOf(reply.refusal, via);
    default:
      return reply;
  }
}

export async function listPeers(tools: Tools, via: NodeRef, context: CallContext): Promise<Outcome<readonly Peer[]>> {
  const outcome = outcomeOf(await new Errand(tools, via, context).ask(poolList(), readPeers), via);
  return outcome.kind === 'done' ? done(outcome.value.map((peer) => named(peer, via))) : outcome;
}

/** Gluster says only that some peers are down; an administrator needs to know which. */
export async function nameThePeer(tools: Tools, via: NodeRef, message: string, context: CallContext): Promise<Setback> {
  const peers = await listPeers(tools, via, context);
  const down = peers.kind === 'done' ? peers.value.filter(({ state }) => state !== 'member') : [];
  const names = down.map(({ hosts }) => hosts[0]).join(', ') || 'a peer';
  return waiting({ what: 'node', name: names }, `gluster on ${via.id}: ${message}: ${names}`);
}

/**
 * Gluster blames the host that is no member as the asked node sees it. Where that node is the one that its pool rejects,
 * it is the asked node that is to be waited for.
 */
export async function blame(
  tools: Tools,
  via: NodeRef,
  refusal: DiagnosedRefusal,
  context: CallContext,
): Promise<Setback> {
  const setback = setbackOf(refusal, via);
  if (refusal.problem !== 'not-a-peer') {
    return setback;
  }
  const peers = await listPeers(tools, via, context);
  return peers.kind === 'done' && standsApart(peers.value)
    ? waiting(
        { what: 'node', name: via.id },
        `${via.id} and the others of its trusted pool reject each other: ${refusal.message}`,
      )
    : setback;
}

/** The node that was asked calls itself localhost; everybody else calls it by its storage name. */
const named = (peer: Peer, via: NodeRef): Peer =>
  peer.hosts.includes('localhost')
    ? {
        uuid: peer.uuid,
        state: peer.state,
        hosts: peer.hosts.map((host) => (host === 'localhost' ? via.storage : host)),
      }
    : peer;
