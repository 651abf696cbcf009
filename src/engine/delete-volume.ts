/**
 * Taking a volume away.
 *
 *     confirmed --mark--> [deleting] --pool-----------> stop --> delete -----------------> destroy bricks --> forget --> no record
 *     any other --mark--> [deleting] --pool, look-----> stop --> delete --> look: gone --> destroy bricks --> forget --> no record
 *                                                 \--> gone: ask all members -----------/
 *
 * The mark is written before anything is touched, and nothing brings the volume back from it. Every step finds what is
 * gone already and is content. Bricks are destroyed only once gluster has said that it has no such volume: a brick under
 * a live volume is somebody's data. The record goes last, because it is what the space and the GID are held by, and what a
 * restart carries on from.
 *
 * - **pool** asks whether every member takes part (pool-look.ts). If not, nothing is touched, and the call waits for that
 *   node by name: gluster would stop and delete without a member that it rejects, and leave its brick processes running.
 * - **look** finds what a create has made, and what is left of an earlier delete. A create whose answer was lost may land
 *   after the first look. Where that look found nothing gluster is therefore asked once more when the bricks are destroyed
 *   (from then on no create can succeed), and the round is gone again if need be.
 * - **ask all members**, when the volume is gone before this call has deleted it: an earlier delete may have been half done. A
 *   member that failed in the middle of it has the volume still, and brings it back to the others when they next compare.
 * - A volume that was confirmed stands, and no create of it is under way any more. So the first call that deletes it looks
 *   neither before nor after: that gluster has taken it away, or knows none of that name, is gluster's own word. A later
 *   call, after a restart or a setback, knows only that the record was marked, and looks.
 */
import { done, failed, joinOutcomes, waiting, type Outcome } from '../domain/outcome.ts';
import type { VolumeName } from '../domain/names.ts';
import type { NodeRecord } from '../domain/topology.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import type { Account, GlusterSession } from './calls.ts';
import { bricksOf } from './ledger.ts';
import { waitOutLocks } from './lock-patience.ts';
import { absentee, poolThrough } from './pool-look.ts';
import type { PoolView } from './pool-view.ts';
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
  const cleared = await clear(work, record, account, record.phase === 'ready' || record.phase === 'growing');
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

/** Nothing of the volume in gluster or on a node. `stands`: it is sure that gluster has it, and that no create is under way. */
async function clear(
  work: VolumeWork,
  record: VolumeRecord,
  account: Account,
  stands: boolean,
): Promise<Outcome<void>> {
  for (let round = 0; round < mostRounds; round += 1) {
    const removed = await waitOutLocks(work.settings, account.signals, () =>
      work.calls.inCluster(record.cluster, account, (gluster) =>
        stands ? removeStanding(work, record, account, gluster) : removeWhatThereIs(work, record, account, gluster),
      ),
    );
    if (removed.kind !== 'done') {
      return removed;
    }
    // A round after the first is there to see that nothing landed: the bricks are gone by then.
    if (removed.value !== 'removed') {
      if (round > 0) {
        return done();
      }
      const forgotten = await forgottenBy(removed.value.members, work, record, account);
      if (forgotten.kind !== 'done') {
        return forgotten;
      }
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

/** Whether none of the members knows the volume, each by its own word. */
async function forgottenBy(
  members: readonly NodeRecord[],
  work: VolumeWork,
  record: VolumeRecord,
  account: Account,
): Promise<Outcome<void>> {
  const outcomes = await Promise.all(
    members.map((member) =>
      work.calls.through(member, 'look', account, async (nodes, context): Promise<Outcome<void>> => {
        const info = await nodes.volumeInfo(member, record.name, context);
        if (info.kind !== 'done' || info.value === undefined) {
          return info.kind === 'done' ? done() : info;
        }
        return waiting(
          { what: 'condition', name: 'members-differ' },
          `glusterd of ${member.id} still has volume ${record.name}, and the one that was asked has not: ` +
            `started anew on ${member.id}, the others take the volume over from it, and all can delete it`,
        );
      }),
    ),
  );
  const joined = joinOutcomes(outcomes);
  return joined.kind === 'done' ? done() : joined;
}

type Removed =
  | 'removed'
  /** The node that was asked does not know it. `members`: all of its pool that are nodes of ours. */
  | { readonly members: readonly NodeRecord[] };

async function removeStanding(
  work: VolumeWork,
  record: VolumeRecord,
  account: Account,
  gluster: GlusterSession,
): Promise<Outcome<Removed>> {
  const pool = await gluster.run('look', (nodes, context, via) => poolThrough(nodes, via, record, context));
  if (pool.kind !== 'done') {
    return pool;
  }
  const removed = absentee(pool.value, work.directory) ?? (await stopAndDelete(record.name, account, gluster, true));
  return removed.kind === 'done' ? done('removed') : removed;
}

/** Stop and delete, as far as there is something to stop and delete, and proof that it is gone. */
async function removeWhatThereIs(
  work: VolumeWork,
  record: VolumeRecord,
  account: Account,
  gluster: GlusterSession,
): Promise<Outcome<Removed>> {
  const before = await lookBefore(work, record, gluster);
  if (before.kind !== 'done') {
    return before;
  }
  const { pool, volume } = before.value;
  if (volume === undefined) {
    const members = new Set(pool.flatMap(({ hosts }) => hosts.map((host) => work.directory.named(host))));
    return done({ members: [...members].filter((member) => member !== undefined) });
  }
  const deleted = await stopAndDelete(record.name, account, gluster, volume.status === 'started');
  if (deleted.kind !== 'done') {
    return deleted;
  }
  const after = await gluster.run('look', (nodes, context, via) => nodes.volumeInfo(via, record.name, context));
  if (after.kind !== 'done') {
    return after;
  }
  return after.value === undefined
    ? done('removed')
    : failed(`gluster still has volume ${record.name} after its delete`);
}

/** The volume, through one node that is with its pool, and that pool: one that is not may know nothing of it. */
async function lookBefore(
  work: VolumeWork,
  record: VolumeRecord,
  gluster: GlusterSession,
): Promise<Outcome<{ readonly pool: PoolView; readonly volume: GlusterVolume | undefined }>> {
  const seen = await gluster.run('look', async (nodes, context, via) => {
    const pool = await poolThrough(nodes, via, record, context);
    if (pool.kind !== 'done') {
      return pool;
    }
    const info = await nodes.volumeInfo(via, record.name, context);
    return info.kind === 'done' ? done({ pool: pool.value, volume: info.value }) : info;
  });
  return seen.kind === 'done' ? (absentee(seen.value.pool, work.directory) ?? seen) : seen;
}

async function stopAndDelete(
  name: VolumeName,
  { signals }: Account,
  gluster: GlusterSession,
  isStarted: boolean,
): Promise<Outcome<void>> {
  if (isStarted) {
    const stoppedIt = signals.stop.aborted
      ? stopped(signals)
      : await gluster.run('stop', (nodes, context, via) => nodes.stopVolume(via, name, context));
    if (stoppedIt.kind !== 'done') {
      return stoppedIt;
    }
  }
  return signals.stop.aborted
    ? stopped(signals)
    : gluster.run('delete', (nodes, context, via) => nodes.deleteVolume(via, name, context));
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
