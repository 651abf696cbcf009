import { NodeWishError, withNode, withoutNode } from '../domain/node-wish.ts';
import type { DesiredTopology } from '../domain/desired-topology.ts';
import type { VolumeEngine } from '../engine/api.ts';
import { AdminError, type AdminFailureCode } from './admin-error.ts';
import { inTheWay, viewNodes, type NewNodeQuery, type NodeQuery, type Nodes } from './nodes.ts';
import { viewOutcome, type OutcomeView } from './outcome-view.ts';
import { viewPlan, viewProgress, type ProgressView } from './topology-plan.ts';

/**
 * Answers from the engine that `opened` gives, which may throw AdminError when there is none. A node is added and removed
 * by the same comparison and the same steps as a topology file that is loaded. `isWatched`: the engine looks at its nodes
 * regularly; otherwise it does so for each list.
 */
export function localNodes(opened: () => VolumeEngine, isWatched: () => boolean): Nodes {
  return {
    list: async () => {
      const engine = opened();
      if (!isWatched()) {
        await engine.nodeWatch.look(new AbortController().signal);
      }
      return viewNodes(engine);
    },
    planAdd: async (query) => viewPlan(opened().planTopology(added(opened(), query))),
    add: (query, onProgress, signal) => apply(opened(), added(opened(), query), onProgress, signal),
    planRemove: async ({ node }) => {
      const engine = opened();
      const plan = viewPlan(engine.planTopology(removed(engine, { node })));
      const reason = inTheWay(engine.volumes(), node);
      return reason === undefined
        ? plan
        : { ...plan, refusals: plan.refusals.map((refusal) => Object.assign({}, refusal, { reason })) };
    },
    remove: (query, onProgress, signal) => apply(opened(), removed(opened(), query), onProgress, signal),
  };
}

async function apply(
  engine: VolumeEngine,
  desired: DesiredTopology,
  onProgress: (progress: ProgressView) => void,
  signal: AbortSignal,
): Promise<OutcomeView> {
  const outcome = await engine.applyTopology(desired, {
    signal,
    onProgress: (progress) => onProgress(viewProgress(progress)),
  });
  return viewOutcome(outcome);
}

function added(
  engine: VolumeEngine,
  { node, cluster, zone, manage, storage, tags, devices }: NewNodeQuery,
): DesiredTopology {
  return sensible('invalid', () =>
    withNode(
      { clusters: engine.clusters(), nodes: engine.nodes() },
      {
        id: node,
        ...(cluster === undefined ? {} : { cluster }),
        ...(zone === undefined ? {} : { zone }),
        ...(manage === undefined ? {} : { manage }),
        ...(storage === undefined ? {} : { storage }),
        tags,
        devices: devices.map(({ name, wipe, serial }) => ({ name, wipe, ...(serial === undefined ? {} : { serial }) })),
      },
    ),
  );
}

function removed(engine: VolumeEngine, { node }: NodeQuery): DesiredTopology {
  return sensible('not-found', () => withoutNode({ clusters: engine.clusters(), nodes: engine.nodes() }, node));
}

function sensible<T>(code: AdminFailureCode, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof NodeWishError) {
      throw new AdminError(code, error.message, { cause: error });
    }
    throw error;
  }
}
