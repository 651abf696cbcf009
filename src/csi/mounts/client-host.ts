/** What the plugin finds when it starts: which gluster client the host can run, and where its processes can live. */
import { done, failed, type Outcome } from '../../domain/outcome.ts';
import type { Log } from '../../domain/log.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { CommandRunner } from '../../gluster/runner.ts';
import type { CallContext } from './api.ts';
import * as argv from './argv.ts';
import { findCgroup, type ClientCgroup } from './cgroup.ts';
import { around, logFolder, type ClientHost, type GlusterClient } from './client.ts';
import { placeTree, type ClientTreeOptions } from './client-tree.ts';
import { Host } from './host.ts';

export interface ClientHostOptions {
  /** Runs commands in the host's mount, network and control group namespaces, numbering processes as the host does. */
  readonly runner: CommandRunner;
  readonly log: Log;
  readonly node: NodeRef;
  /** As the host names it. */
  readonly kubeletDirectory: string;
  /** For hosts without a client. `runner`: runs commands where the plugin itself is. */
  readonly tree?: ClientTreeOptions & { readonly runner: CommandRunner };
}

/** Looks, prepares what is missing, and says in one line what it is going to be. `failed`: there is no client to be had. */
export async function findClientHost(options: ClientHostOptions, context: CallContext): Promise<Outcome<ClientHost>> {
  const tools = { ...options, said: new Set<string>() };
  const host = new Host(tools, context, 'client-host');
  const cgroup = await findCgroup(host);
  if (cgroup.kind !== 'done') {
    return cgroup;
  }
  const logs = await host.step(argv.makeDirectory(logFolder));
  if (logs !== undefined) {
    return logs;
  }
  const client = await findClient(options, host, context);
  if (client.kind !== 'done') {
    return client;
  }
  const found = { client: client.value, cgroup: cgroup.value };
  tell(options.log, found);
  return done(found);
}

async function findClient(
  { tree, ...options }: ClientHostOptions,
  host: Host,
  context: CallContext,
): Promise<Outcome<GlusterClient>> {
  const own = await versionOf(host, []);
  if (own.kind === 'done') {
    return done({ kind: 'host', version: own.value });
  }
  if (own.kind !== 'failed' || tree === undefined) {
    return own.kind === 'failed'
      ? failed(`${options.node.id} has no gluster client, and there is none to give it: ${own.reason}`)
      : own;
  }
  const here = new Host({ ...options, runner: tree.runner, said: new Set() }, context, `client-tree ${tree.version}`);
  const root = await placeTree(here, host, tree, options.kubeletDirectory);
  if (root.kind !== 'done') {
    return root;
  }
  const brought = await versionOf(
    host,
    around({ client: { kind: 'tree', version: '', root: root.value }, cgroup: { kind: 'none' } }, ''),
  );
  return brought.kind === 'done'
    ? done({ kind: 'tree', version: brought.value, root: root.value })
    : { ...brought, reason: `the client tree in ${root.value} does not run: ${brought.reason}` };
}

/** `failed`: it has none, or one that does not run. */
async function versionOf(host: Host, words: readonly string[]): Promise<Outcome<string>> {
  const command = argv.clientVersion(words);
  const exited = await host.run(command);
  if (exited.kind !== 'exited') {
    return exited;
  }
  const version = /^glusterfs (\S+)/m.exec(exited.stdout)?.[1];
  return exited.exitCode === 0 && version !== undefined ? done(version) : host.failure(command, exited);
}

function tell(log: Log, { client, cgroup }: ClientHost): void {
  const which = client.kind === 'host' ? 'the host’s own' : `the image’s, in ${client.root}`;
  log.info(
    { client, cgroup },
    `gluster client ${client.version}, ${which}; its processes live in ${homes[cgroup.kind]}`,
  );
  if (cgroup.kind === 'none') {
    log.warn({}, 'no control groups were found on the host: mounts end with the container of this process');
  }
}

const homes: Readonly<Record<ClientCgroup['kind'], string>> = {
  scope: 'systemd scopes of the host',
  groups: 'control groups of their own',
  none: 'the control group of this process',
};
