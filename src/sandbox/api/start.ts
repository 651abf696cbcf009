/**
 * Puts the in-process control plane together: store, kinds, HTTP, binder.
 *
 * What it is not: there is no scheduler and no kubelet (pods stay Pending, StatefulSets make none), no garbage collector of
 * dependants, no RBAC (everything is allowed to who has the kubeconfig), no quota, no webhooks, no conversion between versions
 * of a custom resource but of its apiVersion, no CEL rules, no mirroring of Endpoints to EndpointSlices. Protobuf is read
 * where kubectl sends it and never written. Nothing outlives the process.
 */
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { silentLog } from '../../domain/log.ts';
import { Binder } from '../binder/binder.ts';
import { ApiClient } from './client.ts';
import { serveDefinitions } from './custom-resources/serve.ts';
import { Encoder } from './encode.ts';
import { EventExpiry } from './event-expiry.ts';
import { Faults } from './faults/faults.ts';
import { Stats } from './faults/stats.ts';
import { isSameUser } from './http/same-user.ts';
import { KubeHttpServer, secretPrefix } from './http/server.ts';
import { builtInKinds } from './kinds/built-in.ts';
import { KindRegistry } from './kinds/registry.ts';
import { kubeconfig } from './kubeconfig.ts';
import { seed } from './seed.ts';
import { parseServerVersion } from './server-version.ts';
import { Store } from './store/store.ts';
import type { Clock, Random } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { BinderOptions } from '../binder/context.ts';
import type { ApiCore } from './verbs/core.ts';

/** How the sandbox is to behave. Only the clock and the randomness have to be given. */
export type KubeSandboxOptions = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  /** TCP port on 127.0.0.1; 0 (the default) takes a free one. */
  readonly port?: number;
  /** What clients must show; by default a new random one. */
  readonly token?: string;
  /** The Kubernetes version to behave as, such as `v1.25.16`. Default v1.32.0. */
  readonly serverVersion?: string;
  /** Lets connections in that show no token; by default those of the user that runs the sandbox, where that can be told. */
  readonly trusts?: (socket: Socket) => Promise<boolean>;
  readonly binder?: Partial<BinderOptions>;
  /** Changes of each resource kept for watches and pages. */
  readonly historyLimit?: number;
};

/** A control plane that is up. */
export type KubeSandbox = {
  /** Base URL with the secret path in it: whoever has it needs no other credential. */
  readonly url: string;
  /** For an Authorization header, on the URL without the path. */
  readonly token: string;
  /** YAML text for KUBECONFIG. */
  readonly kubeconfig: string;
  /** The API without HTTP: no faults, not counted. */
  readonly api: ApiClient;
  readonly faults: Faults;
  readonly stats: Stats;
  close(): Promise<void>;
};

/** Throws RangeError when `serverVersion` is no version; rejects when the port is taken. */
export async function startKubeSandbox(options: KubeSandboxOptions): Promise<KubeSandbox> {
  const { clock, random, log = silentLog } = options;
  const core = makeCore(options);
  const faults = new Faults(random, () => {
    core.store.compact();
  });
  const stats = new Stats();
  const token = options.token ?? randomBytes(24).toString('base64url');
  const trusts = options.trusts ?? isSameUser;
  const api = new ApiClient(core, 'sandbox');
  seed(api);
  const delays = { releaseDelay: 0, expandRetry: 30_000, ...options.binder };
  const binder = new Binder({ core, clock, random, log, options: delays });
  const expiry = new EventExpiry(core.store, clock);
  const door = { core, encoder: new Encoder(), clock, random, faults, stats, log, token, trusts };
  const { server } = new KubeHttpServer(door);
  const port = await listen(server, options.port ?? 0);
  binder.start();
  expiry.start();
  log.info({ port, version: core.context.version.text }, 'sandbox Kubernetes API is listening');
  const url = `http://127.0.0.1:${port}${secretPrefix(token)}`;
  const close = async (): Promise<void> => {
    binder.stop();
    expiry.stop();
    await closeServer(server);
  };
  return { url, token, kubeconfig: kubeconfig(url, token), api, faults, stats, close };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Cuts what is open: watches would keep it waiting for up to an hour. */
async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** The API's state and rules, without any door to it. */
export function makeCore(
  options: Pick<KubeSandboxOptions, 'clock' | 'random' | 'serverVersion' | 'historyLimit'>,
): ApiCore {
  const store = new Store(options.historyLimit ?? 10_000);
  const { clock, random } = options;
  const core: ApiCore = {
    store,
    kinds: new KindRegistry(builtInKinds),
    uid: () => randomUid(random),
    context: {
      version: parseServerVersion(options.serverVersion ?? 'v1.32.0'),
      random,
      now: () => clock.now(),
      find: (resource, key) => store.collection(resource).get(key),
      list: (resource) => store.collection(resource).list(),
    },
  };
  serveDefinitions(core);
  return core;
}

function randomUid(random: Random): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(random() * 16));
  digits[12] = 4;
  digits[16] = 8 + ((digits[16] ?? 0) & 3);
  const hex = digits.map((digit) => digit.toString(16)).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
