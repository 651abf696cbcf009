/** Steps that a growth and its undoing share. */
import { done, failed, type Outcome } from '../domain/outcome.ts';
import { describeSize } from '../domain/quantity.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import type { GrowthProgress } from './api.ts';
import type { Account } from './calls.ts';
import { identityOptions } from './identity.ts';
import { lookAt, type Seen } from './look.ts';
import { trackRebalance } from './track-rebalance.ts';
import { stopped } from './volume-runs.ts';
import type { VolumeWork } from './volume-work.ts';

export type Tell = (progress: GrowthProgress) => void;

/** The record of a volume that is growing. */
export type GrowingRecord = VolumeRecord & Required<Pick<VolumeRecord, 'growth'>>;

export const isGrowing = (record: VolumeRecord): record is GrowingRecord =>
  record.phase === 'growing' && record.growth !== undefined;

/** Writes into gluster what the record says of itself. */
function tellGluster(work: VolumeWork, record: VolumeRecord, account: Account): Promise<Outcome<void>> {
  return work.calls.inCluster(record.cluster, account, (gluster) =>
    gluster.run('options', (nodes, context, via) =>
      nodes.setVolumeOptions(via, record.name, identityOptions(record), context),
    ),
  );
}

/**
 * Which of the sets that are to be added gluster has already. An add-brick whose answer was lost may still be under way, and
 * a look alone could be too early. So something harmless is changed first: changes of one volume take effect in the order
 * in which they were asked for (StorageNodes), so after it nothing of the past can land any more.
 */
export async function lookForSets(work: VolumeWork, record: GrowingRecord, account: Account): Promise<Outcome<Seen>> {
  if (record.growth.sets.length > 0) {
    const told = await tellGluster(work, record, account);
    if (told.kind !== 'done') {
      return told;
    }
  }
  return lookAt(work, record, account);
}

/** Tells `tell` how the step ended. */
export async function told<T>(
  tell: Tell,
  step: GrowthProgress['step'],
  what: string,
  work: Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const outcome = await work;
  tell({ step, what, outcome: outcome.kind === 'done' ? { kind: 'done', value: undefined } : outcome });
  return outcome;
}

/** The last steps of both: tells gluster, then commits. Until then the record asks for all of it again. */
export async function commitEnd(
  work: VolumeWork,
  record: VolumeRecord,
  account: Account,
  tell: Tell,
): Promise<Outcome<VolumeRecord>> {
  const { signals } = account;
  const written = signals.stop.aborted ? stopped(signals) : await tellGluster(work, record, account);
  if (written.kind !== 'done') {
    return written;
  }
  const committed = await told(tell, 'record', `it has ${describeSize(record.size)}`, work.ledger.update(record));
  return committed.kind === 'done' ? done(record) : committed;
}

/** What the end of all steps is to whoever asked. Sets that came in have files spread over them. */
export async function afterSteps(
  work: VolumeWork,
  outcome: Outcome<VolumeRecord>,
  account: Account,
  tell: Tell,
): Promise<Outcome<VolumeRecord>> {
  if (outcome.kind !== 'done') {
    // The record is there, so something is left: the promise of `rejected` cannot be given.
    return outcome.kind === 'rejected' ? failed(outcome.reason) : outcome;
  }
  const record = outcome.value;
  if (record.rebalance !== undefined) {
    // There is room already. What does not work now is done by a sweep: the record asks for it until it is.
    await told(tell, 'rebalance', 'files are spread over the new sets', trackRebalance(work, record, account));
  }
  return done(work.ledger.volume(record.id) ?? record);
}
