import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../src/domain/clock.ts';
import { silentLog } from '../../src/domain/log.ts';
import { startKubeSandbox, type KubeSandbox, type KubeSandboxOptions } from '../../src/sandbox/api/start.ts';
import { mulberry32 } from './random.ts';

/** The clock of the process: for tests with real sockets and processes, which cannot be made to believe in another one. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
};

/** The sandbox's Kubernetes API and binder on a free port of 127.0.0.1. */
export async function startTestApi(options: Partial<KubeSandboxOptions> = {}): Promise<KubeSandbox> {
  return startKubeSandbox({ clock: realClock, random: mulberry32(7), log: silentLog, ...options });
}
