/**
 * What a refusal of gluster's means. The error number alone does not tell: 30800 stands for nearly everything, and
 * "already exists" has number 0, so the text is read as well, and who said it. The list is closed; what is not in it is
 * `other`.
 */
import { statementsOf, type Statement } from './transaction.ts';
import type { Refusal } from './xml/answer.ts';

export type GlusterProblem =
  | 'volume-exists'
  | 'no-such-volume'
  | 'already-started'
  | 'not-started'
  /** It cannot be deleted while it runs. */
  | 'still-started'
  /** Another transaction holds the lock of the volume, or of the whole pool. */
  | 'locked'
  /** A member of the pool does not answer. `subject` names it if gluster did. */
  | 'peer-down'
  /** The host is no member of the pool, or not yet a full one. */
  | 'not-a-peer'
  /** A probe reached nobody. */
  | 'probe-failed'
  /** The host belongs to another pool. */
  | 'peer-of-another-pool'
  | 'peer-has-bricks'
  /** A node cannot take itself out of the pool. */
  | 'peer-is-self'
  /** Too few members are up for gluster to change anything. */
  | 'quorum-not-met'
  /** The directory is a brick of an existing volume, or lies in or around one. */
  | 'brick-in-use'
  /** The directory carries the mark of a volume: of one that was deleted, or of a create that failed. */
  | 'brick-marked'
  | 'brick-missing'
  /** The brick is there, and does not carry the mark of the volume that it is part of. */
  | 'brick-unmarked'
  | 'brick-is-mount-point'
  | 'brick-on-root-partition'
  | 'set-on-one-node'
  /** All that gluster says when a brick's parent is missing on another node, or the brick count is odd. */
  | 'volume-files-failed'
  | 'wrong-brick-count'
  | 'no-such-brick'
  /** A reset is committed that nobody has begun, or that is committed already. */
  | 'reset-not-started'
  /** Nothing is said but that; a replacement's new node is down or unknown. */
  | 'refused-without-reason'
  /** A member did not take part, or refused without a reason, before anything was changed. `subject` is that member. */
  | 'member-silent'
  /** A member says of the volume what the asked node does not: their copies differ. Nothing was changed. `subject` is it. */
  | 'members-differ'
  /** It was being done when a member failed: others have done it, and that one may have. `subject` is that member. */
  | 'half-done'
  /** Gluster says no and nothing more, so at which point it failed is not known either. */
  | 'without-a-word'
  | 'bad-option'
  | 'self-heal-not-ready'
  /** Somebody has switched it off, or the volume keeps every file once. */
  | 'self-heal-disabled'
  /** The volume keeps every file once: nothing can be healed or replaced. */
  | 'not-redundant'
  /** What reads the bricks' indices got hold of none: the volume is not started, or no brick of it answers. */
  | 'no-brick-answers'
  | 'not-distributed'
  /** Data is being moved, and what was asked for has to wait until it is, or until that is stopped. */
  | 'migration-running'
  /** There is no rebalance or removal to ask about. */
  | 'migration-not-started'
  | 'not-thin'
  | 'quota-off'
  /** The command line gave up after 120 s; glusterd may be at it still. */
  | 'timed-out'
  | 'glusterd-down'
  /** The command line did not understand us: a fault of ours or a version that we do not know. */
  | 'usage'
  | 'other';

export interface DiagnosedRefusal {
  readonly problem: GlusterProblem;
  /** The host, volume, brick or option that the text names. */
  readonly subject?: string;
  readonly message: string;
}

