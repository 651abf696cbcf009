/**
 * Client processes of gluster mounts, as `ps` lists them. Their words say all that there is to know of a mount which the
 * kernel's table does not: who it belongs to, and how to make it again. So no record is kept of what is mounted.
 */
import { createHash } from 'node:crypto';
import type { MountWish } from './api.ts';

export interface Client {
  readonly pid: number;
  /** Where it was mounted. */
  readonly directory: string;
  /** Tells what it was asked for (`labelOf`); absent when the mount is none of ours. */
  readonly label?: string;
  /** Program and arguments. */
  readonly argv: readonly string[];
}

/** Options that tell two mounts of one volume apart, as one word in the client's name. Servers are only for the way there. */
export function labelOf({ options, readOnly }: MountWish): string {
  const text = JSON.stringify([readOnly, options.toSorted()]);
  return `brickyard-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}

/** Are these the words of a client that mounts at `directory`? */
export const isClient = (argv: readonly string[], directory: string): boolean =>
  /(?:^|\/)glusterfsd?$/.test(argv[0] ?? '') &&
  argv.length > 1 &&
  argv.at(-1) === directory &&
  directory.startsWith('/');

/** From `ps -ewwo pid=,args=`. */
export const readClients = (text: string): readonly Client[] =>
  text.split('\n').flatMap((line) => {
    const [pid = '', ...argv] = line.trim().split(/\s+/);
    const directory = argv.at(-1) ?? '';
    if (!isClient(argv, directory)) {
      return [];
    }
    const label = /^fuse\.(brickyard-[0-9a-f]{12})$/.exec(argv[argv.indexOf('--process-name') + 1] ?? '')?.[1];
    return [{ pid: Number(pid), directory, argv, ...(label === undefined ? {} : { label }) }];
  });
