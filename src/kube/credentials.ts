import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { messageOf } from '../domain/error-message.ts';
import type { Clock } from '../domain/clock.ts';
import { KubeError } from './errors.ts';
import type { KubeConfigParts, TlsOptions } from './kube-config.ts';
import { PlainKubeConfig } from './plain-kubeconfig.ts';
import { ServiceAccount, serviceAccountFolder } from './service-account.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the API server and the right to use it are written down. */
export type KubeConfigPlace =
  /** A kubeconfig file; `context` instead of its current one. */
  | { readonly kind: 'file'; readonly path: string; readonly context?: string }
  /** The ServiceAccount that the kubelet mounted into this pod; `folder` instead of where that is always done. */
  | { readonly kind: 'in-cluster'; readonly environment: Environment; readonly folder?: string }
  /** As kubectl looks for it: $KUBECONFIG, ~/.kube/config, the ServiceAccount. */
  | {
      readonly kind: 'default';
      readonly environment: Environment;
      readonly context?: string;
      readonly folder?: string;
    };

/** What client-node read, or our own reading of a pod's ServiceAccount or of a plain kubeconfig. */
export type KubeAccess = KubeConfig | ServiceAccount | PlainKubeConfig;

/**
 * Reads the configuration anew. client-node is loaded for kubeconfigs that are not plain, never in a pod. Rejects with what
 * client-node or the file system says (the message names the file), or with KubeError.
 */
export async function readKubeConfig(place: KubeConfigPlace): Promise<KubeAccess> {
  switch (place.kind) {
    case 'file':
      return (await PlainKubeConfig.load(place.path, place.context)) ?? loadWithClient(place.path, place.context);
    case 'in-cluster':
      return readServiceAccount(place);
    case 'default':
      // A context can only stand in a kubeconfig: client-node says that there is none.
      return place.context === undefined && (await isPod(place))
        ? readServiceAccount(place)
        : loadWithClient(undefined, place.context);
  }
}

async function loadWithClient(path: string | undefined, context: string | undefined): Promise<KubeConfig> {
  const { loadKubeConfig } = await import('./kube-config.ts');
  return loadKubeConfig(path, context);
}

/** Reads the files once, so that what is missing is said at the start. */
async function readServiceAccount(
  place: Extract<KubeConfigPlace, { environment: Environment }>,
): Promise<ServiceAccount> {
  const account = new ServiceAccount(place.environment, place.folder);
  await account.read();
  return account;
}

/** No kubeconfig where kubectl would look, and a sign of the kubelet: its variables or its token. */
async function isPod(place: Extract<KubeConfigPlace, { environment: Environment }>): Promise<boolean> {
  const { KUBECONFIG: file = '', HOME: home = '', KUBERNETES_SERVICE_HOST: host = '' } = place.environment;
  if (file !== '' || (home !== '' && (await exists(join(home, '.kube', 'config'))))) {
    return false;
  }
  return host !== '' || exists(join(place.folder ?? serviceAccountFolder, 'token'));
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
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

/**
 * Hands out current credentials and notices when they rotate. For most kubeconfigs client-node reads files, runs exec plugins
 * and speaks OIDC; a ServiceAccount is read here.
 */
export class CredentialSource {
  readonly #read: () => KubeAccess | Promise<KubeAccess>;
  readonly #clock: Clock;
  #access: KubeAccess | undefined;
  #current: { readonly credentials: Credentials; readonly at: number } | undefined;
  #forcedAt = Number.NEGATIVE_INFINITY;
  #pending: Promise<Credentials> | undefined;

  constructor(read: () => KubeAccess | Promise<KubeAccess>, clock: Clock) {
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
    this.#access = undefined;
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
      this.#access ??= await this.#read();
      const credentials = await credentialsOf(this.#access);
      this.#current = { credentials, at: this.#clock.monotonic() };
      return credentials;
    } catch (error) {
      if (error instanceof KubeError) {
        throw error;
      }
      const message = messageOf(error);
      throw new KubeError(`cannot get credentials for the Kubernetes API: ${message}`, {
        kind: 'setup',
        unsent: true,
        cause: error,
      });
    }
  }
}

async function credentialsOf(access: KubeAccess): Promise<Credentials> {
  if (access instanceof ServiceAccount) {
    const { token, ca } = await access.read();
    const headers = { authorization: `Bearer ${token}` };
    return assemble({ server: new URL(access.origin), headers, tls: { ca }, proxy: undefined });
  }
  if (access instanceof PlainKubeConfig) {
    return assemble(await access.read());
  }
  const { partsOf } = await import('./kube-config.ts');
  return assemble(await partsOf(access));
}

function assemble({ server, headers, tls, proxy }: KubeConfigParts): Credentials {
  const connectionId = createHash('sha256')
    .update(JSON.stringify([server.origin, proxy, Object.entries(tls).map(([key, value]) => [key, String(value)])]))
    .digest('hex');
  return { origin: server.origin, prefix: server.pathname.replace(/\/+$/, ''), headers, tls, proxy, connectionId };
}
