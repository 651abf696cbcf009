import type { Clock, Random } from '../../../src/domain/clock.ts';
import type { CallOptions, KubeApi } from '../../../src/kube/api.ts';
import { withDeadline } from '../../../src/kube/deadline.ts';
import { errorFromAnswer, KubeError } from '../../../src/kube/errors.ts';
import type { KubeObject, ObjectName, Resource, WriteBody } from '../../../src/kube/resource.ts';
import { leases, type Lease, type LeaseBody } from '../../../src/kube/resources.ts';

/** How the way to the server is just now. Milliseconds for the request to arrive, and for the answer to come back. */
export interface Weather {
  readonly thereMs: number;
  readonly backMs: number;
  /** `request`: never arrives. `answer`: arrives, but nobody hears of it. `busy`: the server answers 500. */
  readonly lost?: 'request' | 'answer' | 'busy';
}

/** The one Lease of a server, as etcd would keep it. */
export class LeaseServer {
  #lease: LeaseBody | undefined;
  #version = 0;
  readonly writes: LeaseBody[] = [];

  read(): Lease | undefined {
    const metadata = { ...this.#lease?.metadata, uid: 'u', resourceVersion: String(this.#version) };
    return this.#lease === undefined ? undefined : leases.parse({ ...this.#lease, metadata });
  }

  write(body: LeaseBody, expected: string | undefined): Lease {
    if (expected === undefined && this.#lease !== undefined) {
      throw errorFromAnswer(409, { kind: 'Status', code: 409, reason: 'AlreadyExists' });
    }
    if (expected !== undefined && this.#lease === undefined) {
      throw errorFromAnswer(404, { kind: 'Status', code: 404, reason: 'NotFound' });
    }
    if (expected !== undefined && expected !== String(this.#version)) {
      throw errorFromAnswer(409, { kind: 'Status', code: 409, reason: 'Conflict' });
    }
    this.#version += 1;
    this.#lease = body;
    this.writes.push(body);
    return leases.parse({ ...body, metadata: { ...body.metadata, uid: 'u', resourceVersion: String(this.#version) } });
  }

  remove(): void {
    this.#lease = undefined;
  }
}

/** Which clock goes on outside of a process, and which one it sees itself. */
export interface Process {
  readonly network: Clock;
  readonly clock: Clock;
  /** Resolves when the process can look at an answer. */
  readonly awake?: () => Promise<void>;
}

/** One process' way to that server. */
export class LeaseApi implements Pick<KubeApi, 'get' | 'create' | 'replace'> {
  readonly #server: LeaseServer;
  readonly #process: Process;
  readonly #weather: () => Weather;
  /** `get`, `create`, `replace`, in the order of their beginnings. */
  readonly calls: string[] = [];

  constructor(server: LeaseServer, process: Process, weather: () => Weather = () => ({ thereMs: 0, backMs: 0 })) {
    this.#server = server;
    this.#process = process;
    this.#weather = weather;
  }

  async get<T extends KubeObject>(
    _resource: Resource<T>,
    _name: ObjectName,
    options?: CallOptions,
  ): Promise<T | undefined> {
    return (await this.#travel('get', options, () => this.#server.read())) as unknown as T | undefined;
  }

  async create<T extends KubeObject, Body extends WriteBody>(
    _resource: Resource<T, Body>,
    body: Body,
    options?: CallOptions,
  ): Promise<T> {
    const lease = body as unknown as LeaseBody;
    return (await this.#travel('create', options, () => this.#server.write(lease, undefined))) as unknown as T;
  }

  async replace<T extends KubeObject, Body extends WriteBody>(
    _resource: Resource<T, Body>,
    _name: ObjectName,
    body: Body,
    options?: CallOptions,
  ): Promise<T> {
    const lease = body as unknown as LeaseBody;
    const expected = lease.metadata.resourceVersion ?? '';
    return (await this.#travel('replace', options, () => this.#server.write(lease, expected))) as unknown as T;
  }

  /** As with a real network, what has been sent arrives even if the sender has stopped waiting for it. */
  async #travel<R>(call: string, options: CallOptions = {}, arrive: () => R): Promise<R> {
    this.calls.push(call);
    const { thereMs, backMs, lost } = this.#weather();
    const { network, clock, awake } = this.#process;
    const journey = async (): Promise<R> => {
      await network.sleep(thereMs);
      if (lost === 'request') {
        return new Promise(() => undefined);
      }
      if (lost === 'busy') {
        throw errorFromAnswer(500, {});
      }
      const answer = arrive();
      await network.sleep(backMs);
      await awake?.();
      return lost === 'answer' ? new Promise(() => undefined) : answer;
    };
    const arrived = journey();
    arrived.catch(() => undefined);
    return withDeadline(clock, options.timeoutMs ?? 30_000, options.signal, (signal) =>
      Promise.race([arrived, rejectedBy(signal)]),
    );
  }
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new KubeError('aborted', { kind: 'aborted' })), { once: true });
  });
}

/** Weather drawn from `random`: mostly fine, sometimes slow or lost. */
export function roughWeather(random: Random, roughness: number): () => Weather {
  return () => {
    const slow = random() < roughness;
    const draw = random();
    const kinds = ['request', 'answer', 'busy'] as const;
    return {
      thereMs: Math.floor(random() * (slow ? 8_000 : 50)),
      backMs: Math.floor(random() * (slow ? 8_000 : 50)),
      ...(draw < roughness && { lost: kinds[Math.floor(random() * 3)] }),
    };
  };
}
