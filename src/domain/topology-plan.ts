/** What loading a topology would change, as data: to be shown first, and applied only when nothing in it is refused. */
import type { ClusterId, DeviceName, NodeId } from './names.ts';
import type { ClusterRecord, NodeRecord } from './topology.ts';

/** One field that differs, in words: `zone`, `2`, `3`. */
export interface FieldChange {
  readonly field: string;
  readonly from: string;
  readonly to: string;
}

export type TopologyChange =
  | { readonly kind: 'cluster-added'; readonly cluster: ClusterId }
  | { readonly kind: 'node-added'; readonly cluster: ClusterId; readonly node: NodeId }
  | {
      readonly kind: 'node-changed';
      readonly cluster: ClusterId;
      readonly node: NodeId;
      readonly fields: readonly FieldChange[];
    }
  /** Not in the topology any more, and empty. */
  | { readonly kind: 'node-dropped'; readonly cluster: ClusterId; readonly node: NodeId }
  | {
      readonly kind: 'device-added';
      readonly cluster: ClusterId;
      readonly node: NodeId;
      readonly device: DeviceName;
      readonly wipe: boolean;
    }
  | {
      readonly kind: 'device-changed';
      readonly cluster: ClusterId;
      readonly node: NodeId;
      readonly device: DeviceName;
      readonly fields: readonly FieldChange[];
    }
  /** Not in the topology any more, and empty. */
  | {
      readonly kind: 'device-dropped';
      readonly cluster: ClusterId;
      readonly node: NodeId;
      readonly device: DeviceName;
    };

/** Something that the desired topology says and that must not be done. One of them stops the whole topology. */
export interface TopologyRefusal {
  readonly cluster: ClusterId;
  readonly node: NodeId;
  readonly device?: DeviceName;
  /** A sentence for people: what is in the way, and what would help. */
  readonly reason: string;
}

export interface TopologyPlan {
  /** Clusters that the desired topology is about, in its order. */
  readonly clusters: readonly ClusterId[];
  readonly changes: readonly TopologyChange[];
  readonly refusals: readonly TopologyRefusal[];
  /** Nodes and devices that are as wanted already. */
  readonly unchanged: { readonly nodes: number; readonly devices: number };
  /** Records to write so that it becomes so. Devices keep what is known of them. */
  readonly records: {
    readonly clusters: readonly ClusterRecord[];
    readonly nodes: readonly NodeRecord[];
    readonly dropNodes: readonly NodeId[];
  };
}
