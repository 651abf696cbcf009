/** Destroying what plans that were given up have left on nodes that did not answer then. */
import { done, joinOutcomes, type Outcome } from '../domain/outcome.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import { lookAt } from './look.ts';
import type { RunSignals } from './volume-runs.ts';
import { accountOf, type VolumeWork } from './volume-work.ts';

/** Whether a sweep has anything to do with the volume. What is being deleted goes with the rest of it. */
export function needsSweep(record: VolumeRecord): boolean {
  return record.phase !== 'deleting' && (record.discarded ?? []).length > 0;
}

/**
 * Destroys the volume's discarded bricks, within the volume's lane, and writes down which are left. `done`: none. Gluster
 * is asked first: a create that landed late may have taken them into use.
 */
export async function sweepVolume(
  work: VolumeWork,
  id: VolumeRecord['id'],
  signals: RunSignals,
): Promise<Outcome<void>> {
  const { ledger, bricks } = work;
  const settled = await ledger.settle(id);
  const record = ledger.volume(id);
  if (settled.kind !== 'done' || record === undefined || !needsSweep(record)) {
    return settled;
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
  const joined = joinOutcomes(destroyed.map(({ outcome }) => outcome));
  return joined.kind === 'done' ? done() : joined;
}
