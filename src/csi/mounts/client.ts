/** How a gluster client is started: which one, with which words, where in the tree of control groups. */
import { createHash } from 'node:crypto';
import type { HostName, NodeId, VolumeName } from '../../domain/names.ts';
import type { MountWish } from './api.ts';
import { scopeWords, type ClientCgroup } from './cgroup.ts';
import { labelOf } from './clients.ts';

export type GlusterClient =
  /** The host has one. */
  | { readonly kind: 'host'; readonly version: string }
  /** Ours, in a folder of the host that becomes its root. See client-tree.ts. */
  | { readonly kind: 'tree'; readonly version: string; readonly root: string };

/** What a host offers for clients. */
export interface ClientHost {
  readonly client: GlusterClient;
  readonly cgroup: ClientCgroup;
}

/** Where operators find what a client has to say. */
export const logFolder = '/var/log/glusterfs';
export const logFileOf = (volume: VolumeName): string => `${logFolder}/brickyard-${volume}.log`;

/** Words that start `program` where clients live, for as long as it likes. */
export const around = ({ client, cgroup }: ClientHost, about: string): readonly string[] => [
  ...scopeWords(cgroup, about),
  ...(client.kind === 'tree' ? ['chroot', client.root] : []),
];

/** Of the node and the volume, so that not all nodes ask the first server, and a node always asks the same one. */
export function serverOrder(servers: readonly HostName[], node: NodeId, volume: VolumeName): readonly HostName[] {
  const weights = new Map(
    servers.map((server) => [createHash('sha256').update(`${node}\n${volume}\n${server}`).digest('hex'), server]),
  );
  return [...weights.keys()].toSorted().flatMap((weight) => weights.get(weight) ?? []);
}

/** The others follow in their order. A server that takes no connection costs a client three seconds, one behind a wall everything. */
export function beginningWith<T>(servers: readonly T[], turn: number): readonly T[] {
  const first = turn % Math.max(1, servers.length);
  return [...servers.slice(first), ...servers.slice(0, first)];
}

/** `servers`: in the order in which they are asked. Options come last, and as they are: where two contradict, gluster takes the last. */
export function mountWords(started: ClientHost, directory: string, wish: MountWish): readonly string[] {
  const [first = '', ...others] = wish.servers;
  const options = [
    ...(others.length === 0 ? [] : [`backup-volfile-servers=${others.map(bracketed).join(':')}`]),
    `log-file=${logFileOf(wish.volume)}`,
    `process-name=${labelOf(wish)}`,
    ...(wish.readOnly ? ['ro'] : []),
    ...wish.options,
  ];
  return [
    ...around(started, `gluster volume ${wish.volume} at ${directory}`),
    'mount.glusterfs',
    `${first}:/${wish.volume}`,
    directory,
    '-o',
    options.join(','),
  ];
}

/** Words for another client like the one that had `words`, as the process list showed them. */
export const restartWords = (started: ClientHost, directory: string, words: readonly string[]): readonly string[] => [
  ...around(started, `gluster volume at ${directory}, again`),
  ...words,
];

const bracketed = (server: HostName): string => (server.includes(':') ? `[${server}]` : server);
