/** Nodes as an administrator sees them: what is recorded of each, what is observed, and how it came or goes. */
import { z } from 'zod';
import { clusterId, deviceName, hostName, nodeId, type NodeId } from '../domain/names.ts';
import { branded } from '../domain/schema.ts';
import { placementState, serialNumber, tags, zoneName, zoneNameShape, type NodeRecord } from '../domain/topology.ts';
import type { VolumeRecord } from '../domain/volume.ts';
import type { ClusterDeviceUsage, VolumeEngine } from '../engine/api.ts';
import type { NodeProblem, WatchedNode } from '../engine/node-watch/api.ts';
import { describeProblem, remedyOf } from '../engine/node-watch/describe.ts';
import type { OutcomeView } from './outcome-view.ts';
import type { PlanView, ProgressView } from './topology-plan.ts';

export const nodeQuery = z.strictObject({ node: branded((text) => nodeId(text)) });
export type NodeQuery = z.infer<typeof nodeQuery>;

/** What is not given is as recorded, or follows from the rest: NodeWish of the domain. */
export const newNodeQuery = z.strictObject({
  node: branded((text) => nodeId(text)),
  cluster: branded((text) => clusterId(text)).optional(),
  zone: z.string().regex(zoneName, `expected ${zoneNameShape}`).optional(),
  manage: branded((text) => hostName(text, 'manage')).optional(),
  storage: branded((text) => hostName(text, 'storage')).optional(),
  tags: tags.default({}),
  devices: z
    .array(
      z.strictObject({
        name: branded((text) => deviceName(text)),
        wipe: z.boolean().default(false),
        serial: serialNumber.optional(),
      }),
    )
    .default([]),
});
export type NewNodeQuery = z.infer<typeof newNodeQuery>;

const bytes = z.number();

const problemView = z.object({
  kind: z.string(),
  device: z.string().optional(),
  meaning: z.string(),
  remedy: z.string(),
});

export const nodeView = z.object({
  id: z.string(),
  cluster: z.string(),
  zone: z.string(),
  manage: z.string(),
  storage: z.string(),
  /** What the administrator says of new bricks on it. */
  placement: placementState,
  /** As observed; `unknown`: it was not looked at yet. */
  state: z.enum(['up', 'suspect', 'down', 'unknown']),
  /** UTC, ISO 8601: since when it is in that state. */
  since: z.string().optional(),
  problems: z.array(problemView),
  devices: z.array(
    z.object({
      name: z.string(),
      placement: placementState,
      /** `unprepared`: nobody has made it ready for bricks yet. `unknown`: it was not looked at. */
      state: z.enum(['ok', 'missing', 'empty', 'unreadable', 'unprepared', 'unknown']),
      serial: z.string().optional(),
      size: bytes,
      used: bytes,
      free: bytes,
      bricks: z.number(),
    }),
  ),
});
export type NodeView = z.infer<typeof nodeView>;

export const nodesAnswer = z.object({ nodes: z.array(nodeView) });

/** Every call throws AdminError. */
export interface Nodes {
  list(): Promise<readonly NodeView[]>;
  /** What adding would change, without doing it. */
  planAdd(query: NewNodeQuery): Promise<PlanView>;
  /** As Admin.applyTopology, about one node. Idempotent. */
  add(query: NewNodeQuery, onProgress: (progress: ProgressView) => void, signal: AbortSignal): Promise<OutcomeView>;
  /** What removing would change; refused, with the volumes named, while the node holds bricks. */
  planRemove(query: NodeQuery): Promise<PlanView>;
  remove(query: NodeQuery, onProgress: (progress: ProgressView) => void, signal: AbortSignal): Promise<OutcomeView>;
}

export function viewNodes(engine: Pick<VolumeEngine, 'nodes' | 'usage' | 'nodeWatch'>): NodeView[] {
  const watched = new Map(engine.nodeWatch.nodes().map((node) => [node.node, node]));
  const usage = engine.usage();
  return engine.nodes().map((node) => viewNode(node, watched.get(node.id), usage));
}

function viewNode(node: NodeRecord, watched: WatchedNode | undefined, usage: readonly ClusterDeviceUsage[]): NodeView {
  const { id, cluster, zone, manage, storage, state: placement } = node;
  return {
    id,
    cluster,
    zone,
    manage,
    storage,
    placement,
    state: watched?.state ?? 'unknown',
    since: watched?.since,
    problems: (watched?.problems ?? []).map(viewProblem),
    devices: node.devices.map(({ name, state, serial, size }) => {
      const used = usage.find((row) => row.node === id && row.device === name);
      const seen = watched?.devices.find((device) => device.name === name)?.state ?? 'unknown';
      return {
        name,
        placement: state,
        state: size === undefined ? 'unprepared' : seen,
        serial,
        size: used?.size ?? 0,
        used: used?.used ?? 0,
        free: used?.free ?? 0,
        bricks: used?.bricks ?? 0,
      };
    }),
  };
}

function viewProblem(problem: NodeProblem): NodeView['problems'][number] {
  return {
    kind: problem.kind,
    ...('device' in problem ? { device: problem.device } : {}),
    meaning: describeProblem(problem),
    remedy: remedyOf(problem),
  };
}

/** So many volumes are worth naming. */
const volumesNamed = 10;

/** Which volumes are in the way of the node's removal, as a sentence. `undefined`: none. */
export function inTheWay(volumes: readonly VolumeRecord[], node: NodeId): string | undefined {
  const names = volumes
    .filter(({ brickSets, growth, discarded }) =>
      [...brickSets, ...(growth?.sets ?? []), discarded ?? []].flat().some((brick) => brick.node === node),
    )
    .map(({ name, owner }) => (owner.name === '' ? name : `${owner.namespace}/${owner.name} (${name})`))
    .sort();
  if (names.length === 0) {
    return undefined;
  }
  const more = names.length - volumesNamed;
  const listed = `${names.slice(0, volumesNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `node ${node} holds bricks of ${names.length} volume(s): ${listed}; they have to be deleted, or their bricks moved, first`;
}
