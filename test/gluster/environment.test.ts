import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { asOnNode, missingForGluster } from './environment.ts';

const run = promisify(execFile);
const missing = await missingForGluster();

// With gluster among the words of BRICKYARD_REQUIRE a machine that cannot run this level fails it; elsewhere the level says why it does not run.
const required = (process.env['BRICKYARD_REQUIRE'] ?? '').split(',').includes('gluster');
if (missing.length > 0 && !required) {
  process.stderr.write(`gluster level skipped, because this machine has no ${missing.join(', ')}\n`);
}

describe('machine for real gluster', () => {
  it.runIf(required)('has everything that this level needs', () => {
    expect(missing).toEqual([]);
  });

  it.skipIf(missing.length > 0)(
    `runs glusterd${missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''}`,
    async () => {
      const [program, ...words] = [...asOnNode, 'glusterd', '--version'];
      const { stdout } = await run(program, words);
      expect(stdout).toMatch(/^glusterfs \d+\./);
    },
  );

  it.skipIf(missing.length > 0)('can make namespaces of its own', async () => {
    const { stdout } = await run('unshare', [
      '--net',
      '--mount',
      '--pid',
      '--uts',
      '--ipc',
      '--fork',
      'ip',
      '-o',
      'link',
    ]);
    expect(stdout).toMatch(/^1: lo:/);
  });
});
