/** Command lines of mounting. Deadlines in milliseconds. */
import { command } from '../../gluster/command.ts';
import type { Command } from '../../gluster/runner.ts';

const deadlines = {
  /** Looks at the kernel's tables, and files on the node's own disk. */
  files: 20_000,
  /** A mounted file system that answers does so in milliseconds; one whose bricks have gone silent does after `network.ping-timeout`. */
  probe: 10_000,
  /** 130 to 280 ms; 3 s for each server that is down. A kubelet gives up after two minutes. */
  mount: 100_000,
  unmount: 30_000,
  /** A client tree is some 100 MB. */
  copy: 300_000,
} as const;

export const readMountTable = (): Command => command(deadlines.files, 'cat', '/proc/self/mountinfo');
export const listProcesses = (): Command => command(deadlines.files, 'ps', '-ewwo', 'pid=,args=');

/** One line a path, links followed as far as there is something. */
export const resolvePaths = (...paths: readonly string[]): Command =>
  command(deadlines.files, 'realpath', '--canonicalize-missing', '--', ...paths);

export const makeDirectory = (path: string): Command =>
  command(deadlines.files, 'mkdir', '--parents', '--mode=0750', '--', path);
export const removeDirectory = (path: string): Command => command(deadlines.files, 'rmdir', '--', path);
/** `directory` for one; a link is not followed. */
export const fileType = (path: string): Command => command(deadlines.files, 'stat', '--format=%F', '--', path);
export const setImmutable = (path: string, on: boolean): Command =>
  command(deadlines.files, 'chattr', on ? '+i' : '-i', '--', path);
export const closeToAll = (path: string): Command => command(deadlines.files, 'chmod', '000', '--', path);

/**
 * Block size, blocks: all, free, available; inodes: all, free. Asks the file system's own process in any case, which plain `stat`
 * does not: of a mount whose process is gone the kernel still has the attributes.
 */
export const askFileSystem = (path: string): Command =>
  command(deadlines.probe, 'stat', '--file-system', '--format=%S %b %f %a %c %d', '--', path);

export const bind = (from: string, to: string): Command => command(deadlines.files, 'mount', '--bind', '--', from, to);
/** Sets all options of one mount; those that are not named are off. */
export const remount = (target: string, options: readonly string[]): Command =>
  command(deadlines.files, 'mount', '-o', ['remount', 'bind', ...options].join(','), '--', target);
export const unmount = (target: string): Command => command(deadlines.unmount, 'umount', '--', target);
/** Out of the tree at once, whoever still has a file open in it. For file systems that are dead. */
export const detach = (target: string): Command => command(deadlines.unmount, 'umount', '--lazy', '--', target);

/** What starts a client and leaves it running. */
export const startClient = (argv: readonly string[]): Command => ({
  ...command(deadlines.mount, ...argv),
  daemon: true,
});
export const clientVersion = (around: readonly string[]): Command =>
  command(deadlines.files, ...around, 'mount.glusterfs', '-V');
export const endProcess = (pid: number, signal: 'TERM' | 'KILL'): Command =>
  command(deadlines.files, 'kill', '-s', signal, String(pid));
export const logTail = (file: string): Command => command(deadlines.files, 'tail', '--lines=200', '--', file);

/** The kernel reads one number a write. No shell: awk is the smallest program that writes a word into a file that it is told. */
export const moveToGroup = (pid: number, procs: string): Command =>
  command(deadlines.files, 'awk', 'BEGIN { print ARGV[1] > ARGV[2] }', String(pid), procs);

/** `exit 1` when it is not there. */
export const exists = (path: string): Command => command(deadlines.files, 'test', '-e', path);
export const removeTree = (path: string): Command =>
  command(deadlines.copy, 'rm', '--recursive', '--force', '--', path);
export const copyTree = (from: string, to: string): Command =>
  command(deadlines.copy, 'cp', '--archive', '--no-target-directory', '--', from, to);
export const flush = (path: string): Command => command(deadlines.copy, 'sync', '--file-system', '--', path);
export const rename = (from: string, to: string): Command =>
  command(deadlines.files, 'mv', '--no-target-directory', '--', from, to);
export const mountProc = (on: string): Command => command(deadlines.files, 'mount', '-t', 'proc', 'proc', on);
