/** The guest's first file tree: busybox, the modules that reach the host's files and the disks, and init.sh. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { copyFile, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

const modules = ['virtio_pci', 'virtio_blk', 'virtio_console', '9p', '9pnet_virtio', 'overlay'];
const applets = ['sh', 'mount', 'mkdir', 'cat', 'insmod', 'switch_root', 'poweroff'];

/** Paths of the modules of that kernel and of what they need, in the order in which they can be loaded. */
async function modulePaths(version: string): Promise<readonly string[]> {
  const shown = await Promise.all(
    modules.map(async (name) => (await run('modprobe', ['-S', version, '--show-depends', name], { env })).stdout),
  );
  const paths = shown.flatMap((text) => [...text.matchAll(/^insmod (\S+)/gm)].map(([, path = '']) => path));
  return [...new Set(paths)];
}

/** The shared libraries of a program, its loader included; none of a static one. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await run('ldd', [program], { env }).catch(() => ({ stdout: '' }));
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
}

/** Writes it to `file`; `folder` holds the tree and may be thrown away. */
export async function writeInitramfs(version: string, folder: string, file: string): Promise<void> {
  const tree = join(folder, 'initramfs');
  await Promise.all(
    ['bin', 'dev', 'proc', 'sys', 'modules.d'].map((name) => mkdir(join(tree, name), { recursive: true })),
  );
  const { stdout } = await run('which', ['busybox'], { env });
  const busybox = stdout.trim();
  await copyFile(busybox, join(tree, 'bin/busybox'));
  await Promise.all(applets.map((name) => symlink('busybox', join(tree, 'bin', name))));
  for (const library of await librariesOf(busybox)) {
    await cp(library, join(tree, library), { dereference: true });
  }
  const paths = await modulePaths(version);
  await Promise.all(paths.map((path) => copyFile(path, join(tree, 'modules.d', basename(path)))));
  await writeFile(join(tree, 'modules'), paths.map((path) => `/modules.d/${basename(path)}\n`).join(''));
  await copyFile(fileURLToPath(new URL('../guest/init.sh', import.meta.url)), join(tree, 'init'));
  const find = await run('find', ['.'], { cwd: tree, env });
  const cpio = spawn('cpio', ['--create', '--format=newc', '--quiet'], {
    cwd: tree,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(cpio, 'close') as Promise<[number | null]>;
  cpio.stdin.end(find.stdout);
  await pipeline(cpio.stdout, createWriteStream(file));
  const [code] = await ended;
  if (code !== 0) {
    throw new Error(`cpio: exit code ${code}`);
  }
}
