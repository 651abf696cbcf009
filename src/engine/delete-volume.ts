/**
 * Taking a volume away.
 *
 *     any phase --mark--> [deleting] --look--> stop --> delete --> look: gone --> destroy bricks --> forget --> no record
 *
 * The mark is written before anything is touched, and nothing brings the volume back from it. Every step finds what is
 * gone already and is content. Bricks are destroyed only once gluster has said that it has no such volume: a brick under
 * a live volume is somebody's data. The record goes last, because it is what the space and the GID are held by, and what a
 * restart carries on from.
 *
 * A create whose answer was lost may land after the first look. Where that look found nothing gluster is therefore asked
 * once more when the bricks are destroyed (from then on no create can succeed), and the round is gone again if need be.
 */
import { done, failed, joinOutcomes, waiting, type Outcome } from '../domain/outcome.ts';
import type { VolumeName } from '../domain/names.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import type { Account, GlusterSession } from './calls.ts';
import { bricksOf } from './ledger.ts';
import { waitOutLocks } from './lock-patience.ts';
import type { GlusterVolume } from './ports.ts';
import { stopped, type RunSignals } from './volume-runs.ts';
import { accountOf, type VolumeWork } from './volume-work.ts';

/** Rounds of look, delete and destroy before giving up for this call. Two see every create that can land late. */
const mostRounds = 3;

/** As VolumeEngine.deleteVolume for a volume that has a record, within the volume's lane. */
export async function deleteVolume(
  work: VolumeWork,
  record: VolumeRecord,
  signals: RunSignals,
): Promise<Outcome<void>> {
  const { ledger, settings } = work;
  if (record.adopted === true) {
    return failed(`volume ${record.name} was adopted: Brickyard does not delete what it did not make`);
  }
  const account = accountOf(record, signals);
  const marked = await mark(work, record);
  if (marked.kind !== 'done') {
    return marked;
  }
  const cleared = await clear(work, record, account);
  if (cleared.kind !== 'done') {
    // The record is there, so something is left: the promise of `rejected` cannot be given.
    return cleared.kind === 'rejected' ? failed(cleared.reason) : cleared;
  }
  const began = settings.clock.monotonic();
  const forgotten = await ledger.remove(record.id);
  settings.observer.stepFinished('forget', forgotten.kind, settings.clock.monotonic() - began);
  return forgotten;
}

async function mark({ ledger, settings }: VolumeWork, record: VolumeRecord): Promise<Outcome<void>> {
  if (record.phase === 'deleting') {
    return ledger.settle(record.id);
  }
  const deletingSince = new Date(settings.clock.now()).toISOString();
  return ledger.update({ ...record, phase: 'deleting', deletingSince });
}

/** Nothing of the volume in gluster or on a node. */
async function clear(work: VolumeWork, record: VolumeRecord, account: Account): Promise<Outcome<void>> {
  for (let round = 0; round < mostRounds; round += 1) {
    const removed = await waitOutLocks(work.settings, account.signals, () =>
      work.calls.inCluster(record.cluster, account, (gluster) => removeFromGluster(record.name, account, gluster)),
    );
    if (removed.kind !== 'done') {
      return removed;
    }
    // A round after the first is there to see that nothing landed: the bricks are gone by then.
    if (round > 0 && removed.value === 'was absent') {
      return done();
    }
    if (account.signals.stop.aborted) {
      return stopped(account.signals);
    }
    const destroyed = await work.bricks.destroyEach(record, bricksOf(record), account);
    const joined = joinOutcomes(destroyed.map(({ outcome }) => outcome));
    if (joined.kind !== 'done') {
      return joined;
    }
    if (removed.value === 'removed') {
      return done();
    }
  }
  return failed(`volume ${record.name} came back in gluster each time it was removed`);
}

/** Stop and delete, as far as there is something to stop and delete, and proof that it is gone. */
async function removeFromGluster(
  name: VolumeName,
  { signals }: Account,
  gluster: GlusterSession,
): Promise<Outcome<'was absent' | 'removed'>> {
  const look = (): Promise<Outcome<GlusterVolume | undefined>> =>
    gluster.run('look', (nodes, context, via) => nodes.volumeInfo(via, name, context));
  const before = await look();
  if (before.kind !== 'done') {
    return before;
  }
  if (before.value === undefined) {
    return done('was absent');
  }
  if (before.value.status === 'started') {
    const stoppedIt = signals.stop.aborted
      ? stopped(signals)
      : await gluster.run('stop', (nodes, context, via) => nodes.stopVolume(via, name, context));
    if (stoppedIt.kind !== 'done') {
      return stoppedIt;
    }
  }
  const deleted = signals.stop.aborted
    ? stopped(signals)
    : await gluster.run('delete', (nodes, context, via) => nodes.deleteVolume(via, name, context));
  if (deleted.kind !== 'done') {
    return deleted;
  }
  const after = await look();
  if (after.kind !== 'done') {
    return after;
  }
  return after.value === undefined ? done('removed') : failed(`gluster still has volume ${name} after its delete`);
}

/** For an id without a record: whether a volume of that name stands in some cluster, which a lost store would explain. */
export async function lookForStray(work: VolumeWork, name: VolumeName, account: Account): Promise<Outcome<void>> {
  const clusters = new Set(work.directory.list().map(({ cluster }) => cluster));
  if (clusters.size === 0) {
    const reason = `no storage cluster is known, so nobody can tell whether volume ${name} is gone`;
    return waiting({ what: 'condition', name: 'topology' }, reason);
  }
  for (const cluster of clusters) {
    const info = await work.calls.inCluster(cluster, account, (gluster) =>
      gluster.run('look', (nodes, context, via) => nodes.volumeInfo(via, name, context)),
    );
    if (info.kind !== 'done') {
      return info;
    }
    if (info.value !== undefined) {
      const reason = `volume ${name} stands in cluster ${cluster} without a record: the store was lost; nothing was deleted`;
      return waiting({ what: 'condition', name: 'record' }, reason);
    }
  }
  return done();
}
