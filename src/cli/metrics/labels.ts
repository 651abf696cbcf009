import { queueNames, type AttemptResult, type QueueResult } from '../../controller/observer.ts';
import { waitingReasons } from '../../controller/waiting-claims.ts';
import type { Outcome } from '../../domain/outcome.ts';
import { volumePhase } from '../../domain/volume.ts';
import type { EngineStep } from '../../engine/ports.ts';
import { problemKinds } from './node-metrics.ts';

/** What a label says, and why it has few values. */
export interface LabelMeaning {
  readonly meaning: string;
  /** Every value that it can have; absent where the site decides, and `meaning` says what bounds them. */
  readonly values?: readonly string[];
}

const outcomes: Readonly<Record<Outcome<unknown>['kind'], true>> = {
  done: true,
  rejected: true,
  waiting: true,
  failed: true,
  unknown: true,
};
const results: Readonly<Record<AttemptResult, true>> = { ...outcomes, refused: true };
const next: Readonly<Record<QueueResult, true>> = { done: true, retry: true, after: true, threw: true };
const steps: Readonly<Record<EngineStep, true>> = {
  plan: true,
  commit: true,
  look: true,
  bricks: true,
  create: true,
  options: true,
  start: true,
  stop: true,
  delete: true,
  'destroy-bricks': true,
  'grow-bricks': true,
  'add-bricks': true,
  rebalance: true,
  forget: true,
  peer: true,
  device: true,
  restore: true,
};

/** Every label of our own metrics. None is by claim, namespace, volume or pod: those grow without end. */
export const labelMeanings: Readonly<Record<string, LabelMeaning>> = {
  class: { meaning: 'a StorageClass of ours' },
  cluster: { meaning: 'a gluster cluster of the topology' },
  code: { meaning: 'HTTP status of the answer; 0: no answer came' },
  device: { meaning: 'a device of a node' },
  file: { meaning: 'a file in the folder of certificates', values: ['tls.crt', 'ca.crt'] },
  lane: { meaning: 'what the lane serves: a cluster, or a node', values: ['cluster', 'node'] },
  name: { meaning: 'the cluster or the node that the lane serves' },
  next: { meaning: 'what comes after a look at a key', values: Object.keys(next) },
  node: { meaning: 'a storage node of the topology' },
  operation: { meaning: 'what was tried', values: ['provision', 'grow', 'delete'] },
  outcome: { meaning: 'how a step ended', values: Object.keys(outcomes) },
  phase: { meaning: 'phase of a volume', values: volumePhase.options },
  problem: { meaning: 'kind of a problem of a node, as in `brickyard node list`', values: Object.keys(problemKinds) },
  queue: { meaning: 'a queue of the controller', values: queueNames },
  reason: { meaning: 'why a claim has no volume yet', values: waitingReasons },
  resource: { meaning: 'a kind of Kubernetes object that we use' },
  result: { meaning: 'how an attempt ended', values: Object.keys(results) },
  source: { meaning: 'always empty: there for the sake of dashboards for other provisioners', values: [''] },
  step: { meaning: 'a step of a volume', values: Object.keys(steps) },
  verb: {
    meaning: 'of a call to the Kubernetes API',
    values: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  },
  version: { meaning: 'of Brickyard' },
  zone: { meaning: 'failure domain of a node' },
};
