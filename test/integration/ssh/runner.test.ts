import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputLimit } from '../../../src/gluster/runner.ts';
import type { SshRunner } from '../../../src/gluster/ssh/runner.ts';
import { sshdMissing, startSshd, type Sshd } from '../../support/throwaway-sshd.ts';
import { waitFor } from '../../support/wait-for.ts';
import { anyAlive, clientOf, family, membersOf, run } from './support.ts';

describe.skipIf(sshdMissing())('commands by ssh', () => {
  let sshd: Sshd;
  let runner: SshRunner;

  beforeAll(async () => {
    sshd = await startSshd();
    runner = clientOf(sshd).runner;
  });
  afterAll(async () => {
    runner?.close();
    await sshd?.close();
  });

  it('bring back exit code and both streams', async () => {
    expect(await run(runner, ['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      kind: 'exited',
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await run(runner, ['true'], { lane: 'brick' })).toMatchObject({ kind: 'exited', exitCode: 0, stderr: '' });
  });

  it('get every word as it stands, whatever it holds', async () => {
    const word = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\0', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 5 }), async (words) => {
        const result = await run(runner, ['printf', String.raw`%s\0`, ...words]);
        expect(result).toMatchObject({ kind: 'exited', stdout: words.map((each) => `${each}\0`).join('') });
      }),
      { numRuns: 40 },
    );
  });

  it('see a closed stdin, the C locale and nothing of the login', async () => {
    expect(await run(runner, ['cat'])).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await run(runner, ['env'])).toMatchObject({
      stdout: 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n',
    });
  });

  it('that are none have not started, whereas an exit code 127 of their own is theirs', async () => {
    expect(await run(runner, ['no-such-program'])).toMatchObject({ kind: 'not-started', cause: 'no-such-program' });
    expect(await run(runner, ['no-such-program'], { lane: 'brick' })).toMatchObject({ cause: 'no-such-program' });
    expect(await run(runner, ['/etc/passwd'])).toMatchObject({ kind: 'not-started', cause: 'refused' });
    expect(await run(runner, ['sh', '-c', 'no-such-program'])).toMatchObject({ kind: 'exited', exitCode: 127 });
  });

  it('print no more than the limit into our memory', async () => {
    const result = await run(runner, ['head', '-c', String(outputLimit + 100_000), '/dev/zero']);
    expect(result.kind === 'exited' ? result.stdout.length : result).toBe(outputLimit);
  });

  it('may be as long as a shell takes them, and are refused beyond', async () => {
    const count = ['sh', '-c', 'echo ${#1}', 'sh'];
    expect(await run(runner, [...count, 'x'.repeat(100_000)])).toMatchObject({ stdout: '100000\n' });
    expect(await run(runner, [...count, 'x'.repeat(140_000)])).toMatchObject({ kind: 'not-started', cause: 'refused' });
  });

  it.each([{ lane: 'brick' }, {}])('die with their children at the deadline, and are lost: %o', async (lane) => {
    const file = join(sshd.directory, `deadline-${lane.lane}`);
    const result = run(runner, family(file), { deadlineMs: 6_000, ...lane });
    const members = await membersOf(file);
    expect(await result).toEqual({ kind: 'lost', reason: 'deadline passed' });
    await waitFor('they are gone', () => !anyAlive(members));
  });

  it('are ended at the deadline by the node itself when nobody is left who would', async () => {
    const gone = clientOf(sshd).runner;
    const file = join(sshd.directory, 'orphans');
    const result = run(gone, family(file), { deadlineMs: 10_000 });
    const members = await membersOf(file);
    gone.close();
    expect(await result).toEqual({ kind: 'lost', reason: 'the connection was lost' });
    expect(anyAlive(members)).toBe(true);
    await waitFor('they are gone', () => !anyAlive(members));
    expect(await run(gone, ['true'])).toMatchObject({ kind: 'not-started', cause: 'refused' });
  });

  // sshd passes signals on for everybody but root, whose commands the node ends at their deadline.
  it('are lost when the caller gives up, and end with their children', async () => {
    const caller = new AbortController();
    const file = join(sshd.directory, 'given-up');
    const result = run(runner, family(file), { deadlineMs: 10_000 }, caller.signal);
    const members = await membersOf(file);
    caller.abort(new Error('enough'));
    expect(await result).toEqual({ kind: 'lost', reason: 'the caller gave up' });
    await waitFor('they are gone', () => !anyAlive(members));
    expect(await run(runner, ['true'], {}, caller.signal)).toMatchObject({ kind: 'not-started', cause: 'aborted' });
  });

  it.each([{ lane: 'brick' }, {}])('that somebody kills are lost: %o', async (lane) => {
    expect(await run(runner, ['sh', '-c', 'kill -9 $$'], lane)).toMatchObject({
      kind: 'lost',
      reason: expect.stringMatching(/^the process was killed/) as unknown,
    });
  });
});
