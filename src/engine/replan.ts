/**
 * Giving a volume another place before it has one. When a node dies in the middle of a burst, volumes that were planned
 * onto it must not wait for it: nobody has been told of them, and gluster has none of their bricks.
 *
 * The caller has seen that gluster does not know the volume. Then, in this order, so that a crash at any point leaves
 * either the old plan or the new one in the store and everything that stands on a node in that record:
 *
 * 1. Destroy the old plan's bricks wherever a node answers. (After a crash here the old plan makes them again.)
 * 2. Plan anew, with bricks of the next generation, and commit it together with the bricks that could not be destroyed,
 *    as `discarded`. Until that write is durable both plans count as taking space.
 *
 * Discarded bricks keep their space and are destroyed by a sweep once their node answers, or by the volume's delete.
 */
import { brickIdFor } from '../domain/names.ts';
import { done, type Outcome } from '../domain/outcome.ts';
import type { BrickRecord, VolumeRecord } from '../domain/volume.ts';
import { latestGeneration } from './brick-match.ts';
import type { Account } from './calls.ts';
import { bricksOf } from './ledger.ts';
import { stopped } from './volume-runs.ts';
import type { VolumeWork } from './volume-work.ts';

export class Replanner {
  readonly #work: VolumeWork;

  constructor(work: VolumeWork) {
    this.#work = work;
  }

  /** Whether a node or device of the plan is out of order and there is a place without it. Changes nothing. */
  worthwhile(record: VolumeRecord): boolean {
    const { health, planner } = this.#work;
    health.refresh();
    const bricks = record.brickSets.flat();
    const within = bricks.filter(({ node, device }) => health.mayHold(node, device));
    return within.length < bricks.length && planner.planAnew(record, within).kind === 'placed';
  }

  /** The record with its new plan, committed. `undefined`: the place was gone by then, and the old plan stays. */
  async move(record: VolumeRecord, account: Account): Promise<Outcome<VolumeRecord | undefined>> {
    const { bricks, ledger, planner, health, settings } = this.#work;
    const destroyed = await bricks.destroyEach(record, bricksOf(record), account);
    if (account.signals.stop.aborted) {
      return stopped(account.signals);
    }
    const gone = destroyed.filter(({ outcome }) => outcome.kind === 'done').map(({ brick }) => brick);
    const left = destroyed.filter(({ outcome }) => outcome.kind !== 'done').map(({ brick }) => brick);
    health.refresh();
    // From here to the ledger's count no await: nobody may plan in between.
    const plan = planner.planAnew(record, gone);
    if (plan.kind === 'refused') {
      return done(undefined);
    }
    const next: VolumeRecord = {
      ...record,
      size: plan.size,
      brickSets: renumbered(record, plan.brickSets),
      discarded: left,
    };
    const written = await ledger.update(next);
    settings.log.warn(
      { volume: record.name, left: left.map(({ node, id }) => `${node} ${id}`), outcome: written.kind },
      'planned the volume anew: a node or device of its first place is out of order',
    );
    return written.kind === 'done' ? done(next) : written;
  }
}

/** The plan's bricks under ids that no brick of this volume ever had. */
function renumbered(record: VolumeRecord, sets: readonly (readonly BrickRecord[])[]): BrickRecord[][] {
  const generation = latestGeneration(record) + 1;
  return sets.map((set, setIndex) =>
    set.map((brick, position) =>
      Object.assign({}, brick, { id: brickIdFor(record.id, setIndex, position, generation) }),
    ),
  );
}
