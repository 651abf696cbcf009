/** `gluster pool list` and `gluster peer status`. */
import { z } from 'zod';
import type { Peer, PeerState } from '../../engine/ports.ts';
import type { BodyReader } from './answer.ts';

/** Every word that glusterd has for how it stands with a peer, in the order of its numbers. */
const words = {
  'Establishing Connection': 'unsettled',
  'Probe Sent to Peer': 'unsettled',
  'Probe Received from Peer': 'unsettled',
  'Peer in Cluster': 'member',
  'Accepted peer request': 'unsettled',
  'Sent and Received peer request': 'unsettled',
  'Peer Rejected': 'rejected',
  'Peer detach in progress': 'unsettled',
  // Two of its states differ in one letter.
  'Probe Received from peer': 'unsettled',
  'Connected to Peer': 'unsettled',
  'Peer is connected and Accepted': 'unsettled',
  'Invalid State': 'unsettled',
} as const satisfies Readonly<Record<string, PeerState>>;

/** A word that a later version has is no reason to read nothing: whoever says it is no member as we know them. */
const standing = z.string().transform((word): PeerState => {
  const known: Readonly<Record<string, PeerState>> = words;
  return known[word] ?? 'unsettled';
});

const peer = z.object({
  uuid: z.string(),
  hostname: z.string(),
  hostnames: z.object({ hostname: z.array(z.string()) }).optional(),
  connected: z.enum(['0', '1']),
  /** Absent for the node that was asked. */
  stateStr: standing.optional(),
});

const answer = z.object({ peerStatus: z.union([z.literal(''), z.object({ peer: z.array(peer).default([]) })]) });

/** The peers in gluster's order. The node that was asked calls itself `localhost` (`pool list` only). */
export const readPeers: BodyReader<readonly Peer[]> = (body) => {
  const { peerStatus } = answer.parse(body);
  return (peerStatus === '' ? [] : peerStatus.peer).map(({ uuid, hostname, hostnames, connected, stateStr }) => ({
    uuid,
    hosts: [...new Set([hostname, ...(hostnames?.hostname ?? [])])],
    state: stateOf(stateStr ?? 'member', connected === '1'),
  }));
};

/** A member that is away is still a member; one that was rejected is that whether it is there or not. */
const stateOf = (state: PeerState, isConnected: boolean): PeerState =>
  state === 'member' && !isConnected ? 'disconnected' : state;
