import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

describe('brickyard sandbox', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'brickyard-sandbox-test-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** The real program, whose temporary files go into the folder of the test. */
  function sandbox(...flags: string[]) {
    const child = spawn(process.execPath, [main, 'sandbox', ...flags], {
      env: { PATH: process.env['PATH'], TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
    return { child, said, ended: once(child, 'close').then(([code]) => code as number | null) };
  }

  it('--once binds every claim, shows where the replicas are, cleans up and ends with 0', async () => {
    const { said, ended } = sandbox('--once', '--claims', '3');
    expect({ code: await ended, err: said.err }).toMatchObject({ code: 0 });
    const rows = said.out.split('\n').filter((line) => /^default\/demo-\d+ +Bound +\d+ GiB +pvc-/.test(line));
    expect(rows).toHaveLength(3);
    // Three replicas a claim, each in a zone of its own.
    const replicas = [...said.out.matchAll(/ (\d) {2}node-[abc][12] {2}\/dev\/vd[bc]$/gm)].map(([, zone]) => zone);
    expect(replicas).toHaveLength(9);
    for (const first of [0, 3, 6]) {
      expect(new Set(replicas.slice(first, first + 3))).toEqual(new Set(['1', '2', '3']));
    }
    expect(said.out).toContain('their volumes with them');
    expect(await readdir(folder)).toEqual([]);
  });

  it('--once ends with 1 and the reason when a claim cannot be bound', async () => {
    const { said, ended } = sandbox('--once', '--zones', '1', '--nodes', '2', '--claims', '1', '--wait', '2');
    expect(await ended).toBe(1);
    expect(said.err).toMatch(/^brickyard: 1 of 1 claim\(s\) are not bound:\ndemo-1: .*3 nodes/m);
    expect(await readdir(folder)).toEqual([]);
  });

  it('stays until SIGINT, then cleans up and ends with 0', async () => {
    const kubeconfig = join(folder, 'kubeconfig');
    const { child, said, ended } = sandbox('--claims', '1', '--kubeconfig', kubeconfig);
    await waitFor('it says what to try', () => said.out.includes('Ctrl-C ends it.'));
    expect(await readFile(kubeconfig, 'utf8')).toContain('current-context');
    expect(said.out).toContain(`export KUBECONFIG=${kubeconfig}`);
    child.kill('SIGINT');
    expect({ code: await ended, err: said.err }).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toEqual(['kubeconfig']);
  });

  it('says in one line that its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { said, ended } = sandbox('--once', '--port', String(port));
    expect(await ended).toBe(1);
    expect(said.err).toMatch(/^brickyard: the sandbox cannot start: listen EADDRINUSE.*\n$/);
    taken.close();
  });
});
