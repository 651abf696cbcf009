/** Waiting for a lock that somebody else holds, such as an administrator's own gluster command. */
import type { Outcome } from '../domain/outcome.ts';
import type { EngineSettings } from './options.ts';
import { stopped, type RunSignals } from './volume-runs.ts';

/** Milliseconds. Doubled after each try, up to the longest. */
const firstDelay = 250;
const longestDelay = 4000;

/**
 * Tries again, with growing and jittered pauses, for as long as the outcome is a held lock and patience lasts. No lane is
 * held during a pause. `attempt` is called afresh each time and must look where things stand.
 */
export async function waitOutLocks<T>(
  settings: Pick<EngineSettings, 'clock' | 'random' | 'patience'>,
  signals: RunSignals,
  attempt: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const { clock, random, patience } = settings;
  const end = clock.monotonic() + patience.lock;
  for (let delay = firstDelay; ; delay = Math.min(2 * delay, longestDelay)) {
    const outcome = await attempt();
    // Half to all of the delay: two engines, or an engine and a cron job, must not meet again and again.
    const pause = delay * (0.5 + random() / 2);
    if (outcome.kind !== 'waiting' || outcome.on.what !== 'lock' || clock.monotonic() + pause > end) {
      return outcome;
    }
    try {
      await clock.sleep(pause, signals.stop);
    } catch {
      return stopped(signals);
    }
  }
}
