/** What a caller may assume after a refusal that its verb has no better answer to. */
import { done, failed, rejected, unknown, waiting, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { Reply } from '../errand.ts';
import type { DiagnosedRefusal } from '../errors.ts';

export function setbackOf({ problem, subject, message }: DiagnosedRefusal, via: NodeRef): Setback {
  const reason = `gluster on ${via.id}: ${message}`;
  switch (problem) {
    case 'locked':
      return waiting({ what: 'lock', name: subject ?? `trusted pool of ${via.id}` }, reason);
    case 'peer-down':
    case 'not-a-peer':
    case 'probe-failed':
    case 'member-silent':
      return waiting({ what: 'node', name: subject ?? 'a peer' }, reason);
    case 'glusterd-down':
      return waiting({ what: 'node', name: via.id }, reason);
    case 'quorum-not-met':
    case 'self-heal-not-ready':
    case 'no-brick-answers':
    case 'migration-running':
      return waiting({ what: 'condition', name: problem }, reason);
    case 'members-differ':
      // Members compare their copies whenever they meet, and the newer one wins.
      return waiting(
        { what: 'condition', name: problem },
        `${reason} (its glusterd has another copy of the volume; started anew, it takes over that of the others)`,
      );
    // The command line stopped waiting; glusterd did not.
    case 'timed-out':
    case 'half-done':
    case 'without-a-word':
      return unknown(reason);
    case 'bad-option':
    case 'peer-of-another-pool':
    case 'peer-has-bricks':
    case 'peer-is-self':
    case 'not-redundant':
      return rejected(reason);
    case 'volume-exists':
    case 'no-such-volume':
    case 'already-started':
    case 'not-started':
    case 'still-started':
    case 'brick-in-use':
    case 'brick-marked':
    case 'brick-missing':
    case 'brick-unmarked':
    case 'brick-is-mount-point':
    case 'brick-on-root-partition':
    case 'set-on-one-node':
    case 'volume-files-failed':
    case 'wrong-brick-count':
    case 'no-such-brick':
    case 'reset-not-started':
    case 'refused-without-reason':
    case 'self-heal-disabled':
    case 'not-distributed':
    case 'migration-not-started':
    case 'not-thin':
    case 'quota-off':
    case 'usage':
    case 'other':
      return failed(reason);
  }
}

/** The outcome of a reply whose refusals mean nothing in particular to the verb. */
export function outcomeOf<T>(reply: Reply<T>, via: NodeRef): Outcome<T> {
  switch (reply.kind) {
    case 'success':
      return done(reply.value);
    case 'refused':
      return setbackOf(reply.refusal, via);
    default:
      return reply;
  }
}

/** As `outcomeOf`, where only yes or no matters. */
export function acknowledgementOf(reply: Reply<unknown>, via: NodeRef): Outcome<void> {
  const outcome = outcomeOf(reply, via);
  return outcome.kind === 'done' ? done() : outcome;
}
