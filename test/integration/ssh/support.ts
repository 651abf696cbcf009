import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostName, nodeId } from '../../../src/domain/names.ts';
import type { NodeRef } from '../../../src/domain/topology.ts';
import type { Log } from '../../../src/domain/log.ts';
import { systemClock } from '../../../src/cli/system-clock.ts';
import type { Command, CommandResult, CommandRunner } from '../../../src/gluster/runner.ts';
import { createSshRunner, type SshRunner, type SshRunnerOptions } from '../../../src/gluster/ssh/runner.ts';
import type { Sshd } from '../../support/throwaway-sshd.ts';
import { waitFor } from '../../support/wait-for.ts';

export const node: NodeRef = { id: nodeId('node-1'), manage: hostName('127.0.0.1'), storage: hostName('127.0.0.1') };

const never = new AbortController().signal;

/** As an errand would, but with a deadline that no test waits for. */
export const run = (
  runner: CommandRunner,
  argv: readonly string[],
  more: Partial<Command> = {},
  signal = never,
): Promise<CommandResult> => runner.run(node, { argv, deadlineMs: 60_000, ...more }, { signal });

export interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

export interface Client {
  readonly runner: SshRunner;
  /** What it has logged. */
  readonly lines: readonly Line[];
}

/** Somebody who knows `sshd`, unless `options` say otherwise. */
export function clientOf(sshd: Sshd, options: Partial<SshRunnerOptions> = {}): Client {
  const lines: Line[] = [];
  const at =
    (level: Line['level']) =>
    (_fields: object, message: string): void => {
      lines.push({ level, message });
    };
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  const { user, port, keyFile, knownHostsFile, directory } = sshd;
  const known = { user, port, keyFile, knownHostsFile, laneDirectory: directory };
  return { runner: createSshRunner({ clock: systemClock, log, ...known, ...options }), lines };
}

/** For a command: two processes that do not end by themselves and write their ids to `file`. */
export const family = (file: string): readonly string[] => [
  'sh',
  '-c',
  'sleep 86400 & echo "$$ $!" >"$1.new" && mv "$1.new" "$1"; wait',
  'sh',
  file,
];

/** The processes of `family`, once both run. */
export const membersOf = (file: string): Promise<readonly number[]> =>
  waitFor('the command runs', async () => {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    return text?.trim().split(' ').map(Number);
  });

/** A process that has ended and that nobody has asked about yet does not count. */
export const anyAlive = (pids: readonly number[]): boolean =>
  pids.some((pid) => {
    try {
      return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  });
