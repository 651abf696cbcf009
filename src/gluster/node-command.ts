/**
 * What really runs on a node: the command, and around it the programs that end it at its deadline, give it its few
 * variables and hold its lane. All of them are in coreutils and util-linux.
 */
import { laneFile } from './lane.ts';
import type { Command } from './runner.ts';

/** Where programs are looked for. */
export const standardPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The exit code that stands for a lane that is taken. Neither gluster nor LVM nor util-linux has a use for it. */
export const laneBusyCode = 217;

export interface Place {
  readonly path: string;
  /** Directory of the lanes' lock files. */
  readonly laneDirectory: string;
}

/** Everything that a command sees of an environment. */
export function environmentOf({ argv, lane }: Command, { path }: Place): Readonly<Record<string, string>> {
  return {
    PATH: path,
    LC_ALL: 'C',
    // Every gluster command first runs `gsyncd --version`, whose start of Python takes four fifths of the time, to see
    // whether it should offer geo-replication. gsyncd runs what this names in place of Python (`invoke_gsyncd`, gsyncd.c).
    ...(argv[0] === 'gluster' ? { PYTHON: 'true' } : {}),
    // LVM complains of every descriptor that it inherits, the lock's too, in the middle of the messages that we read.
    ...(lane === undefined ? {} : { LVM_SUPPRESS_FD_WARNINGS: '1' }),
  };
}

/**
 * For a process that this one starts itself, with `environmentOf` as its environment. The deadline stands before the
 * prefix: whatever that starts is then in one process group, which ends as a whole whoever ends it. `prefix`: such as
 * `nsenter`, which hands its environment on; the lane is behind it, where the command really runs.
 */
export const localWords = (command: Command, prefix: readonly string[], place: Place): readonly string[] => [
  ...deadlineWords(command),
  ...prefix,
  ...laneWords(command, place),
  ...command.argv,
];

/**
 * For the shell of a login. `sudo`: becomes root first, because only root may end what root runs: the deadline has to
 * stand behind it.
 */
export function remoteWords(command: Command, { sudo }: { readonly sudo: boolean }, place: Place): readonly string[] {
  return [
    ...(sudo ? ['sudo', '-n', '--'] : []),
    '/usr/bin/env',
    '-i',
    ...assignments(command, place),
    ...deadlineWords(command),
    ...laneWords(command, place),
    ...command.argv,
  ];
}

const assignments = (command: Command, place: Place): readonly string[] =>
  Object.entries(environmentOf(command, place)).map(([name, value]) => `${name}=${value}`);

/** `timeout` leads a process group of its own and kills all of it, itself included. Zero would mean no deadline. */
const deadlineWords = ({ deadlineMs }: Command): readonly string[] => [
  'timeout',
  '--signal=KILL',
  (Math.max(1, deadlineMs) / 1000).toFixed(3),
];

/**
 * `flock` opens the file, and stays as the parent of what it starts: LVM closes all descriptors that it did not open
 * itself, so with `--no-fork` the lock would be gone as soon as LVM runs. (What outlives even the killing, a process
 * stuck in the kernel, holds its own copy of the descriptor; where that is LVM, it holds LVM's lock of the group.)
 */
const laneWords = ({ lane, daemon }: Command, { laneDirectory }: Place): readonly string[] =>
  lane === undefined
    ? []
    : [
        'flock',
        '--nonblock',
        ...(daemon === true ? ['--close'] : []),
        '--conflict-exit-code',
        String(laneBusyCode),
        laneFile(lane, laneDirectory),
      ];
