/** Which mount options of a PersistentVolume reach the gluster client. Whatever is not here is refused. */
import { invalid } from './refusal.ts';

const wholeNumber = /^\d{1,9}$/;
/** Seconds, with up to three decimals. */
const seconds = /^\d{1,7}(?:\.\d{1,3})?$/;
const toggle = /^(?:yes|no|on|off|enable|disable|true|false)$/;

/**
 * Options with a value. Not here: those that say which volume is mounted and from where (volume-name, server-port,
 * backup-volfile-servers, transport, volfile-check, ...), which this plugin answers for; those that write files or name
 * processes (log-file, dump-fuse, process-name); and those that reach into the client's innards (xlator-option,
 * fuse-mountopts), by which any other could be said.
 */
const valued: ReadonlyMap<string, RegExp> = new Map([
  ['log-level', /^(?:TRACE|DEBUG|INFO|WARNING|ERROR|CRITICAL|NONE)$/],
  ['direct-io-mode', /^(?:enable|disable|auto|yes|no|on|off|true|false)$/],
  ['attribute-timeout', seconds],
  ['entry-timeout', seconds],
  ['negative-timeout', seconds],
  ['gid-timeout', seconds],
  ['lru-limit', wholeNumber],
  ['invalidate-limit', wholeNumber],
  ['background-qlen', wholeNumber],
  ['congestion-threshold', wholeNumber],
  ['reader-thread-count', wholeNumber],
  ['use-readdirp', toggle],
  ['fopen-keep-cache', toggle],
  ['auto-invalidation', toggle],
  ['kernel-writeback-cache', toggle],
  ['attr-times-granularity', wholeNumber],
]);

/** Options without one: the client's own, and those of any file system that take rights away or spare writes. */
const bare: ReadonlySet<string> = new Set([
  'acl',
  'enable-ino32',
  'resolve-gids',
  'global-threading',
  'noatime',
  'nodiratime',
  'relatime',
  'strictatime',
  'nodev',
  'noexec',
  'nosuid',
]);

export interface MountOptions {
  /** Sorted, so that the same options are the same text. */
  readonly options: readonly string[];
  /** `ro` is among the flags. */
  readonly readOnly: boolean;
}

/** Throws Refusal (INVALID_ARGUMENT), naming the first option that does not pass. */
export function readMountFlags(flags: readonly string[], field: string): MountOptions {
  // A flag may hold several, as it may for mount(8).
  const words = flags.flatMap((flag) => flag.split(',')).filter((word) => word !== '');
  const chosen = new Map<string, string>();
  for (const word of words) {
    const key = checkedKey(word, field);
    const before = chosen.get(key);
    if (before !== undefined && before !== word) {
      throw invalid(`${field}: expected ${key} once, got ${before} and ${word}`);
    }
    chosen.set(key, word);
  }
  const access = chosen.get(accessKey);
  chosen.delete(accessKey);
  return { options: [...chosen.values()].sort(), readOnly: access === 'ro' };
}

/** `ro` and `rw` are two values of one thing. */
const accessKey = 'ro or rw';

function checkedKey(word: string, field: string): string {
  if (word === 'ro' || word === 'rw') {
    return accessKey;
  }
  if (bare.has(word)) {
    return word;
  }
  const [, key = word, value] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
  const grammar = valued.get(key);
  if (grammar === undefined || value === undefined) {
    const wants = grammar === undefined ? `one of ${allowed}` : `${key} with a value`;
    throw invalid(
      `${field}: expected ${wants}, got ${JSON.stringify(key)}; take it out of the PersistentVolume's mountOptions`,
    );
  }
  if (!grammar.test(value)) {
    throw invalid(`${field}: expected a value for ${key} that matches ${grammar.source}, got ${JSON.stringify(value)}`);
  }
  return key;
}

const allowed = ['ro', 'rw', ...bare, ...[...valued.keys()].map((key) => `${key}=`)].join(', ');
