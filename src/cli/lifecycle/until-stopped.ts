import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { exitCode, type ExitCode } from '../exit-codes.ts';
import { Lifecycle } from './lifecycle.ts';
import { connectProcess } from './process-signals.ts';

/** How long aborted work may take to notice (milliseconds), before it is left behind. */
const abortGrace = 5000;

export interface ServiceParts {
  /** As the log calls it. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds that running work may take to finish. */
  readonly grace: number;
  /** What the log is to say of an error that kept it from starting. Default: all of it. */
  readonly problem?: (error: unknown) => object;
}

/** Starts a service, and resolves with what the process should end with, once a signal or a failure has ended it. */
export async function untilStopped(
  { name, clock, log, grace, problem = (error) => ({ err: error }) }: ServiceParts,
  start: (lifecycle: Lifecycle) => Promise<void>,
): Promise<ExitCode> {
  const kill = (code: number): never => process.exit(code);
  const lifecycle = new Lifecycle({ clock, log, grace, abortGrace, kill });
  const disconnect = connectProcess(process, lifecycle, log, kill);
  try {
    await start(lifecycle);
  } catch (error) {
    log.error(problem(error), `${name} could not start`);
    lifecycle.stop('it could not start', exitCode.failed);
  }
  const code = await lifecycle.finished;
  disconnect();
  return code;
}
