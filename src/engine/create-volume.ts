/**
 * Bringing a volume forward.
 *
 *     no record --plan, commit--> [creating] --look--> bricks --> create --> options --> start --> done
 *                                     ^                  |          |
 *                                     +---- re-plan -----+----------+   (a node is silent, gluster has no such volume)
 *
 * The record says what is wanted and where; how far the work got is looked up, never remembered. So every call goes the
 * whole way, and finds most of it done:
 *
 * - **look** asks gluster for the volume. It is left out for a record that this very call has committed: nothing can have
 *   been made for it. What gluster answers decides what the later steps may do. No such volume: traces that a failed
 *   create left on our bricks may be wiped, and the volume may be planned anew. There with our bricks: those steps are
 *   done that it shows to be done. There with bricks of a plan that was given up (a create that landed late): it is
 *   deleted, it was never started. There with other bricks: hands off, and say so.
 * - **bricks** are made over all nodes at once. A volume that is not started gets its bricks looked at, so that nothing
 *   starts on an empty directory where a mount is missing; a started one does not.
 * - **create, options, start** are one stay in the cluster's lane. What the volume is stands on its bricks (identity.ts), so
 *   that options are only set where somebody asked for some; without, that step has nothing to do.
 *
 * The first step that is not done ends the call, and its outcome is the call's. Nothing is undone: bricks and volume stay
 * for the retry, or for the delete. After `unknown` the next call looks, as every call does. `rejected` is only ever said
 * before the commit, since it promises that nothing was left; a refusal after it is `failed`.
 *
 * One end is no end: a volume that gluster refuses to start because its bricks have lost their marks is deleted, having
 * never been started, and the call goes the whole way once more.
 *
 * A ready volume goes the same way, with one difference: when gluster does not know it, that is a loss to be looked into,
 * and nothing is made in its place. A growing one is as ready: the answer is where it is and what it serves now, and its
 * growth is carried on by others (grow-volume.ts), so that nobody has to wait for more room in order to get at what is there.
 */
import { recordedRules } from '../domain/placement-rules.ts';
import {
  done,
  failed,
  rejected,
  waiting,
  waitsFor,
  type Awaited,
  type Outcome,
  type Setback,
} from '../domain/outcome.ts';
import type { VolumeOption, VolumeRecord, VolumeRequest } from '../domain/volume.ts';
import { addressesOf } from './addresses.ts';
import { hasPaths, withPaths } from './brick-match.ts';
import type { VolumePlan } from './api.ts';
import type { Account, GlusterSession } from './calls.ts';
import { birthIdentity, hasIdentity, identityOptions } from './identity.ts';
import { waitOutLocks } from './lock-patience.ts';
import { lookAt } from './look.ts';
import { problemOf } from './planner.ts';
import { bricksUnmarked, type GlusterVolume } from './ports.ts';
import type { Replanner } from './replan.ts';
import { stopped, type RunSignals } from './volume-runs.ts';
import { accountOf, type VolumeWork } from './volume-work.ts';

/** A volume on its way. Each step takes one and gives the next. */
interface Job {
  readonly record: VolumeRecord;
  readonly account: Account;
  /** What gluster says of it: `new`, nothing can be there, so it was not asked; `absent`, it says that there is none. */
  readonly seen: 'new' | 'absent' | GlusterVolume;
}

type Step = (job: Job, gluster: GlusterSession) => Promise<Outcome<Job>>;

/** Times that one call plans a volume anew. Each one needs another node that has fallen silent. */
const mostReplans = 3;

/** Nothing is left of the volume in gluster, and nothing is in the way of making it anew. */
const takenBack = 'taken-back';

export class CreateVolume {
  readonly #work: VolumeWork;
  readonly #replanner: Replanner;

  constructor(work: VolumeWork, replanner: Replanner) {
    this.#work = work;
    this.#replanner = replanner;
  }

  /** As VolumeEngine.ensureVolume, within the volume's lane. */
  async run(request: VolumeRequest, signals: RunSignals): Promise<Outcome<VolumeRecord>> {
    const { ledger } = this.#work;
    const known = ledger.volume(request.id);
    if (known?.phase === 'deleting') {
      const reason = `volume ${known.name} is being deleted`;
      return waiting({ what: 'condition', name: reason }, reason);
    }
    const begun = known === undefined ? await this.#commit(request) : await this.#settle(known);
    if (begun.kind !== 'done') {
      return begun;
    }
    const outcome = await this.#pursue(begun.value, request, known === undefined, signals);
    return outcome.kind === 'rejected' ? failed(outcome.reason) : outcome;
  }

