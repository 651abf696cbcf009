/** The files that a login needs. They are read for every connection: a mounted Secret changes under our feet. */
import { readFile } from 'node:fs/promises';
import ssh2 from 'ssh2';
import { refused, type ConnectFailure } from './connect-failure.ts';
import { fingerprint } from './known-hosts.ts';

export interface CredentialFiles {
  /** A private key without passphrase, in OpenSSH's or PEM form. */
  readonly keyFile: string;
  readonly knownHostsFile: string;
}

export interface Credentials {
  readonly kind: 'credentials';
  /** The private key as it stands in the file. Never logged. */
  readonly key: Buffer;
  /** Of its public half: type and fingerprint, as `ssh-keygen -l` shows them. */
  readonly description: string;
  /** Content of the known_hosts file. */
  readonly knownHosts: string;
}

export async function readCredentials(files: CredentialFiles): Promise<Credentials | ConnectFailure> {
  const { keyFile, knownHostsFile } = files;
  const [key, knownHosts] = await Promise.allSettled([readFile(keyFile), readFile(knownHostsFile, 'utf8')]);
  if (key.status === 'rejected') {
    return refused(`cannot read the private key: ${String(key.reason)}`);
  }
  if (knownHosts.status === 'rejected') {
    return refused(`cannot read the known hosts: ${String(knownHosts.reason)}`);
  }
  // The form of OpenSSH has room for several keys, and the library answers with a list of one.
  const parsed = [ssh2.utils.parseKey(key.value)].flat()[0];
  if (parsed === undefined || parsed instanceof Error || !parsed.isPrivateKey()) {
    const why = parsed instanceof Error ? parsed.message : 'there is none in it';
    return refused(`expected a private key without passphrase in ${keyFile}: ${why}`);
  }
  const description = `${parsed.type} ${fingerprint(parsed.getPublicSSH())}`;
  return { kind: 'credentials', key: key.value, description, knownHosts: knownHosts.value };
}
