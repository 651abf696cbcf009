/** Answers to "what if": where a volume would go, how many more fit, what the loss of a node means. Changes nothing. */
import { volumeId, type ClusterId, type NodeId } from '../domain/names.ts';
import { headroom, type Headroom } from '../domain/placement/capacity.ts';
import { explainPlaced, explainRefusal } from '../domain/placement/explain.ts';
import { forecastLoss, type NodeLossForecast } from '../domain/placement/node-loss.ts';
import { usualRules } from '../domain/placement-rules.ts';
import type { VolumeShape } from '../domain/volume-shape.ts';
import type { ExplainedPlan } from './api.ts';
import type { PlanRequest } from './planner.ts';
import type { VolumeWork } from './volume-work.ts';

/** The claim that would be asked for has no UID yet. It only decides between devices that are equally good. */
const nobody = volumeId('00000000-0000-0000-0000-000000000000');

/**
 * Counting ends here: a cluster with room for more needs no exact number, and each volume costs the time of a plan, for
 * which the process does nothing else.
 */
const countedAtMost = 10_000;

export class Forecast {
  readonly #work: VolumeWork;

  constructor(work: VolumeWork) {
    this.#work = work;
  }

  /** As VolumeEngine.explainPlan. */
  plan(shape: VolumeShape, clusters: readonly ClusterId[]): ExplainedPlan {
    const { ledger, planner, health } = this.#work;
    health.refresh();
    const request = requestOf(shape, clusters);
    const plan = planner.plan(request);
    if (plan.kind === 'refused') {
      return { plan, explanation: explained(plan.refusals) };
    }
    // Clusters that come first and were passed over have a proof of their own.
    const before = clusters.length === 0 ? [...ledger.pools().keys()].sort() : clusters;
    const passed = before.slice(0, before.indexOf(plan.cluster)).flatMap((cluster) => {
      const other = planner.plan({ ...request, clusters: [cluster] });
      return other.kind === 'refused' ? other.refusals : [];
    });
    const pool = ledger.pool(plan.cluster);
    const placed = explainPlaced(pool, planner.placement(request), plan);
    return { plan, explanation: [...explained(passed), `cluster ${plan.cluster}`, ...placed.map(indented)] };
  }

  /** As VolumeEngine.headroom. */
  headroom(cluster: ClusterId, shape: VolumeShape): Headroom {
    const { ledger, planner, health } = this.#work;
    health.refresh();
    return headroom(ledger.pool(cluster), planner.placement(requestOf(shape, [])), countedAtMost);
  }

  /** As VolumeEngine.forecastLoss. */
  loss(id: NodeId, shapes: readonly VolumeShape[]): NodeLossForecast | undefined {
    const { directory, ledger, planner, health } = this.#work;
    const node = directory.get(id);
    if (node === undefined) {
      return undefined;
    }
    health.refresh();
    const volumes = ledger.volumes().filter(({ cluster, phase }) => cluster === node.cluster && phase !== 'deleting');
    const requests = shapes.map((shape) => planner.placement(requestOf(shape, [])));
    const common = { ...usualRules, limits: planner.limits };
    return forecastLoss(ledger.pool(node.cluster), id, requests, volumes, common, countedAtMost);
  }
}

function requestOf(shape: VolumeShape, clusters: readonly ClusterId[]): PlanRequest {
  return { ...shape, id: nobody, clusters };
}

function explained(refusals: Extract<ExplainedPlan['plan'], { kind: 'refused' }>['refusals']): string[] {
  return refusals.flatMap(({ cluster, refusal }) => [`cluster ${cluster}`, ...explainRefusal(refusal).map(indented)]);
}

const indented = (line: string): string => `  ${line}`;
