import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);

/** Path of a Node older than 24 on this machine, outside of node_modules; `undefined` when there is none. */
async function olderNode(): Promise<string | undefined> {
  const folders = ['/usr/bin', '/usr/local/bin'];
  for (const folder of folders) {
    try {
      const { stdout } = await run(join(folder, 'node'), ['--version']);
      if (Number.parseInt(stdout.slice(1), 10) < 24) {
        return join(folder, 'node');
      }
    } catch {
      // Not there.
    }
  }
  return undefined;
}

const old = await olderNode();

describe('main on an old Node', () => {
  let folder: string;
  let main: string;

  // What tsc makes of main.ts, without the rest of dist/: nothing else may be loaded before the check.
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'brickyard-old-'));
    main = join(folder, 'main.mjs');
    const source = await readFile(fileURLToPath(new URL('../../../src/main.ts', import.meta.url)), 'utf8');
    await writeFile(main, stripTypeScriptTypes(source));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function complaint(node: string, args: readonly string[]): Promise<{ code: unknown; stderr: string }> {
    try {
      await run(node, [...args, main, 'serve'], { env: {} });
      return { code: 0, stderr: '' };
    } catch (error) {
      const { code, stderr } = error as { code: unknown; stderr: string };
      return { code, stderr };
    }
  }

  it('says in one line what is needed, what was found and where to get it', async () => {
    const pretend = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.9.0" } })';
    const { code, stderr } = await complaint(process.execPath, [`--import=data:text/javascript,${pretend}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^brickyard needs Node\.js 24 or later, but this is 20\.9\.0 .*https:\/\/nodejs\.org.*\n$/);
  });

  it.skipIf(old === undefined)(`says the same on a real one (${old ?? 'none here'})`, async () => {
    const { code, stderr } = await complaint(old ?? '', []);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^brickyard needs Node\.js 24 or later, but this is \d+\.\d+\.\d+ .*\n$/);
  });

  it('keeps the line that makes dist/main.js a program', async () => {
    expect(await readFile(main, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});
