/** A process that runs one command, given as JSON, and may be killed meanwhile. See lanes.test.ts. */
import { systemClock } from '../../../src/cli/system-clock.ts';
import { createLocalRunner } from '../../../src/gluster/local-runner.ts';
import type { Command } from '../../../src/gluster/runner.ts';
import { createSshRunner, type SshRunnerOptions } from '../../../src/gluster/ssh/runner.ts';
import { node } from './support.ts';

const { kind, options, command } = JSON.parse(process.argv[2] ?? '') as {
  readonly kind: 'local' | 'ssh';
  readonly options: Omit<SshRunnerOptions, 'clock'>;
  readonly command: Command;
};
const parts = { clock: systemClock, ...options };
const runner = kind === 'local' ? createLocalRunner(parts) : createSshRunner(parts);
await runner.run(node, command, { signal: new AbortController().signal });
