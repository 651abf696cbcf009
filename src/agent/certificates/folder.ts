/**
 * A folder of certificates, as `brickyard certs` keeps it:
 *
 *     ca/tls.crt, tls.key                         the authority. Its key belongs on no node.
 *     controller/tls.crt, tls.key, ca.crt         what nodes.agent.certDir names
 *     nodes/NODE/tls.crt, tls.key, ca.crt         what the agent of NODE needs
 */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../domain/clock.ts';
import { messageOf } from '../../domain/error-message.ts';
import { NameError, nodeId, type NodeId } from '../../domain/names.ts';
import { credentialFiles, CredentialsError } from '../credentials.ts';
import { agentIdentity, controllerIdentity, describeIdentity } from '../identity.ts';
import { createAuthority, daysLeft, issueCertificate, type KeyPair, type Purpose } from './issue.ts';

/** Somebody that a certificate is for. */
export interface Holder {
  /** Below the folder: `controller`, `nodes/node-a`. */
  readonly path: string;
  readonly identity: string;
  readonly purpose: Purpose;
  readonly node?: NodeId;
}

/** A certificate that lies in the folder. */
export interface StandingCertificate {
  readonly path: string;
  /** Its DNS names as OpenSSL prints them; that of an authority has none. */
  readonly identity: string;
  readonly validTo: Date;
  readonly daysLeft: number;
}

export const controllerHolder: Holder = {
  path: 'controller',
  identity: controllerIdentity,
  purpose: 'client',
};

export const nodeHolder = (node: NodeId): Holder => ({
  path: join('nodes', node),
  identity: agentIdentity(node),
  purpose: 'server',
  node,
});

const authorityPath = 'ca';

export class CertificateFolder {
  readonly #directory: string;
  readonly #clock: Clock;

  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /** The authority, made if there is none. Throws CredentialsError when there is half of one. */
  async ensureAuthority(days: number): Promise<{ readonly authority: KeyPair; readonly made: boolean }> {
    if (await this.#stands(authorityPath)) {
      return { authority: await this.#read(authorityPath), made: false };
    }
    const authority = await createAuthority(this.#clock, days);
    await this.#write(authorityPath, authority, undefined, 'wx');
    return { authority, made: true };
  }

  /** Throws CredentialsError when the folder has none. */
  async authority(): Promise<KeyPair> {
    return this.#read(authorityPath);
  }

  /** Whether anything lies in the holder's folder already. */
  async has({ path }: Holder): Promise<boolean> {
    return this.#stands(path);
  }

  /** Makes a certificate where there is none. Throws CredentialsError when a file of it is there already. */
  async create(holder: Holder, authority: KeyPair, days: number): Promise<void> {
    const pair = await issueCertificate(authority, { ...holder, days }, this.#clock);
    await this.#write(holder.path, pair, authority.cert, 'wx');
  }

  /**
   * Makes a new certificate in the place of the one that is there. Who reads it meanwhile sees the old one or the new one.
   * `believed`: the authorities that the holder is to believe in, PEM.
   */
  async renew(holder: Holder, authority: KeyPair, days: number, believed = authority.cert): Promise<void> {
    const pair = await issueCertificate(authority, { ...holder, days }, this.#clock);
    await this.#write(holder.path, pair, believed, 'w');
  }

  /** Everybody who has a certificate here, the controller first, nodes by name. */
  async holders(): Promise<readonly Holder[]> {
    const nodes = await this.#nodes();
    const controller = (await this.#stands(controllerHolder.path)) ? [controllerHolder] : [];
    return [...controller, ...nodes.map((node) => nodeHolder(node))];
  }

  async daysLeft({ path }: Holder): Promise<number> {
    return daysLeft((await this.#read(path)).cert, this.#clock);
  }

  /** Certificate, key and the authority's certificate of a holder, all PEM. */
  async credentials(holder: Holder): Promise<KeyPair & { readonly ca: string }> {
    const ca = await this.#text(join(holder.path, credentialFiles.authority));
    return { ...(await this.#read(holder.path)), ca };
  }

  /** All that lies here, the authority first. Throws CredentialsError when a certificate cannot be read. */
  async list(): Promise<readonly StandingCertificate[]> {
    const holders = await this.holders();
    return Promise.all([authorityPath, ...holders.map(({ path }) => path)].map((path) => this.#standing(path)));
  }

  async #standing(path: string): Promise<StandingCertificate> {
    const { cert } = await this.#read(path);
    const certificate = new X509Certificate(cert);
    return {
      path,
      identity: certificate.ca ? 'authority' : describeIdentity(certificate),
      validTo: new Date(certificate.validTo),
      daysLeft: daysLeft(cert, this.#clock),
    };
  }

  async #nodes(): Promise<readonly NodeId[]> {
    const names = await readdir(join(this.#directory, 'nodes')).catch(() => []);
    return names
      .toSorted((a, b) => (a < b ? -1 : 1))
      .flatMap((name) => {
        try {
          return [nodeId(name)];
        } catch (error) {
          if (error instanceof NameError) {
            return [];
          }
          throw error;
        }
      });
  }

  async #stands(path: string): Promise<boolean> {
    const files = await readdir(join(this.#directory, path)).catch(() => []);
    return files.length > 0;
  }

  async #read(path: string): Promise<KeyPair> {
    const cert = await this.#text(join(path, credentialFiles.certificate));
    const key = await this.#text(join(path, credentialFiles.key));
    try {
      // Reading it is the check.
      void new X509Certificate(cert);
      return { cert, key };
    } catch (error) {
      const file = join(this.#directory, path, credentialFiles.certificate);
      throw new CredentialsError(`${file}: expected a certificate in PEM, got ${messageOf(error)}`, { cause: error });
    }
  }

  async #text(path: string): Promise<string> {
    const file = join(this.#directory, path);
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      throw new CredentialsError(`${file}: expected a readable file, got ${messageOf(error)}`, { cause: error });
    }
  }

  /** The key first: a certificate without its key would be the worse half. */
  async #write(path: string, { cert, key }: KeyPair, ca: string | undefined, flag: 'w' | 'wx'): Promise<void> {
    const folder = join(this.#directory, path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const files: readonly (readonly [string, string, number])[] = [
      [credentialFiles.key, key, 0o600],
      [credentialFiles.certificate, cert, 0o644],
      ...(ca === undefined ? [] : [[credentialFiles.authority, ca, 0o644] as const]),
    ];
    for (const [name, text, mode] of files) {
      await put(join(folder, name), text, mode, flag);
    }
  }
}

async function put(file: string, text: string, mode: number, flag: 'w' | 'wx'): Promise<void> {
  try {
    if (flag === 'wx') {
      await writeFile(file, text, { mode, flag });
      return;
    }
    await writeFile(`${file}.new`, text, { mode, flag: 'w' });
    await rename(`${file}.new`, file);
  } catch (error) {
    throw new CredentialsError(`${file}: expected to write it anew, got ${messageOf(error)}`, { cause: error });
  }
}
