import type { DesiredTopology } from '../domain/desired-topology.ts';
import type { ClusterId, DeviceName, NodeId } from '../domain/names.ts';
import { done, joinOutcomes, rejected, unknown, type Outcome } from '../domain/outcome.ts';
import type { PlacementPool } from '../domain/placement/pool.ts';
import { diffTopology } from '../domain/topology-diff.ts';
import type { TopologyPlan } from '../domain/topology-plan.ts';
import type { ClusterRecord, NodeRecord } from '../domain/topology.ts';
import type { ApplyTopologyOptions, ClusterDeviceUsage, TopologyProgress } from './api.ts';
import { leavePool } from './peers.ts';
import type { DocumentKind } from './ports.ts';
import { prepareNodes } from './prepare-nodes.ts';
import { stopped, type RunSignals } from './volume-runs.ts';
import type { VolumeWork } from './volume-work.ts';

type NodeChange = (node: NodeRecord) => NodeRecord | undefined;

/**
 * Clusters and nodes: their records, and making them so. Records first, then peers, then devices. A device takes bricks
 * from the moment that its size is recorded, which is after its node is a peer and after it was prepared, so that a
 * topology which is half applied is only smaller than it is meant to be. One change at a time.
 */
export class Topology {
  readonly #work: VolumeWork;
  readonly #clusters = new Map<ClusterId, ClusterRecord>();
  readonly #listeners = new Set<() => void>();
  /** The end of the queue of changes. Never rejects. */
  #tail: Promise<unknown> = Promise.resolve();
  readonly #stop = new AbortController();

  constructor(work: VolumeWork) {
    this.#work = work;
  }

  load(clusters: readonly ClusterRecord[], nodes: readonly NodeRecord[]): void {
    for (const cluster of clusters) {
      this.#keepCluster(cluster);
    }
    for (const node of nodes) {
      this.#keepNode(node);
    }
  }

