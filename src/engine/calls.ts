/** The only way from the engine to storage nodes: through lanes, with patience, and remembering who was silent. */
import { messageOf } from '../domain/error-message.ts';
import type { ClusterId } from '../domain/names.ts';
import { unknown, waiting, type Outcome, type Waiting } from '../domain/outcome.ts';
import type { NodeRecord } from '../domain/topology.ts';
import type { Release } from './lane.ts';
import type { Lanes } from './lanes.ts';
import type { NodeDirectory } from './node-directory.ts';
import type { EngineSettings } from './options.ts';
import type { CallContext, EngineStep, StorageNodes } from './ports.ts';
import type { NodeHealth } from './node-health.ts';
import { stopped, type RunSignals } from './volume-runs.ts';

/** On whose account a call is made. */
export interface Account {
  readonly signals: RunSignals;
  /** What lanes share their places out by: the owner's namespace. */
  readonly turn: string;
  /** Decides through which node gluster commands go first: the volume's id. */
  readonly seed: string;
}

type Verb<T> = (nodes: StorageNodes, context: CallContext, node: NodeRecord) => Promise<Outcome<T>>;

/** Gluster commands from within one place in the cluster's lane. */
export interface GlusterSession {
  run<T>(step: EngineStep, verb: Verb<T>): Promise<Outcome<T>>;
}

export interface CallsOptions {
  readonly settings: EngineSettings;
  readonly lanes: Lanes;
  readonly directory: NodeDirectory;
  readonly health: NodeHealth;
}

export class Calls {
  readonly #settings: EngineSettings;
  readonly #lanes: Lanes;
  readonly #directory: NodeDirectory;
  readonly #health: NodeHealth;

  constructor(options: CallsOptions) {
    this.#settings = options.settings;
    this.#lanes = options.lanes;
    this.#directory = options.directory;
    this.#health = options.health;
  }

  /** One verb about a node's own devices and bricks, in the node's lane. */
  async onNode<T>(node: NodeRecord, step: EngineStep, account: Account, verb: Verb<T>): Promise<Outcome<T>> {
    if (!this.#health.mayAsk(node.id)) {
      return silentNode(node);
    }
    const release = await this.#lanes.enterNode(node.id, account.turn, account.signals.stop);
    if (release === undefined) {
      return account.signals.stop.aborted ? stopped(account.signals) : silentNode(node);
    }
    try {
      return await this.#ask(node, step, account, verb, () => undefined);
    } finally {
      release();
    }
  }

  /** A sequence of gluster commands about one volume, in one place of the cluster's lane. */
  async inCluster<T>(
    cluster: ClusterId,
    account: Account,
    sequence: (gluster: GlusterSession) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> {
    const release = await this.#lanes.enterCluster(cluster, account.turn, account.signals.stop);
    if (release === undefined) {
      return stopped(account.signals);
    }
    try {
      return await sequence({ run: (step, verb) => this.#viaAny(cluster, step, account, verb, release) });
    } finally {
      release();
    }
  }

  /** One gluster command through this node and no other, in the cluster's lane. */
  async through<T>(node: NodeRecord, step: EngineStep, account: Account, verb: Verb<T>): Promise<Outcome<T>> {
    const release = await this.#lanes.enterCluster(node.cluster, account.turn, account.signals.stop);
    if (release === undefined) {
      return stopped(account.signals);
    }
    try {
      return await this.#ask(node, step, account, verb, release);
    } finally {
      release();
    }
  }

  /** Through the first node that answers. One that does not has not done anything, so the next may. */
  async #viaAny<T>(
    cluster: ClusterId,
    step: EngineStep,
    account: Account,
    verb: Verb<T>,
    release: Release,
  ): Promise<Outcome<T>> {
    const gateways = this.#directory.gateways(cluster, account.seed);
    const answering = gateways.filter((node) => this.#health.mayRelay(node.id));
    // When none is in order one of them is tried all the same: there is nobody else to learn from.
    const candidates = answering.length > 0 ? answering : gateways.slice(0, 1);
    let outcome: Outcome<T> = waiting({ what: 'condition', name: 'topology' }, `cluster ${cluster} has no nodes`);
    for (const node of candidates) {
      if (account.signals.stop.aborted) {
        return stopped(account.signals);
      }
      outcome = await this.#ask(node, step, account, verb, release);
      if (!(outcome.kind === 'waiting' && this.#isSilence(outcome, node))) {
        return outcome;
      }
    }
    return outcome;
  }

  async #ask<T>(
    node: NodeRecord,
    step: EngineStep,
    account: Account,
    verb: Verb<T>,
    overdue: () => void,
  ): Promise<Outcome<T>> {
    const { clock, nodes, observer, patience } = this.#settings;
    const began = clock.monotonic();
    const answered = new AbortController();
    void clock.sleep(patience.overdue, answered.signal).then(
      () => {
        this.#settings.log.warn({ node: node.id, step, milliseconds: patience.overdue }, 'a node takes too long');
        this.silent(node);
        overdue();
        return undefined;
      },
      () => undefined,
    );
    let outcome: Outcome<T>;
    try {
      outcome = await verb(nodes, { signal: account.signals.abort }, node);
    } catch (error) {
      // The port forbids it, so nothing is known of what was done.
      outcome = unknown(`${step} on ${node.id} threw: ${messageOf(error)}`);
    } finally {
      answered.abort();
    }
    observer.stepFinished(step, outcome.kind, clock.monotonic() - began);
    this.#learn(node, outcome);
    return outcome;
  }

  /**
   * A lost answer proves neither silence nor life: the connection may have broken on a node that is well. If the node is
   * gone the next call says so, or becomes overdue.
   */
  #learn(node: NodeRecord, outcome: Outcome<unknown>): void {
    if (outcome.kind === 'unknown') {
      return;
    }
    if (outcome.kind === 'waiting' && outcome.on.what === 'node') {
      const silent = this.#directory.named(outcome.on.name);
      if (silent !== undefined) {
        this.silent(silent);
      }
      if (silent?.id === node.id) {
        return;
      }
    }
    this.#health.answered(node.id);
  }

  /** The node did not answer just now: whoever waits for it is sent away. */
  silent(node: NodeRecord): void {
    this.#health.silent(node.id);
    this.#lanes.dismissNode(node.id);
  }

  #isSilence(outcome: Waiting, node: NodeRecord): boolean {
    return outcome.on.what === 'node' && this.#directory.named(outcome.on.name)?.id === node.id;
  }
}

function silentNode(node: NodeRecord): Waiting {
  return waiting({ what: 'node', name: node.id }, `node ${node.id} does not answer`);
}
