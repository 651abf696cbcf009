/**
 * Making a volume larger.
 *
 *     [ready] --plan, commit--> [growing] --extend bricks--> --make sets--> add-brick --> options --commit--> [ready]
 *        |                         |                                                                            |
 *     no room: refused,         given up: undo-growth.ts                                    sets were added: rebalance,
 *     nothing recorded                                                                      looked at until completed
 *
 * The commit takes the space of what bricks and sets will have, and only then is anything touched. Until the second commit
 * the record goes on saying what is served for certain: its old size on its old sets. Every step finds what is done
 * already, so that after any crash or lost answer all of them are taken again:
 *
 * - **look** is left out for a growth that this very call has committed. Otherwise gluster says which of the sets it has.
 * - **extend** asks for absolute sizes, side by side over the nodes, file systems included and in use. Gluster need not be
 *   told: it offers what the file systems have.
 * - **make sets**, for those that gluster has not got. Traces that a failed add-brick left on them may be wiped.
 * - **add-brick** takes all of them at once or none.
 * - **options** writes into gluster what the record will say, for a rebuild.
 *
 * The first step that is not done ends the call, and what is done stays for the next one: another growVolume, or a sweep.
 * Volumes never shrink, and bricks neither. A growth stands in nobody's way: the volume serves, is found by ensureVolume
 * where it is, and can be deleted at any moment; a delete stops it between two steps.
 */
import { brickId } from '../domain/names.ts';
import { dataBricksPerSet } from '../domain/durability.ts';
import { done, failed, rejected, waiting, type Outcome } from '../domain/outcome.ts';
import { extentSize } from '../domain/placement/footprint.ts';
import { usableSize, withGrown, type Growth } from '../domain/placement/in-place.ts';
import { describeRefusal } from '../domain/placement/refusal.ts';
import { describeSize, type Bytes } from '../domain/quantity.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import { addressesOf } from './addresses.ts';
import { latestGeneration, withPaths } from './brick-match.ts';
import type { Account } from './calls.ts';
import { afterSteps, commitEnd, isGrowing, lookForSets, told, type GrowingRecord, type Tell } from './growth-steps.ts';
import { waitOutLocks } from './lock-patience.ts';
import type { Seen } from './look.ts';
import { undoGrowth } from './undo-growth.ts';
import { stopped, type RunSignals } from './volume-runs.ts';
import { accountOf, type VolumeWork } from './volume-work.ts';

/** Of one call: undo or finish what is there, grow further, find that it is enough. */
const mostRounds = 4;

/** As VolumeEngine.growVolume, within the volume's lane. */
export async function growVolume(
  work: VolumeWork,
  id: VolumeRecord['id'],
  wanted: Bytes,
  signals: RunSignals,
  tell: Tell,
): Promise<Outcome<VolumeRecord>> {
  const { ledger } = work;
  for (let round = 0; round < mostRounds; round += 1) {
    const settled = await ledger.settle(id);
    if (settled.kind !== 'done') {
      return settled;
    }
    const record = growable(work, id, wanted);
    if (record.kind !== 'done') {
      return record;
    }
    if (!isGrowing(record.value) && record.value.size >= wanted) {
      return record;
    }
    const step = isGrowing(record.value)
      ? await carryOnGrowth(work, record.value, signals, tell)
      : await begin(work, record.value, wanted, signals, tell);
    if (step.kind !== 'done') {
      return step;
    }
  }
  return failed(`volume ${id} was grown ${mostRounds} times and still is not as large as ${describeSize(wanted)}`);
}

/** Takes a recorded growth to its end: forward, or back when it was given up. */
export function carryOnGrowth(
  work: VolumeWork,
  record: GrowingRecord,
  signals: RunSignals,
  tell: Tell,
): Promise<Outcome<VolumeRecord>> {
  return record.growth.undo === true
    ? undoGrowth(work, record, signals, tell)
    : forward(work, record, false, signals, tell);
}

function growable({ ledger, settings }: VolumeWork, id: VolumeRecord['id'], wanted: Bytes): Outcome<VolumeRecord> {
  const record = ledger.volume(id);
  if (record === undefined) {
    return rejected(`volume ${id} has no record`);
  }
  if (record.adopted === true) {
    return rejected(`volume ${record.name} was adopted: Brickyard does not change what it did not make`);
  }
  if (record.phase === 'deleting') {
    return rejected(`volume ${record.name} is being deleted`);
  }
  if (record.phase === 'creating') {
    const reason = `volume ${record.name} is still being created`;
    return waiting({ what: 'condition', name: reason }, reason);
  }
  const sets = record.brickSets.length;
  // As much as placement may have given beyond what was asked for: whoever asks for the same again is content.
  const rounding = dataBricksPerSet(record.durability) * (sets * extentSize + settings.limits.minBrickSize);
  return wanted + rounding <= record.size
    ? rejected(
        `volume ${record.name} has ${describeSize(record.size)} and cannot be made as small as ${describeSize(wanted)}`,
      )
    : done(record);
}