  /** Also clusters whose own document is not legible: their nodes say that they exist. */
  clusters(): readonly ClusterRecord[] {
    const ids = new Set([...this.#clusters.keys(), ...this.#work.directory.list().map(({ cluster }) => cluster)]);
    return [...ids].sort().map((id) => this.#clusters.get(id) ?? { id });
  }

  onChange(listener: () => void): () => void {
    // A function of its own, so that one listener given twice is told twice and taken away once.
    const own = (): void => {
      listener();
    };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  usage(): readonly ClusterDeviceUsage[] {
    return [...this.#work.ledger.pools()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([cluster, pool]) => pool.devices().map((device) => Object.assign({ cluster }, device)));
  }

  plan(desired: DesiredTopology): TopologyPlan {
    return diffTopology(
      {
        clusters: this.clusters(),
        nodes: this.#work.directory.list(),
        bricksOn: (node, device) => this.#bricksOn(node, device),
      },
      desired,
    );
  }

  /** As VolumeEngine.applyTopology. */
  apply(desired: DesiredTopology, options: ApplyTopologyOptions): Promise<Outcome<TopologyPlan>> {
    const applied = this.#tail.then(() => this.#apply(desired, options));
    this.#tail = applied.catch(() => undefined);
    return applied;
  }

  /**
   * Replaces a node's record by what `change` makes of it, after the changes before have ended. Nothing is written when
   * `change` gives nothing; it is not called when there is no such node. `closes`: placement keeps to the new record
   * already while it is written.
   */
  changeNode(id: NodeId, closes: boolean, change: NodeChange): Promise<Outcome<void>> {
    const changed = this.#tail.then(() => this.#changeNode(id, closes, change));
    this.#tail = changed.catch(() => undefined);
    return changed;
  }

  /** Lets the running step finish and begins no other. */
  async close(reason: string): Promise<void> {
    this.#stop.abort(reason);
    await this.#tail;
  }

  async #apply(desired: DesiredTopology, { signal, onProgress }: ApplyTopologyOptions): Promise<Outcome<TopologyPlan>> {
    const signals: RunSignals = { stop: AbortSignal.any([this.#stop.signal, signal]), abort: signal };
    if (signals.stop.aborted) {
      return stopped(signals);
    }
    // Planned here, after those who came before have finished.
    const plan = this.plan(desired);
    if (plan.refusals.length > 0) {
      return rejected(plan.refusals.map(({ reason }) => reason).join('; '));
    }
    const tell = (progress: TopologyProgress): void => onProgress?.(progress);
    const written = await this.#record(plan, tell);
    if (written.kind !== 'done') {
      return written;
    }
    const left: Outcome<void>[] = [];
    // One after another, as each may be the way by which the next one leaves.
    for (const id of plan.records.dropNodes) {
      left.push(await this.#leave(id, signals, tell));
    }
    const prepared = await Promise.all(
      plan.clusters.map((cluster) =>
        prepareNodes(this.#work, cluster, { signals, tell, keep: (node) => this.#writeNode(node) }),
      ),
    );
    const joined = joinOutcomes([...left, ...prepared]);
    return joined.kind === 'done' ? done(plan) : joined;
  }

  async #changeNode(id: NodeId, closes: boolean, change: NodeChange): Promise<Outcome<void>> {
    if (this.#stop.signal.aborted) {
      return stopped({ stop: this.#stop.signal, abort: this.#stop.signal });
    }
    const node = this.#work.directory.get(id);
    const wanted = node === undefined ? undefined : change(node);
    if (wanted === undefined) {
      return done();
    }
    if (closes) {
      this.#poolOf(id)?.upsertNode(wanted);
    }
    return this.#writeNode(wanted);
  }

  /** Clusters before their nodes, so that a crash in between leaves no node without one. */
  async #record({ records }: TopologyPlan, tell: (progress: TopologyProgress) => void): Promise<Outcome<unknown>> {
    // Before anything is awaited: from now on nothing is placed on what is to go.
    for (const node of records.nodes) {
      this.#work.ledger.pool(node.cluster).upsertNode(node);
    }
    for (const id of records.dropNodes) {
      this.#poolOf(id)?.removeNode(id);
    }
    const clusters = await Promise.all(
      records.clusters.map(async (cluster) => {
        const outcome = await this.#put('cluster', cluster);
        if (outcome.kind === 'done') {
          this.#keepCluster(cluster);
        }
        return outcome;
      }),
    );
    const ready = joinOutcomes(clusters);
    if (ready.kind !== 'done') {
      for (const { id } of records.nodes) {
        this.#restore(id);
      }
      for (const id of records.dropNodes) {
        this.#restore(id);
      }
      return ready;
    }
    const written = records.nodes.map(async (node) => {
      const outcome = await this.#writeNode(node);
      tell({ step: 'record', cluster: node.cluster, node: node.id, outcome });
      return outcome;
    });
    const joined = joinOutcomes(await Promise.all(written));
    if (joined.kind !== 'done') {
      records.dropNodes.forEach((id) => this.#restore(id));
    }
    return joined;
  }

  /**
   * Gluster first: a node that it still has and nobody knows of would stop deletes for ever when it dies. A crash in
   * between leaves a record of a node that is in no pool, which another call ends.
   */
  async #leave(id: NodeId, signals: RunSignals, tell: (progress: TopologyProgress) => void): Promise<Outcome<void>> {
    const node = this.#work.directory.get(id);
    if (node === undefined) {
      return done();
    }
    const account = { signals, turn: '', seed: id };
    const left = await leavePool(this.#work, this.#work.directory.list(node.cluster), node, account);
    if (left.kind !== 'done') {
      this.#restore(id);
    }
    const outcome = left.kind === 'done' ? await this.#dropNode(id) : left;
    tell({ step: 'leave', cluster: node.cluster, node: id, outcome });
    return outcome;
  }

  async #writeNode(node: NodeRecord): Promise<Outcome<void>> {
    const outcome = await this.#put('node', node);
    if (outcome.kind === 'done') {
      this.#keepNode(node);
    } else {
      this.#restore(node.id);
    }
    return outcome;
  }

  async #dropNode(id: NodeId): Promise<Outcome<void>> {
    try {
      await this.#work.settings.store.remove('node', id);
    } catch (error) {
      this.#restore(id);
      return unknown(`the record of node ${id} may or may not be removed: ${String(error)}`);
    }
    this.#work.directory.remove(id);
    this.#tell();
    return done();
  }

  #poolOf(id: NodeId): PlacementPool | undefined {
    const node = this.#work.directory.get(id);
    return node === undefined ? undefined : this.#work.ledger.pool(node.cluster);
  }

  /** Lets placement see the node as it was, after a write that failed. */
  #restore(id: NodeId): void {
    const node = this.#work.directory.get(id);
    if (node !== undefined) {
      this.#poolOf(id)?.upsertNode(node);
    }
  }

  /** A record whose write failed is written again by the next apply: what is in memory still differs from the wish. */
  async #put(kind: DocumentKind, body: { readonly id: string }): Promise<Outcome<void>> {
    try {
      await this.#work.settings.store.put({ kind, id: body.id, body });
      return done();
    } catch (error) {
      return unknown(`the record of ${kind} ${body.id} may or may not be written: ${String(error)}`);
    }
  }

  #keepCluster(cluster: ClusterRecord): void {
    this.#clusters.set(cluster.id, cluster);
    this.#work.ledger.pool(cluster.id);
    this.#tell();
  }

  #keepNode(node: NodeRecord): void {
    this.#work.directory.put(node);
    this.#work.ledger.place(node.id, node.cluster);
    this.#work.ledger.pool(node.cluster).upsertNode(node);
    this.#tell();
  }

  /** Also bricks of volumes that are just being recorded, and of documents that are only legible in part. */
  #bricksOn(node: NodeId, device?: DeviceName): number {
    const here = (this.#poolOf(node)?.devices() ?? []).filter(
      (usage) => usage.node === node && (device === undefined || usage.device === device),
    );
    return here.reduce((sum, { bricks }) => sum + bricks, 0);
  }

  #tell(): void {
    for (const listener of this.#listeners) {
      listener();
    }
  }
}
