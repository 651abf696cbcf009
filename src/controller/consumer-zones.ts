/** Where the pods of a claim are going to run. It steers where data goes and decides nothing, so not knowing it is no failure. */
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { KubeApi } from '../kube/api.ts';
import { isForbidden, KubeError } from '../kube/errors.ts';
import { LruMap } from '../kube/lru-map.ts';
import { nodes, type PersistentVolumeClaim } from '../kube/resources.ts';
import { alphaSelectedNodeAnnotation, selectedNodeAnnotation } from './annotations.ts';
import { zoneOfNode } from './zone-labels.ts';

export interface ConsumerZonesDependencies {
  readonly api: Pick<KubeApi, 'get'>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Known {
  readonly zone: string | undefined;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** Nodes change their zone next to never; a burst of claims for one node is one GET. */
const keptMs = 60_000;
/** A right that is missing is not asked for with every claim. */
const deniedMs = 300_000;
/** More nodes than get new pods with new claims in a minute. */
const nodesKept = 1000;
/** Milliseconds. A preference is not worth a claim's waiting for longer. */
const patience = 5_000;

/** The node that the scheduler has chosen for the pod of the claim; empty when it has chosen none. */
function selectedNode({ metadata: { annotations } }: Pick<PersistentVolumeClaim, 'metadata'>): string {
  return annotations[selectedNodeAnnotation] ?? annotations[alphaSelectedNodeAnnotation] ?? '';
}

/** In memory only, and never whole: nodes are read one by one when a claim names them, instead of all being watched. */
export class ConsumerZones {
  readonly #deps: ConsumerZonesDependencies;
  readonly #known = new LruMap<string, Known>(nodesKept);
  /** Monotonic milliseconds. */
  #deniedUntil = -Infinity;

  constructor(deps: ConsumerZonesDependencies) {
    this.#deps = deps;
  }

  /** The zone in which the claim's pod will be, if there is a pod and its node says so. Rejects only when `signal` aborts. */
  async of(claim: Pick<PersistentVolumeClaim, 'metadata'>, signal: AbortSignal): Promise<string | undefined> {
    const name = selectedNode(claim);
    const now = this.#deps.clock.monotonic();
    const known = this.#known.get(name);
    if (name === '' || now < this.#deniedUntil) {
      return undefined;
    }
    if (known !== undefined && now < known.until) {
      return known.zone;
    }
    return this.#read(name, signal);
  }

  async #read(name: string, signal: AbortSignal): Promise<string | undefined> {
    const { api, clock, log } = this.#deps;
    try {
      const node = await api.get(nodes, { name }, { signal, timeoutMs: patience });
      const zone = node === undefined ? undefined : zoneOfNode(node);
      this.#known.set(name, { zone, until: clock.monotonic() + keptMs });
      return zone;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof KubeError)) {
        throw error;
      }
      if (isForbidden(error)) {
        this.#deniedUntil = clock.monotonic() + deniedMs;
      }
      log.warn({ node: name, err: error }, 'the zone of a node could not be read; volumes are placed without it');
      return undefined;
    }
  }
}
