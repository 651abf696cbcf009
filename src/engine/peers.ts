/** Who is in a cluster's trusted pool: nodes join it, and leave it. */
import { done, waiting, type Outcome } from '../domain/outcome.ts';
import type { NodeRecord } from '../domain/topology.ts';
import type { Account } from './calls.ts';
import type { CallContext, StorageNodes } from './ports.ts';
import { stopped } from './volume-runs.ts';
import type { VolumeWork } from './volume-work.ts';

/** A node is known to be in the pool when one of its devices has a size. */
const isMember = (node: NodeRecord): boolean => node.devices.some(({ size }) => size !== undefined);

/**
 * Probes a node from one that is in the pool. The first node of a new pool is the one with the smallest id, at every try
 * the same, or two pools would grow side by side. `nodes`: all of the cluster.
 */
export function joinPool(
  work: VolumeWork,
  nodes: readonly NodeRecord[],
  node: NodeRecord,
  account: Account,
): Promise<Outcome<void>> {
  const members = nodes.filter(isMember);
  const gateways = members.length > 0 ? members : nodes.slice(0, 1);
  // A node is its own peer, but only an answer shows that it is there.
  return throughOneOf(work, gateways, node, account, async (storage, gateway, context) => {
    if (gateway.id !== node.id) {
      return storage.ensurePeer(gateway, node.storage, context);
    }
    const peers = await storage.listPeers(gateway, context);
    return peers.kind === 'done' ? done() : peers;
  });
}

/** Detaches a node from the pool, by way of another one. The last node of a cluster has nobody to leave. */
export function leavePool(
  work: VolumeWork,
  nodes: readonly NodeRecord[],
  node: NodeRecord,
  account: Account,
): Promise<Outcome<void>> {
  const others = nodes.filter(({ id }) => id !== node.id);
  const gateways = [...others.filter(isMember), ...others.filter((other) => !isMember(other))];
  return gateways.length === 0
    ? Promise.resolve(done())
    : throughOneOf(work, gateways, node, account, (storage, gateway, context) =>
        storage.removePeer(gateway, node.storage, context),
      );
}

/** By the first gateway that answers. */
async function throughOneOf(
  work: VolumeWork,
  gateways: readonly NodeRecord[],
  node: NodeRecord,
  account: Account,
  verb: (storage: StorageNodes, gateway: NodeRecord, context: CallContext) => Promise<Outcome<void>>,
): Promise<Outcome<void>> {
  let outcome: Outcome<void> = waiting(
    { what: 'condition', name: 'peers' },
    `no member of the pool of ${node.id} answers`,
  );
  for (const gateway of gateways) {
    if (account.signals.stop.aborted) {
      return stopped(account.signals);
    }
    outcome = await work.calls.through(gateway, 'peer', account, (storage, context) => verb(storage, gateway, context));
    if (outcome.kind === 'done' || outcome.kind === 'unknown' || work.health.mayAsk(gateway.id)) {
      return outcome;
    }
  }
  return outcome;
}
