import { CredentialsError } from '../../agent/credentials.ts';
import { startAgent } from '../../agent/server/agent.ts';
import { usualLimits } from '../../agent/server/operations.ts';
import { createLocalRunner } from '../../gluster/local-runner.ts';
import { createCommandStorageNodes } from '../../gluster/storage-nodes.ts';
import { exitCode, type ExitCode } from '../exit-codes.ts';
import { Lifecycle } from '../lifecycle/lifecycle.ts';
import { connectProcess } from '../lifecycle/process-signals.ts';
import { createLogger } from '../logging/logger.ts';
import { systemClock } from '../system-clock.ts';
import { brickyardVersion } from '../version.ts';
import type { AgentConfig } from './config.ts';

/** How long aborted work may take to notice, before it is left behind. */
const abortGrace = 5000;

/** Runs the agent until a signal or a failure ends it. Resolves with what the process should end with. */
export async function runAgent(config: AgentConfig): Promise<ExitCode> {
  const { node, devices, listen, certDir, prefix, changes, shutdownGrace, logLevel, logFormat } = config;
  const clock = systemClock;
  const version = brickyardVersion();
  const log = await createLogger({
    level: logLevel,
    format: logFormat,
    output: 1,
    isTerminal: process.stdout.isTTY,
  });
  const kill = (code: number): never => process.exit(code);
  const lifecycle = new Lifecycle({ clock, log, grace: shutdownGrace, abortGrace, kill });
  const disconnect = connectProcess(process, lifecycle, log, kill);
  log.info({ version, node, devices, pid: process.pid }, 'brickyard agent starts');
  try {
    const agent = await startAgent({
      node,
      devices,
      listen,
      certDir,
      version,
      clock,
      log,
      nodes: createCommandStorageNodes({ runner: createLocalRunner({ clock, prefix }), log }),
      limits: { ...usualLimits, changes },
    });
    lifecycle.onClose('agent', (abort) => agent.close(abort));
    log.info({ url: agent.url }, 'the agent listens');
  } catch (error) {
    // What is wrong with a file needs no stack.
    const problem = error instanceof CredentialsError ? { reason: error.message } : { err: error };
    log.error(problem, 'the agent could not start');
    lifecycle.stop('it could not start', exitCode.failed);
  }
  const code = await lifecycle.finished;
  disconnect();
  return code;
}
