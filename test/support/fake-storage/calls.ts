/** What becomes of the calls of verbs. */
import type { NodeId } from '../../../src/domain/names.ts';
import { failed, unknown, waiting, type Outcome } from '../../../src/domain/outcome.ts';
import type { NodeRef } from '../../../src/domain/topology.ts';
import { bricksUnmarked, type CallContext, type StorageNodes } from '../../../src/engine/ports.ts';
import type { FakeNode } from './parts.ts';
import type { FakeSite } from './site.ts';

/** One call of a verb, before it does anything. */
export interface FakeCall {
  readonly verb: keyof StorageNodes;
  /** The node that the call goes to. */
  readonly node: NodeId;
  /** What it is about: a brick's id, a volume's name, a device or a host. */
  readonly about: string;
}

/**
 * What becomes of a call. `hang`: it is done when somebody calls `settle`, or before the next change of the same brick or
 * volume, whichever comes first (StorageNodes: changes of one thing happen in order). `lost-before`: nothing is done and
 * no answer comes. `lost-after`: it is done and no answer comes. `late`: no answer comes, and it is done as with `hang`.
 * `unmarked`: bricks do not carry the volume's mark.
 * `die-*`: as those, but the caller dies with it and hears nothing more of this call. `dead`: the caller was dead before:
 * nothing is done.
 */
export type Verdict =
  | 'normal'
  | 'fail'
  | 'silent'
  | 'locked'
  | 'unmarked'
  | 'hang'
  | 'lost-before'
  | 'lost-after'
  | 'late'
  | 'die-before'
  | 'die-after'
  | 'die-late'
  | 'dead';

export type Judge = (call: FakeCall) => Verdict;

const reads: ReadonlySet<keyof StorageNodes> = new Set([
  'volumeInfo',
  'listVolumes',
  'listPeers',
  'listBricks',
  'inspectNode',
  'volumeStatus',
  'healSummary',
]);

/** What a node does without its glusterd. */
const nodeVerbs: ReadonlySet<keyof StorageNodes> = new Set([
  'inspectNode',
  'inspectDevice',
  'prepareDevice',
  'ensureBrick',
  'growBrick',
  'destroyBrick',
  'listBricks',
  'restoreBricks',
]);

interface Late {
  readonly about: string;
  readonly land: () => void;
}

/** A promise of its own each time: one for all would remember everybody who ever waited for it. */
const never = (): Promise<never> => new Promise(() => undefined);

/** How calls interleave. */
export interface Pace {
  /** Microtasks that a call takes. */
  readonly hops: () => number;
  /** Asked at each call whether the oldest late call lands now. */
  readonly drift: () => boolean;
}

/** Carries calls out, or lets happen to them what was judged. */
export class FakeCalls {
  readonly #site: FakeSite;
  readonly #pace: Pace;
  readonly #late: Late[] = [];
  /** Every call, as `verb node about`. */
  readonly log: string[] = [];

  constructor(site: FakeSite, pace: Pace) {
    this.#site = site;
    this.#pace = pace;
  }

  async call<T>(
    verdict: Verdict,
    verb: keyof StorageNodes,
    { id }: NodeRef,
    about: string,
    { signal }: CallContext,
    effect: (node: FakeNode) => Outcome<T>,
    half?: (node: FakeNode) => void,
  ): Promise<Outcome<T>> {
    if (verdict === 'dead' || verdict === 'die-before') {
      return never();
    }
    this.log.push(`${verb} ${id} ${about}`);
    for (let hop = this.#pace.hops(); hop > 0; hop -= 1) {
      await Promise.resolve();
    }
    if (this.#late.length > 0 && this.#pace.drift()) {
      this.#late.shift()?.land();
    }
    const node = this.#site.node(id);
    const act = (): Outcome<T> => {
      if (!node.up) {
        return waiting({ what: 'node', name: id }, `${id} is down`);
      }
      if (!node.glusterd && !nodeVerbs.has(verb)) {
        return waiting({ what: 'node', name: id }, `glusterd on ${id} does not answer`);
      }
      if (!reads.has(verb)) {
        this.#land(about);
      }
      return effect(node);
    };
    switch (verdict) {
      case 'normal':
        return act();
      case 'hang':
        return this.#hang(about, signal, act);
      case 'fail':
        if (verb === 'createVolume' || verb === 'addBricks') {
          this.#markFirst(about);
        }
        if (node.up) {
          half?.(node);
        }
        return failed(`${verb} on ${id}: injected failure`);
      case 'unmarked':
        return waiting({ what: 'condition', name: bricksUnmarked }, `${verb} on ${id}: a brick has no mark`);
      case 'silent':
        return waiting({ what: 'node', name: id }, `${id}: injected silence`);
      case 'locked':
        return waiting({ what: 'lock', name: about }, 'Another transaction is in progress');
      case 'lost-before':
        return unknown(`${verb} on ${id}: no answer`);
      case 'lost-after':
        act();
        return unknown(`${verb} on ${id}: no answer`);
      case 'late':
        this.#late.push({ about, land: act });
        return unknown(`${verb} on ${id}: no answer`);
      case 'die-after':
        act();
        return never();
      case 'die-late':
        this.#late.push({ about, land: act });
        return never();
    }
  }

  /** A create that fails leaves its marks on the bricks that it had already looked at. */
  #markFirst(volume: string): void {
    for (const node of this.#site.nodes()) {
      for (const brick of node.bricks.values()) {
        if (volume.endsWith(brick.spec.volume) && this.#site.volumeOn(node, brick.path) === undefined) {
          brick.markedBy = volume;
          return;
        }
      }
    }
  }

  #hang<T>(about: string, signal: AbortSignal, act: () => Outcome<T>): Promise<Outcome<T>> {
    return new Promise((resolve) => {
      const land = (): void => {
        resolve(act());
      };
      this.#late.push({ about, land });
      // The caller goes; what it began stays.
      signal.addEventListener('abort', () => resolve(unknown(`${about}: aborted`)), { once: true });
    });
  }

  /** What late calls about `about` would do, they do now. */
  #land(about: string): void {
    for (const late of this.#late.filter((other) => other.about === about)) {
      this.#late.splice(this.#late.indexOf(late), 1);
      late.land();
    }
  }

  /** Lets every late call land, and every hanging one go on. */
  settle(): void {
    for (const { land } of this.#late.splice(0)) {
      land();
    }
  }
}
