/** The sets of a volume, all of them: how many, and where each goes. */
import { chooseBalanced, type SetQuery } from './balanced.ts';
import { chooseWithArbiter } from './arbiter.ts';
import { Company, type Spread } from './company.ts';
import { levelOf } from './device-index.ts';
import { chooseExactly } from './exact.ts';
import type { Seat } from './seat.ts';
import { columnSize, equalBrickSize, setCounts, setShape, smallestPiece, type SetShape } from './shape.ts';
import type { LaidSet, Task } from './task.ts';
import { layTightly, takeSet } from './tight.ts';
import { tried, type Trial } from './trial.ts';

/**
 * How much an additional set has to even the pool out to be worth its bricks, in squared points of device use (see
 * `Trial.imbalance`). Found by trying: 24 keeps the standard deviation of device use below 2 points on every pool of
 * `npm run bench -- fill` (40 does not), and cuts nothing that is small beside the devices.
 */
const worthOfASet = 24;

/** A pool is nearly full above this level, for a volume of which it would hold fewer than that many more. */
const nearlyFull = { level: 0.85, volumes: 25 };

/** The best plan under that spread; `undefined`: none. Leaves the pool as it was. */
export function laySets(task: Task, spread: Spread): readonly LaidSet[] | undefined {
  const { least, most } = setCounts(task.request, task.bricksThere);
  if (least > most || (spread === 'distinct' && !hasZones(task, most))) {
    return undefined;
  }
  const tightly = (sets: number): LaidSet[] | undefined =>
    tried(task.pool, (trial) => layTightly(task, trial, sets, spread));
  const pieces = Math.floor(columnSize(task.request) / smallestPiece);
  return (
    (isNearlyFull(task) ? tightly(Math.min(most, Math.max(least, pieces))) : undefined) ??
    mostBalanced(task, spread, Math.min(most, Math.max(least, pieces))) ??
    (exceedsPool(task) ? undefined : (fewest(task, spread) ?? tightly(most)))
  );
}

function isNearlyFull(task: Task): boolean {
  const { totals } = task.data;
  const shape = setShape(task.request, equalBrickSize(task.request, 1));
  const volume = shape.data.footprint * shape.dataBricks;
  return levelOf(totals) > nearlyFull.level && totals.capacity - totals.used < volume * nearlyFull.volumes;
}

/** Whether no way of cutting can help: a node gives the volume at most one brick of each set. */
function exceedsPool(task: Task): boolean {
  const { dataBricks } = setShape(task.request, equalBrickSize(task.request, 1));
  const column = columnSize(task.request) * task.request.snapshotFactor;
  let found = 0;
  for (const { capacity, used } of task.data.nodes()) {
    found += Math.min(column, capacity - used);
  }
  return found < dataBricks * column;
}

/** Whether there are as many zones as a set has bricks that could hold even the smallest brick. */
function hasZones(task: Task, most: number): boolean {
  const shape = setShape(task.request, equalBrickSize(task.request, most));
  let zones = 0;
  for (const zone of task.data.zones.keys()) {
    const scope = { zone, allowsNode: (): boolean => true };
    zones += task.data.emptiest(shape.data.footprint, task.tie, scope).length > 0 ? 1 : 0;
    if (zones >= shape.dataBricks) {
      return true;
    }
  }
  return false;
}

/** Over several numbers of equal sets, the plan that is best for the balance of the pool, each set weighed in. */
function mostBalanced(task: Task, spread: Spread, most: number): readonly LaidSet[] | undefined {
  const { least } = setCounts(task.request, task.bricksThere);
  let best: readonly LaidSet[] | undefined;
  let lowest = Infinity;
  for (let sets = least; sets <= most; sets = Math.max(sets + 1, Math.ceil(sets * 1.4))) {
    tried(task.pool, (trial) => {
      const laid = layEqually(task, trial, sets, spread, chooseBalancedSet);
      const cost = laid === undefined ? Infinity : trial.imbalance(task.data, spread !== 'off') + worthOfASet * sets;
      if (cost < lowest) {
        best = laid;
        lowest = cost;
      }
    });
  }
  return best;
}

/** The smallest number of equal sets that fit. */
function fewest(task: Task, spread: Spread): readonly LaidSet[] | undefined {
  const { least, most } = setCounts(task.request, task.bricksThere);
  for (let sets = least; sets <= most; sets += 1) {
    for (const choose of [chooseBalancedSet, chooseExactSet]) {
      const laid = tried(task.pool, (trial) => layEqually(task, trial, sets, spread, choose));
      if (laid !== undefined) {
        return laid;
      }
    }
  }
  return undefined;
}

/** Finds the data bricks of one set while `sets` are still to be laid. */
type SetChooser = (task: Task, query: SetQuery, sets: number, company: Company) => Seat[] | undefined;

const chooseBalancedSet: SetChooser = (task, query, _sets, company) => chooseBalanced(task.data, query, company);
const chooseExactSet: SetChooser = (task, query, sets, company) => chooseExactly(task.data, query, sets, company);

function layEqually(task: Task, trial: Trial, sets: number, spread: Spread, choose: SetChooser): LaidSet[] | undefined {
  const size = equalBrickSize(task.request, sets);
  if (size > task.request.limits.maxBrickSize) {
    return undefined;
  }
  const shape = setShape(task.request, size);
  const laid: LaidSet[] = [];
  for (let remaining = sets; remaining > 0; remaining -= 1) {
    const set = layOne(task, shape, spread, (query, company) => choose(task, query, remaining, company));
    if (set === undefined) {
      return undefined;
    }
    takeSet(trial, set);
    laid.push(set);
  }
  return laid;
}

function layOne(
  task: Task,
  shape: SetShape,
  spread: Spread,
  choose: (query: SetQuery, company: Company) => Seat[] | undefined,
): LaidSet | undefined {
  const { tie, request } = task;
  const query: SetQuery = {
    footprint: shape.data.footprint,
    bricks: shape.dataBricks,
    spread,
    tie,
    preferredZones: request.preferredZones,
  };
  if (shape.arbiter === undefined) {
    const data = choose(query, new Company());
    return data === undefined ? undefined : { shape, data };
  }
  const found = chooseWithArbiter(task, { footprint: shape.arbiter.footprint, spread }, (company) =>
    choose(query, company),
  );
  return found === undefined ? undefined : { shape, ...found };
}
