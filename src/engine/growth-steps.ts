/** Steps that a growth and its undoing share. */
import type { Outcome } from '../domain/outcome.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import type { GrowthProgress } from './api.ts';
import type { Account } from './calls.ts';
import { identityOptions } from './identity.ts';
import { lookAt, type Seen } from './look.ts';
import type { VolumeWork } from './volume-work.ts';

export type Tell = (progress: GrowthProgress) => void;

/** The record of a volume that is growing. */
export type GrowingRecord = VolumeRecord & Required<Pick<VolumeRecord, 'growth'>>;

export const isGrowing = (record: VolumeRecord): record is GrowingRecord =>
  record.phase === 'growing' && record.growth !== undefined;

/** Writes into gluster what the record says of itself. */
export function tellGluster(work: VolumeWork, record: VolumeRecord, account: Account): Promise<Outcome<void>> {
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
