/** What stands on a node, by looking: what a test compares with what should stand there. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { must } from './namespaces.ts';
import type { RealNode } from './real-node.ts';

export interface Standing {
  /** Mount points of bricks. */
  readonly mounts: readonly string[];
  /** Loop devices whose file lies on the node's disks, as `/dev/loop3 FILE`. */
  readonly loops: readonly string[];
  /** Names of everything in the folders that bricks are cut from, their identities left out. */
  readonly files: readonly string[];
  /** Directories of bricks, mounted or not. */
  readonly directories: readonly string[];
  /** Gluster's own files about volumes: one directory a volume. */
  readonly volumes: readonly string[];
  /** Command lines of brick processes. */
  readonly brickProcesses: readonly string[];
}

/** A node from which everything of volumes has gone. */
export const empty: Standing = { mounts: [], loops: [], files: [], directories: [], volumes: [], brickProcesses: [] };

const loopList = z.object({ loopdevices: z.array(z.object({ name: z.string(), 'back-file': z.string().nullable() })) });

/** Loop devices of this machine whose file lies below the folder, deleted files included. */
export async function loopsBelow(folder: string): Promise<readonly string[]> {
  const text = await must(['losetup', '--json', '--list', '--output', 'NAME,BACK-FILE']);
  // Nothing at all is printed when there is none.
  const { loopdevices } = text.trim() === '' ? { loopdevices: [] } : loopList.parse(JSON.parse(text));
  return loopdevices
    .filter((loop) => loop['back-file']?.startsWith(`${folder}/`) === true)
    .map((loop) => `${loop.name} ${loop['back-file']}`)
    .sort();
}

/** Sorted. The node must be up. */
export async function standingOn(node: RealNode): Promise<Standing> {
  const mountTable = await readFile(`/proc/${node.pid}/mounts`, 'utf8');
  const files = await Promise.all(node.devices.map((device) => filesBelow(device)));
  const bricks = join(node.tree, 'brickyard', 'bricks');
  const groups = await entries(bricks);
  const directories = await Promise.all(
    groups.map(async (group) => (await entries(join(bricks, group))).map((brick) => `${group}/${brick}`)),
  );
  return {
    mounts: mountTable
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((target) => target.startsWith('/var/lib/brickyard/'))
      .sort(),
    loops: await loopsBelow(node.tree),
    files: files.flat().sort(),
    directories: directories.flat().sort(),
    volumes: await entries(join(node.tree, 'state', 'vols')),
    brickProcesses: (await processes(node))
      .map(({ line }) => line)
      .filter((line) => /\/glusterfsd /.test(line))
      .sort(),
  };
}

/** Commands by which gluster is just being told to change something on a node, as `PID volume create vol_x ...`. The node must be up. */
export async function changesOn(node: RealNode): Promise<readonly string[]> {
  return (await processes(node)).flatMap(({ pid, line }) => {
    const words = /\bgluster --\S.* (?<words>volume (?:create|set|start|stop|delete) .+)/.exec(line)?.groups?.['words'];
    return words === undefined ? [] : [`${pid} ${words}`];
  });
}

async function entries(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return [];
    }
    throw error;
  }
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found.filter((entry) => !entry.isDirectory() && entry.name !== 'brickyard.identity').map(({ name }) => name);
}

/** Every process in the node, as it is numbered there, with its command line, through its own /proc. */
async function processes(node: RealNode): Promise<readonly { readonly pid: string; readonly line: string }[]> {
  const proc = `/proc/${node.pid}/root/proc`;
  const numbers = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    numbers.map(async (pid) => {
      // One that ends meanwhile is no more.
      const words = await readFile(join(proc, pid, 'cmdline'), 'utf8').catch(() => '');
      return { pid, line: words.replaceAll('\0', ' ').trim() };
    }),
  );
}
