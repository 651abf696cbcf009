/**
 * Looking whether the whole pool takes part, before gluster is told to take a volume away. Gluster itself refuses a delete
 * while a member is down, but not while one is rejected: that member keeps the volume and goes on serving its bricks, and
 * brings the volume back to all others if it is ever taken for right again. So every member counts, whether it has a brick
 * of the volume or not, as it does for gluster.
 */
import { waiting, type Outcome, type Waiting } from '../domain/outcome.ts';
import type { NodeRef } from '../domain/topology.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import { bricksOf } from './ledger.ts';
import type { NodeDirectory } from './node-directory.ts';
import { standsApart, type PoolView } from './pool-view.ts';
import type { CallContext, Peer, StorageNodes } from './ports.ts';

/** The pool, through a node that is with it. `waiting` for the node that was asked when it is not: another may be. */
export async function poolThrough(
  nodes: StorageNodes,
  via: NodeRef,
  record: VolumeRecord,
  context: CallContext,
): Promise<Outcome<PoolView>> {
  const peers = await nodes.listPeers(via, context);
  if (peers.kind !== 'done') {
    return peers;
  }
  if (standsApart(peers.value)) {
    return waiting(
      { what: 'node', name: via.id },
      `${via.id} and the others of its trusted pool reject each other: see "A rejected node" in docs/nodes.md`,
    );
  }
  // What is gone from a pool that somebody left, or that was wiped, may live on in the one that it was.
  const hosts = new Set(bricksOf(record).map(({ node }) => node)).size;
  return peers.value.length < hosts
    ? waiting(
        { what: 'node', name: via.id },
        `${via.id} knows of ${peers.value.length} in its trusted pool, and volume ${record.name} has bricks on ${hosts} nodes`,
      )
    : peers;
}

/** The first member that would not take part in a change. */
export function absentee(view: PoolView, directory: NodeDirectory): Waiting | undefined {
  const absent = view.find(({ state }) => state !== 'member');
  if (absent === undefined) {
    return undefined;
  }
  const known = absent.hosts.map((host) => directory.named(host)).find((node) => node !== undefined);
  const name = known?.id ?? absent.hosts[0] ?? absent.uuid;
  const matter = matterOf(absent.state, name);
  return matter === undefined ? undefined : waiting({ what: 'node', name }, matter);
}

function matterOf(state: Peer['state'], name: string): string | undefined {
  switch (state) {
    case 'member':
      return undefined;
    case 'disconnected':
      return `gluster does not see ${name}, and deletes nothing until glusterd runs there again`;
    case 'rejected':
      return (
        `the trusted pool rejects ${name} (gluster peer status: Peer Rejected), which would keep the volume and its ` +
        'brick processes: it has to be taken in again first, see "A rejected node" in docs/nodes.md'
      );
    case 'unsettled':
      return `the trusted pool has not finished taking ${name} in, or sending it away`;
  }
}
