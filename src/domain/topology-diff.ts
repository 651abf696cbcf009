/** Compares a topology that somebody wants with the one that is known. Pure: the result says all that would happen. */
import type { DesiredCluster, DesiredDevice, DesiredNode, DesiredTopology } from './desired-topology.ts';
import { clusterId, type ClusterId, type DeviceName, type NodeId } from './names.ts';
import { bytes } from './quantity.ts';
import type { FieldChange, TopologyChange, TopologyPlan, TopologyRefusal } from './topology-plan.ts';
import type { ClusterRecord, DeviceRecord, NodeRecord, Tags } from './topology.ts';

export interface KnownTopology {
  readonly clusters: readonly ClusterRecord[];
  readonly nodes: readonly NodeRecord[];
  /** Bricks that records put on the device; without a device, on any of the node's. */
  bricksOn(node: NodeId, device?: DeviceName): number;
}

/** The cluster that takes a whole file of nodes without a name when there is none yet. */
const firstCluster = 'default';

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** `node0.example.test` as a cluster's id: its first label, led by a letter. */
function derivedId(nodes: readonly DesiredNode[], taken: ReadonlySet<string>): ClusterId {
  const [smallest = ''] = nodes.map(({ id }) => id as string).sort(byText);
  const stem = `c-${smallest.replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 36).replace(/-+$/, '');
  for (let suffix = 1; ; suffix += 1) {
    const id = suffix === 1 ? stem : `${stem}-${suffix}`;
    if (!taken.has(id)) {
      return clusterId(id);
    }
  }
}

/**
 * Which cluster is meant by each entry. A name decides; without one it is the cluster that already holds one of the
 * nodes, so that the order of a file means nothing; else `default` if no cluster of that name is known or named; else a
 * name made of the smallest node name.
 */
export function resolveClusters(known: KnownTopology, desired: DesiredTopology): readonly ClusterId[] {
  const home = new Map(known.nodes.map(({ id, cluster }) => [id, cluster]));
  const named = desired.clusters.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const taken = new Set<string>([...known.clusters.map(({ id }) => id), ...home.values(), ...named]);
  return desired.clusters.map(({ id, nodes }) => {
    const held = nodes.map((node) => home.get(node.id)).find((cluster) => cluster !== undefined);
    const resolved = id ?? held ?? (taken.has(firstCluster) ? derivedId(nodes, taken) : clusterId(firstCluster));
    taken.add(resolved);
    return resolved;
  });
}

function describeTags(tags: Tags): string {
  const pairs = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? 'none' : pairs.sort(byText).join(' ');
}

function changed(field: string, from: string, to: string): readonly FieldChange[] {
  return from === to ? [] : [{ field, from, to }];
}

/** Gathers one plan. */
class Comparison {
  readonly #known: KnownTopology;
  readonly #changes: TopologyChange[] = [];
  readonly #refusals: TopologyRefusal[] = [];
  readonly #clusters: ClusterRecord[] = [];
  readonly #nodes: NodeRecord[] = [];
  readonly #dropNodes: NodeId[] = [];
  readonly #unchanged = { nodes: 0, devices: 0 };

  constructor(known: KnownTopology) {
    this.#known = known;
  }

  plan(desired: DesiredTopology): TopologyPlan {
    const ids = resolveClusters(this.#known, desired);
    desired.clusters.forEach((cluster, index) => {
      const id = ids[index];
      if (id !== undefined) {
        this.#cluster(id, cluster);
      }
    });
    this.#refuseSharedHosts(desired);
    return {
      clusters: [...new Set(ids)],
      changes: this.#changes,
      refusals: this.#refusals,
      unchanged: this.#unchanged,
      records: { clusters: this.#clusters, nodes: this.#nodes, dropNodes: this.#dropNodes },
    };
  }

  #cluster(id: ClusterId, desired: DesiredCluster): void {
    if (this.#known.clusters.every((cluster) => cluster.id !== id)) {
      this.#changes.push({ kind: 'cluster-added', cluster: id });
      this.#clusters.push({ id });
    }
    for (const node of desired.nodes) {
      const before = this.#known.nodes.find((other) => other.id === node.id);
      if (before === undefined) {
        this.#addNode(id, node);
      } else if (before.cluster === id) {
        this.#compareNode(before, node);
      } else {
        const reason = `node ${node.id} belongs to cluster ${before.cluster}; gluster has it in that pool until it is detached there`;
        this.#refusals.push({ cluster: id, node: node.id, reason });
      }
    }
    const wanted = new Set(desired.nodes.map((node) => node.id));
    for (const node of this.#known.nodes) {
      if (node.cluster === id && !wanted.has(node.id) && desired.only?.includes(node.id) !== false) {
        this.#dropNode(node);
      }
    }
  }

  #addNode(cluster: ClusterId, node: DesiredNode): void {
    this.#changes.push({ kind: 'node-added', cluster, node: node.id });
    for (const device of node.devices) {
      this.#changes.push({ kind: 'device-added', cluster, node: node.id, device: device.name, wipe: device.wipe });
    }
    const { id, zone, manage, storage, tags, state = 'online' } = node;
    this.#nodes.push({
      id,
      cluster,
      zone,
      manage,
      storage,
      state,
      tags,
      devices: node.devices.map((device) => newDevice(device)),
    });
  }

  #compareNode(before: NodeRecord, node: DesiredNode): void {
    const { cluster, id } = before;
    const fields = [
      ...changed('zone', before.zone, node.zone),
      ...changed('manage', before.manage, node.manage),
      ...changed('storage', before.storage, node.storage),
      ...changed('tags', describeTags(before.tags), describeTags(node.tags)),
      ...changed('state', before.state, node.state ?? before.state),
    ];
    const bricks = this.#known.bricksOn(id);
    if (before.storage !== node.storage && bricks > 0) {
      const reason = `storage host of ${id}: ${bricks} bricks are known to gluster under ${before.storage}, so it cannot become ${node.storage}`;
      this.#refusals.push({ cluster, node: id, reason });
    }
    const devices = this.#devices(before, node);
    if (fields.length > 0) {
      this.#changes.push({ kind: 'node-changed', cluster, node: id, fields });
    } else {
      this.#unchanged.nodes += 1;
    }
    if (fields.length > 0 || devices !== before.devices) {
      const { zone, manage, storage, tags, state = before.state } = node;
      this.#nodes.push({ ...before, zone, manage, storage, tags, state, devices });
    }
  }

  /** The node's devices as they shall be: the same array when nothing differs. */
  #devices(before: NodeRecord, node: DesiredNode): DeviceRecord[] {
    const { cluster, id } = before;
    const known = new Map(before.devices.map((device) => [device.name, device]));
    const wanted = new Map(node.devices.map((device) => [device.name, device]));
    const devices: DeviceRecord[] = [];
    let same = true;
    for (const device of before.devices) {
      const desired = wanted.get(device.name);
      const next =
        desired === undefined ? this.#dropDevice(before, device) : this.#compareDevice(before, device, desired);
      same &&= next === device;
      if (next !== undefined) {
        devices.push(next);
      }
    }
    for (const device of node.devices.filter(({ name }) => !known.has(name))) {
      same = false;
      this.#changes.push({ kind: 'device-added', cluster, node: id, device: device.name, wipe: device.wipe });
      devices.push(newDevice(device));
    }
    return same ? before.devices : devices;
  }

  #compareDevice(node: NodeRecord, device: DeviceRecord, desired: DesiredDevice): DeviceRecord {
    // The agreement to wipe is used up once the device is prepared: whatever is on it since then is ours.
    const wipe = device.size === undefined ? desired.wipe : device.wipe;
    const { state = device.state, reserved = device.reserved } = desired;
    const fields = [
      ...changed('state', device.state, state),
      ...changed('reserved', String(device.reserved), String(reserved)),
      ...changed('tags', describeTags(device.tags), describeTags(desired.tags)),
      ...changed('wipe', String(device.wipe), String(wipe)),
      ...changed('serial', device.serial ?? 'any', desired.serial ?? 'any'),
    ];
    if (fields.length === 0) {
      this.#unchanged.devices += 1;
      return device;
    }
    this.#changes.push({ kind: 'device-changed', cluster: node.cluster, node: node.id, device: device.name, fields });
    const { serial: _before, ...rest } = device;
    return { ...rest, state, reserved, tags: desired.tags, wipe, ...serialOf(desired) };
  }

  #dropDevice(node: NodeRecord, device: DeviceRecord): DeviceRecord | undefined {
    const { cluster, id } = node;
    const bricks = this.#known.bricksOn(id, device.name);
    if (bricks > 0) {
      const reason = `device ${device.name} of node ${id} is not in the topology any more but holds ${bricks} bricks; list it, or move them away first`;
      this.#refusals.push({ cluster, node: id, device: device.name, reason });
      return device;
    }
    this.#changes.push({ kind: 'device-dropped', cluster, node: id, device: device.name });
    return undefined;
  }

  #dropNode({ cluster, id }: NodeRecord): void {
    const bricks = this.#known.bricksOn(id);
    if (bricks > 0) {
      const reason = `node ${id} is not in the topology any more but holds ${bricks} bricks; list it, or move them away first`;
      this.#refusals.push({ cluster, node: id, reason });
      return;
    }
    this.#changes.push({ kind: 'node-dropped', cluster, node: id });
    this.#dropNodes.push(id);
  }

  /** Two nodes under one host would be one server twice: replicas on both would be lost together. */
  #refuseSharedHosts(desired: DesiredTopology): void {
    const dropped = new Set(this.#dropNodes);
    const wanted = new Set(desired.clusters.flatMap(({ nodes }) => nodes.map(({ id }) => id)));
    for (const node of this.#nodes) {
      const others = this.#known.nodes.filter(({ id }) => id !== node.id && !wanted.has(id) && !dropped.has(id));
      for (const other of others) {
        for (const host of new Set([node.manage, node.storage])) {
          if (host === other.manage || host === other.storage) {
            const reason = `host ${host} of node ${node.id} is already a host of node ${other.id} in cluster ${other.cluster}`;
            this.#refusals.push({ cluster: node.cluster, node: node.id, reason });
          }
        }
      }
    }
  }
}

function newDevice(device: DesiredDevice): DeviceRecord {
  const { name, tags, wipe, state = 'online', reserved = bytes(0) } = device;
  return { name, state, tags, reserved, wipe, ...serialOf(device) };
}

function serialOf({ serial }: DesiredDevice): Pick<DeviceRecord, 'serial'> {
  return serial === undefined ? {} : { serial };
}

/** What loading `desired` would change. Clusters that it does not name stay as they are. */
export function diffTopology(known: KnownTopology, desired: DesiredTopology): TopologyPlan {
  return new Comparison(known).plan(desired);
}