  async #settle(record: VolumeRecord): Promise<Outcome<VolumeRecord>> {
    const settled = await this.#work.ledger.settle(record.id);
    return settled.kind === 'done' ? done(record) : settled;
  }

  /** Brings the volume forward, in another place if need be. */
  async #pursue(
    first: VolumeRecord,
    request: VolumeRequest,
    fresh: boolean,
    signals: RunSignals,
  ): Promise<Outcome<VolumeRecord>> {
    const account = accountOf(first, signals);
    let record = first;
    for (let replans = 0; ; replans += 1) {
      const outcome = await this.#bringForward(record, account, fresh && replans === 0);
      if (outcome.kind !== 'waiting' || outcome.on.what !== 'node' || replans === mostReplans) {
        return outcome;
      }
      const moved = signals.stop.aborted ? done(undefined) : await this.#planAnew(request.id, account);
      if (moved.kind !== 'done') {
        return moved;
      }
      if (moved.value === undefined) {
        return outcome;
      }
      record = moved.value;
    }
  }

  /** Plans and commits. No await between the plan and the ledger's count of it: plans side by side never overlap. */
  async #commit(request: VolumeRequest): Promise<Outcome<VolumeRecord>> {
    const { ledger, settings } = this.#work;
    const { clock, observer } = settings;
    const began = clock.monotonic();
    const planned = this.#plan(request);
    observer.stepFinished('plan', planned.kind, clock.monotonic() - began);
    if (planned.kind !== 'done') {
      return planned;
    }
    const committing = ledger.add(planned.value);
    const commitBegan = clock.monotonic();
    const committed = await committing;
    observer.stepFinished('commit', committed.kind, clock.monotonic() - commitBegan);
    return committed.kind === 'done' ? planned : committed;
  }

  #plan(request: VolumeRequest): Outcome<VolumeRecord> {
    const { ledger, planner, health, settings } = this.#work;
    const problem = problemOf(request);
    if (problem !== undefined) {
      return rejected(problem);
    }
    const crowd = this.#crowdOf(request.owner.namespace);
    if (crowd !== undefined) {
      return waiting({ what: 'capacity' }, crowd);
    }
    health.refresh();
    const plan = planner.plan(request);
    if (plan.kind === 'refused') {
      return plan.permanent ? rejected(plan.reason) : waiting(lackOf(plan.refusals), plan.reason);
    }
    const gid = request.gidRange === undefined ? undefined : ledger.takeGid(request.gidRange, request.id);
    if (request.gidRange !== undefined && gid === undefined) {
      const reason = `every GID from ${request.gidRange.min} to ${request.gidRange.max} is in use`;
      return waiting({ what: 'condition', name: reason }, reason);
    }
    const placement = recordedRules(request);
    return done({
      id: request.id,
      name: request.name,
      cluster: plan.cluster,
      phase: 'creating',
      size: plan.size,
      durability: request.durability,
      options: [...request.options],
      ...(gid === undefined ? {} : { gid }),
      snapshotFactor: request.snapshotFactor,
      ...(placement === undefined ? {} : { placement }),
      owner: request.owner,
      brickSets: plan.brickSets,
      createdAt: new Date(settings.clock.now()).toISOString(),
    });
  }

  /** Why the namespace gets no further volume. */
  #crowdOf(namespace: string): string | undefined {
    const { ledger, settings } = this.#work;
    const { maxVolumesPerNamespace: most } = settings;
    const there = most === undefined ? 0 : ledger.countOf(namespace);
    return most === undefined || there < most
      ? undefined
      : `namespace ${namespace} has ${there} volumes, and maxVolumesPerNamespace allows ${most}: delete a claim there, or have the limit raised`;
  }

  async #bringForward(record: VolumeRecord, account: Account, fresh: boolean): Promise<Outcome<VolumeRecord>> {
    let first = fresh;
    const outcome = await waitOutLocks(this.#work.settings, account.signals, async () => {
      const seen = first ? 'new' : undefined;
      first = false;
      const walked = await this.#walk(record, account, seen);
      return waitsFor(walked, takenBack) && !account.signals.stop.aborted
        ? this.#walk(record, account, undefined)
        : walked;
    });
    return outcome.kind === 'done' ? this.#remember(record, outcome.value.record) : outcome;
  }

  /** All steps once, in order. */
  async #walk(record: VolumeRecord, account: Account, seen: 'new' | undefined): Promise<Outcome<Job>> {
    let outcome = seen === undefined ? await this.#look(record, account) : done<Job>({ record, account, seen });
    if (outcome.kind === 'done') {
      outcome = account.signals.stop.aborted ? stopped(account.signals) : await this.#bricks(outcome.value);
    }
    if (outcome.kind !== 'done') {
      return outcome;
    }
    const job = outcome.value;
    return this.#work.calls.inCluster(record.cluster, account, (gluster) =>
      inOrder([this.#create, this.#options, this.#start], job, gluster),
    );
  }

  async #look(record: VolumeRecord, account: Account): Promise<Outcome<Job>> {
    const looked = await lookAt(this.#work, record, account);
    return looked.kind === 'done' ? done({ record: looked.value.record, account, seen: looked.value.volume }) : looked;
  }

  async #bricks(job: Job): Promise<Outcome<Job>> {
    const { record, account, seen } = job;
    if (typeof seen !== 'string' && seen.status === 'started') {
      return done(job);
    }
    // Of a volume that is growing, those sets too that gluster has already.
    const sets = [...record.brickSets, ...(record.growth?.sets ?? [])].flat();
    const bricks = typeof seen === 'string' ? record.brickSets.flat() : sets.slice(0, seen.bricks.length);
    const made = await this.#work.bricks.ensureEach(record, bricks, { pristine: seen === 'absent' }, account);
    return made.kind === 'done' ? done({ ...job, record: withPaths(record, made.value) }) : made;
  }

  readonly #create: Step = async (job, gluster) => {
    const { record, seen } = job;
    if (typeof seen !== 'string') {
      return done(job);
    }
    const addresses = addressesOf(record.brickSets.flat(), this.#work.directory);
    if (addresses.kind !== 'done') {
      return addresses;
    }
    const spec = { name: record.name, durability: record.durability, bricks: addresses.value };
    const created = await gluster.run('create', (nodes, context, via) => nodes.createVolume(via, spec, context));
    return created.kind === 'done' ? done(job) : created;
  };

  readonly #options: Step = async (job, gluster) => {
    const { record, seen } = job;
    const set = typeof seen === 'string' ? new Map<string, string>() : seen.options;
    const wanted: readonly VolumeOption[] = [
      ...record.options,
      ...(needsOptions(record, set) ? identityOptions(record) : []),
    ];
    if (wanted.every(({ key, value }) => set.get(key) === value)) {
      return done(job);
    }
    const told = await gluster.run('options', (nodes, context, via) =>
      nodes.setVolumeOptions(via, record.name, wanted, context),
    );
    return told.kind === 'done' ? done(job) : told;
  };

  readonly #start: Step = async (job, gluster) => {
    const { record, seen } = job;
    if (typeof seen !== 'string' && seen.status === 'started') {
      return done(job);
    }
    const started = await gluster.run('start', (nodes, context, via) => nodes.startVolume(via, record.name, context));
    if (waitsFor(started, bricksUnmarked)) {
      return this.#takeBack(job, started, gluster);
    }
    return started.kind === 'done' ? done(job) : started;
  };

  /**
   * A create whose answer was lost may land after a later try has looked, seen no volume, and taken the marks of a create
   * that failed off the bricks. Gluster then has a volume that it will never start. It has never been started either, so
   * nothing is lost with it, and it is made anew at once.
   */
  async #takeBack({ record, seen }: Job, refused: Setback, gluster: GlusterSession): Promise<Outcome<Job>> {
    if (record.phase !== 'creating' || (typeof seen !== 'string' && seen.status !== 'created')) {
      return failed(refused.reason);
    }
    this.#work.settings.log.warn(
      { volume: record.name },
      'deleting a volume that never started: its bricks lost their marks',
    );
    const deleted = await gluster.run('delete', (nodes, context, via) => nodes.deleteVolume(via, record.name, context));
    return deleted.kind === 'done'
      ? waiting({ what: 'condition', name: takenBack }, `${refused.reason}; it is made anew`)
      : deleted;
  }

  /** Keeps the paths. A record that nobody will confirm any more is written for them; else the confirmation does it. */
  async #remember(before: VolumeRecord, record: VolumeRecord): Promise<Outcome<VolumeRecord>> {
    const { ledger } = this.#work;
    if (record !== before && record.phase !== 'creating' && !hasPaths(before)) {
      const written = await ledger.update(record);
      return written.kind === 'done' ? done(record) : written;
    }
    ledger.note(record);
    return done(record);
  }

  /** Another place for the volume, if it has none in gluster yet and its nodes do not answer. */
  async #planAnew(id: VolumeRecord['id'], account: Account): Promise<Outcome<VolumeRecord | undefined>> {
    const record = this.#work.ledger.volume(id);
    if (record?.phase !== 'creating' || !this.#replanner.worthwhile(record)) {
      return done(undefined);
    }
    const looked = await lookAt(this.#work, record, account);
    if (looked.kind !== 'done') {
      return looked;
    }
    return looked.value.volume === 'absent' ? this.#replanner.move(record, account) : done(undefined);
  }
}

/** Options say what the volume is where its bricks cannot, and where they once did: they count before the bricks. */
function needsOptions(record: VolumeRecord, set: ReadonlyMap<string, string>): boolean {
  return hasIdentity(set) || birthIdentity(record) === undefined;
}

function lackOf(refusals: Extract<VolumePlan, { kind: 'refused' }>['refusals']): Awaited {
  const isElsewhere = refusals.some(({ refusal }) => refusal.wouldFit.some(({ kind }) => kind === 'zones allowed'));
  return { what: 'capacity', ...(isElsewhere ? { elsewhere: true } : {}) };
}

async function inOrder(steps: readonly Step[], start: Job, gluster: GlusterSession): Promise<Outcome<Job>> {
  let job = start;
  for (const step of steps) {
    if (job.account.signals.stop.aborted) {
      return stopped(job.account.signals);
    }
    const outcome: Outcome<Job> | Setback = await step(job, gluster);
    if (outcome.kind !== 'done') {
      return outcome;
    }
    job = outcome.value;
  }
  return done(job);
}