/** First match wins. A group called `subject` picks the name out of the text. */
const texts: readonly (readonly [GlusterProblem, RegExp])[] = [
  ['locked', /Another transaction is in progress(?: for (?<subject>[\w-]+))?/],
  ['timed-out', /^Error : Request timed out/],
  ['glusterd-down', /Connection failed\. Please check if gluster daemon is operational/],
  ['volume-exists', /^Volume (?<subject>\S+) already exists/],
  ['no-such-volume', /Volume (?:(?<subject>\S+) )?does not exist/],
  ['no-brick-answers', /^(?<subject>\S+): Not able to fetch volfile/],
  ['no-brick-answers', /Volume (?<subject>\S+) is not started \(Or\) All the bricks are not running/],
  ['already-started', /Volume (?<subject>\S+) already started/],
  ['not-started', /Volume (?<subject>\S+) is not (?:in the )?started(?: state)?/],
  ['not-started', /volume: (?<subject>\S+) is not started/],
  ['not-started', /Volume (?<subject>\S+) needs to be started (?:to perform rebalance|before remove-brick)/],
  ['still-started', /Volume (?<subject>\S+) has been started\. ?Volume needs to be stopped/],
  ['peer-down', /Host (?<subject>\S+) (?:is )?not connected/],
  ['peer-down', /Some of the peers are down|One of the peers is probably down/],
  ['not-a-peer', /Host (?<subject>\S+) is not in 'Peer in Cluster' state/],
  ['not-a-peer', /^(?<subject>\S+) is not part of cluster/],
  ['peer-of-another-pool', /(?<subject>\S+) is either already part of another cluster/],
  ['peer-of-another-pool', /(?<subject>\S+) is already part of another cluster/],
  ['peer-has-bricks', /(?<subject>\S+) is part of existing snapshot/],
  ['peer-is-self', /^(?<subject>\S+) is localhost/],
  ['peer-has-bricks', /Peer (?<subject>\S+) hosts one or more bricks/],
  ['probe-failed', /Probe returned with/],
  ['quorum-not-met', /Quorum not met|Cluster quorum is not met/],
  ['brick-in-use', /Brick: (?<subject>\S+) not available\. Brick may be containing or be contained/],
  ['brick-marked', /(?<subject>\/\S+) (?:or a prefix of it )?is already part of a volume/],
  ['brick-is-mount-point', /brick (?<subject>\S+) is a mount point/],
  ['brick-on-root-partition', /brick (?<subject>\S+) is being created in the root partition/],
  [
    'brick-missing',
    /Failed to (?:create|find) brick directory (?:for brick )?(?<subject>\S+?)\.? (?:Reason|for volume)/,
  ],
  [
    'brick-unmarked',
    /Failed to get extended attribute trusted\.glusterfs\.volume-id for brick dir (?<subject>\S+?)\. Reason : No data available/,
  ],
  ['brick-missing', /Failed to get extended attribute trusted\.glusterfs\.volume-id for brick dir (?<subject>\S+?)\. /],
  ['set-on-one-node', /Multiple bricks of a \w+ volume are present on the same server/],
  ['volume-files-failed', /Failed to create volume files/],
  ['wrong-brick-count', /Incorrect number of bricks supplied/],
  ['wrong-brick-count', /incorrect brick count of/],
  ['wrong-brick-count', /Removing bricks from replicate configuration is not allowed/],
  ['no-such-brick', /brick: (?<subject>\S+) does not exist in volume/],
  ['no-such-brick', /Incorrect brick (?<subject>\S+) for volume/],
  ['reset-not-started', /Source brick must be stopped/],
  ['bad-option', /option : (?<subject>\S+) does not exist/],
  ['bad-option', /in "option (?<subject>[^"]+)"/],
  ['self-heal-not-ready', /Self-heal daemon is not running|brick op 'Heal' failed/],
  ['self-heal-disabled', /Self-heal-daemon is disabled/],
  ['not-redundant', /(?:Volume (?<subject>\S+) )?is not of type replicate\/disperse/],
  ['not-redundant', /replace-brick is not permitted on distribute only volumes/],
  ['not-distributed', /is not a distribute volume/],
  ['migration-running', /Rebalance on (?<subject>\S+) is already started|migration is in progress/],
  ['migration-running', /[Rr]ebalance is in progress/],
  ['migration-running', /rebalance session is in progress for the volume '(?<subject>[^']+)'/],
  ['migration-not-started', /(?:[Rr]ebalance|remove-brick) not started for volume (?<subject>[\w-]+)/],
  ['not-thin', /Snapshot is supported only for thin provisioned LV/],
  // So since gluster 11.
  ['not-thin', /Snapshots not supported for all bricks in volume/],
  ['quota-off', /Quota is disabled|No quota configured/],
  ['usage', /^\s*Usage:|^unrecognized word/],
];

/** The few numbers that mean one thing whatever the text. */
const numbers: ReadonlyMap<number, GlusterProblem> = new Map([
  [30802, 'locked'],
  [30806, 'no-such-volume'],
  [30815, 'not-thin'],
]);

/** What only the member says who has another copy of the volume than the asked node, which has let the command pass. */
const differences: ReadonlySet<GlusterProblem> = new Set([
  'no-such-volume',
  'already-started',
  'not-started',
  'still-started',
]);

export function problemOf({ opErrno, message }: Refusal): DiagnosedRefusal {
  const statements = statementsOf(message);
  const halfDoneBy = statements.find(({ phase, member }) => phase === 'commit' && member !== undefined)?.member;
  if (halfDoneBy !== undefined) {
    return { problem: 'half-done', subject: halfDoneBy, message };
  }
  for (const [problem, pattern] of texts) {
    for (const { member, words } of statements) {
      const match = pattern.exec(words);
      if (match !== null) {
        if (member !== undefined && differences.has(problem)) {
          return { problem: 'members-differ', subject: member, message };
        }
        const subject = match.groups?.['subject'];
        return subject === undefined ? { problem, message } : { problem, subject, message };
      }
    }
  }
  const known = numbers.get(opErrno ?? 0);
  if (known !== undefined) {
    return { problem: known, message };
  }
  if (message === '') {
    return { problem: 'without-a-word', message: `refused without a word (error number ${opErrno ?? 'unknown'})` };
  }
  const mute = statements.find(({ phase, words }) => phase !== undefined && words === '');
  return mute === undefined ? { problem: 'other', message } : { ...withoutReason(mute), message };
}

function withoutReason({ phase, member }: Statement): Omit<DiagnosedRefusal, 'message'> {
  if (phase === 'lock') {
    // By a transaction that a cut cable left behind on a member, for up to three minutes.
    return { problem: 'locked' };
  }
  return member === undefined ? { problem: 'refused-without-reason' } : { problem: 'member-silent', subject: member };
}
