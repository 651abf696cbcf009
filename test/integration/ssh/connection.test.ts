import { appendFile, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SshRunnerOptions } from '../../../src/gluster/ssh/runner.ts';
import { sshdMissing, startSshd, type Sshd } from '../../support/throwaway-sshd.ts';
import { waitFor } from '../../support/wait-for.ts';
import { clientOf, family, membersOf, run, type Client } from './support.ts';

describe.skipIf(sshdMissing())('ssh connections', () => {
  let sshd: Sshd;
  const clients: Client[] = [];

  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterEach(() => {
    clients.splice(0).forEach(({ runner }) => runner.close());
  });
  afterAll(async () => {
    await sshd?.close();
  });

  const client = (options: Partial<SshRunnerOptions> = {}, to = sshd): Client => {
    const made = clientOf(to, options);
    clients.push(made);
    return made;
  };
  const knownHosts = async (name: string, text: string): Promise<string> => {
    const file = join(sshd.directory, name);
    await writeFile(file, text);
    return file;
  };

  /** The most that ran at one time, from what each said of its begin and end. */
  const overlap = (outputs: readonly string[]): number => {
    const spans = outputs.map((output) => output.trim().split('\n').map(BigInt));
    return Math.max(
      ...spans.map(([begin = 0n]) => spans.filter(([from = 0n, to = 0n]) => from <= begin && begin < to).length),
    );
  };

  it.each([
    { settings: [], most: 10 },
    { settings: ['MaxSessions 3'], most: 3 },
    { settings: ['MaxSessions 1'], most: 1 },
  ])('carry all commands at once, as many as the node allows: $settings', async ({ settings, most }) => {
    const strict = await startSshd(settings);
    const { runner, lines } = client({}, strict);
    const script = 'date +%s%N; sleep 0.1; date +%s%N';
    const results = await Promise.all(Array.from({ length: 30 }, () => run(runner, ['sh', '-c', script])));
    await strict.close();
    const outputs = results.map((result) => (result.kind === 'exited' ? result.stdout : JSON.stringify(result)));
    expect(outputs).toEqual(outputs.map(() => expect.stringMatching(/^\d+\n\d+\n$/) as unknown));
    expect(overlap(outputs)).toBeLessThanOrEqual(most);
    expect(overlap(outputs)).toBeGreaterThan(most === 1 ? 0 : 1);
    expect(lines.filter(({ level }) => level !== 'warn')).toEqual([
      { level: 'info', message: 'ssh connection opened' },
    ]);
  });

  it('that break lose what runs in them, and the next command opens one that all share', async () => {
    const fragile = await startSshd();
    const { runner, lines } = client({}, fragile);
    const files = ['first', 'second'].map((name) => join(fragile.directory, name));
    const results = files.map((file) => run(runner, family(file), { deadlineMs: 20_000 }));
    const members = (await Promise.all(files.map(membersOf))).flat();
    await fragile.kill();
    expect(await Promise.all(results)).toEqual(
      results.map(() => ({ kind: 'lost', reason: 'the connection was lost' })),
    );
    members.forEach((pid) => process.kill(pid, 'SIGKILL'));
    const refused = await Promise.all([1, 2, 3].map(() => run(runner, ['true'])));
    expect(refused).toEqual(
      refused.map(() => expect.objectContaining({ kind: 'not-started', cause: 'unreachable' }) as unknown),
    );
    await fragile.start();
    const back = await waitFor('it answers again', async () => {
      const result = await run(runner, ['echo', 'back']);
      return result.kind === 'exited' && result;
    });
    expect(back).toMatchObject({ stdout: 'back\n' });
    await Promise.all([1, 2, 3, 4].map(() => run(runner, ['true'])));
    expect(lines.filter(({ message }) => message === 'ssh connection opened')).toHaveLength(2);
    expect(await fragile.sessions()).not.toEqual([]);
    await fragile.close();
  });

  it('that fall silent are given up', async () => {
    const silent = await startSshd();
    const { runner } = client({ keepaliveMs: 100 }, silent);
    expect(await run(runner, ['true'])).toMatchObject({ kind: 'exited' });
    const file = join(silent.directory, 'members');
    const result = run(runner, family(file));
    const members = await membersOf(file);
    const serving = await silent.sessions();
    serving.forEach((pid) => process.kill(pid, 'SIGSTOP'));
    expect(await result).toEqual({ kind: 'lost', reason: 'the connection was lost' });
    members.forEach((pid) => process.kill(pid, 'SIGKILL'));
    await silent.close();
  });

  it('that somebody waits for in vain are waited for no longer than the deadline', async () => {
    const mute = await startSshd();
    const { runner } = client({}, mute);
    // It takes the connection and says nothing.
    mute.pause();
    const caller = new AbortController();
    const given = run(runner, ['true'], {}, caller.signal);
    expect(await run(runner, ['true'], { deadlineMs: 200 })).toEqual({
      kind: 'not-started',
      cause: 'unreachable',
      reason: 'deadline passed before there was a connection',
    });
    caller.abort(new Error('enough'));
    expect(await given).toMatchObject({ kind: 'not-started', cause: 'aborted' });
    await mute.close();
  });

  it('are not made to a host that nobody knows, and what to do is said', async () => {
    const knownHostsFile = await knownHosts('empty', '# nobody\n');
    const { runner, lines } = client({ knownHostsFile });
    const result = await run(runner, ['true']);
    expect(result).toMatchObject({ kind: 'not-started', cause: 'refused' });
    const reason = 'reason' in result ? result.reason : '';
    expect(reason).toContain(
      `[127.0.0.1]:${sshd.port}, ${await sshd.fingerprint('host')}, is not in ${knownHostsFile}`,
    );
    expect(reason).toContain(`ssh-keyscan -p ${sshd.port} -t ed25519 127.0.0.1 >> ${knownHostsFile}`);
    expect(lines).toEqual([{ level: 'warn', message: reason }]);
  });

  it('are not made to a host with another key, loudly, nor with a revoked one', async () => {
    const name = `[127.0.0.1]:${sshd.port}`;
    const other = await readFile(`${await sshd.newKey('other')}.pub`, 'utf8');
    const changed = client({ knownHostsFile: await knownHosts('changed', `${name} ${other}`) });
    expect(await run(changed.runner, ['true'])).toMatchObject({
      cause: 'refused',
      reason: expect.stringContaining('either somebody stands between, or the node was installed anew') as unknown,
    });
    expect(changed.lines.map(({ level }) => level)).toEqual(['error']);
    const known = await readFile(sshd.knownHostsFile, 'utf8');
    const revoked = client({
      knownHostsFile: await knownHosts('revoked', `${known}@revoked * ${known.split(' ').slice(1).join(' ')}`),
    });
    expect(await run(revoked.runner, ['true'])).toMatchObject({
      cause: 'refused',
      reason: expect.stringContaining('is revoked') as unknown,
    });
    expect(revoked.lines.map(({ level }) => level)).toEqual(['error']);
  });

  it('are made to hosts whose name is hashed, by the type of key that is known', async () => {
    const many = await startSshd([
      `HostKey ${await sshd.newKey('ecdsa', 'ecdsa')}`,
      `HostKey ${await sshd.newKey('rsa', 'rsa')}`,
    ]);
    for (const type of ['rsa', 'ecdsa']) {
      const key = await readFile(join(sshd.keys, `${type}.pub`), 'utf8');
      const knownHostsFile = await knownHosts(`only-${type}`, `[127.0.0.1]:${many.port} ${key}`);
      await sshd.hashNames(knownHostsFile);
      expect(await readFile(knownHostsFile, 'utf8')).toMatch(/^\|1\|/);
      expect(await run(client({ knownHostsFile }, many).runner, ['true'])).toMatchObject({ exitCode: 0 });
    }
    await many.close();
  });

  it('are not made with a key that the node does not accept, or that is none', async () => {
    const keyFile = await sshd.newKey('stranger');
    const stranger = client({ keyFile });
    expect(await run(stranger.runner, ['true'])).toMatchObject({
      kind: 'not-started',
      cause: 'refused',
      reason:
        `${sshd.user}@127.0.0.1:${sshd.port} does not accept the key in ${keyFile} ` +
        `(ssh-ed25519 ${await sshd.fingerprint('stranger')}): its public half has to be in ${sshd.user}'s authorized_keys there`,
    });
    const absent = await run(client({ keyFile: '/no/such/key' }).runner, ['true']);
    expect(absent).toMatchObject({ cause: 'refused', reason: expect.stringContaining('/no/such/key') as unknown });
    const broken = await run(client({ keyFile: sshd.knownHostsFile }).runner, ['true']);
    expect(broken).toMatchObject({
      cause: 'refused',
      reason: expect.stringContaining('expected a private key') as unknown,
    });
    const unknown = await run(client({ knownHostsFile: '/no/such/hosts' }).runner, ['true']);
    expect(unknown).toMatchObject({ cause: 'refused', reason: expect.stringContaining('/no/such/hosts') as unknown });
  });

  it('take a key of any usual kind, and the new one after the file has changed', async () => {
    const keyFile = join(sshd.directory, 'key');
    await copyFile(await sshd.newKey('old'), keyFile);
    const { runner } = client({ keyFile });
    expect(await run(runner, ['true'])).toMatchObject({ cause: 'refused' });
    for (const type of ['rsa', 'ecdsa', 'ed25519'] as const) {
      const key = await sshd.newKey(`user-${type}`, type);
      await appendFile(`${sshd.keyFile}.pub`, await readFile(`${key}.pub`, 'utf8'));
      await copyFile(key, keyFile);
      expect(await run(client({ keyFile }).runner, ['true'])).toMatchObject({ exitCode: 0 });
    }
    await waitFor('it reads the key again', async () => (await run(runner, ['true'])).kind === 'exited');
  });

  it('are refused where the login does something else than what it is told', async () => {
    const forced = await startSshd(['ForceCommand echo Welcome']);
    expect(await run(client({}, forced).runner, ['true'])).toMatchObject({
      kind: 'not-started',
      cause: 'refused',
      reason: expect.stringMatching(
        /POSIX shell that prints nothing of its own; a trial command gave .*Welcome/,
      ) as unknown,
    });
    await forced.close();
  });
});
