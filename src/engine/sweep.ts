/** Carrying on what was begun and has nobody waiting for it: see VolumeEngine.sweep. */
import { done, joinOutcomes, type Outcome } from '../domain/outcome.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import { carryOnGrowth } from './grow-volume.ts';
import { isGrowing } from './growth-steps.ts';
import { lookAt } from './look.ts';
import { rebalanceUnderWay, trackRebalance } from './track-rebalance.ts';
import { stopped, type RunSignals } from './volume-runs.ts';
import { accountOf, type VolumeWork } from './volume-work.ts';

/** Whether a sweep has anything to do with the volume. What is being deleted goes with the rest of it. */
export function needsSweep(record: VolumeRecord): boolean {
  return record.phase !== 'deleting' && (hasDiscarded(record) || isGrowing(record) || record.rebalance !== undefined);
}

const hasDiscarded = ({ discarded }: VolumeRecord): boolean => (discarded ?? []).length > 0;

/** Everything that is to be done for the volume, within its lane. What does not work does not stop the rest. */
export async function sweepVolume(
  work: VolumeWork,
  id: VolumeRecord['id'],
  signals: RunSignals,
): Promise<Outcome<void>> {
  const outcomes: Outcome<unknown>[] = [];
  // Gluster adds no set while it moves files, so what became of that is found out first.
  for (const task of [follow, carryOn, clearDiscarded]) {
    const settled = await work.ledger.settle(id);
    const record = work.ledger.volume(id);
    if (settled.kind !== 'done' || record === undefined || !needsSweep(record)) {
      outcomes.push(settled);
      break;
    }
    outcomes.push(signals.stop.aborted ? stopped(signals) : await task(work, record, signals));
  }
  const joined = joinOutcomes(outcomes);
  if (joined.kind !== 'done') {
    return joined;
  }
  // A growth that has just ended may have begun one.
  const after = work.ledger.volume(id);
  return after?.rebalance === undefined || after.phase === 'deleting' ? done() : rebalanceUnderWay(after);
}

type Task = (work: VolumeWork, record: VolumeRecord, signals: RunSignals) => Promise<Outcome<unknown>>;

const carryOn: Task = async (work, record, signals) =>
  isGrowing(record) ? carryOnGrowth(work, record, signals, () => undefined) : done();

const follow: Task = async (work, record, signals) => trackRebalance(work, record, accountOf(record, signals));

/**
 * Destroys the volume's discarded bricks and writes down which are left. `done`: none. Gluster is asked first: a create
 * that landed late may have taken them into use.
 */
const clearDiscarded: Task = async (work, record, signals) => {
  const { ledger, bricks } = work;
  if (!hasDiscarded(record)) {
    return done();
  }
  const account = accountOf(record, signals);
  // Any answer that lets `done` through shows either no volume or one on the present bricks.
  const looked = await lookAt(work, record, account);
  if (looked.kind !== 'done') {
    return looked;
  }
  const destroyed = await bricks.destroyEach(record, record.discarded ?? [], account);
  const left = destroyed.filter(({ outcome }) => outcome.kind !== 'done').map(({ brick }) => brick);
  if (left.length < destroyed.length) {
    const written = await ledger.update({ ...record, discarded: left });
    if (written.kind !== 'done') {
      return written;
    }
  }
  return joinOutcomes(destroyed.map(({ outcome }) => outcome));
};
