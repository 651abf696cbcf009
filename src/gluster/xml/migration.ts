/** Data on the move: `rebalance start|status` and `remove-brick start|status|stop|commit`. One shape, two names. */
import { z } from 'zod';
import type { BodyReader } from './answer.ts';
import { container, wholeNumber } from './shapes.ts';

interface MigrationProgress {
  readonly files: number;
  readonly bytes: number;
  readonly failures: number;
  readonly skipped: number;
  readonly status: 'not started' | 'in progress' | 'stopped' | 'completed' | 'failed' | 'other';
}

export interface Migration {
  /** Absent after a forced removal: there is no task. */
  readonly taskId?: string;
  readonly nodes: readonly { readonly host: string; readonly progress: MigrationProgress }[];
  /** Over all nodes; absent in the answer to a start. */
  readonly total?: MigrationProgress;
}

const states: ReadonlyMap<string, MigrationProgress['status']> = new Map([
  ['0', 'not started'],
  ['1', 'in progress'],
  ['2', 'stopped'],
  ['3', 'completed'],
  ['4', 'failed'],
]);

const progress = z.object({
  files: wholeNumber,
  size: wholeNumber,
  failures: wholeNumber,
  skipped: wholeNumber,
  status: z.string(),
});

const migration = container(
  z.object({
    'task-id': z.string().optional(),
    node: z.array(progress.extend({ nodeName: z.string() })).default([]),
    aggregate: progress.optional(),
  }),
);

const rebalance = z.object({ volRebalance: migration });
const removal = z.object({ volRemoveBrick: migration });

export const readRebalance: BodyReader<Migration> = (body) => toMigration(rebalance.parse(body).volRebalance);
export const readRemoveBrick: BodyReader<Migration> = (body) => toMigration(removal.parse(body).volRemoveBrick);

function toMigration(found: z.infer<typeof migration>): Migration {
  return {
    taskId: found['task-id'],
    nodes: found.node.map((node) => ({ host: node.nodeName, progress: toProgress(node) })),
    total: found.aggregate === undefined ? undefined : toProgress(found.aggregate),
  };
}

function toProgress({ files, size, failures, skipped, status }: z.infer<typeof progress>): MigrationProgress {
  return { files, bytes: size, failures, skipped, status: states.get(status) ?? 'other' };
}
