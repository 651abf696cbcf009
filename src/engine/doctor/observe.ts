/** Looking at gluster and at the nodes, without changing anything. What did not answer is kept as such. */
import type { ClusterId, DeviceName, NodeId, VolumeName } from '../../domain/names.ts';
import { NameError, volumeName } from '../../domain/names.ts';
import { done, type Outcome, type Setback } from '../../domain/outcome.ts';
import type { NodeRecord } from '../../domain/topology.ts';
import type { VolumeRecord } from '../../domain/volume.ts';
import { brickOfPath } from '../brick-match.ts';
import { askHeal, askStatus } from '../brick-states.ts';
import type { Account } from '../calls.ts';
import type { BrickFacts, BrickHeal, BrickStatus, DeviceFacts, GlusterVolume } from '../ports.ts';
import { stopped, type RunSignals } from '../volume-runs.ts';
import type { VolumeWork } from '../volume-work.ts';
import type { SurveyProgress } from './api.ts';
import { sideBySide } from '../side-by-side.ts';

export type ClusterSight =
  | {
      readonly kind: 'seen';
      readonly volumes: ReadonlyMap<VolumeName, GlusterVolume>;
      /** Volumes that were in the list and could not be read, with the reason. */
      readonly unread: ReadonlyMap<string, string>;
      /** How the bricks of those are that were asked about and are started. */
      readonly bricks: ReadonlyMap<VolumeName, BricksSight>;
      /** Volumes whose name keeps to a grammar that is not ours. */
      readonly strange: readonly string[];
    }
  | { readonly kind: 'unseen'; readonly reason: string };

export interface BricksSight {
  readonly status?: readonly BrickStatus[];
  readonly heal?: readonly BrickHeal[];
  /** Why one of them is not there. */
  readonly unseen?: string;
}

export type DeviceSight =
  | { readonly kind: 'seen'; readonly facts: DeviceFacts; readonly bricks: readonly BrickFacts[] }
  /** `silent`: the node does not answer at all. */
  | { readonly kind: 'unseen'; readonly reason: string; readonly silent: boolean };

export interface Observation {
  readonly clusters: ReadonlyMap<ClusterId, ClusterSight>;
  /** By node and device: every device of the topology. */
  readonly nodes: ReadonlyMap<NodeId, ReadonlyMap<DeviceName, DeviceSight>>;
  /** Bricks of ours that a volume in gluster is made of. */
  readonly served: ReadonlySet<string>;
}

/** Volumes that are read from one cluster at a time: few, so that changes always find a place in its lane. */
const readersOfACluster = 2;
/** Nodes that are read at a time. On each, one device after another. */
const nodesAtOnce = 16;

/** The doctor's own turn in the lanes: it waits behind nobody's namespace, and nobody's behind it for long. */
export const accountOfDoctor = (signals: RunSignals): Account => ({ signals, turn: '', seed: 'doctor' });

export interface ObserveOptions {
  readonly onProgress: (progress: SurveyProgress) => void;
  /** Ask also whether the bricks of volumes that have a record are served and alike. */
  readonly bricks: boolean;
}

/** Looks at everything. Only being stopped ends it early. */
export async function observe(
  work: VolumeWork,
  signals: RunSignals,
  { onProgress, bricks }: ObserveOptions,
): Promise<Outcome<Observation>> {
  const watch = new Progress(onProgress);
  const clusters = new Map<ClusterId, ClusterSight>();
  const nodes = new Map<NodeId, ReadonlyMap<DeviceName, DeviceSight>>();
  const known = work.directory.list();
  watch.more(known.reduce((sum, { devices }) => sum + devices.length, 0));
  const account = accountOfDoctor(signals);
  await Promise.all([
    sideBySide(new Set(known.map(({ cluster }) => cluster)), nodesAtOnce, async (cluster) => {
      clusters.set(cluster, await lookAtCluster(work, cluster, account, watch, bricks));
    }),
    sideBySide(known, nodesAtOnce, async (node) => {
      nodes.set(node.id, await lookAtNode(work, node, account, watch));
    }),
  ]);
  return signals.stop.aborted ? stopped(signals) : done({ clusters, nodes, served: servedBy(clusters) });
}

function servedBy(clusters: ReadonlyMap<ClusterId, ClusterSight>): ReadonlySet<string> {
  const volumes = [...clusters.values()].flatMap((sight) => (sight.kind === 'seen' ? [...sight.volumes.values()] : []));
  const ids = volumes.flatMap(({ bricks }) => bricks.map(({ path }) => brickOfPath(path)));
  return new Set(ids.filter((id) => id !== undefined));
}

class Progress {
  readonly #tell: (progress: SurveyProgress) => void;
  #looked = 0;
  #total = 0;

