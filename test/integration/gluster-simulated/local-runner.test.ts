import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/cli/system-clock.ts';
import { createLocalRunner } from '../../../src/gluster/local-runner.ts';
import { outputLimit } from '../../../src/gluster/runner.ts';
import { nodeSpecs } from '../../support/simulated-cluster.ts';
import { waitFor } from '../../support/wait-for.ts';

const [node] = nodeSpecs(1);
if (node === undefined) {
  throw new Error('no node');
}
const context = { signal: new AbortController().signal };
const runner = createLocalRunner({ clock: systemClock });
const run = (argv: readonly string[], deadlineMs = 20_000, signal = context.signal) =>
  runner.run(node, { argv, deadlineMs }, { signal });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('commands on this host', () => {
  it('bring back exit code and both streams', async () => {
    expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      kind: 'exited',
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('get each word as it stands, whatever it holds', async () => {
    const words = ['$HOME', '; echo', '`id`', "it's", '*', 'two words', '--'];
    expect(await run(['printf', '%s|', ...words])).toMatchObject({ stdout: `${words.join('|')}|` });
  });

  it('see a closed stdin, the C locale and nothing of our environment', async () => {
    expect(await run(['cat'])).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await run(['env'])).toMatchObject({
      stdout: 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n',
    });
  });

  it('run behind the prefix', async () => {
    const prefixed = createLocalRunner({ clock: systemClock, prefix: ['env', 'A=1'] });
    expect(await prefixed.run(node, { argv: ['sh', '-c', 'echo $A'], deadlineMs: 20_000 }, context)).toMatchObject({
      stdout: '1\n',
    });
  });

  it('that are none have not started', async () => {
    expect(await run(['/no/such/program'])).toMatchObject({ kind: 'not-started', cause: 'no-such-program' });
  });

  it('print no more than the limit into our memory', async () => {
    const result = await run(['head', '-c', String(outputLimit + 100_000), '/dev/zero']);
    expect(result.kind === 'exited' ? result.stdout.length : result).toBe(outputLimit);
  });

  it('die with their children at the deadline, and are lost', async () => {
    const marker = 654_321 + process.pid;
    expect(await run(['sh', '-c', `sleep ${marker} & wait`], 300)).toEqual({ kind: 'lost', reason: 'deadline passed' });
    await waitFor('the child is gone', async () => {
      const found = await run(['pgrep', '-fx', `sleep ${marker}`]);
      return found.kind === 'exited' && found.exitCode === 1;
    });
  });

  it('die when the caller gives up, children too', async () => {
    const caller = new AbortController();
    const marker = 123_456 + process.pid;
    const result = run(['sh', '-c', `sleep ${marker} & wait`], 20_000, caller.signal);
    const child = await waitFor('the child runs', async () => {
      const found = await run(['pgrep', '-fx', `sleep ${marker}`]);
      return found.kind === 'exited' && found.exitCode === 0 ? Number(found.stdout) : undefined;
    });
    expect(isAlive(child)).toBe(true);
    caller.abort(new Error('enough'));
    expect(await result).toEqual({ kind: 'lost', reason: 'the caller gave up' });
    await waitFor('the child is gone', () => !isAlive(child));
    expect(await run(['true'], 1_000, caller.signal)).toMatchObject({ kind: 'not-started', cause: 'aborted' });
  });

  it('killed from outside are lost', async () => {
    expect(await run(['sh', '-c', 'kill -9 $$'])).toEqual({ kind: 'lost', reason: 'the process was killed' });
  });
});
