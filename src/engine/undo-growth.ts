/**
 * Giving up a growth without losing data.
 *
 *     [growing] --mark--> [growing, undo] --look--> measure bricks --> destroy sets --> options --commit--> [ready]
 *
 * Nothing is made smaller and nothing leaves the volume. The mark is written first, so that nobody carries the growth on in
 * the meantime. Then:
 *
 * - **look**: sets that gluster has already stay, they may hold files. No set can join after it (see lookForSets).
 * - **measure**: bricks that were extended stay as large as they are, and a file system that was left behind by its device
 *   follows it. What each brick really has goes into the record.
 * - **destroy**: the sets that gluster has not got. Bricks on nodes that do not answer keep their space as `discarded`, and
 *   a sweep sees to them.
 *
 * The volume's size is then what its sets serve: of each, what the smallest brick of it has.
 */
import { done, rejected, type Outcome } from '../domain/outcome.ts';
import { usableSize, withGrown, type GrownBrick } from '../domain/placement/in-place.ts';
import { bytes } from '../domain/quantity.ts';
import type { BrickRecord, VolumeRecord } from '../domain/volume.ts';
import type { Account } from './calls.ts';
import { afterSteps, commitEnd, isGrowing, lookForSets, told, type GrowingRecord, type Tell } from './growth-steps.ts';
import { waitOutLocks } from './lock-patience.ts';
import type { BrickFacts } from './ports.ts';
import { stopped, type RunSignals } from './volume-runs.ts';
import { accountOf, type VolumeWork } from './volume-work.ts';

/** As VolumeEngine.cancelGrowth, within the volume's lane. */
export async function cancelGrowth(
  work: VolumeWork,
  id: VolumeRecord['id'],
  signals: RunSignals,
  tell: Tell,
): Promise<Outcome<VolumeRecord>> {
  const settled = await work.ledger.settle(id);
  if (settled.kind !== 'done') {
    return settled;
  }
  const record = work.ledger.volume(id);
  if (record === undefined || record.phase === 'creating' || record.phase === 'deleting') {
    return rejected(`volume ${id} ${record === undefined ? 'has no record' : `is in phase ${record.phase}`}`);
  }
  return isGrowing(record) ? undoGrowth(work, record, signals, tell) : done(record);
}

/** Takes a growth back that is marked already, or marks it. Within the volume's lane. */
export async function undoGrowth(
  work: VolumeWork,
  record: GrowingRecord,
  signals: RunSignals,
  tell: Tell,
): Promise<Outcome<VolumeRecord>> {
  const account = accountOf(record, signals);
  const marked: GrowingRecord = { ...record, growth: { ...record.growth, undo: true } };
  const written =
    record.growth.undo === true
      ? await work.ledger.settle(record.id)
      : await told(tell, 'undo', 'the growth is given up', work.ledger.update(marked));
  if (written.kind !== 'done') {
    return written;
  }
  const outcome = await waitOutLocks(work.settings, signals, () => walk(work, marked, account, tell));
  return afterSteps(work, outcome, account, tell);
}

async function walk(
  work: VolumeWork,
  marked: GrowingRecord,
  account: Account,
  tell: Tell,
): Promise<Outcome<VolumeRecord>> {
  const { signals } = account;
  const seen = await lookForSets(work, marked, account);
  if (seen.kind !== 'done') {
    return seen;
  }
  const { record, added } = seen.value;
  const measured = signals.stop.aborted ? stopped(signals) : await measure(work, marked, account);
  if (measured.kind !== 'done') {
    return measured;
  }
  const { growth, ...rest } = record;
  const sets = growth?.sets ?? [];
  const doomed = sets.slice(added).flat();
  if (signals.stop.aborted) {
    return stopped(signals);
  }
  const left = await destroy(work, record, doomed, account, tell);
  const brickSets = [...withGrown(record.brickSets, measured.value), ...sets.slice(0, added)];
  const kept = [...(record.discarded ?? []), ...left];
  const after: VolumeRecord = {
    ...rest,
    phase: 'ready',
    size: usableSize(record.durability, brickSets),
    brickSets,
    ...(kept.length === 0 ? {} : { discarded: kept }),
    ...(added === 0 ? {} : { rebalance: { since: new Date(work.settings.clock.now()).toISOString() } }),
  };
  return commitEnd(work, after, account, tell);
}

/**
 * What the bricks have that were to grow. They are asked to be as large as they were: that changes none of them, but comes
 * after every extension that may still be under way, and lets the file system follow one that was cut off.
 */
async function measure(
  { bricks }: VolumeWork,
  record: GrowingRecord,
  account: Account,
): Promise<Outcome<readonly GrownBrick[]>> {
  const targets = new Map(record.growth.bricks.map((brick) => [brick.id, brick]));
  const grown = record.brickSets.flat().filter(({ id }) => targets.has(id));
  const found = await bricks.growEach(record, grown, account);
  return found.kind === 'done'
    ? done(
        grown.map((brick) =>
          actual(
            brick,
            found.value.find(({ id }) => id === brick.id),
            targets.get(brick.id),
          ),
        ),
      )
    : found;
}

/** Whoever does not say what the brick takes may have begun to extend it: then all of it stays taken. */
function actual(brick: BrickRecord, facts: BrickFacts | undefined, target: GrownBrick | undefined): GrownBrick {
  const size = bytes(Math.max(brick.size, facts?.size ?? 0));
  const footprint = bytes(Math.max(brick.footprint, facts?.footprint ?? target?.footprint ?? 0));
  return { id: brick.id, size, footprint };
}

async function destroy(
  { bricks, settings }: VolumeWork,
  record: VolumeRecord,
  doomed: readonly BrickRecord[],
  account: Account,
  tell: Tell,
): Promise<readonly BrickRecord[]> {
  const destroyed = await bricks.destroyEach(record, doomed, account);
  const left = destroyed.filter(({ outcome }) => outcome.kind !== 'done').map(({ brick }) => brick);
  if (doomed.length > 0) {
    tell({
      step: 'undo',
      what: `${doomed.length - left.length} of ${doomed.length} new bricks are gone`,
      outcome: done(),
    });
  }
  if (left.length > 0) {
    const names = left.map(({ node, id }) => `${node} ${id}`);
    settings.log.warn(
      { volume: record.name, left: names },
      'bricks of a growth that was given up are left for a sweep',
    );
  }
  return left;
}