  constructor(tell: (progress: SurveyProgress) => void) {
    this.#tell = tell;
  }

  more(count: number): void {
    this.#total += count;
  }

  one(): void {
    this.#looked += 1;
    this.#tell({ looked: this.#looked, total: this.#total });
  }
}

/** One question to gluster, in a place of the cluster's lane of its own, so that changes can go in between. */
export function askAbout(
  work: VolumeWork,
  cluster: ClusterId,
  name: VolumeName,
  account: Account,
): Promise<Outcome<GlusterVolume | undefined>> {
  return work.calls.inCluster(cluster, account, (gluster) =>
    gluster.run('look', (nodes, context, via) => nodes.volumeInfo(via, name, context)),
  );
}

export function listVolumes(
  work: VolumeWork,
  cluster: ClusterId,
  account: Account,
): Promise<Outcome<readonly string[]>> {
  return work.calls.inCluster(cluster, account, (gluster) =>
    gluster.run('look', (nodes, context, via) => nodes.listVolumes(via, context)),
  );
}

async function lookAtCluster(
  work: VolumeWork,
  cluster: ClusterId,
  account: Account,
  watch: Progress,
  withBricks: boolean,
): Promise<ClusterSight> {
  const listed = await listVolumes(work, cluster, account);
  if (listed.kind !== 'done') {
    return { kind: 'unseen', reason: listed.reason };
  }
  const names = listed.value.map(legibleName);
  const volumes = new Map<VolumeName, GlusterVolume>();
  const unread = new Map<string, string>();
  const bricks = new Map<VolumeName, BricksSight>();
  const recorded = new Map(withBricks ? work.ledger.volumes().map((record) => [record.name, record]) : []);
  watch.more(names.length);
  await sideBySide(names, readersOfACluster, async (name) => {
    if (name !== undefined) {
      const info = await askAbout(work, cluster, name, account);
      if (info.kind !== 'done') {
        unread.set(name, info.reason);
      } else if (info.value !== undefined) {
        volumes.set(name, info.value);
        const record = recorded.get(name);
        if (record?.cluster === cluster && info.value.status === 'started') {
          bricks.set(name, await lookAtBricks(work, record, account));
        }
      }
    }
    watch.one();
  });
  const strange = listed.value.filter((name) => legibleName(name) === undefined);
  return { kind: 'seen', volumes, unread, bricks, strange };
}

async function lookAtBricks(work: VolumeWork, record: VolumeRecord, account: Account): Promise<BricksSight> {
  const status = await askStatus(work, record, account);
  // One copy has nothing to be healed from.
  const heal = record.durability.kind === 'distribute' ? done([]) : await askHeal(work, record, account);
  const unseen = [status, heal].flatMap((outcome) => (outcome.kind === 'done' ? [] : [outcome.reason]));
  return {
    ...(status.kind === 'done' && status.value !== undefined ? { status: status.value } : {}),
    ...(heal.kind === 'done' ? { heal: heal.value } : {}),
    ...(unseen.length === 0 ? {} : { unseen: [...new Set(unseen)].join('; ') }),
  };
}

function legibleName(text: string): VolumeName | undefined {
  try {
    return volumeName(text);
  } catch (error) {
    if (error instanceof NameError) {
      return undefined;
    }
    throw error;
  }
}

async function lookAtNode(
  work: VolumeWork,
  node: NodeRecord,
  account: Account,
  watch: Progress,
): Promise<ReadonlyMap<DeviceName, DeviceSight>> {
  const sights = new Map<DeviceName, DeviceSight>();
  for (const { name } of node.devices) {
    sights.set(name, await lookAtDevice(work, node, name, account));
    watch.one();
  }
  return sights;
}

/** Free space first: a brick that is made in between is known to the records, one that is found cannot be unseen. */
export async function lookAtDevice(
  work: VolumeWork,
  node: NodeRecord,
  device: DeviceName,
  account: Account,
): Promise<DeviceSight> {
  const facts = await work.calls.onNode(node, 'look', account, (nodes, context) =>
    nodes.inspectDevice(node, device, context),
  );
  if (facts.kind !== 'done') {
    return unseen(facts, work, node);
  }
  const bricks = await work.calls.onNode(node, 'look', account, (nodes, context) =>
    nodes.listBricks(node, device, context),
  );
  return bricks.kind === 'done'
    ? { kind: 'seen', facts: facts.value, bricks: bricks.value }
    : unseen(bricks, work, node);
}

function unseen(setback: Setback, { directory }: VolumeWork, { id }: NodeRecord): DeviceSight {
  const silent =
    setback.kind === 'unknown' ||
    (setback.kind === 'waiting' && setback.on.what === 'node' && directory.named(setback.on.name)?.id === id);
  return { kind: 'unseen', reason: setback.reason, silent };
}
