import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SshRunner } from '../../../src/gluster/ssh/runner.ts';
import { sshdMissing, startSshd, type Sshd } from '../../support/throwaway-sshd.ts';
import { clientOf, run } from './support.ts';

// A stand-in: to have the real one let anybody in would mean to change this machine's /etc/sudoers.
const granting = `#!/bin/sh
echo "$*" >>"$(dirname "$0")/asked"
echo 'sudo: unable to resolve host node-1: Name or service not known' >&2
[ "$1 $2" = '-n --' ] || exit 9
shift 2
exec "$@"
`;
const denying = `#!/bin/sh
echo 'sudo: a password is required' >&2
exit 1
`;

describe.skipIf(sshdMissing())('commands by ssh and sudo', () => {
  let sshd: Sshd;
  let sudo: string;
  const runners: SshRunner[] = [];

  beforeAll(async () => {
    const before = await startSshd();
    const folder = join(before.directory, 'bin');
    await mkdir(folder);
    sudo = join(folder, 'sudo');
    await before.kill();
    await before.start([`SetEnv HOME=${folder} PATH=${folder}:/usr/bin:/bin`]);
    sshd = before;
  });
  afterEach(() => {
    runners.splice(0).forEach((runner) => runner.close());
  });
  afterAll(async () => {
    await sshd?.close();
  });

  const behind = async (script: string): Promise<SshRunner> => {
    await writeFile(sudo, script);
    await chmod(sudo, 0o755);
    const { runner } = clientOf(sshd, { sudo: true });
    runners.push(runner);
    return runner;
  };

  it('are run by it with everything around them, and its warnings are no refusals', async () => {
    const runner = await behind(granting);
    expect(await run(runner, ['sh', '-c', 'echo "$LC_ALL"; exit 1'], { lane: 'brick' })).toMatchObject({
      kind: 'exited',
      exitCode: 1,
      stdout: 'C\n',
    });
    expect(await run(runner, ['false'])).toMatchObject({ kind: 'exited', exitCode: 1 });
    // Before the two: the trial, and the question what the node's clock shows.
    const asked = await readFile(join(sudo, '..', 'asked'), 'utf8');
    expect(
      asked
        .trim()
        .split('\n')
        .map((line) => line.split(' ').slice(0, 5).join(' ')),
    ).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(/^-n -- \/usr\/bin\/env -i PATH=/) as unknown));
  });

  it('have not started when it asks for a password, at the first command and at a later one', async () => {
    expect(await run(await behind(denying), ['true'])).toMatchObject({
      kind: 'not-started',
      cause: 'refused',
      reason: expect.stringContaining('sudo: a password is required') as unknown,
    });
    const runner = await behind(granting);
    expect(await run(runner, ['true'])).toMatchObject({ kind: 'exited' });
    await writeFile(sudo, denying);
    expect(await run(runner, ['true'])).toEqual({
      kind: 'not-started',
      cause: 'refused',
      reason: 'sudo: a password is required',
    });
  });
});
