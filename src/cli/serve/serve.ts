import type { Clock, Random } from '../../domain/clock.ts';
import type { Config } from '../config/schema.ts';
import type { ExitCode } from '../exit-codes.ts';
import { untilStopped } from '../lifecycle/until-stopped.ts';
import { createLogger } from '../logging/logger.ts';
import { systemClock } from '../system-clock.ts';
import { brickyardVersion } from '../version.ts';
import { startBrickyard } from './brickyard.ts';

/** Runs the controller until a signal, a lost lease or a failure ends it. Resolves with what the process should end with. */
export async function serve(config: Config): Promise<ExitCode> {
  const clock: Clock = systemClock;
  const random: Random = Math.random;
  const log = await createLogger({ ...config.log, output: 1, isTerminal: process.stdout.isTTY });
  return untilStopped({ name: 'brickyard', clock, log, grace: config.shutdownGrace }, async (lifecycle) => {
    log.info({ version: brickyardVersion(), provisioner: config.provisioner, pid: process.pid }, 'brickyard starts');
    await startBrickyard({ config, clock, random, log, lifecycle });
  });
}
