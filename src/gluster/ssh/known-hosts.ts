/**
 * Reads known_hosts as sshd(8) describes it: plain and hashed names, patterns, `[host]:port`, several keys a host,
 * `@revoked`. Certificates of hosts (`@cert-authority`) are left out: the ssh library does not know them.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface KnownHost {
  readonly revoked: boolean;
  /** The first field, as it stands. */
  readonly names: string;
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** The public key in ssh's own binary form, base64. */
  readonly key: string;
}

export type Verdict =
  | { readonly kind: 'known' }
  /** Nothing is known of the host, or only keys of `otherTypes`. */
  | { readonly kind: 'unknown'; readonly otherTypes: readonly string[] }
  /** Another key of this type is known. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'revoked' };

/** Lines that are none of ours to understand are passed over, as ssh does. */
export function parseKnownHosts(text: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const marker = fields[0]?.startsWith('@') === true ? fields.shift() : undefined;
    const [names, type, key] = fields;
    return names === undefined || names.startsWith('#') || type === undefined || key === undefined
      ? []
      : marker === undefined || marker === '@revoked'
        ? [{ revoked: marker !== undefined, names, type, key }]
        : [];
  });
}

/** What the host is called in the file. */
export const knownName = (host: string, port: number): string =>
  port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;

/** `key`: what the host has shown. */
export function judge(hosts: readonly KnownHost[], name: string, key: Buffer): Verdict {
  const type = keyTypeOf(key);
  const text = key.toString('base64');
  const about = hosts.filter((host) => namesMatch(host.names, name));
  if (about.some((host) => host.revoked && host.key === text)) {
    return { kind: 'revoked' };
  }
  const valid = about.filter((host) => !host.revoked);
  if (valid.some((host) => host.key === text)) {
    return { kind: 'known' };
  }
  return valid.some((host) => host.type === type)
    ? { kind: 'changed' }
    : { kind: 'unknown', otherTypes: [...new Set(valid.map((host) => host.type))] };
}

/** Types of key that the file knows of the host: the ones to ask it for. */
export const knownTypes = (hosts: readonly KnownHost[], name: string): readonly string[] => [
  ...new Set(hosts.filter((host) => !host.revoked && namesMatch(host.names, name)).map((host) => host.type)),
];

/** As `ssh-keygen -l` shows it. */
export const fingerprint = (key: Buffer): string =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;

/** A key in ssh's binary form begins with its type, and that with its length. Empty for anything else. */
export function keyTypeOf(key: Buffer): string {
  const length = key.length < 4 ? 0 : key.readUInt32BE(0);
  return key.subarray(4, 4 + length).toString('latin1');
}

/** A list of patterns: one has to match, and none of those that begin with `!`. */
function namesMatch(names: string, name: string): boolean {
  if (names.startsWith('|1|')) {
    return hashMatches(names, name);
  }
  const patterns = names.toLowerCase().split(',');
  return (
    patterns.some((pattern) => !pattern.startsWith('!') && patternMatches(pattern, name)) &&
    !patterns.some((pattern) => pattern.startsWith('!') && patternMatches(pattern.slice(1), name))
  );
}

const patternMatches = (pattern: string, name: string): boolean =>
  new RegExp(
    `^${pattern
      .replaceAll(/[$()+.[\\\]^{|}]/g, String.raw`\$&`)
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  ).test(name);

/** `|1|salt|hash`: HMAC-SHA1 of the name, with the salt as its key. */
function hashMatches(names: string, name: string): boolean {
  const [, , salt = '', hash = ''] = names.split('|');
  const wanted = Buffer.from(hash, 'base64');
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}
