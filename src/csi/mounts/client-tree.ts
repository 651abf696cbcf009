/**
 * A gluster client for hosts that have none: a file tree that comes with our image is copied to a folder of the host, once a
 * version, and becomes the root of the clients' processes, in the host's namespaces. Their programs and libraries are the tree's own,
 * so a new image takes nothing away from a client that runs.
 *
 * Two things are mounted in the tree: `proc`, and the kubelet's folder at its own path. That folder lies on a shared mount, so what
 * is mounted in the one place is mounted in the other, and goes in both. Whatever else a client needs of the host is reached
 * by links that the tree brings: `dev`, `etc/hosts`, `etc/resolv.conf` and `var/log/glusterfs`, each to the same path below /proc/1/root.
 */
import { done, failed, type Outcome, type Setback } from '../../domain/outcome.ts';
import * as argv from './argv.ts';
import type { Host } from './host.ts';
import { readMountTable, topAt, type Mount } from './mountinfo.ts';

export interface ClientTreeOptions {
  /** Where the image has the tree, as the plugin sees it. */
  readonly source: string;
  /** Tells one tree from another; part of a path. */
  readonly version: string;
  /** Folder for the trees, as the host sees it. */
  readonly folder: string;
  /** The same folder as the plugin sees it. */
  readonly folderHere: string;
}

/**
 * The tree is on the host, whole and ready to run. Resolves with its path there.
 *
 * `here` runs commands where the plugin is, `host` on the node. The copy gets its name when all of it is on the disk: a crash leaves
 * one that has no name yet, and which the next attempt begins anew.
 */
export async function placeTree(
  here: Host,
  host: Host,
  tree: ClientTreeOptions,
  kubeletDirectory: string,
): Promise<Outcome<string>> {
  const root = `${tree.folder}/${tree.version}`;
  return (await copy(here, tree)) ?? (await furnish(host, root, kubeletDirectory)) ?? done(root);
}

async function copy(here: Host, { source, version, folderHere }: ClientTreeOptions): Promise<Setback | undefined> {
  const whole = `${folderHere}/${version}`;
  const there = await here.run(argv.exists(whole));
  if (there.kind !== 'exited') {
    return there;
  }
  if (there.exitCode === 0) {
    return undefined;
  }
  const partial = `${whole}.partial`;
  return (
    (await here.step(argv.makeDirectory(folderHere))) ??
    (await here.step(argv.removeTree(partial))) ??
    (await here.step(argv.copyTree(source, partial))) ??
    (await here.step(argv.flush(partial))) ??
    (await here.step(argv.rename(partial, whole))) ??
    here.step(argv.flush(folderHere))
  );
}

async function furnish(host: Host, root: string, kubeletDirectory: string): Promise<Setback | undefined> {
  const resolved = await host.look(argv.resolvePaths(kubeletDirectory), (text) => text.trim());
  if (resolved.kind !== 'found') {
    return resolved;
  }
  const table = await host.look(argv.readMountTable(), readMountTable);
  if (table.kind !== 'found') {
    return table;
  }
  const folder = resolved.value;
  const setback =
    topAt(table.value, `${root}/proc`) === undefined ? await host.step(argv.mountProc(`${root}/proc`)) : undefined;
  if (setback !== undefined || topAt(table.value, `${root}${folder}`) !== undefined) {
    return setback;
  }
  if (holderOf(table.value, folder)?.shared !== true) {
    return failed(
      `${folder} does not lie on a shared mount, which a client with a root of its own needs, and kubelets for their own ends: mount --make-rshared /`,
    );
  }
  return (await host.step(argv.makeDirectory(`${root}${folder}`))) ?? host.step(argv.bind(folder, `${root}${folder}`));
}

/** What a folder lies on. */
const holderOf = (table: readonly Mount[], folder: string): Mount | undefined => {
  const above = table
    .map(({ target }) => target)
    .filter((target) => `${folder}/`.startsWith(target === '/' ? '/' : `${target}/`));
  const nearest = above.toSorted((a, b) => b.length - a.length)[0];
  return nearest === undefined ? undefined : topAt(table, nearest);
};
