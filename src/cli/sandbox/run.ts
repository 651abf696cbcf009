import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { resolveConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { SandboxFlags } from './flags.ts';
import { CommandError, exitCode, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { Lifecycle } from '../lifecycle/lifecycle.ts';
import { connectProcess } from '../lifecycle/process-signals.ts';
import { createLogger } from '../logging/logger.ts';
import { systemClock } from '../system-clock.ts';
import { demonstrate } from './demonstrate.ts';
import { Narrator } from './narrator.ts';

/** Milliseconds. Nothing in a sandbox takes longer than its latencies in memory. */
const grace = 5000;
const abortGrace = 2000;

/** Everything in one process: shows it, and with `once` checks it. Resolves with what the process should end with. */
export async function runSandbox(flags: SandboxFlags, io: Io): Promise<ExitCode> {
  const log = await createLogger({
    level: flags.logLevel,
    format: 'auto',
    output: 2,
    isTerminal: process.stderr.isTTY,
  });
  const kill = (code: number): never => process.exit(code);
  const clock = systemClock;
  const lifecycle = new Lifecycle({ clock, log, grace, abortGrace, kill });
  const disconnect = connectProcess(process, lifecycle, log, kill);
  const narrator = new Narrator(clock, io.out);
  let failure: Error | undefined;
  try {
    const stateDir = await makeStateDir(flags, lifecycle);
    const config = sandboxConfig(stateDir);
    await demonstrate({ flags, config, io, clock, random: Math.random, log, lifecycle, narrator });
    if (flags.once) {
      lifecycle.stop('--once', exitCode.done);
    }
  } catch (error) {
    // Ctrl-C in the middle ends waiting with an error, which is none.
    if (lifecycle.stage === 'running') {
      failure = error instanceof Error ? error : new Error(String(error));
      lifecycle.stop('it failed', exitCode.failed);
    }
  }
  const code = await lifecycle.finished;
  disconnect();
  if (failure !== undefined) {
    throw failure;
  }
  return code;
}

async function makeStateDir({ stateDir }: SandboxFlags, lifecycle: Lifecycle): Promise<string> {
  if (stateDir !== undefined) {
    const path = resolve(stateDir);
    await mkdir(path, { recursive: true, mode: 0o700 });
    return path;
  }
  const path = await mkdtemp(join(tmpdir(), 'brickyard-sandbox-'));
  lifecycle.onClose('state folder', () => rm(path, { recursive: true, force: true }));
  return path;
}

/** The configuration of the controller in a sandbox: the defaults, in a folder and on addresses of its own. */
function sandboxConfig(stateDir: string): Config {
  const config = resolveConfig({
    flags: new Map([
      ['--state-dir', stateDir],
      ['--kubeconfig', join(stateDir, 'kubeconfig')],
      ['--ops-address', '127.0.0.1'],
      ['--ops-port', '0'],
      ['--api-qps', '1000'],
      ['--api-burst', '1000'],
    ]),
    environment: {},
  });
  if (Buffer.byteLength(config.admin.socket) > 100) {
    throw new CommandError(
      `the state folder ${stateDir} has too long a name for a socket in it: name another with --state-dir`,
    );
  }
  return config;
}
