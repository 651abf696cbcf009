/**
 * Certificate, key and authority from a folder of the layout that Kubernetes Secrets of type kubernetes.io/tls have, read
 * again as they change. A mounted Secret changes by swapping a link under all its files, so a look in that very moment may
 * see a certificate and another one's key: such a pair is not taken, and the next look sees the new one whole.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { messageOf } from '../domain/error-message.ts';
import type { Log } from '../domain/log.ts';

export const credentialFiles = { certificate: 'tls.crt', key: 'tls.key', authority: 'ca.crt' } as const;

/** What both ends of a connection are made with. */
export interface Credentials {
  /** PEM: our certificate, then those that lead to the authority, if any. */
  readonly cert: string;
  /** PEM. Never logged. */
  readonly key: string;
  /** PEM: certificates of those whose word counts. */
  readonly ca: string;
  readonly certificate: X509Certificate;
}

/** The folder does not hold what it should. `message` names the file, what was expected and what is there. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
}

/** Reads and checks them. Throws CredentialsError. */
export async function readCredentials(directory: string): Promise<Credentials> {
  // One after the other: when several are missing, the same one is named each time.
  const cert = await readText(join(directory, credentialFiles.certificate));
  const key = await readText(join(directory, credentialFiles.key));
  const ca = await readText(join(directory, credentialFiles.authority));
  const certificate = parsed(join(directory, credentialFiles.certificate), 'a certificate in PEM', () => {
    return new X509Certificate(cert);
  });
  parsed(join(directory, credentialFiles.authority), 'certificates in PEM', () => new X509Certificate(ca));
  const keyFile = join(directory, credentialFiles.key);
  const privateKey = parsed(keyFile, 'a private key in PEM, without a passphrase', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CredentialsError(`${keyFile}: expected the key of ${credentialFiles.certificate}, got another one`);
  }
  return { cert, key, ca, certificate };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CredentialsError(`${file}: expected a readable file, got ${messageOf(error)}`, { cause: error });
  }
}

function parsed<T>(file: string, expected: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new CredentialsError(`${file}: expected ${expected}, got ${messageOf(error)}`, { cause: error });
  }
}

export interface CredentialSourceOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds between two looks into the folder. */
  readonly lookEveryMs?: number;
}

/** The newest credentials that were whole. */
export class CredentialSource {
  readonly #options: Required<CredentialSourceOptions>;
  #current: Credentials | undefined;
  #looked = Number.NEGATIVE_INFINITY;
  #look: Promise<Credentials> | undefined;

  constructor(options: CredentialSourceOptions) {
    this.#options = { lookEveryMs: 10_000, ...options };
  }

  /** The same object for as long as the files say the same. Throws CredentialsError when there never were any. */
  async current(): Promise<Credentials> {
    const { clock, lookEveryMs } = this.#options;
    if (this.#current !== undefined && clock.monotonic() - this.#looked < lookEveryMs) {
      return this.#current;
    }
    return this.look();
  }

  /** Looks now. For when the other end would not have the ones at hand. */
  async look(): Promise<Credentials> {
    this.#look ??= this.#read().finally(() => {
      this.#look = undefined;
    });
    return this.#look;
  }

  async #read(): Promise<Credentials> {
    const { directory, clock, log } = this.#options;
    const before = this.#current;
    this.#looked = clock.monotonic();
    try {
      const found = await readCredentials(directory);
      if (before !== undefined && sameFiles(before, found)) {
        return before;
      }
      if (before !== undefined) {
        log.info({ directory, validTo: found.certificate.validTo }, 'certificates were rotated');
      }
      this.#current = found;
      return found;
    } catch (error) {
      if (before === undefined) {
        throw error;
      }
      log.warn({ directory, err: error }, 'the certificates cannot be read; the last ones are used on');
      return before;
    }
  }
}

const sameFiles = (a: Credentials, b: Credentials): boolean => a.cert === b.cert && a.key === b.key && a.ca === b.ca;
