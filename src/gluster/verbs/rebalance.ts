/** Spreading a volume's files over all its bricks, and finding out how far that is. */
import type { VolumeName } from '../../domain/names.ts';
import { done, unknown, type Outcome } from '../../domain/outcome.ts';
import { bytes } from '../../domain/quantity.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { CallContext, Rebalance } from '../../engine/ports.ts';
import * as argv from '../argv/gluster.ts';
import { Errand, type Tools } from '../errand.ts';
import { readRebalance, type Migration } from '../xml/migration.ts';
import { setbackOf } from './refusals.ts';

export async function startRebalance(
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  context: CallContext,
): Promise<Outcome<string | undefined>> {
  const errand = new Errand(tools, via, context);
  const reply = await errand.ask(argv.volumeRebalance(name, 'start'), readRebalance);
  switch (reply.kind) {
    case 'success':
      return done(reply.value.taskId);
    case 'refused': {
      if (reply.refusal.problem !== 'migration-running') {
        return setbackOf(reply.refusal, via);
      }
      const status = await statusOf(errand, name);
      // Not ours to begin while it is a removal that moves files.
      return status.kind === 'done' && status.value.state === 'running'
        ? done(status.value.task)
        : setbackOf(reply.refusal, via);
    }
    default:
      return reply;
  }
}

export const rebalanceStatus = (
  tools: Tools,
  via: NodeRef,
  name: VolumeName,
  context: CallContext,
): Promise<Outcome<Rebalance>> => statusOf(new Errand(tools, via, context), name);

async function statusOf(errand: Errand, name: VolumeName): Promise<Outcome<Rebalance>> {
  const reply = await errand.ask(argv.volumeRebalance(name, 'status'), readRebalance);
  switch (reply.kind) {
    case 'success':
      return stateOf(reply.value, errand.node);
    case 'refused':
      return reply.refusal.problem === 'migration-not-started' || reply.refusal.problem === 'not-distributed'
        ? done({ state: 'none', files: 0, bytes: bytes(0), failures: 0 })
        : setbackOf(reply.refusal, errand.node);
    default:
      return reply;
  }
}

const states: Readonly<
  Record<NonNullable<Migration['total']>['status'], Exclude<Rebalance['state'], 'none'> | undefined>
> = {
  'not started': undefined,
  'in progress': 'running',
  stopped: 'stopped',
  completed: 'completed',
  failed: 'failed',
  other: undefined,
};

/** The sum over all nodes is `completed` only when no node is at it any more. */
function stateOf({ taskId, total }: Migration, via: NodeRef): Outcome<Rebalance> {
  if (total?.status === 'not started') {
    return done({ state: 'none', files: 0, bytes: bytes(0), failures: 0 });
  }
  const state = total === undefined ? undefined : states[total.status];
  if (total === undefined || state === undefined) {
    return unknown(`gluster on ${via.id} does not say how far the rebalance is`);
  }
  const { files, failures } = total;
  return done({ state, files, bytes: bytes(total.bytes), failures, ...(taskId === undefined ? {} : { task: taskId }) });
}
