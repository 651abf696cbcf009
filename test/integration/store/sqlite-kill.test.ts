import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SqliteStore } from '../../../src/store/sqlite.ts';

const writer = fileURLToPath(new URL('./sqlite-writer.ts', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brickyard-kill-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('survives SIGKILL: possession ends with the process, and every write that was reported is there', async () => {
  const path = join(folder, 'state.db');
  for (let round = 1; round <= 3; round += 1) {
    const child = spawn(process.execPath, [writer, path, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const reported: string[] = [];
    let intruder: unknown;
    for await (const line of createInterface({ input: child.stdout })) {
      reported.push(line);
      if (reported.length === 5) {
        // While the other process lives the file is its own.
        intruder = await new SqliteStore({ path, busyTimeout: 1 }).open().catch((error: unknown) => error);
      }
      if (reported.length === 40) {
        child.kill('SIGKILL');
      }
    }
    if (child.exitCode === null && child.signalCode === null) {
      await once(child, 'exit');
    }
    expect(child.signalCode).toBe('SIGKILL');
    expect(String(intruder)).toContain('another process has the state file open');
    const store = new SqliteStore({ path });
    const ids = new Set((await store.open()).map(({ id }) => id));
    await store.close();
    expect(reported.filter((id) => !ids.has(id))).toEqual([]);
  }
});
