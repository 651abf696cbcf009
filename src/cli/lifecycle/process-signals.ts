import type { Log } from '../../domain/log.ts';
import { exitCode } from '../exit-codes.ts';
import type { Lifecycle } from './lifecycle.ts';

/** The part of `process` that is used here. */
export interface SignalSource {
  on(event: string, listener: (value: unknown) => void): unknown;
  off(event: string, listener: (value: unknown) => void): unknown;
}

/**
 * Connects the process's signals and its last-resort errors to `lifecycle`. Returns the way to undo that.
 *
 * An error that nobody caught leaves the process in a state that nobody thought of. It ends at once: whatever was under
 * way is carried on from its record by the next start.
 */
export function connectProcess(
  source: SignalSource,
  lifecycle: Lifecycle,
  log: Log,
  kill: (code: number) => void,
): () => void {
  const onTerm = (): void => lifecycle.signal('SIGTERM');
  const onInt = (): void => lifecycle.signal('SIGINT');
  const onFatal = (error: unknown): void => {
    log.error({ err: error, fatal: true }, 'an error that nothing caught: ending at once');
    kill(exitCode.failed);
  };
  const listeners = [
    ['SIGTERM', onTerm],
    ['SIGINT', onInt],
    ['unhandledRejection', onFatal],
    ['uncaughtException', onFatal],
  ] as const;
  for (const [event, listener] of listeners) {
    source.on(event, listener);
  }
  return () => {
    for (const [event, listener] of listeners) {
      source.off(event, listener);
    }
  };
}
