/** One node that somebody wants to add, or to be gone, as the topology that this makes: about it, and about no other. */
import type { DesiredDevice, DesiredNode, DesiredTopology } from './desired-topology.ts';
import { hostName, type ClusterId, type DeviceName, type HostName, type NodeId } from './names.ts';
import type { ClusterRecord, NodeRecord, Tags } from './topology.ts';

export interface NodeWish {
  readonly id: NodeId;
  /** Absent: the only cluster that there is, or `default` where there is none. */
  readonly cluster?: ClusterId;
  /** Absent: as it is recorded. A new node needs one. */
  readonly zone?: string;
  /** Absent: as it is recorded, or the node's id. */
  readonly manage?: HostName;
  /** Absent: as it is recorded, or `manage`. */
  readonly storage?: HostName;
  /** Beside those that are recorded. */
  readonly tags: Tags;
  /** Beside those that are recorded. */
  readonly devices: readonly {
    readonly name: DeviceName;
    readonly wipe: boolean;
    readonly serial?: string;
  }[];
}

export interface KnownNodes {
  readonly clusters: readonly Pick<ClusterRecord, 'id'>[];
  readonly nodes: readonly NodeRecord[];
}

/** The wish makes no sense: the message names the field, what was expected and what came. */
export class NodeWishError extends Error {
  override readonly name = 'NodeWishError';
}

/**
 * What is to be when the node has been added. Adding what is there already changes nothing, and only ever adds: a wish that
 * says otherwise of a node than its record does is refused. Throws NodeWishError.
 */
export function withNode(known: KnownNodes, wish: NodeWish): DesiredTopology {
  const before = known.nodes.find(({ id }) => id === wish.id);
  const cluster = before?.cluster ?? clusterFor(known, wish);
  const node = before === undefined ? newNode(wish) : extended(before, wish);
  return { clusters: [{ ...(cluster === undefined ? {} : { id: cluster }), nodes: [node], only: [wish.id] }] };
}

/** What is to be when the node is gone. Throws NodeWishError when there is none. */
export function withoutNode(known: KnownNodes, id: NodeId): DesiredTopology {
  const before = known.nodes.find((node) => node.id === id);
  if (before === undefined) {
    const names = known.nodes.map((node) => node.id).sort();
    throw new NodeWishError(`node: expected one of ${names.join(', ') || 'none'}, got ${id}`);
  }
  return { clusters: [{ id: before.cluster, nodes: [], only: [id] }] };
}

/** `undefined`: the first one. */
function clusterFor({ clusters }: KnownNodes, { cluster }: NodeWish): ClusterId | undefined {
  if (cluster !== undefined || clusters.length === 0) {
    return cluster;
  }
  const [only, ...others] = clusters;
  if (others.length > 0) {
    throw new NodeWishError(`cluster: expected one of ${clusters.map(({ id }) => id).join(', ')}, got nothing`);
  }
  return only?.id;
}

function newNode({ id, zone, manage = hostName(id), storage = manage, tags, devices }: NodeWish): DesiredNode {
  if (zone === undefined) {
    throw new NodeWishError(`zone: expected the failure domain of the new node ${id}, got nothing`);
  }
  return { id, zone, manage, storage, tags, devices: devices.map((device) => ({ ...device, tags: {} })) };
}

function extended(before: NodeRecord, wish: NodeWish): DesiredNode {
  for (const field of ['cluster', 'zone', 'manage', 'storage'] as const) {
    const wanted = wish[field];
    if (wanted !== undefined && wanted !== before[field]) {
      throw new NodeWishError(
        `${field}: expected ${before[field]}, as node ${wish.id} is recorded, got ${wanted}; what is recorded is changed by loading a topology`,
      );
    }
  }
  const { id, zone, manage, storage, state } = before;
  const named = new Map(wish.devices.map((device) => [device.name, device]));
  const devices: DesiredDevice[] = before.devices.map((device) => {
    const again = named.get(device.name);
    const serial = again?.serial ?? device.serial;
    return { ...device, wipe: again?.wipe ?? device.wipe, ...(serial === undefined ? {} : { serial }) };
  });
  const added = wish.devices.filter(({ name }) => before.devices.every((device) => device.name !== name));
  return {
    id,
    zone,
    manage,
    storage,
    state,
    tags: { ...before.tags, ...wish.tags },
    devices: [...devices, ...added.map((device): DesiredDevice => ({ ...device, tags: {} }))],
  };
}
