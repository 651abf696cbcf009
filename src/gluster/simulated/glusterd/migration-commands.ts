/** `volume rebalance` and `volume remove-brick`, step by step as gluster demands it. */
import type { Machine } from '../machine.ts';
import type { ToolResult } from '../tools/tool.ts';
import { refusal, success, successSaying, type Body } from './answers.ts';
import { describeMigration, isMoving, migrationStatus } from './migrations.ts';
import type { Migration, PoolBrick, PoolVolume, TrustedPool } from './pool.ts';
import { noSuchVolume } from './volume-commands.ts';

export interface Asked {
  readonly pool: TrustedPool;
  readonly origin: Machine;
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly newUuid: () => string;
}

const setsOf = ({ bricks, replica, disperse }: PoolVolume): number => bricks.length / Math.max(replica, disperse, 1);

/** Also where the volume is distributed in name only. */
const notDistributed = (name: string): string =>
  `Volume ${name} is not a distribute volume or contains only 1 brick.\nNot performing rebalance`;

const begin = (kind: Migration['kind'], bricks: readonly PoolBrick[], { now, newUuid }: Asked): Migration => ({
  kind,
  task: newUuid(),
  startedAt: now,
  bricks,
});

/** `undefined`: the words are no such command. */
export function rebalance(asked: Asked, [name, step, ...rest]: readonly string[]): ToolResult | undefined {
  if (name === undefined || rest.length > 0 || (step !== 'start' && step !== 'status' && step !== 'stop')) {
    return undefined;
  }
  const volume = asked.pool.volume(name);
  // Only a status is refused with an exit code of its own.
  const refused = (text: string): ToolResult =>
    step === 'start'
      ? refusal(text, 30800, { volRebalance: { op: 1 } })
      : { ...refusal(text, 30800, { cliOp: 'volRebalance', output: text }), exitCode: 1 };
  if (volume === undefined) {
    return refused(noSuchVolume(name));
  }
  if (setsOf(volume) < 2) {
    return refused(notDistributed(name));
  }
  if (volume.status !== 'started') {
    return refused(`Volume ${name} needs to be started to perform rebalance`);
  }
  if (step === 'start') {
    if (isMoving(volume, asked.now)) {
      return refused(`Rebalance on ${name} is already started`);
    }
    volume.migration = begin('rebalance', volume.bricks, asked);
    return success({ volRebalance: { 'task-id': volume.migration.task, op: 1 } });
  }
  const { migration } = volume;
  if (migration?.kind !== 'rebalance') {
    return refused(`Rebalance not started for volume ${name}.`);
  }
  if (step === 'stop' && isMoving(volume, asked.now)) {
    // The answer is the last that is heard of it: gluster forgets what was stopped.
    migration.stoppedAt = asked.now;
    volume.migration = undefined;
  }
  return success({ volRebalance: progressOf(migration, asked, { op: step === 'stop' ? 2 : 3 }) });
}

function progressOf(migration: Migration, { pool, origin, now }: Asked, op: Body): Body {
  return { 'task-id': migration.task, ...op, ...describeMigration(migration, pool.members.length, origin, now) };
}

const removalRefused = (text: string, opErrno?: number): ToolResult => refusal(text, opErrno, { volRemoveBrick: '' });

/** `undefined`: the words are no such command. */
export function removeBricks(asked: Asked, [name, ...words]: readonly string[]): ToolResult | undefined {
  const step = words.at(-1);
  const named = words.slice(0, -1);
  if (name === undefined || named.length === 0 || (step !== 'start' && step !== 'status' && step !== 'commit')) {
    return undefined;
  }
  const volume = asked.pool.volume(name);
  if (volume === undefined) {
    return removalRefused(noSuchVolume(name));
  }
  const bricks = named.flatMap((text) => volume.bricks.find(({ host, path }) => `${host}:${path}` === text) ?? []);
  const missing = named.find((text) => !bricks.some(({ host, path }) => `${host}:${path}` === text));
  if (missing !== undefined) {
    return removalRefused(`Incorrect brick ${missing} for volume ${name}`);
  }
  switch (step) {
    case 'start':
      return startRemoval(asked, volume, bricks);
    case 'status':
      return removalStatus(asked, volume, bricks);
    case 'commit':
      return commitRemoval(asked, volume, bricks);
  }
}

function startRemoval(asked: Asked, volume: PoolVolume, bricks: readonly PoolBrick[]): ToolResult {
  if (bricks.length % Math.max(volume.replica, volume.disperse, 1) !== 0) {
    const text =
      'Removing bricks from replicate configuration is not allowed without reducing replica count explicitly.';
    return removalRefused(text, 0);
  }
  if (volume.status !== 'started') {
    return removalRefused(
      `Volume ${volume.name} needs to be started before remove-brick (you can use 'force' or 'commit' to override this behavior)`,
    );
  }
  if (bricks.length === volume.bricks.length) {
    return removalRefused('Deleting all the bricks of the volume is not allowed');
  }
  if (isMoving(volume, asked.now)) {
    return removalRefused('Rebalance is in progress. Please retry after completion');
  }
  volume.migration = begin('remove-brick', bricks, asked);
  return successSaying('Remove Brick start successful', { volRemoveBrick: { 'task-id': volume.migration.task } });
}

const isOf = (migration: Migration, bricks: readonly PoolBrick[]): boolean =>
  migration.kind === 'remove-brick' && bricks.every((brick) => migration.bricks.includes(brick));

function removalStatus(asked: Asked, volume: PoolVolume, bricks: readonly PoolBrick[]): ToolResult {
  if (setsOf(volume) < 2) {
    return removalRefused(notDistributed(volume.name));
  }
  const { migration } = volume;
  return migration === undefined || !isOf(migration, bricks)
    ? removalRefused(`remove-brick not started for volume ${volume.name}.`)
    : success({ volRemoveBrick: progressOf(migration, asked, {}) });
}

function commitRemoval({ pool, origin, now }: Asked, volume: PoolVolume, bricks: readonly PoolBrick[]): ToolResult {
  const { migration } = volume;
  const [first] = bricks;
  if (migration === undefined || !isOf(migration, bricks)) {
    return removalRefused(
      `Brick ${first?.host ?? ''}:${first?.path ?? ''} is not decommissioned. Use start or force option`,
    );
  }
  if (migrationStatus(migration, now) === 'in progress') {
    const text = "use 'force' option as migration is in progress";
    return removalRefused(
      bricks
        .map(({ machine, host }) => (machine === origin ? text : `Pre Validation failed on ${host}. ${text}`))
        .join('\n'),
    );
  }
  pool.removeBricks(volume, bricks);
  bricks.forEach(({ machine, path }) => machine.served.delete(path));
  volume.migration = undefined;
  return successSaying('Remove Brick commit successful', { volRemoveBrick: { 'task-id': migration.task } });
}
