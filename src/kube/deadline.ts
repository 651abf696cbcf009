import type { Clock } from '../domain/clock.ts';
import { KubeError, toKubeError } from './errors.ts';

/**
 * Runs `work` with a signal that aborts after `ms` milliseconds or with `signal`. Rejects with KubeError only: kind
 * `timeout`, `aborted`, or whatever became of the work itself.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal !== undefined && hasEnded(signal)) {
    throw abortedError(signal, true);
  }
  const call = new AbortController();
  const timer = new AbortController();
  const late = new KubeError(`no answer within ${ms} ms`, { kind: 'timeout', reason: 'DeadlineExceeded' });
  const follow = (): void => call.abort(signal?.reason);
  signal?.addEventListener('abort', follow, { once: true });
  clock.sleep(ms, timer.signal).then(
    () => call.abort(late),
    () => undefined,
  );
  try {
    return await work(call.signal);
  } catch (error) {
    if (error === late || call.signal.reason === late) {
      throw late;
    }
    throw signal !== undefined && hasEnded(signal) ? abortedError(signal, false) : toKubeError(error);
  } finally {
    timer.abort();
    signal?.removeEventListener('abort', follow);
  }
}

/** As a function, because the type checker takes what it has once seen of a property for settled. */
export function hasEnded(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** What a call rejects with whose caller gave up. */
export function abortedError(signal: AbortSignal, unsent: boolean): KubeError {
  const reason: unknown = signal.reason;
  const why = reason instanceof Error ? reason.message : String(reason);
  return new KubeError(`given up: ${why}`, { kind: 'aborted', reason: 'Aborted', unsent, cause: reason });
}
