import { describe, expect, it } from 'vitest';
import { laneFile } from '../../../src/gluster/lane.ts';
import { answerOf } from '../../../src/gluster/node-answer.ts';
import { environmentOf, localWords, remoteWords } from '../../../src/gluster/node-command.ts';
import type { Exited } from '../../../src/gluster/runner.ts';

const place = { path: '/usr/bin:/bin', laneDirectory: '/run' };
const plain = { argv: ['lvs', '--noheadings'], deadlineMs: 1_500 };
const laned = { ...plain, lane: 'brick-1' };
const lock = ['flock', '--nonblock', '--conflict-exit-code', '217', laneFile('brick-1', '/run')];

describe('what runs on a node', () => {
  it('is the command below its deadline, in its lane', () => {
    expect(localWords(plain, [], place)).toEqual(['timeout', '--signal=KILL', '1.500', ...plain.argv]);
    expect(localWords(laned, [], place)).toEqual(['timeout', '--signal=KILL', '1.500', ...lock, ...plain.argv]);
  });

  it('has its lane behind a prefix, and the deadline before it', () => {
    const prefix = ['nsenter', '--target', '1', '--mount', '--'];
    expect(localWords(laned, prefix, place)).toEqual(
      ['timeout', '--signal=KILL', '1.500', prefix, lock, plain.argv].flat(),
    );
  });

  it('keeps the lane from a process that it leaves behind', () => {
    const words = localWords({ ...laned, daemon: true }, [], place);
    expect(words.slice(3, 8)).toEqual(['flock', '--nonblock', '--close', '--conflict-exit-code', '217']);
  });

  it('has everything behind sudo, because only root can end what root runs', () => {
    const words = ['/usr/bin/env', '-i', 'PATH=/usr/bin:/bin', 'LC_ALL=C', 'timeout', '--signal=KILL', '1.500'];
    expect(remoteWords(plain, { sudo: false }, place)).toEqual([...words, ...plain.argv]);
    expect(remoteWords(plain, { sudo: true }, place)).toEqual(['sudo', '-n', '--', ...words, ...plain.argv]);
  });

  it('never has a deadline of zero, which would be none', () => {
    expect(localWords({ ...plain, deadlineMs: 0.2 }, [], place)[2]).toBe('0.001');
  });

  it('tells LVM not to complain of the lock, and other commands nothing', () => {
    expect(environmentOf(plain, place)).toEqual({ PATH: '/usr/bin:/bin', LC_ALL: 'C' });
    expect(environmentOf(laned, place)).toMatchObject({ LVM_SUPPRESS_FD_WARNINGS: '1' });
  });

  it('spares gluster the start of Python for geo-replication, which is not used', () => {
    const gluster = { ...plain, argv: ['gluster', '--xml', 'pool', 'list'] };
    expect(environmentOf(gluster, place)).toEqual({ PATH: '/usr/bin:/bin', LC_ALL: 'C', PYTHON: 'true' });
    expect(remoteWords(gluster, { sudo: true }, place)).toContain('PYTHON=true');
  });

  it('takes one of 256 locks, always the same for a lane', () => {
    const files = new Set(Array.from({ length: 5_000 }, (_, index) => laneFile(`brick-${index}`, '/run')));
    expect(files.size).toBe(256);
    expect([...files].filter((file) => !/^\/run\/brickyard-lane-[0-9a-f]{2}\.lock$/.test(file))).toEqual([]);
    expect(laneFile('brick-1', '/run')).toBe(laneFile('brick-1', '/run'));
  });
});

