import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until `condition` gives something other than `undefined` or `false`, and returns it. Rejects after `deadline`
 * milliseconds with `what` and the last error in the message. For real sockets and processes; with a fake clock, advance it.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  deadline = 120_000,
): Promise<T> {
  const end = performance.now() + deadline;
  let last: unknown;
  for (;;) {
    const begun = performance.now();
    try {
      const value = await condition();
      if (value !== undefined && value !== false) {
        return value;
      }
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= end) {
      throw new Error(`not within ${deadline} ms: ${what}`, { cause: last });
    }
    // A look that is dear is taken less often, so that looking does not become the load.
    await delay(10 + 5 * (performance.now() - begun));
  }
}
