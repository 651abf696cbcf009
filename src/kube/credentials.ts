import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../domain/clock.ts';
import { KubeError } from './errors.ts';

/** Where the API server and the right to use it are written down. */
export type KubeConfigPlace =
  /** A kubeconfig file; `context` instead of its current one. */
  | { readonly kind: 'file'; readonly path: string; readonly context?: string }
  /** The ServiceAccount that the kubelet mounted into this pod. */
  | { readonly kind: 'in-cluster' }
  /** As kubectl looks for it: $KUBECONFIG, ~/.kube/config, the ServiceAccount. */
  | { readonly kind: 'default'; readonly context?: string };

/** Reads the configuration anew. Throws what client-node throws; the message names the file. */
export function readKubeConfig(place: KubeConfigPlace): KubeConfig {
  const config = new KubeConfig();
  switch (place.kind) {
    case 'file':
      config.loadFromFile(place.path);
      break;
    case 'in-cluster':
      config.loadFromCluster();
      break;
    case 'default':
      config.loadFromDefault();
      break;
  }
  if (place.kind !== 'in-cluster' && place.context !== undefined) {
    config.setCurrentContext(place.context);
  }
  return config;
}

/** What a TLS connection to the API server is made with. */
interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

export interface Credentials {
  /** `https://host:port` */
  readonly origin: string;
  /** Path in front of every request: empty, or that of a gateway such as Rancher's. */
  readonly prefix: string;
  /** Sent with every request: Authorization, impersonation. Never logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  readonly proxy: string | undefined;
  /** Equal for credentials that can share connections. A hash, so that it may be logged. */
  readonly connectionId: string;
}

/** Credentials are taken from memory for this long; token and certificate files are then read again. */
const maxAgeMs = 10_000;
/** A server that keeps refusing must not start the exec plugin of the user for every single call. */
const minForcedRereadMs = 5_000;

/** Hands out current credentials and notices when they rotate. client-node reads files, runs exec plugins, speaks OIDC. */
export class CredentialSource {
  readonly #read: () => KubeConfig;
  readonly #clock: Clock;
  #config: KubeConfig | undefined;
  #current: { readonly credentials: Credentials; readonly at: number } | undefined;
  #forcedAt = Number.NEGATIVE_INFINITY;
  #pending: Promise<Credentials> | undefined;

  constructor(read: () => KubeConfig, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** Rejects with KubeError of kind `setup` when they cannot be had. */
  async current(): Promise<Credentials> {
    if (this.#current !== undefined && this.#clock.monotonic() - this.#current.at < maxAgeMs) {
      return this.#current.credentials;
    }
    return this.#load();
  }

  /** After a 401 to `stale`: reads everything anew, unless somebody has just done so. */
  async renewed(stale: Credentials): Promise<Credentials> {
    if (this.#current !== undefined && this.#current.credentials !== stale) {
      return this.#current.credentials;
    }
    if (this.#clock.monotonic() - this.#forcedAt < minForcedRereadMs) {
      return stale;
    }
    this.#forcedAt = this.#clock.monotonic();
    this.#config = undefined;
    return this.#load();
  }

  /** One at a time: calls that come together share one reading. */
  #load(): Promise<Credentials> {
    this.#pending ??= this.#loadNow().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #loadNow(): Promise<Credentials> {
    try {
      this.#config ??= this.#read();
      const credentials = await credentialsOf(this.#config);
      this.#current = { credentials, at: this.#clock.monotonic() };
      return credentials;
    } catch (error) {
      if (error instanceof KubeError) {
        throw error;
      }
      const message = error instanceof Error ? error.message : String(error);
      throw new KubeError(`cannot get credentials for the Kubernetes API: ${message}`, {
        kind: 'setup',
        unsent: true,
        cause: error,
      });
    }
  }
}

const loopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new KubeError(`kubeconfig: there is no cluster for context ${JSON.stringify(config.getCurrentContext())}`, {
      kind: 'setup',
      unsent: true,
    });
  }
  const server = new URL(cluster.server);
  const options: RequestOptions = {};
  if (server.protocol === 'http:' && loopback.test(server.hostname)) {
    // client-node refuses plain HTTP unless this is set. There is nothing to verify then, and this host is no network.
    const local = new KubeConfig();
    local.loadFromOptions({
      clusters: [{ ...cluster, skipTLSVerify: true }],
      users: config.getUsers(),
      contexts: config.getContexts(),
      currentContext: config.getCurrentContext(),
    });
    await local.applyToHTTPSOptions(options);
  } else {
    await config.applyToHTTPSOptions(options);
  }
  return assemble(server, options, cluster.proxyUrl);
}

function assemble(server: URL, options: RequestOptions, proxy: string | undefined): Credentials {
  const tls = pickTls(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // Token files end in a newline more often than not; a header must not.
    headers[name.toLowerCase()] = String(value).trim();
  }
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  const connectionId = createHash('sha256')
    .update(JSON.stringify([server.origin, proxy, Object.entries(tls).map(([key, value]) => [key, String(value)])]))
    .digest('hex');
  return { origin: server.origin, prefix: server.pathname.replace(/\/+$/, ''), headers, tls, proxy, connectionId };
}

function pickTls(options: RequestOptions): TlsOptions {
  const { ca, cert, key, rejectUnauthorized, servername } = options;
  return {
    ...(isPem(ca) && { ca }),
    ...(isPem(cert) && { cert }),
    ...(isPem(key) && { key }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    ...(servername !== undefined && { servername }),
  };
}

function isPem(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value);
}
