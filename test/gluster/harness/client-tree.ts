/**
 * A file tree that a gluster client runs in, made from this machine's own programs: what an image brings for hosts that have no
 * client. See src/csi/mounts/client-tree.ts for what is asked of it.
 */
import { mkdir, realpath, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { must } from './namespaces.ts';

/** All that mount.glusterfs runs. */
const programs = ['sh', 'awk', 'sed', 'grep', 'cut', 'wc', 'tr', 'cat', 'ls', 'stat', 'uname', 'umount'];

export async function makeClientTree(tree: string): Promise<void> {
  const glusterfsd = await realpath('/usr/sbin/glusterfs');
  const found = await Promise.all(
    programs.map(async (name) => [`/usr/bin/${name}`, await realpath(`/usr/bin/${name}`)] as const),
  );
  const plugins = (await must(['find', '/usr/lib', '-path', '*/glusterfs/*', '-name', '*.so'])).trim().split('\n');
  const libraries = await librariesOf([glusterfsd, ...plugins, ...found.map(([, file]) => file)]);
  await mkdir(join(tree, 'usr/bin'), { recursive: true });
  for (const [name, file] of found) {
    await must(['cp', '--dereference', file, join(tree, name)]);
  }
  await must([
    'cp',
    '--parents',
    ...libraries,
    ...plugins,
    glusterfsd,
    '/usr/sbin/mount.glusterfs',
    '/etc/nsswitch.conf',
    tree,
  ]);
  await symlink('glusterfsd', join(tree, 'usr/sbin/glusterfs'));
  for (const [link, target] of [['bin', 'usr/bin'], ['sbin', 'usr/sbin'], ...hostLinks()] as const) {
    await mkdir(dirname(join(tree, link)), { recursive: true });
    await symlink(target, join(tree, link));
  }
  for (const directory of ['proc', 'run', 'var/run/gluster', 'tmp']) {
    await mkdir(join(tree, directory), { recursive: true });
  }
}

const hostLinks = (): readonly (readonly [string, string])[] =>
  ['dev', 'etc/hosts', 'etc/resolv.conf', 'var/log/glusterfs'].map((path) => [path, `/proc/1/root/${path}`] as const);

/** Where the dynamic linker looks for them, loader included. */
async function librariesOf(files: readonly string[]): Promise<readonly string[]> {
  const text = await must(['ldd', ...files]);
  const paths = text.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm);
  return [...new Set([...paths].map(([, path]) => path ?? ''))];
}