/** Plans and commits, with no await in between: plans side by side never overlap. Then goes forward. */
async function begin(
  work: VolumeWork,
  record: VolumeRecord,
  wanted: Bytes,
  signals: RunSignals,
  tell: Tell,
): Promise<Outcome<VolumeRecord>> {
  work.health.refresh();
  const plan = work.planner.planGrowth(record, wanted);
  if (plan.kind === 'refused') {
    const reason = `no brick of ${record.name} can grow enough where it is, and there is no room for more sets: ${describeRefusal(plan)}`;
    return plan.permanent ? rejected(reason) : waiting({ what: 'capacity' }, reason);
  }
  const growing: GrowingRecord = {
    ...record,
    phase: 'growing',
    growth: { size: plan.size, bricks: [...plan.bricks], sets: numbered(record, plan.sets) },
  };
  const what = describePlan(plan);
  const committed = await told(tell, 'record', what, work.ledger.update(growing));
  work.settings.log.info({ volume: record.name, size: plan.size, outcome: committed.kind }, `growing: ${what}`);
  return committed.kind === 'done' ? forward(work, growing, true, signals, tell) : committed;
}

function describePlan({ size, bricks, sets }: Growth): string {
  const ways = [
    ...(bricks.length === 0 ? [] : [`${bricks.length} bricks grow where they are`]),
    ...(sets.length === 0 ? [] : [`${sets.length} sets of ${sets[0]?.length ?? 0} bricks are added`]),
  ];
  return `${ways.join(', ')}, to ${describeSize(size)}`;
}

/** Under ids that none of the bricks has that are still to be destroyed. */
function numbered(record: VolumeRecord, sets: Growth['sets']): GrowingRecord['growth']['sets'] {
  if ((record.discarded ?? []).length === 0) {
    return [...sets];
  }
  const generation = String(latestGeneration(record) + 1);
  return sets.map((set) =>
    set.map((brick) => Object.assign({}, brick, { id: brickId(brick.id.replace(/\d+$/, generation)) })),
  );
}

async function forward(
  work: VolumeWork,
  record: GrowingRecord,
  fresh: boolean,
  signals: RunSignals,
  tell: Tell,
): Promise<Outcome<VolumeRecord>> {
  const account = accountOf(record, signals);
  let first = fresh;
  const outcome = await waitOutLocks(work.settings, signals, () => {
    const isNew = first;
    first = false;
    return walk(work, record, account, isNew, tell);
  });
  return afterSteps(work, outcome, account, tell);
}

/** All steps once, in order, up to the commit. */
async function walk(
  work: VolumeWork,
  growing: GrowingRecord,
  account: Account,
  fresh: boolean,
  tell: Tell,
): Promise<Outcome<VolumeRecord>> {
  const { signals } = account;
  const nothingYet: Pick<Seen, 'record' | 'added'> = { record: growing, added: 0 };
  const seen = fresh ? done(nothingYet) : await lookForSets(work, growing, account);
  if (seen.kind !== 'done') {
    return seen;
  }
  const extended = signals.stop.aborted ? stopped(signals) : await extend(work, growing, account, tell);
  if (extended.kind !== 'done') {
    return extended;
  }
  const added = signals.stop.aborted
    ? stopped(signals)
    : await addSets(work, seen.value, fresh ? 'new' : 'tried before', account, tell);
  if (added.kind !== 'done') {
    return added;
  }
  const grown = afterGrowth(added.value, new Date(work.settings.clock.now()).toISOString());
  return commitEnd(work, grown, account, tell);
}

async function extend(
  { bricks }: VolumeWork,
  { growth, ...record }: GrowingRecord,
  account: Account,
  tell: Tell,
): Promise<Outcome<unknown>> {
  if (growth.bricks.length === 0) {
    return done();
  }
  const grown = new Set(growth.bricks.map(({ id }) => id));
  const targets = withGrown(record.brickSets, growth.bricks)
    .flat()
    .filter(({ id }) => grown.has(id));
  return told(tell, 'extend', `${targets.length} bricks`, bricks.growEach(record, targets, account));
}

/** Makes those sets that gluster has not got and adds them. The record, with the paths of all bricks. */
async function addSets(
  work: VolumeWork,
  { record, added }: Pick<Seen, 'record' | 'added'>,
  history: 'new' | 'tried before',
  account: Account,
  tell: Tell,
): Promise<Outcome<VolumeRecord>> {
  const missing = (record.growth?.sets ?? []).slice(added).flat();
  if (missing.length === 0) {
    return done(record);
  }
  const pristine = { pristine: history === 'tried before' };
  const making = work.bricks.ensureEach(record, missing, pristine, account);
  const made = await told(tell, 'bricks', `${missing.length} new bricks`, making);
  if (made.kind !== 'done') {
    return made;
  }
  if (account.signals.stop.aborted) {
    return stopped(account.signals);
  }
  const standing = withPaths(record, made.value);
  const addresses = addressesOf((standing.growth?.sets ?? []).slice(added).flat(), work.directory);
  if (addresses.kind !== 'done') {
    return addresses;
  }
  const spec = { name: record.name, durability: record.durability, bricks: addresses.value };
  const adding = work.calls.inCluster(record.cluster, account, (gluster) =>
    gluster.run('add-bricks', (nodes, context, via) => nodes.addBricks(via, spec, context)),
  );
  const joined = await told(tell, 'add', `${missing.length} bricks to the volume`, adding);
  return joined.kind === 'done' ? done(standing) : joined;
}

/** What the record says when all is done. */
function afterGrowth({ growth, ...record }: VolumeRecord, now: string): VolumeRecord {
  const sets = growth?.sets ?? [];
  const brickSets = [...withGrown(record.brickSets, growth?.bricks ?? []), ...sets];
  return {
    ...record,
    phase: 'ready',
    size: usableSize(record.durability, brickSets),
    brickSets,
    ...(sets.length === 0 ? {} : { rebalance: { since: now } }),
  };
}
