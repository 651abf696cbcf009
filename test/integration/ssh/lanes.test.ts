import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/cli/system-clock.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { createLocalRunner } from '../../../src/gluster/local-runner.ts';
import type { CommandRunner } from '../../../src/gluster/runner.ts';
import { sshdMissing, startSshd, type Sshd } from '../../support/throwaway-sshd.ts';
import { waitFor } from '../../support/wait-for.ts';
import { anyAlive, clientOf, family, membersOf, run } from './support.ts';

const lane = { lane: 'brick 1' };

/** Writes that it has begun, waits for the file `go` in its directory, writes that it has ended. */
const first = (directory: string): readonly string[] => [
  'sh',
  '-c',
  'echo begun >>"$1/story"; until [ -e "$1/go" ]; do sleep 0.02; done; echo ended >>"$1/story"',
  'sh',
  directory,
];
const second = (directory: string): readonly string[] => ['sh', '-c', 'echo second >>"$1/story"', 'sh', directory];

const story = (directory: string): Promise<string> => readFile(join(directory, 'story'), 'utf8').catch(() => '');

/** Runs one command in the lane as a process of its own, which can be killed like a controller or an agent. */
function sender(kind: 'local' | 'ssh', directory: string, options: object): ChildProcess {
  const arguments_ = JSON.stringify({
    kind,
    options,
    command: { argv: first(directory), deadlineMs: 60_000, ...lane },
  });
  const script = new URL('sender.ts', import.meta.url);
  return spawn(process.execPath, [script.pathname, arguments_], { stdio: 'inherit' });
}

