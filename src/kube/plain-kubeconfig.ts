/**
 * Kubeconfigs that need no more than reading: one file, a token or a client certificate. client-node, which knows all the
 * rest (plugins, OIDC, proxies, several files), keeps some 26 MiB in memory for it; who needs none of that gets by without.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { KubeConfigParts } from './kube-config.ts';

const cluster = z.strictObject({
  server: z.url({ protocol: /^https?$/ }),
  'certificate-authority': z.string().optional(),
  'certificate-authority-data': z.base64().optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': z.string().optional(),
});

const user = z.strictObject({
  token: z.string().optional(),
  'client-certificate': z.string().optional(),
  'client-certificate-data': z.base64().optional(),
  'client-key': z.string().optional(),
  'client-key-data': z.base64().optional(),
});

const named = z.looseObject({ name: z.string() });

const file = z.looseObject({
  'current-context': z.string().optional(),
  clusters: z.array(named),
  users: z.array(named),
  contexts: z.array(named.extend({ context: z.looseObject({ cluster: z.string(), user: z.string() }) })),
});

const loopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

export class PlainKubeConfig {
  readonly #cluster: z.output<typeof cluster>;
  readonly #user: z.output<typeof user>;
  readonly #folder: string;

  private constructor(parts: { cluster: z.output<typeof cluster>; user: z.output<typeof user>; folder: string }) {
    this.#cluster = parts.cluster;
    this.#user = parts.user;
    this.#folder = parts.folder;
  }

  /**
   * `undefined` for everything that is not as plain as that, mistakes included: client-node then says what it thinks of it.
   * Rejects when the file cannot be read.
   */
  static async load(path: string, context: string | undefined): Promise<PlainKubeConfig | undefined> {
    const text = await readFile(path, 'utf8');
    const found = file.safeParse(parsed(text));
    if (!found.success) {
      return undefined;
    }
    const { clusters, users, contexts } = found.data;
    const wanted = byName(contexts, context ?? found.data['current-context'])?.context;
    const parts = z.object({ cluster, user }).safeParse({
      cluster: byName(clusters, wanted?.cluster)?.['cluster'],
      user: byName(users, wanted?.user)?.['user'],
    });
    if (!parts.success || saysTwice(parts.data) || !isSafe(new URL(parts.data.cluster.server))) {
      return undefined;
    }
    return new PlainKubeConfig({ ...parts.data, folder: dirname(resolve(path)) });
  }

  /** Reads certificates anew. Rejects, naming the file, when one cannot be read. */
  async read(): Promise<KubeConfigParts> {
    const [c, u] = [this.#cluster, this.#user];
    const [ca, cert, key] = await Promise.all([
      this.#pem(c['certificate-authority-data'], c['certificate-authority']),
      this.#pem(u['client-certificate-data'], u['client-certificate']),
      this.#pem(u['client-key-data'], u['client-key']),
    ]);
    const servername = c['tls-server-name'];
    return {
      server: new URL(c.server),
      headers: u.token === undefined ? {} : { authorization: `Bearer ${u.token}` },
      tls: {
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
        ...(c['insecure-skip-tls-verify'] === true && { rejectUnauthorized: false }),
        ...(servername !== undefined && { servername }),
      },
      proxy: undefined,
    };
  }

  /** A file's name is relative to the kubeconfig. */
  async #pem(data: string | undefined, path: string | undefined): Promise<string | undefined> {
    if (data !== undefined) {
      return Buffer.from(data, 'base64').toString('utf8');
    }
    return path === undefined ? undefined : readFile(resolve(this.#folder, path), 'utf8');
  }
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function byName<T extends { readonly name: string }>(list: readonly T[], name: string | undefined): T | undefined {
  return list.find((each) => each.name === name);
}

/** Data, and a file for the same: kubectl and client-node do not agree which one counts. */
function saysTwice(parts: Readonly<Record<'cluster' | 'user', object>>): boolean {
  const said = new Set([...Object.keys(parts.cluster), ...Object.keys(parts.user)]);
  return [...said].some((field) => said.has(`${field}-data`));
}

/** Credentials go over TLS, or do not leave this host. */
function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || loopback.test(hostname);
}
