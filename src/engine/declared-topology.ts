import type { Clock } from '../domain/clock.ts';
import type { DesiredNode, DesiredTopology } from '../domain/desired-topology.ts';
import type { Log } from '../domain/log.ts';
import type { ClusterId, NodeId } from '../domain/names.ts';
import type { Setback } from '../domain/outcome.ts';
import { describeIssues } from '../domain/schema.ts';
import { nodeRecord, type NodeRecord } from '../domain/topology.ts';
import type { VolumeEngine } from './api.ts';
import type { NodeProblem } from './node-watch/api.ts';
import { describeProblem, reasonOf } from './node-watch/describe.ts';
import type { Declarations, Verdict } from './ports.ts';

export interface DeclaredTopologyParts {
  readonly engine: Pick<VolumeEngine, 'nodes' | 'planTopology' | 'applyTopology' | 'nodeWatch'>;
  readonly declarations: Declarations;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds after which what could not be done is tried again. @default 15000 */
  readonly retryMs?: number;
}

/** A node as it is wanted. Without `record`: it is to go. */
interface Wanted {
  readonly id: NodeId;
  readonly cluster: ClusterId;
  readonly record?: NodeRecord;
}

/**
 * Takes over what people declare in the store (`kubectl apply` of a node), through the same comparison and the same steps
 * as a topology file that is loaded. The difference: a declaration is about one node, and says nothing of the others.
 *
 * One pass at a time, over all nodes with news: each cluster's nodes are compared, those that the comparison refuses are
 * left as they are, and the rest is applied. Every node is told what became of it. What did not work out is tried again
 * after a while, or when the node itself has changed (node-watch/); what was refused waits for another wish, or for the bricks in its way to go, and so is tried again too.
 */
export class DeclaredTopology {
  readonly #parts: DeclaredTopologyParts;
  readonly #log: Log;
  readonly #stop = new AbortController();
  /** Nodes to look at in the next pass. */
  readonly #news = new Set<string>();
  /** The last message about each node, so that the log has each once. */
  readonly #told = new Map<string, string>();
  /** Nodes whose author could not be told. */
  readonly #unsaid = new Set<string>();
  #wake = Promise.withResolvers<void>();
  #unfollow: (() => Promise<void>) | undefined;
  #loop: Promise<void> | undefined;

  constructor(parts: DeclaredTopologyParts) {
    this.#parts = parts;
    this.#log = parts.log.child({ part: 'declared topology' });
  }

