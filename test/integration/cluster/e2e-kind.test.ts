/** `npm run e2e:kind` as a process, on machines that lack something. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../cluster/kind/main.ts', import.meta.url));

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'brickyard-path-'));
});
afterEach(async () => {
  await rm(path, { recursive: true, force: true });
});

/** A program on PATH that notes its words, says something and ends. `code`: an expression. */
async function program(name: string, code: number | string, says: string): Promise<void> {
  const file = join(path, name);
  await writeFile(
    file,
    `#!${process.execPath}
require('node:fs').appendFileSync(${JSON.stringify(join(path, 'ran'))}, [${JSON.stringify(name)}, ...process.argv.slice(2)].join(' ') + '\\n');
console.error(${JSON.stringify(says)});
process.exitCode = ${code};
`,
  );
  await chmod(file, 0o755);
}

async function run(): Promise<{ readonly code: unknown; readonly said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main], { env: { PATH: path } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, said: `${stdout}${stderr}` });
    });
  });
}

describe('npm run e2e:kind', () => {
  it('says all that is missing at once, and ends with 1', async () => {
    const { code, said } = await run();
    expect(code).toBe(1);
    expect(said.trimEnd().split('\n')).toEqual([
      'e2e:kind needs what this machine does not have:',
      expect.stringMatching(/^ {2}kind: https:/),
      expect.stringMatching(/^ {2}kubectl: https:/),
      '  Docker or Podman, running: neither is installed',
    ]);
  });

  it('names only the engine, with its own words, when that does not run, and starts nothing', async () => {
    await program('kind', 0, 'kind v0.30.0');
    await program('kubectl', 0, 'Client Version: v1.36.0');
    await program('docker', 1, 'Cannot connect to the Docker daemon');
    const { code, said } = await run();
    expect(code).toBe(1);
    expect(said.trimEnd().split('\n')).toEqual([
      'e2e:kind needs what this machine does not have:',
      '  Docker or Podman, running: "docker info" says: Cannot connect to the Docker daemon',
    ]);
    const ran = await readFile(join(path, 'ran'), 'utf8');
    expect(ran.trimEnd().split('\n')).toEqual(['kind version', 'kubectl version --client', 'docker info']);
  });

  it('ends with 1 when a step fails', async () => {
    await program('kind', 0, 'kind v0.30.0');
    await program('kubectl', 0, 'Client Version: v1.36.0');
    await program('docker', `process.argv[2] === 'info' ? 0 : 3`, 'Server Version: 29');
    const { code, said } = await run();
    expect(code).toBe(1);
    expect(said).toContain('e2e:kind: docker build ended with 3');
  });
});
