/**
 * Seeing to it that files get spread over sets that were added.
 *
 * The record asks for a rebalance until gluster says that the one that was begun for it is completed. Gluster remembers
 * the last one only, and goes on calling an old one completed after sets were added: what tells them apart is the task's
 * name, which is written down. Where none is (the answer to the start was lost), one more is begun, which costs time and
 * does no harm.
 *
 *     {since} --start--> {since, task} --look: completed--> (nothing left to do)
 *                            ^   |
 *                            +---+ look: failed, forgotten: start
 */
import { done, waiting, type Outcome, type Waiting } from '../domain/outcome.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import type { Account, GlusterSession } from './calls.ts';
import type { Rebalance } from './ports.ts';
import type { VolumeWork } from './volume-work.ts';

/** Takes one step, within the volume's lane. `done`: nothing is left to do; `waiting`: it is under way. */
export async function trackRebalance(work: VolumeWork, record: VolumeRecord, account: Account): Promise<Outcome<void>> {
  const { rebalance } = record;
  if (rebalance === undefined) {
    return done();
  }
  if (rebalance.task === undefined) {
    return start(work, record, account);
  }
  const status = await work.calls.inCluster(record.cluster, account, (gluster) => statusOf(gluster, record));
  return status.kind === 'done' ? follow(work, record, status.value, account) : status;
}

async function follow(
  work: VolumeWork,
  record: VolumeRecord,
  status: Rebalance,
  account: Account,
): Promise<Outcome<void>> {
  const { log } = work.settings;
  const facts = { volume: record.name, task: status.task, files: status.files, failures: status.failures };
  const isOurs = status.task === record.rebalance?.task;
  switch (status.state) {
    case 'running':
      return isOurs ? rebalanceUnderWay(record) : note(work, record, status.task);
    case 'completed':
      if (!isOurs) {
        return start(work, record, account);
      }
      log.info(facts, 'files are spread over all sets');
      return settle(work, record);
    case 'stopped':
      if (!isOurs) {
        return start(work, record, account);
      }
      log.warn(facts, 'somebody stopped the rebalance: files are left where they are');
      return settle(work, record);
    case 'failed':
    case 'none':
      log.warn(facts, `the rebalance is not under way (${status.state}): begun again`);
      return start(work, record, account);
  }
}

export function rebalanceUnderWay({ name }: VolumeRecord): Waiting {
  const reason = `files of volume ${name} are being spread over its sets`;
  return waiting({ what: 'condition', name: reason }, reason);
}

async function start(work: VolumeWork, record: VolumeRecord, account: Account): Promise<Outcome<void>> {
  const started = await work.calls.inCluster(record.cluster, account, (gluster) =>
    gluster.run('rebalance', (nodes, context, via) => nodes.startRebalance(via, record.name, context)),
  );
  return started.kind === 'done' ? note(work, record, started.value) : started;
}

const statusOf = (gluster: GlusterSession, { name }: VolumeRecord): Promise<Outcome<Rebalance>> =>
  gluster.run('rebalance', (nodes, context, via) => nodes.rebalanceStatus(via, name, context));

/** Writes down which one it is. */
async function note(work: VolumeWork, record: VolumeRecord, task: string | undefined): Promise<Outcome<void>> {
  const since = record.rebalance?.since ?? new Date(work.settings.clock.now()).toISOString();
  const rebalance = task === undefined ? { since } : { since, task };
  const written = await work.ledger.update({ ...record, rebalance });
  return written.kind === 'done' ? rebalanceUnderWay(record) : written;
}

async function settle({ ledger }: VolumeWork, { rebalance: _done, ...record }: VolumeRecord): Promise<Outcome<void>> {
  return ledger.update(record);
}
