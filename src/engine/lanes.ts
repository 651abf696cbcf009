/**
 * Who may work at the same time. Three kinds of lane, all of them queues and none of them a refusal:
 *
 * - **volume** (volume-runs.ts): one piece of work at a time. glusterd locks per volume and turns a second change away.
 * - **cluster** (here, default 8): that many volumes have gluster commands under way. glusterd serialises part of every
 *   change, so more of them only wait inside it, where nobody sees the queue. A volume keeps its place from create to
 *   start, so that a burst finishes volumes one by one instead of beginning them all.
 * - **node** (here, default 2): that many bricks are made or destroyed on a node. LVM and mkfs are heavy.
 *
 * Invariants, and why they cannot lock up:
 *
 * 1. Work takes its volume first, then a place in one cluster's or one node's lane. It holds at most one such place at a
 *    time, and never waits for a volume while it holds one. So every holder of a place runs a command and waits for
 *    nobody, the places come free in any order, and there is no cycle. Topology work takes its own mutex where others
 *    take a volume, and is otherwise alike.
 * 2. Every wait in a queue ends when the work is told to stop.
 * 3. A stuck node fills its own lane only, and only volumes with bricks there stand in that queue. When it is found
 *    silent they are all sent away to report it, instead of each finding out for itself.
 * 4. A gluster command that hangs holds its place in the cluster's lane until it is overdue, then gives it back while it
 *    goes on. The node that it was sent through counts as silent from then, so the next ones go through others.
 * 5. Within a lane, namespaces take turns (lane.ts).
 */
import type { ClusterId, NodeId } from '../domain/names.ts';
import { Lane, type Release } from './lane.ts';
import type { LaneLimits } from './options.ts';
import type { EngineObserver } from './ports.ts';

export class Lanes {
  readonly #limits: LaneLimits;
  readonly #observer: EngineObserver;
  readonly #clusters = new Map<ClusterId, Lane>();
  readonly #nodes = new Map<NodeId, Lane>();

  constructor(limits: LaneLimits, observer: EngineObserver) {
    this.#limits = limits;
    this.#observer = observer;
  }

  /** Waits for a place. `turn` is what places are shared out by. `undefined` when `stop` fired before there was one. */
  enterCluster(id: ClusterId, turn: string, stop: AbortSignal): Promise<Release | undefined> {
    return this.#lane(this.#clusters, id, 'cluster').enter(turn, stop);
  }

  /** As enterCluster; also `undefined` when the node was found silent in the meantime. */
  enterNode(id: NodeId, turn: string, stop: AbortSignal): Promise<Release | undefined> {
    return this.#lane(this.#nodes, id, 'node').enter(turn, stop);
  }

  /** Sends away everybody who waits for a node. */
  dismissNode(id: NodeId): void {
    this.#nodes.get(id)?.dismiss();
  }

  #lane<K extends string>(lanes: Map<K, Lane>, name: K, kind: 'cluster' | 'node'): Lane {
    let lane = lanes.get(name);
    if (lane === undefined) {
      lane = new Lane(this.#limits[kind], (running, waiting) => {
        this.#observer.laneChanged(kind, name, running, waiting);
      });
      lanes.set(name, lane);
    }
    return lane;
  }
}
