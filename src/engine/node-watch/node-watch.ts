/** Looks at every node again and again, says what it sees, and restores what came back. */
import type { ClusterId, DeviceName, NodeId } from '../../domain/names.ts';
import type { NodeRecord } from '../../domain/topology.ts';
import { standsApart } from '../pool-view.ts';
import { sideBySide } from '../side-by-side.ts';
import type { VolumeWork } from '../volume-work.ts';
import { expectedAddresses } from './addresses.ts';
import type { NodeProblem, NodeWatch, Resolve, WatchedNode, WatchOptions } from './api.ts';
import { describeProblem } from './describe.ts';
import { NodeHistory } from './history.ts';
import { rejectionsNeeded, verdictOn, viewsOn, type Vantage } from './membership.ts';
import { NodeReturn, type RestoreParts } from './restore.ts';
import { beforeDeadline, sightOf, type NodeSight, type SightParts } from './sight.ts';

const defaultWatch: WatchOptions = { interval: 15_000, deadline: 10_000, restoreDeadline: 120_000, parallel: 8 };

/** Of nodes that are with their pool: one more than have to agree on a node, since each of them is looked at, too. */
const vantagePoints = rejectionsNeeded + 1;

export interface NodeWatchParts {
  readonly work: VolumeWork;
  readonly yielding: RestoreParts['yielding'];
  readonly options?: Partial<WatchOptions>;
  /** Absent: only hosts that are addresses are held against what nodes have. */
  readonly resolve?: Resolve;
}

/** One node's memory. */
interface Watched {
  readonly history: NodeHistory;
  readonly return: NodeReturn;
  view: WatchedNode;
}

/**
 * A look changes nothing and takes no place in a lane: it must come through when the lanes are full of work that hangs.
 * What it does by itself is to restore nodes that came back (restore.ts), beside the looks, one volume of a node at a time.
 * All else that it finds it names, for people to decide.
 */
export class EngineNodeWatch implements NodeWatch {
  readonly #parts: NodeWatchParts;
  readonly #options: WatchOptions;
  readonly #stop = new AbortController();
  readonly #nodes = new Map<NodeId, Watched>();
  readonly #said: RestoreParts['said'] = new Map();
  readonly #listeners = new Set<(node: WatchedNode) => void>();
  #looking: Promise<void> | undefined;
  #loop: Promise<void> | undefined;

