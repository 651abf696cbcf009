/** Whether a node is who it was, judged by what the others of its pool know. Pure. */
import type { NodeRecord } from '../../domain/topology.ts';
import type { NodeFacts, Peer } from '../ports.ts';
import type { WholeNodeProblem } from './api.ts';

/** The pool as a node sees it. */
export type View = readonly Peer[];

/** A node that was asked for its view, with what it says of itself. */
export interface Vantage {
  readonly node: NodeRecord;
  readonly facts: NodeFacts;
  readonly view: View;
}

/** What the others see, and of these not those that were installed anew: they see a pool of their own. */
export function viewsOn(node: NodeRecord, vantages: readonly Vantage[]): readonly View[] {
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
  views: readonly View[],
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