describe('the end of a process on a node', () => {
  const exited = (exitCode: number, stderr = '', stdout = ''): Exited => ({ kind: 'exited', exitCode, stdout, stderr });
  const none = { lane: false };

  it.each([
    exited(0, '', 'fine\n'),
    exited(1, '  Volume group "x" not found\n'),
    exited(127, 'sh: 1: nonsense: not found\n'),
    exited(127, 'flock: not alone in its text\nflock: failed to execute x: No such file or directory\n'),
    exited(69),
    exited(217),
    exited(137),
    exited(254, '', 'text\n'),
    exited(1, 'sudo: unable to resolve host node-1: Name or service not known\n'),
  ])('is that of the command: %o', (end) => {
    expect(answerOf(end, none)).toBe(end);
  });

  it.each([
    exited(127, "timeout: failed to run command 'mkfs.xfs': No such file or directory\n"),
    exited(127, "env: 'timeout': No such file or directory\n"),
    exited(69, 'flock: failed to execute lvcreate: No such file or directory\n'),
  ])('is that of a program that is not there: %o', (end) => {
    expect(answerOf(end, { lane: true })).toMatchObject({ kind: 'not-started', cause: 'no-such-program' });
  });

  it.each([
    exited(126, "timeout: failed to run command '/etc/passwd': Permission denied\n"),
    exited(66, 'flock: cannot open lock file /run/brickyard-lane-00.lock: Permission denied\n'),
    exited(66, 'flock: cannot open lock file /no/run/brickyard-lane-00.lock: No such file or directory\n'),
    exited(125, 'timeout: fork system call failed: Resource temporarily unavailable\n'),
  ])('is that of a program around the command: %o', (end) => {
    expect(answerOf(end, { lane: true })).toMatchObject({ kind: 'not-started', cause: 'refused' });
  });

  it('says that the lane is taken, only where there is one and nothing was printed', () => {
    expect(answerOf(exited(217), { lane: true })).toEqual({ kind: 'lane-busy' });
    expect(answerOf(exited(217, '', 'x'), { lane: true })).toMatchObject({ kind: 'exited', exitCode: 217 });
  });

  it('by a signal below the lock is no exit code', () => {
    expect(answerOf(exited(137), { lane: true })).toEqual({
      kind: 'lost',
      reason: 'the process was killed (signal 9)',
    });
    expect(answerOf(exited(254), { lane: true })).toMatchObject({ kind: 'exited' });
  });

  it.each([
    'sudo: a password is required\n',
    'sudo: unable to resolve host node-1: Name or service not known\nsudo: a password is required\n',
    "Sorry, user brickyard is not allowed to execute '/usr/bin/env -i' as root on node-1.\n",
    'brickyard is not in the sudoers file.\n',
    'sudo: /usr/bin/env: command not found\n',
    'sudo: a terminal is required to read the password; either use the -S option to read from standard input\n',
  ])('is a refusal of sudo: %o', (stderr) => {
    expect(answerOf(exited(1, stderr), { lane: true, prefix: 'sudo' })).toMatchObject({ cause: 'refused' });
  });

  it('is that of the command behind a sudo that only warns', () => {
    const end = exited(1, 'sudo: unable to resolve host node-1: Name or service not known\n');
    expect(answerOf(end, { lane: true, prefix: 'sudo' })).toBe(end);
    expect(
      answerOf(exited(127, 'bash: line 1: exec: sudo: not found\n'), { lane: false, prefix: 'sudo' }),
    ).toMatchObject({
      cause: 'no-such-program',
    });
  });

  it.each([
    ['/usr/bin/nsenter', 'nsenter: cannot open /proc/4711/ns/mnt: No such file or directory\n', 'unreachable'],
    ['nsenter', 'nsenter: cannot open /proc/1/ns/mnt: Permission denied\n', 'refused'],
    ['ip', 'Cannot open network namespace "node-1": No such file or directory\n', 'unreachable'],
    ['nsenter', 'nsenter: failed to execute gluster: No such file or directory\n', 'no-such-program'],
    ['chroot', "chroot: failed to run command 'gluster': No such file or directory\n", 'no-such-program'],
    ['ip', 'exec of "gluster" failed: No such file or directory\n', 'no-such-program'],
    ['ip', 'setting the network namespace "node-1" failed: Operation not permitted\n', 'refused'],
  ])('is that of the prefix %s: %o', (prefix, stderr, cause) => {
    expect(answerOf(exited(1, stderr), { lane: false, prefix })).toMatchObject({ kind: 'not-started', cause });
  });
});