  constructor(parts: NodeWatchParts) {
    this.#parts = parts;
    this.#options = { ...defaultWatch, ...parts.options };
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort('the node watch stops');
    await this.#loop;
    await this.#looking;
    await Promise.all([...this.#nodes].map(([, node]) => node.return.settled()));
  }

  /** Joins the look that is under way. */
  look(signal: AbortSignal): Promise<void> {
    this.#looking ??= this.#look(AbortSignal.any([signal, this.#stop.signal]))
      .catch((error: unknown) => {
        this.#log.error({ err: error }, 'looking at the nodes threw');
      })
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  nodes(): readonly WatchedNode[] {
    return [...this.#nodes.values()].map(({ view }) => view).toSorted((a, b) => (a.node < b.node ? -1 : 1));
  }

  onChange(listener: (node: WatchedNode) => void): () => void {
    const own = (node: WatchedNode): void => {
      listener(node);
    };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  get #log(): VolumeWork['settings']['log'] {
    return this.#parts.work.settings.log;
  }

  async #run(): Promise<void> {
    const { clock } = this.#parts.work.settings;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const began = clock.monotonic();
      await this.look(signal);
      const rest = Math.max(0, this.#options.interval - (clock.monotonic() - began));
      await clock.sleep(rest, signal).catch(() => undefined);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { nodes, clock } = this.#parts.work.settings;
    const { deadline, parallel } = this.#options;
    const parts: SightParts = { nodes, clock, deadline, signal };
    const known = this.#parts.work.directory.list();
    const sights = new Map<NodeId, NodeSight>();
    const expected = new Map<NodeId, readonly string[] | undefined>();
    await sideBySide(known, parallel, async (node) => {
      if (!signal.aborted) {
        sights.set(node.id, await sightOf(parts, node));
        expected.set(node.id, await expectedAddresses(node, this.#parts.resolve));
      }
    });
    const vantages = new Map<ClusterId, readonly Vantage[]>();
    await sideBySide(new Set(known.map(({ cluster }) => cluster)), parallel, async (cluster) => {
      vantages.set(cluster, await this.#vantagesIn(parts, cluster, sights));
    });
    if (signal.aborted) {
      // What was cut short is no observation.
      return;
    }
    this.#forgetOthers();
    for (const [id, sight] of sights) {
      // It may have gone, or become another, meanwhile.
      const node = this.#parts.work.directory.get(id);
      if (node !== undefined) {
        this.#learn(node, sight, vantages.get(node.cluster) ?? [], expected.get(id));
      }
    }
  }

  /** The pool through nodes that answer. Those about which nothing is amiss are asked first. */
  async #vantagesIn(
    parts: SightParts,
    cluster: ClusterId,
    sights: ReadonlyMap<NodeId, NodeSight>,
  ): Promise<readonly Vantage[]> {
    const isSound = ({ id }: NodeRecord): boolean => this.#nodes.get(id)?.history.isMember ?? true;
    const known = this.#parts.work.directory.list(cluster);
    const vantages: Vantage[] = [];
    for (const node of [...known.filter(isSound), ...known.filter((other) => !isSound(other))]) {
      const sight = sights.get(node.id);
      if (sight?.kind === 'seen' && sight.facts.glusterId !== undefined && !parts.signal.aborted) {
        const peers = await beforeDeadline(parts, (context) => parts.nodes.listPeers(node, context));
        if (peers.kind === 'done') {
          vantages.push({ node, facts: sight.facts, view: peers.value });
        }
        if (vantages.filter(({ view }) => !standsApart(view)).length === vantagePoints) {
          break;
        }
      }
    }
    return vantages;
  }

  #learn(
    node: NodeRecord,
    sight: NodeSight,
    vantages: readonly Vantage[],
    expected: readonly string[] | undefined,
  ): void {
    const { work } = this.#parts;
    const watched = this.#nodes.get(node.id) ?? this.#begin(node);
    if (sight.kind === 'seen') {
      work.health.answered(node.id);
    } else if (sight.silent) {
      work.calls.silent(node);
    }
    const now = new Date(work.settings.clock.now()).toISOString();
    const bricksOn = (device: DeviceName): number =>
      work.ledger.pool(node.cluster).seat(node.id, device)?.bricks.size ?? 0;
    const others = work.directory.list(node.cluster).length - 1;
    const verdict = sight.kind === 'seen' ? verdictOn(node, sight.facts, vantages, others) : 'unheard';
    const surroundings = { views: viewsOn(node, vantages), verdict, expected, bricksOn, now };
    const back = watched.history.look(node, sight, surroundings);
    const devices = back.node
      ? node.devices.filter(({ size }) => size !== undefined).map(({ name }) => name)
      : back.devices;
    if (this.#loop !== undefined && (back.node || devices.length > 0)) {
      watched.return.begin(devices);
    }
    this.#show(watched);
    if (sight.kind === 'seen') {
      void watched.return.carryOn(node, watched.history.isMember).then(() => this.#show(watched));
    }
  }

  #begin(node: NodeRecord): Watched {
    const { work, yielding } = this.#parts;
    const history = new NodeHistory(node);
    const deadline = this.#options.restoreDeadline;
    const watched: Watched = {
      history,
      return: new NodeReturn({ work, yielding, deadline, stop: this.#stop.signal, said: this.#said }),
      view: { node: node.id, cluster: node.cluster, state: 'up', since: '', problems: [], devices: [] },
    };
    this.#nodes.set(node.id, watched);
    return watched;
  }

  /** Tells placement and whoever listens, where something is not as it was. */
  #show(watched: Watched): void {
    const { setback } = watched.return;
    const restoring: NodeProblem | undefined =
      setback === undefined ? undefined : { kind: 'not-restored', reason: setback.reason };
    const before = watched.view;
    const view = watched.history.watched(restoring);
    if (JSON.stringify(view) === JSON.stringify(before) || !this.#nodes.has(view.node)) {
      return;
    }
    watched.view = view;
    this.#parts.work.health.observed(view.node, watched.history.health);
    if (gist(view) !== gist(before)) {
      const facts = { node: view.node, state: view.state, problems: view.problems.map(describeProblem) };
      if (view.state === 'up' && view.problems.length === 0) {
        this.#log.info(facts, 'a node is in order');
      } else {
        this.#log.warn(facts, 'a node is not in order');
      }
    }
    for (const listener of this.#listeners) {
      listener(view);
    }
  }

  #forgetOthers(): void {
    for (const id of this.#said.keys()) {
      if (this.#parts.work.ledger.volume(id) === undefined) {
        this.#said.delete(id);
      }
    }
    for (const id of this.#nodes.keys()) {
      if (this.#parts.work.directory.get(id) === undefined) {
        this.#nodes.delete(id);
        this.#parts.work.health.observed(id, undefined);
      }
    }
  }
}

/** What is worth a line in the log when it changes: reasons vary with every try. */
function gist({ state, problems }: WatchedNode): string {
  return [
    state,
    ...problems.map((problem) => ('device' in problem ? `${problem.kind} ${problem.device}` : problem.kind)),
  ].join();
}
