/** Whether a node is who it was, judged by what the others of its pool know. Pure. */
import type { NodeRecord } from '../../domain/topology.ts';
import { standsApart, type PoolView } from '../pool-view.ts';
import type { NodeFacts } from '../ports.ts';
import type { WholeNodeProblem } from './api.ts';

/** A node that was asked for its view, with what it says of itself. */
export interface Vantage {
  readonly node: NodeRecord;
  readonly facts: NodeFacts;
  readonly view: PoolView;
}

/** What the others see, and of these not those that were installed anew: they see a pool of their own. */
export function viewsOn(node: NodeRecord, vantages: readonly Vantage[]): readonly PoolView[] {
  const viewsBut = ({ id }: NodeRecord): readonly Vantage[] => vantages.filter((other) => other.node.id !== id);
  return viewsBut(node)
    .filter((vantage) => {
      const seenByOthers = viewsBut(vantage.node).map(({ view }) => view);
      return membershipProblem(vantage.node, vantage.facts, seenByOthers)?.kind !== 'reinstalled';
    })
    .map(({ view }) => view);
}

/**
 * One view that has the node's UUID clears it. Without any view, nothing is said: a node's word about itself proves
 * nothing. Hosts are compared only to say what became of the node, because gluster may know a peer by an address where
 * the record has a name.
 */
export function membershipProblem(
  node: NodeRecord,
  { glusterId, addresses }: NodeFacts,
  views: readonly PoolView[],
): WholeNodeProblem | undefined {
  if (glusterId === undefined || views.length === 0 || views.flat().some(({ uuid }) => uuid === glusterId)) {
    return undefined;
  }
  const own = new Set<string>([node.storage, ...addresses]);
  const predecessor = views.flat().find(({ hosts }) => hosts.some((host) => own.has(host)));
  if (predecessor !== undefined) {
    return { kind: 'reinstalled', storage: node.storage, expected: predecessor.uuid, found: glusterId };
  }
  // A node that has no prepared device may not have been probed yet.
  return node.devices.some(({ size }) => size !== undefined) ? { kind: 'not-in-pool', found: glusterId } : undefined;
}

/** So many others have to reject a node: of two that reject each other, either may be the one. */
export const rejectionsNeeded = 2;

/** What the others of a pool make of one of its nodes. `unheard`: too few of them could be asked. */
export type Verdict = 'member' | 'unheard' | Extract<WholeNodeProblem, { readonly kind: 'rejected' }>;

/**
 * One that counts the node as a member clears it. Who stands apart from the pool itself is not heard. Where a cluster has two
 * nodes, each rejects the other, and both are named. `others`: nodes of the cluster beside this one.
 */
export function verdictOn(
  node: NodeRecord,
  { glusterId }: NodeFacts,
  vantages: readonly Vantage[],
  others: number,
): Verdict {
  const words = vantages
    .filter((vantage) => vantage.node.id !== node.id && !standsApart(vantage.view))
    .map((vantage) => ({ by: vantage.node.id, state: vantage.view.find(({ uuid }) => uuid === glusterId)?.state }));
  if (words.some(({ state }) => state === 'member')) {
    return 'member';
  }
  const by = words.filter(({ state }) => state === 'rejected').map((word) => word.by);
  return by.length >= Math.max(1, Math.min(rejectionsNeeded, others)) ? { kind: 'rejected', by } : 'unheard';
}