  /** Looks at all nodes, and from then on at those with news. The engine must be open. */
  start(): void {
    const { declarations, engine } = this.#parts;
    const unfollow = declarations.follow((id) => this.#look(id));
    // Its author is told as well when something about the node itself has changed.
    const unwatch = engine.nodeWatch.onChange(({ node }) => this.#look(node));
    this.#unfollow = async () => {
      unwatch();
      await unfollow();
    };
    for (const { id } of declarations.nodes()) {
      this.#look(id);
    }
    this.#loop ??= this.#run();
  }

  /** Lets the running step finish. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    this.#wake.resolve();
    await this.#unfollow?.();
    await this.#loop;
  }

  #look(id: string): void {
    this.#news.add(id);
    this.#wake.resolve();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { clock, retryMs = 15_000 } = this.#parts;
    while (!signal.aborted) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
      const ids = [...this.#news];
      this.#news.clear();
      this.#unsaid.clear();
      const failed = await this.#pass(ids).catch((error: unknown) => {
        this.#log.error({ err: error }, 'declared nodes could not be taken over; trying again');
        return ids;
      });
      const again = [...failed, ...this.#unsaid];
      if (again.length > 0 && !signal.aborted) {
        // News meanwhile are not held up.
        void clock.sleep(retryMs, signal).then(
          () => again.forEach((id) => this.#look(id)),
          () => undefined,
        );
      }
    }
  }

  /** Returns the nodes that have to be tried again. */
  async #pass(ids: readonly string[]): Promise<string[]> {
    const clusters = new Map<ClusterId, Wanted[]>();
    const again: string[] = [];
    for (const id of ids) {
      const wanted = await this.#read(id);
      if (wanted !== undefined) {
        clusters.set(wanted.cluster, [...(clusters.get(wanted.cluster) ?? []), wanted]);
      }
    }
    for (const [cluster, nodes] of clusters) {
      if (!this.#stop.signal.aborted) {
        again.push(...(await this.#take(cluster, nodes)));
      }
    }
    return again;
  }

  /** What is wanted of a node; `undefined`: nothing that makes sense, which its author is told. */
  async #read(id: string): Promise<Wanted | undefined> {
    const { declarations, engine } = this.#parts;
    const declared = declarations.nodes().find((node) => node.id === id);
    const known = engine.nodes().find((node) => node.id === id);
    if (declared === undefined || declared.leaving) {
      if (known === undefined && declared !== undefined) {
        const message =
          'no legible record says what it holds: once its bricks are gone, take its finalizer off by hand';
        await this.#report(id, { accepted: false, reason: 'Invalid', message });
      }
      return known === undefined ? undefined : { id: known.id, cluster: known.cluster };
    }
    const parsed = nodeRecord.safeParse(declared.body);
    if (!parsed.success) {
      await this.#report(id, { accepted: false, reason: 'Invalid', message: describeIssues(parsed.error) });
      return undefined;
    }
    return { id: parsed.data.id, cluster: parsed.data.cluster, record: parsed.data };
  }

  /** Returns the nodes that have to be tried again. */
  async #take(cluster: ClusterId, nodes: readonly Wanted[]): Promise<string[]> {
    const { engine } = this.#parts;
    const again: string[] = [];
    let open = nodes;
    // Without the refused ones others may be refused, such as the second of two nodes under one host: so until none is.
    for (;;) {
      const { refusals } = engine.planTopology(desired(cluster, open));
      if (refusals.length === 0) {
        break;
      }
      const refused = open.filter(({ id }) => refusals.some(({ node }) => node === id));
      for (const { id } of refused.length === 0 ? open : refused) {
        const reasons = refusals.filter(({ node }) => refused.length === 0 || node === id);
        const message = reasons.map(({ reason }) => reason).join('; ');
        await this.#report(id, { accepted: false, reason: 'Refused', message });
        again.push(id);
      }
      open = refused.length === 0 ? [] : open.filter((node) => !refused.includes(node));
    }
    return open.length === 0 ? again : [...again, ...(await this.#apply(cluster, open))];
  }

  async #apply(cluster: ClusterId, nodes: readonly Wanted[]): Promise<string[]> {
    const { engine } = this.#parts;
    const wish = desired(cluster, nodes);
    const before = engine.planTopology(wish);
    const trouble = new Map<string, Setback>();
    if (before.changes.length > 0 || nodes.some(({ id }) => !this.#isPrepared(id))) {
      const outcome = await engine.applyTopology(wish, {
        signal: this.#stop.signal,
        onProgress: ({ node, outcome }) => {
          if (outcome.kind !== 'done') {
            trouble.set(node, outcome);
          }
        },
      });
      if (this.#stop.signal.aborted) {
        return [];
      }
      this.#log.info(
        { cluster, nodes: nodes.map(({ id }) => id), outcome: outcome.kind },
        'declared nodes were taken over',
      );
      if (outcome.kind !== 'done' && trouble.size === 0) {
        nodes.forEach(({ id }) => trouble.set(id, outcome));
      }
    }
    for (const { id, record } of nodes) {
      const failed = trouble.get(id);
      if (record !== undefined || failed !== undefined) {
        await this.#report(id, failed === undefined ? this.#prepared(id) : verdictOf(failed));
      }
    }
    return nodes.map(({ id }) => id).filter((id) => trouble.has(id));
  }

  #isPrepared(id: string): boolean {
    const known = this.#parts.engine.nodes().find((node) => node.id === id);
    return known !== undefined && known.devices.every(({ size }) => size !== undefined);
  }

  #prepared(id: string): Verdict {
    const devices = this.#parts.engine.nodes().find((node) => node.id === id)?.devices ?? [];
    const message = `${devices.length} device${devices.length === 1 ? '' : 's'} prepared`;
    return this.#amiss(id) ?? { accepted: true, reason: 'Prepared', message };
  }

  /** What is amiss with a node that is as declared. A look that it has missed is not held against it yet. */
  #amiss(id: string): Verdict | undefined {
    const watched = this.#parts.engine.nodeWatch.nodes().find(({ node }) => node === id);
    const problems = watched?.problems.filter(({ kind }) => watched.state === 'down' || !isSilence(kind)) ?? [];
    const [first] = problems;
    return first === undefined
      ? undefined
      : {
          accepted: true,
          amiss: true,
          reason: reasonOf(first),
          message: problems.map(describeProblem).join('; '),
        };
  }

  async #report(id: string, verdict: Verdict): Promise<void> {
    if (!verdict.accepted && this.#told.get(id) !== verdict.message) {
      this.#log.warn({ node: id, reason: verdict.reason, message: verdict.message }, 'a declared node is not ready');
    }
    this.#told.set(id, verdict.message);
    try {
      await this.#parts.declarations.report(id, verdict);
    } catch (error) {
      this.#unsaid.add(id);
      this.#log.warn({ node: id, err: error }, 'what became of a declared node could not be written; trying again');
    }
  }
}

const isSilence = (kind: NodeProblem['kind']): boolean => kind === 'unreachable' || kind === 'glusterd-down';

const reasons: Readonly<Record<Setback['kind'], string>> = {
  rejected: 'Refused',
  waiting: 'Waiting',
  failed: 'Failed',
  unknown: 'Unknown',
};

function verdictOf(outcome: Setback): Verdict {
  return { accepted: false, reason: reasons[outcome.kind], message: outcome.reason };
}

function desired(id: ClusterId, nodes: readonly Wanted[]): DesiredTopology {
  return {
    clusters: [
      {
        id,
        only: nodes.map((node) => node.id),
        nodes: nodes.flatMap(({ record }): DesiredNode[] => (record === undefined ? [] : [record])),
      },
    ],
  };
}
