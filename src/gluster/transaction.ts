/**
 * Glusterd changes a pool in phases: all members are locked, then asked whether they agree (staging, pre-validation), then
 * told to do it (commit). When one of them fails, the answer names the phase and the member, as
 * `Staging failed on HOST. Error: REASON` or `Commit failed on HOST. Please check log file for details.`; the latter stands
 * for every failure without a reason, above all for a member whose connection broke. So the phase tells what may be
 * assumed. Source: `gd_collate_errors` (glusterd-syncop.c) and `gd_mgmt_v3_collate_errors` (glusterd-mgmt.c).
 */

export type Phase =
  /** Nothing was changed. Members may stay locked for some minutes. */
  | 'lock'
  /** Nothing was changed. */
  | 'agree'
  /** The others may have changed what this member has not. */
  | 'commit';

/** What one member of the pool, or the node that was asked, has to say of a command that failed. */
export interface Statement {
  /** The member, as gluster calls it; absent when it is the node that was asked. */
  readonly member?: string;
  /** Absent where the answer names none, as gluster does for what the asked node itself refuses. */
  readonly phase?: Phase;
  /** Empty when no reason is given. */
  readonly words: string;
}

const phases: ReadonlyMap<string, Phase> = new Map([
  ['locking', 'lock'],
  ['staging', 'agree'],
  ['pre validation', 'agree'],
  ['brick ops', 'commit'],
  ['commit', 'commit'],
  ['post commit', 'commit'],
  ['post validation', 'commit'],
  ['unlocking', 'commit'],
]);

const opening = /^(?<phase>[A-Z][a-z]+(?:[ -][a-zA-Z]+)?) failed on (?<host>[^\s,]+?)\.(?: (?:Error: )?(?<words>.*))?$/;
const noReason = /^Please check (?:the )?log file/;

/** Splits a refusal by who said what. Several members each have a line of their own; a reason can go over several. */
export function statementsOf(message: string): readonly Statement[] {
  const statements: Statement[] = [];
  for (const line of message.split('\n')) {
    const said = statementOf(line);
    const last = statements.at(-1);
    if (said !== undefined) {
      statements.push(said);
    } else if (last === undefined) {
      statements.push({ words: line });
    } else {
      statements.splice(-1, 1, { ...last, words: `${last.words}\n${line}` });
    }
  }
  return statements;
}

function statementOf(line: string): Statement | undefined {
  const { phase: name = '', host = '', words = '' } = opening.exec(line)?.groups ?? {};
  const phase = phases.get(name.toLowerCase().replace('-', ' '));
  if (phase === undefined) {
    return undefined;
  }
  const reason = noReason.test(words) ? '' : words;
  return host === 'localhost' ? { phase, words: reason } : { member: host, phase, words: reason };
}
