import { CredentialsError } from '../../agent/credentials.ts';
import { startAgent } from '../../agent/server/agent.ts';
import { usualLimits } from '../../agent/server/operations.ts';
import { createLocalRunner } from '../../gluster/local-runner.ts';
import { createCommandStorageNodes } from '../../gluster/storage-nodes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { untilStopped } from '../lifecycle/until-stopped.ts';
import { createLogger } from '../logging/logger.ts';
import { systemClock } from '../system-clock.ts';
import { brickyardVersion } from '../version.ts';
import type { AgentConfig } from './config.ts';

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
  // What is wrong with a file needs no stack.
  const problem = (error: unknown): object =>
    error instanceof CredentialsError ? { reason: error.message } : { err: error };
  return untilStopped({ name: 'the agent', clock, log, grace: shutdownGrace, problem }, async (lifecycle) => {
    log.info({ version, node, devices, pid: process.pid }, 'brickyard agent starts');
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
  });
}
