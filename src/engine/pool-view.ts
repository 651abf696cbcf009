/** The pool as one of its nodes sees it, and what that says about the node itself. Pure. */
import type { Peer, PeerState } from './ports.ts';

/** The node that was asked is in it, as a member. */
export type PoolView = readonly Peer[];

const counted = (view: PoolView, wanted: PeerState): number => view.filter(({ state }) => state === wanted).length;

/**
 * Whether it is the node that was asked that stands apart. Two glusterds that differ reject each other, so each calls the
 * other rejected; who finds itself at odds with more of the pool than is with it is the one. Never so among two.
 */
export const standsApart = (view: PoolView): boolean => counted(view, 'rejected') > counted(view, 'member');
