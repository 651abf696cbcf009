/** `gluster pool list` and `gluster peer status`. */
import { z } from 'zod';
import type { Peer } from '../../engine/ports.ts';
import type { BodyReader } from './answer.ts';

const peer = z.object({
  uuid: z.string(),
  hostname: z.string(),
  hostnames: z.object({ hostname: z.array(z.string()) }).optional(),
  connected: z.enum(['0', '1']),
  /** Absent for the node that was asked. */
  stateStr: z.string().optional(),
});

const answer = z.object({ peerStatus: z.union([z.literal(''), z.object({ peer: z.array(peer).default([]) })]) });

/**
 * The peers in gluster's order. The node that was asked calls itself `localhost` (`pool list` only). A peer that is not
 * a full member (`Peer Rejected`, say) takes part in nothing, so it counts as not connected.
 */
export const readPeers: BodyReader<readonly Peer[]> = (body) => {
  const { peerStatus } = answer.parse(body);
  return (peerStatus === '' ? [] : peerStatus.peer).map((found) => ({
    uuid: found.uuid,
    hosts: [...new Set([found.hostname, ...(found.hostnames?.hostname ?? [])])],
    connected: found.connected === '1' && (found.stateStr ?? 'Peer in Cluster') === 'Peer in Cluster',
  }));
};
