/**
 * npm run e2e:kind: builds the image, makes a Kubernetes cluster of kind's, deploys the manifests there and runs the scenarios
 * against the controller in it. KIND_IMAGE chooses the Kubernetes version, such as kindest/node:v1.25.16. Words after `--`
 * go to vitest. The cluster is deleted in the end, also after Ctrl-C. Exit code 1 when anything is missing or fails.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { realPrograms } from './programs.ts';
import { runOnKind } from './run.ts';
import { findTools } from './tools.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(words: readonly string[]): Promise<number> {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => ending.abort(new Error(`ended by ${signal}`)));
  }
  const programs = realPrograms(ending.signal, say);
  const tools = await findTools(programs);
  if (tools.kind === 'missing') {
    say(['e2e:kind needs what this machine does not have:', ...tools.missing].join('\n  '));
    return 1;
  }
  const folder = await mkdtemp(join(tmpdir(), 'brickyard-kind-'));
  try {
    await runOnKind(programs, {
      engine: tools.engine,
      root,
      folder,
      cluster: `brickyard-e2e-${process.pid}`,
      nodeImage: process.env['KIND_IMAGE'] || undefined,
      scenarios: [
        process.execPath,
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--project',
        'cluster',
        ...words,
      ],
    });
    return 0;
  } catch (error) {
    say(`e2e:kind: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
