/** The nodes that are known: by id, by any name they answer to, and as gateways into their cluster. */
import type { ClusterId, NodeId } from '../domain/names.ts';
import type { NodeRecord } from '../domain/topology.ts';

/** FNV-1a, 32 bits: spreads volumes over nodes the same way at every start. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

export class NodeDirectory {
  readonly #nodes = new Map<NodeId, NodeRecord>();

  get(id: NodeId): NodeRecord | undefined {
    return this.#nodes.get(id);
  }

  /** All nodes, or one cluster's, by id. */
  list(cluster?: ClusterId): readonly NodeRecord[] {
    return [...this.#nodes.values()]
      .filter((node) => cluster === undefined || node.cluster === cluster)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  put(node: NodeRecord): void {
    this.#nodes.set(node.id, node);
  }

  remove(id: NodeId): void {
    this.#nodes.delete(id);
  }

  /** The node that somebody calls `name`: its id, or one of its host names (which is what gluster knows). */
  named(name: string): NodeRecord | undefined {
    for (const node of this.#nodes.values()) {
      if (node.id === name || node.manage === name || node.storage === name) {
        return node;
      }
    }
    return undefined;
  }

  /**
   * Nodes of the cluster to send a gluster command through, best first. `seed` (a volume's id) decides which of them is
   * first, so that many volumes use all nodes evenly and one volume uses the same one again. Nodes that are known to be
   * out of order come last: they may serve when no other does.
   */
  gateways(cluster: ClusterId, seed: string): readonly NodeRecord[] {
    const nodes = this.list(cluster);
    const start = nodes.length === 0 ? 0 : hash(seed) % nodes.length;
    const turned = [...nodes.slice(start), ...nodes.slice(0, start)];
    return [...turned.filter(({ state }) => state === 'online'), ...turned.filter(({ state }) => state !== 'online')];
  }
}
