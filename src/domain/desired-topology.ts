/** A topology as somebody wants it, whatever file or object it was written in. What is missing is decided by the diff. */
import type { ClusterId, DeviceName, HostName, NodeId } from './names.ts';
import type { Bytes } from './quantity.ts';
import type { PlacementState, Tags } from './topology.ts';

export interface DesiredDevice {
  readonly name: DeviceName;
  readonly tags: Tags;
  /** The administrator agrees that whatever is on the device may be destroyed. */
  readonly wipe: boolean;
  /** The serial number that it must have to be prepared. Absent: any. */
  readonly serial?: string | undefined;
  /** Absent: as it is; `online` when the device is new. */
  readonly state?: PlacementState;
  /** Bytes that placement leaves alone. Absent: as it is; none when the device is new. */
  readonly reserved?: Bytes;
}

export interface DesiredNode {
  readonly id: NodeId;
  readonly zone: string;
  readonly manage: HostName;
  readonly storage: HostName;
  readonly tags: Tags;
  readonly devices: readonly DesiredDevice[];
  /** Absent: as it is; `online` when the node is new. */
  readonly state?: PlacementState;
}

/** Nodes of one cluster: a node or device that is known but not in here is meant to go. */
export interface DesiredCluster {
  /** Absent: found by its nodes, see resolveClusters in topology-diff.ts. */
  readonly id?: ClusterId;
  readonly nodes: readonly DesiredNode[];
  /** Nodes that this is about; others stay as they are. Absent: all. */
  readonly only?: readonly NodeId[];
}

/** Clusters that are known but not in here stay as they are. */
export interface DesiredTopology {
  readonly clusters: readonly DesiredCluster[];
}
