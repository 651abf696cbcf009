/** Nodes and devices of the input, as records and as what placement finds room in. */
import type { DesiredTopology } from '../../domain/desired-topology.ts';
import type { ClusterId, NodeId } from '../../domain/names.ts';
import { volumeId } from '../../domain/names.ts';
import { PlacementPool } from '../../domain/placement/pool.ts';
import { describeRemedy } from '../../domain/placement/remedy.ts';
import type { PlacementLimits } from '../../domain/placement/request.ts';
import { bytes, TiB, type Bytes } from '../../domain/quantity.ts';
import { diffTopology } from '../../domain/topology-diff.ts';
import type { ClusterRecord, NodeRecord } from '../../domain/topology.ts';
import { Planner } from '../../engine/planner.ts';
import type { ReadClass } from '../../controller/class-problems.ts';

/** One topology file, or all GlusterNodes together. */
export interface Storage {
  readonly nodes: readonly NodeRecord[];
  /** Clusters whose names are said. A file may leave that to the controller, which knows where its nodes are. */
  readonly named: boolean;
}

export interface Refused {
  readonly node: NodeId;
  readonly reason: string;
}

/** Takes nodes over one declaration after another, as the engine does, each compared with what is there by then. */
export function recordsOf(declarations: readonly DesiredTopology[]): {
  readonly nodes: readonly NodeRecord[];
  readonly refused: readonly Refused[];
} {
  const clusters = new Map<ClusterId, ClusterRecord>();
  const nodes = new Map<NodeId, NodeRecord>();
  const refused: Refused[] = [];
  for (const declared of declarations) {
    const known = { clusters: [...clusters.values()], nodes: [...nodes.values()], bricksOn: () => 0 };
    const { refusals, records } = diffTopology(known, declared);
    refused.push(...refusals);
    if (refusals.length === 0) {
      records.clusters.forEach((cluster) => clusters.set(cluster.id, cluster));
      records.nodes.forEach((node) => nodes.set(node.id, node));
    }
  }
  return { nodes: [...nodes.values()], refused };
}

/** What is taken of a device whose size nobody has said: more than any brick needs, so that only its place counts. */
const assumedSize = bytes(1024 * TiB);
const someVolume = volumeId('00000000-0000-4000-8000-000000000000');

/** A class without problems of its own. */
export type UsableClass = Extract<ReadClass, { ok: true }>;

export interface Misfit {
  readonly message: string;
  readonly fix: string;
}

/**
 * Why a volume of that class cannot be placed in any of the storages, by the engine's own plan; `undefined`: it can, or
 * nobody can tell from the input. Devices count as empty, so what does not fit here fits nowhere.
 */
export function misfit(
  { parameters, allowedZones }: UsableClass,
  size: Bytes,
  storages: readonly Storage[],
  limits: PlacementLimits,
): Misfit | undefined {
  const { clusters, durability, snapshotFactor, zoneSpread, tagMatch } = parameters;
  const known = storages.filter(({ named }) => named || clusters.length === 0);
  if (known.length < storages.length) {
    return undefined;
  }
  const place = { zoneSpread, preferredZones: [], allowedZones, tagMatch };
  const request = { id: someVolume, clusters, size, durability, snapshotFactor, ...place };
  let first: Misfit | undefined;
  // Without any storage there is one empty pool: what it refuses for good, no topology makes fit.
  for (const pools of storages.length === 0
    ? [new Map([['any' as ClusterId, new PlacementPool()]])]
    : known.map(poolsOf)) {
    const ledger = { pools: () => pools, pool: (id: ClusterId) => pools.get(id) ?? new PlacementPool() };
    const anywhere = storages.length === 0 ? { ...request, clusters: [] } : request;
    const plan = new Planner(ledger, limits).plan(anywhere);
    if (plan.kind === 'placed' || (storages.length === 0 && !plan.permanent)) {
      return undefined;
    }
    const remedies = plan.refusals.flatMap(({ refusal }) => refusal.wouldFit).map(describeRemedy);
    const shortfalls = plan.refusals.map(({ cluster, refusal }) =>
      storages.length === 0 ? refusal.shortfall : `cluster ${cluster}: ${refusal.shortfall}`,
    );
    first ??= {
      message: plan.refusals.length === 0 ? `clusterid: ${plan.reason}` : shortfalls.join('; '),
      fix: remedies.length === 0 ? elsewhere(plan.refusals.length) : `it would fit with ${remedies.join('; or with ')}`,
    };
  }
  return first;
}

const elsewhere = (refusals: number): string =>
  refusals === 0
    ? 'name a cluster that the topology has, or load the topology of that cluster too'
    : 'ask for less, or choose another volumetype';

/** What the message of a misfit rests on. */
export function assumption(storages: readonly Storage[]): string {
  const devices = storages.flatMap(({ nodes }) => nodes.flatMap((node) => node.devices));
  const unknown = devices.some(({ size }) => size === undefined);
  return storages.length === 0
    ? ''
    : ` (devices counted as empty${unknown ? ', and as large as need be where their size is not said' : ''})`;
}

function poolsOf({ nodes }: Storage): ReadonlyMap<ClusterId, PlacementPool> {
  const pools = new Map<ClusterId, PlacementPool>();
  for (const node of nodes) {
    const pool = pools.get(node.cluster) ?? new PlacementPool();
    pools.set(node.cluster, pool);
    pool.upsertNode({
      ...node,
      devices: node.devices.map((device) => ({ ...device, size: device.size ?? assumedSize })),
    });
  }
  return pools;
}
