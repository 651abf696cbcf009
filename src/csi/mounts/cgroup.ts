/**
 * Where client processes live, so that they outlive the plugin. A container runtime that ends a container kills all that is in
 * its control group, and what a container starts, by `nsenter` too, is born in there.
 *
 * With systemd on the host: `systemd-run --scope` asks it for a scope of its own before it becomes the client, so there is no moment in
 * which the client is ours. Without: the client is moved right after it has mounted, into a group of its own in every hierarchy
 * that the host has mounted; a plugin that is killed in those few milliseconds takes the client with it, and the next
 * attempt finds a dead mount and makes it anew. All of it happens in the host's control group namespace.
 */
import { failed, type Outcome, done, type Setback } from '../../domain/outcome.ts';
import * as argv from './argv.ts';
import { readClients, type Client } from './clients.ts';
import type { Host } from './host.ts';
import { readMountTable, type Mount } from './mountinfo.ts';

export type ClientCgroup =
  | { readonly kind: 'scope'; readonly slice: string }
  /** Files that a process's number is written to. */
  | { readonly kind: 'groups'; readonly procs: readonly string[] }
  /** The host has no control groups that could be found: clients end with the plugin's container. */
  | { readonly kind: 'none' };

const slice = 'brickyard.slice';

/** `about`: what systemd shows of the scope. */
export const scopeWords = (cgroup: ClientCgroup, about: string): readonly string[] =>
  cgroup.kind === 'scope'
    ? ['systemd-run', '--scope', '--quiet', '--collect', `--slice=${cgroup.slice}`, `--description=${about}`, '--']
    : [];

/** Looks which way the host offers, and makes the groups. */
export async function findCgroup(host: Host): Promise<Outcome<ClientCgroup>> {
  const systemd = await host.run(argv.exists('/run/systemd/system'));
  if (systemd.kind !== 'exited') {
    return systemd;
  }
  if (systemd.exitCode === 0) {
    return done({ kind: 'scope', slice });
  }
  const table = await host.look(argv.readMountTable(), readMountTable);
  if (table.kind !== 'found') {
    return table;
  }
  const groups = table.value.flatMap(groupIn);
  for (const group of groups) {
    const setback = await host.step(argv.makeDirectory(group));
    if (setback !== undefined) {
      return setback;
    }
  }
  const procs = groups.map((group) => `${group}/cgroup.procs`);
  return done(procs.length === 0 ? { kind: 'none' } : { kind: 'groups', procs });
}

/** A new group of the first version's `cpuset` takes nobody in before it has processors, so there it is the topmost one. */
function groupIn({ fstype, target, superOptions }: Mount): readonly string[] {
  if (fstype !== 'cgroup' && fstype !== 'cgroup2') {
    return [];
  }
  return [fstype === 'cgroup' && superOptions.includes('cpuset') ? target : `${target}/brickyard`];
}

/** Gives the client of that directory its place. `done` too when it has gone meanwhile. */
export async function hold(host: Host, cgroup: ClientCgroup, directory: string): Promise<Setback | undefined> {
  if (cgroup.kind !== 'groups') {
    return undefined;
  }
  const clients = await host.look(argv.listProcesses(), readClients);
  if (clients.kind !== 'found') {
    return clients;
  }
  for (const client of clients.value.filter((each) => each.directory === directory)) {
    const setback = await moveAll(host, client, cgroup.procs);
    if (setback !== undefined) {
      return setback;
    }
  }
  return undefined;
}

async function moveAll(host: Host, { pid }: Client, files: readonly string[]): Promise<Setback | undefined> {
  for (const file of files) {
    const command = argv.moveToGroup(pid, file);
    const setback = await host.step(command, ({ stderr }) => /No such process/.test(stderr));
    if (setback !== undefined) {
      return setback.kind === 'failed'
        ? failed(`client process ${pid} could not be moved: ${setback.reason}`)
        : setback;
    }
  }
  return undefined;
}
