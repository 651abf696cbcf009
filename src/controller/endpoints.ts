/**
 * Keeps one Service and one Endpoints object a gluster cluster, in Brickyard's own namespace. Every PersistentVolume of
 * the cluster points to them, so users cannot delete what a mount needs, and a changed node list is changed in one place.
 */
import { isIP } from 'node:net';
import { messageOf } from '../domain/error-message.ts';
import type { Log } from '../domain/log.ts';
import type { ClusterId, HostName } from '../domain/names.ts';
import type { NodeRecord } from '../domain/topology.ts';
import type { VolumeEngine } from '../engine/api.ts';
import type { KubeApi } from '../kube/api.ts';
import { referenceTo, type EventReference } from '../kube/event-body.ts';
import { endpoints, services, type Endpoints } from '../kube/resources.ts';
import {
  addressesOf,
  addressProblem,
  endpointsAreRight,
  endpointsFor,
  isOurObject,
  serviceFor,
  serviceIsRight,
  sortAddresses,
  subsetsOf,
} from './endpoints-objects.ts';
import { eventReason, type Events } from './events.ts';
import { endpointsName } from './pv.ts';

/** Looks up the IP addresses of a DNS name. Rejects when there is no answer, or none with an address. */
export type Resolve = (host: HostName, signal: AbortSignal) => Promise<readonly string[]>;

export interface EndpointsDependencies {
  readonly api: KubeApi;
  readonly engine: Pick<VolumeEngine, 'nodes'>;
  readonly events: Events;
  readonly log: Log;
  /** Where the objects are kept. */
  readonly namespace: string;
  readonly resolve: Resolve;
}

export type EndpointsResult =
  /** Both objects stand and are right. */
  | { readonly kind: 'right' }
  /** Something is missing, and only a person can put it right. */
  | { readonly kind: 'blocked'; readonly reason: string }
  /** As right as it can be now, but some nodes could not be looked up. */
  | { readonly kind: 'partial'; readonly reason: string };

export class EndpointsReconciler {
  readonly #deps: EndpointsDependencies;

  constructor(deps: EndpointsDependencies) {
    this.#deps = deps;
  }

  /** Makes the two objects of `cluster` right, with no write when they are. Rejects with KubeError when the API fails. */
  async reconcile(cluster: ClusterId, signal: AbortSignal): Promise<EndpointsResult> {
    const found = await this.#lookUp(cluster, signal);
    const stranger =
      (await this.#ensureService(cluster, signal)) ?? (await this.#ensureEndpoints(cluster, found, signal));
    if (stranger !== undefined) {
      return this.#shout(cluster, stranger);
    }
    return found.problems.length === 0 ? { kind: 'right' } : { kind: 'partial', reason: found.problems.join('; ') };
  }

  #shout(cluster: ClusterId, stranger: EventReference): EndpointsResult {
    const { events, log, namespace } = this.#deps;
    const reason =
      `${stranger.kind} ${namespace}/${stranger.name} was not made by Brickyard, so it is left alone, but volumes of ` +
      `cluster ${cluster} cannot be mounted without one of ours: delete or rename it`;
    log.error({ cluster, reason }, 'the way to mount volumes of this cluster is blocked');
    events.record({ about: stranger, type: 'Warning', reason: eventReason.nameTaken, message: reason });
    return { kind: 'blocked', reason };
  }

  /** Addresses of every node whose data is not given up. `offline` means no new bricks: what is there is served on. */
  async #lookUp(cluster: ClusterId, signal: AbortSignal): Promise<Found> {
    const nodes = this.#deps.engine.nodes(cluster).filter((node) => node.state !== 'failed');
    const answers = await Promise.all(nodes.map((node) => this.#addressesOf(node, signal)));
    signal.throwIfAborted();
    const problems = answers.flatMap((answer) => answer.problems);
    if (problems.length > 0) {
      this.#deps.log.warn({ cluster, problems }, 'nodes without a usable address');
    }
    return {
      addresses: sortAddresses(answers.flatMap((answer) => answer.addresses)),
      problems,
      complete: answers.every((answer) => answer.complete),
    };
  }

  async #addressesOf(node: NodeRecord, signal: AbortSignal): Promise<Found> {
    const { id, storage } = node;
    try {
      const all = isIP(storage) === 0 ? await this.#deps.resolve(storage, signal) : [storage];
      const wrong = all.filter((address) => addressProblem(address) !== undefined);
      return {
        addresses: all.filter((address) => addressProblem(address) === undefined),
        problems: wrong.map((address) => `node ${id}: ${storage}: ${address} ${addressProblem(address) ?? ''}`),
        complete: true,
      };
    } catch (error) {
      const why = messageOf(error);
      return { addresses: [], problems: [`node ${id}: ${storage} cannot be looked up: ${why}`], complete: false };
    }
  }

  /** Resolves with an object of somebody else's that is in the way. */
  async #ensureService(cluster: ClusterId, signal: AbortSignal): Promise<EventReference | undefined> {
    const { api, namespace, log } = this.#deps;
    const name = { namespace, name: endpointsName(cluster) };
    const service = await api.get(services, name, { signal });
    if (service === undefined) {
      await api.create(services, serviceFor(cluster, namespace), { signal });
      log.info({ cluster, service: name.name }, 'created the Service of a gluster cluster');
    } else if (!isOurObject(service, cluster)) {
      return referenceTo(services, service);
    } else if (!serviceIsRight(service)) {
      await api.patch(services, name, { spec: { selector: null } }, { type: 'merge', signal });
      log.warn({ cluster, service: name.name }, 'took a selector off the Service of a gluster cluster');
    }
    return undefined;
  }

  async #ensureEndpoints(cluster: ClusterId, found: Found, signal: AbortSignal): Promise<EventReference | undefined> {
    const { api, namespace, log } = this.#deps;
    const name = { namespace, name: endpointsName(cluster) };
    const current = await api.get(endpoints, name, { signal });
    const addresses = wanted(found, current);
    if (current === undefined) {
      await api.create(endpoints, endpointsFor(cluster, namespace, addresses), { signal });
      log.info({ cluster, addresses }, 'created the Endpoints of a gluster cluster');
    } else if (!isOurObject(current, cluster)) {
      return referenceTo(endpoints, current);
    } else if (!endpointsAreRight(current, addresses)) {
      const { resourceVersion } = current.metadata;
      const patch = { metadata: { resourceVersion }, subsets: subsetsOf(addresses) };
      await api.patch(endpoints, name, patch, { type: 'merge', signal });
      log.info({ cluster, addresses, before: addressesOf(current) }, 'rewrote the Endpoints of a gluster cluster');
    }
    return undefined;
  }
}

interface Found {
  readonly addresses: readonly string[];
  readonly problems: readonly string[];
  /** Every name could be looked up. */
  readonly complete: boolean;
}

/** A name server that does not answer says nothing about a node: its address of yesterday stays. */
function wanted(found: Found, current: Endpoints | undefined): readonly string[] {
  return found.complete || current === undefined
    ? found.addresses
    : sortAddresses([...found.addresses, ...addressesOf(current)]);
}
