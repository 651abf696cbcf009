/** Decides whether the host at the other end is the one that is meant, and says what to do when it is not. */
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { fingerprint, judge, keyTypeOf, knownName, knownTypes, parseKnownHosts } from './known-hosts.ts';

export interface HostCheck {
  /** In the order in which the host is to be asked for its key: the known ones first. */
  readonly algorithms: ServerHostKeyAlgorithm[];
  /** `undefined`: it is the host that is meant. */
  refusal(key: Buffer): HostRefusal | undefined;
}

export interface HostRefusal {
  /** Somebody may be in the middle, or the node was installed anew. */
  readonly alarming: boolean;
  readonly reason: string;
}

/** SHA-1 signatures (`ssh-rsa` as an algorithm, not as a key) are not among them. */
const algorithmsOf: ReadonlyMap<string, readonly ServerHostKeyAlgorithm[]> = new Map([
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
]);

/** `text`: the content of the known_hosts file called `file`. */
export function hostCheck(text: string, file: string, host: string, port: number): HostCheck {
  const hosts = parseKnownHosts(text);
  const name = knownName(host, port);
  const known = knownTypes(hosts, name);
  return {
    algorithms: [...new Set([...known, ...algorithmsOf.keys()])].flatMap((type) => algorithmsOf.get(type) ?? []),
    refusal(key) {
      const verdict = judge(hosts, name, key);
      const type = keyTypeOf(key);
      const shown = `the ${type} host key of ${name}, ${fingerprint(key)},`;
      switch (verdict.kind) {
        case 'known':
          return undefined;
        case 'revoked':
          return {
            alarming: true,
            reason: `${shown} is revoked in ${file}: whoever answers there must not be trusted`,
          };
        case 'changed':
          return {
            alarming: true,
            reason:
              `${shown} is not the one in ${file}: either somebody stands between, or the node was installed anew. ` +
              `In the second case, and only then: ssh-keygen -R '${name}' -f ${file}, and add the new key with ` +
              adding(type, host, port, file),
          };
        case 'unknown':
          return {
            alarming: false,
            reason:
              `${shown} is not in ${file}${alsoKnown(verdict.otherTypes)}. Compare it with ` +
              `"ssh-keygen -l -f /etc/ssh/ssh_host_${shortType(type)}_key.pub" on the node, and add it with ` +
              adding(type, host, port, file),
          };
      }
    },
  };
}

const alsoKnown = (types: readonly string[]): string =>
  types.length === 0 ? '' : ` (which knows the host by ${types.join(' and ')})`;

const adding = (type: string, host: string, port: number, file: string): string =>
  `"ssh-keyscan -p ${port} -t ${shortType(type)} ${host} >> ${file}"`;

/** What ssh's own programs call a type of key. */
const shortType = (type: string): string =>
  type.startsWith('ecdsa-') ? 'ecdsa' : type.startsWith('ssh-') ? type.slice('ssh-'.length) : type;
