import type { Clock, Random } from '../../domain/clock.ts';
import type { Config } from '../config/schema.ts';
import type { ExitCode } from '../exit-codes.ts';
import { exitCode } from '../exit-codes.ts';
import { Lifecycle } from '../lifecycle/lifecycle.ts';
import { connectProcess } from '../lifecycle/process-signals.ts';
import { createLogger } from '../logging/logger.ts';
import { systemClock } from '../system-clock.ts';
import { brickyardVersion } from '../version.ts';
import { startBrickyard } from './brickyard.ts';

/** How long aborted work may take to notice, before it is left behind. */
const abortGrace = 5000;

/** Runs the controller until a signal, a lost lease or a failure ends it. Resolves with what the process should end with. */
export async function serve(config: Config): Promise<ExitCode> {
  const clock: Clock = systemClock;
  const random: Random = Math.random;
  const log = await createLogger({ ...config.log, output: 1, isTerminal: process.stdout.isTTY });
  const kill = (code: number): never => process.exit(code);
  const lifecycle = new Lifecycle({ clock, log, grace: config.shutdownGrace, abortGrace, kill });
  const disconnect = connectProcess(process, lifecycle, log, kill);
  log.info({ version: brickyardVersion(), provisioner: config.provisioner, pid: process.pid }, 'brickyard starts');
  try {
    await startBrickyard({ config, clock, random, log, lifecycle });
  } catch (error) {
    log.error({ err: error }, 'brickyard could not start');
    lifecycle.stop('it could not start', exitCode.failed);
  }
  const code = await lifecycle.finished;
  disconnect();
  return code;
}