describe.each(['local', 'ssh'] as const)('lanes of the %s runner', (kind) => {
  let directory: string;
  let sshd: Sshd | undefined;
  let runner: CommandRunner;
  let options: object;
  const closing: (() => Promise<void> | void)[] = [];
  const skipped = kind === 'ssh' && sshdMissing();

  beforeAll(async () => {
    sshd = kind === 'ssh' && !skipped ? await startSshd() : undefined;
  });
  afterAll(async () => {
    await sshd?.close();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) {
      await close();
    }
  });

  /** Called once, when the runner next pauses because the lane is taken. */
  let atNextPause: (() => void) | undefined;
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => {
      const slept = systemClock.sleep(ms, signal);
      if ([50, 100, 200, 400, 800, 1_000].includes(ms)) {
        atNextPause?.();
        atNextPause = undefined;
      }
      return slept;
    },
  };

  const arrange = async (): Promise<void> => {
    directory = await mkdtemp(join(tmpdir(), 'brickyard-lanes-'));
    closing.push(() => rm(directory, { recursive: true }));
    if (sshd === undefined) {
      options = { laneDirectory: directory };
      runner = createLocalRunner({ clock, ...options });
    } else {
      const { user, port, keyFile, knownHostsFile } = sshd;
      options = { user, port, keyFile, knownHostsFile, laneDirectory: directory };
      const client = clientOf(sshd, { ...options, clock });
      runner = client.runner;
      closing.push(() => client.runner.close());
    }
  };

  it.skipIf(skipped)('keep the order of one sender', async () => {
    await arrange();
    const results = [run(runner, first(directory), lane), run(runner, second(directory), lane)];
    await waitFor('the first has begun', async () => (await story(directory)) === 'begun\n');
    expect(await run(runner, ['true'], { lane: 'brick 2' })).toMatchObject({ kind: 'exited' });
    await writeFile(join(directory, 'go'), '');
    await Promise.all(results);
    expect(await story(directory)).toBe('begun\nended\nsecond\n');
  });

  it.skipIf(skipped)('keep it when the first sender is killed', async () => {
    await arrange();
    const killed = sender(kind, directory, options);
    await waitFor('the first has begun', async () => (await story(directory)) === 'begun\n');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    let settled = false;
    const result = run(runner, second(directory), lane).finally(() => (settled = true));
    // Time for it to begin if it could: commands of another lane come and go meanwhile.
    for (const _ of [1, 2, 3, 4, 5]) {
      expect(await run(runner, ['true'], { lane: 'brick 2' })).toMatchObject({ kind: 'exited' });
    }
    expect(settled).toBe(false);
    expect(await story(directory)).toBe('begun\n');
    await writeFile(join(directory, 'go'), '');
    expect(await result).toMatchObject({ kind: 'exited', exitCode: 0 });
    expect(await story(directory)).toBe('begun\nended\nsecond\n');
  });

  it.skipIf(skipped)('do not keep a command for later whose sender gives up, or whose deadline passes', async () => {
    await arrange();
    const killed = sender(kind, directory, options);
    await waitFor('the first has begun', async () => (await story(directory)) === 'begun\n');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const caller = new AbortController();
    const givenUp = run(runner, second(directory), lane, caller.signal);
    // Queues behind the other one here, and so is never sent.
    const late = run(runner, second(directory), { ...lane, deadlineMs: 1_500 });
    expect(await late).toEqual({
      kind: 'lost',
      reason: 'deadline passed while an earlier command of its lane was running',
    });
    // Between two tries: in the middle of one there is no telling, and the answer would be that it is lost.
    atNextPause = () => caller.abort(new Error('enough'));
    expect(await givenUp).toMatchObject({ kind: 'not-started', cause: 'aborted' });
    await writeFile(join(directory, 'go'), '');
    expect(await run(runner, ['true'], lane)).toMatchObject({ kind: 'exited' });
    expect(await story(directory)).toBe('begun\nended\n');
  });

  it.skipIf(skipped)('are free again when a deadline has ended what held them', async () => {
    await arrange();
    const file = join(directory, 'members');
    const held = run(runner, family(file), { ...lane, deadlineMs: 6_000 });
    const members = await membersOf(file);
    expect(await held).toEqual({ kind: 'lost', reason: 'deadline passed' });
    expect(await run(runner, ['true'], lane)).toMatchObject({ kind: 'exited', exitCode: 0 });
    expect(anyAlive(members)).toBe(false);
  });

  it.skipIf(skipped)('are held by what a command leaves behind', async () => {
    await arrange();
    const left = ['sh', '-c', 'setsid sh -c \'until [ -e "$1/go" ]; do sleep 0.02; done\' sh "$1" >/dev/null 2>&1 &'];
    expect(await run(runner, [...left, 'sh', directory], lane)).toMatchObject({ kind: 'exited', exitCode: 0 });
    expect(await run(runner, ['true'], { ...lane, deadlineMs: 2_000 })).toMatchObject({ kind: 'lost' });
    await writeFile(join(directory, 'go'), '');
    expect(await run(runner, ['true'], lane)).toMatchObject({ kind: 'exited', exitCode: 0 });
  });

  // LVM closes every descriptor that it did not open: were it to hold the lock itself, there would be none.
  it.skipIf(skipped || !existsSync('/usr/sbin/lvm'))('are held while LVM runs', async () => {
    await arrange();
    const fifo = join(directory, 'fifo');
    const shell = ['sh', '-c', 'mkfifo "$1/fifo"; echo $$ >"$1/pid"; exec lvm <"$1/fifo"', 'sh', directory];
    const running = run(runner, shell, lane);
    const pid = await waitFor('the command runs', () =>
      readFile(join(directory, 'pid'), 'utf8').catch(() => undefined),
    );
    const questions = await open(fifo, 'w');
    const descriptors = `/proc/${pid.trim()}/fd`;
    await waitFor('LVM waits for questions', async () => {
      const links = await Promise.all((await readdir(descriptors)).map((name) => readlink(join(descriptors, name))));
      return (
        (await readlink(`/proc/${pid.trim()}/exe`)).endsWith('/lvm') && !links.some((link) => link.endsWith('.lock'))
      );
    });
    expect(await run(runner, ['true'], { ...lane, deadlineMs: 2_000 })).toMatchObject({ kind: 'lost' });
    await questions.close();
    expect(await running).toMatchObject({ kind: 'exited', stderr: expect.not.stringContaining('leaked') as unknown });
    expect(await run(runner, ['true'], lane)).toMatchObject({ kind: 'exited' });
  });
});
