/** Kubeconfigs: read and interpreted by client-node. Imported when there is one, never for a ServiceAccount. */
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeError } from './errors.ts';

/** What a TLS connection to the API server is made with. */
export interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

/** What client-node makes of a kubeconfig, before it is made of one piece. */
export interface KubeConfigParts {
  readonly server: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsOptions;
  readonly proxy: string | undefined;
}

/** Reads the file, or what kubectl would read. Throws what client-node throws; the message names the file. */
export function loadKubeConfig(path: string | undefined, context: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (path === undefined) {
    config.loadFromDefault();
  } else {
    config.loadFromFile(path);
  }
  if (context !== undefined) {
    config.setCurrentContext(context);
  }
  return config;
}

const loopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** Reads certificate and token files, runs exec plugins. Throws KubeError when the context has no cluster. */
export async function partsOf(config: KubeConfig): Promise<KubeConfigParts> {
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
  return { server, headers: headersOf(options), tls: pickTls(options), proxy: cluster.proxyUrl };
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // Token files end in a newline more often than not; a header must not.
    headers[name.toLowerCase()] = String(value).trim();
  }
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
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
