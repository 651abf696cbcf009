/** How far a movement of files is. There are no files here, so it only takes its time. */
import type { Machine } from '../machine.ts';
import type { Body } from './answers.ts';
import type { Migration, PoolVolume } from './pool.ts';

/** Milliseconds from start to end: what the measured cluster took for a few dozen files. */
const migrationMs = 5_000;

export type MigrationStatus = 'in progress' | 'stopped' | 'completed';

export function migrationStatus({ startedAt, stoppedAt }: Migration, now: number): MigrationStatus {
  if (stoppedAt !== undefined) {
    return 'stopped';
  }
  return now - startedAt >= migrationMs ? 'completed' : 'in progress';
}

export function isMoving({ migration }: PoolVolume, now: number): boolean {
  return migration !== undefined && migrationStatus(migration, now) === 'in progress';
}

const numbers: Readonly<Record<MigrationStatus, number>> = { 'in progress': 1, stopped: 2, completed: 3 };

/** The nodes and their sum, as both `rebalance status` and `remove-brick status` show them. */
export function describeMigration(migration: Migration, members: number, origin: Machine, now: number): Body {
  const status = migrationStatus(migration, now);
  const end = Math.min(migration.stoppedAt ?? now, migration.startedAt + migrationMs);
  const progress = {
    files: 0,
    size: 0,
    lookups: 0,
    failures: 0,
    skipped: 0,
    status: numbers[status],
    statusStr: status,
    runtime: ((end - migration.startedAt) / 1000).toFixed(2),
  };
  const machines = [...new Set(migration.bricks.map(({ machine }) => machine))];
  const others = machines.filter((machine) => machine !== origin);
  const named = others.map(({ storage, uuid }) => ({ nodeName: storage, id: uuid, ...progress }));
  const self = machines.includes(origin) ? [{ nodeName: 'localhost', id: origin.uuid, ...progress }] : [];
  return { nodeCount: members, node: [...named, ...self], aggregate: progress };
}
