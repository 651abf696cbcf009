import type { Call } from './faults.ts';

/** How often one kind of call came and was answered with `code` (0: not answered). */
export type CallCount = {
  readonly verb: string;
  readonly resource: string;
  readonly userAgent: string;
  readonly code: number;
  readonly count: number;
};

const writeVerbs = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** Counts calls over HTTP by verb, resource, user agent and answer, so that "writes per claim" can be measured. */
export class Stats {
  readonly #counts = new Map<string, CallCount>();

  /** `code` 0: the connection was cut without an answer. */
  record(call: Call, code: number): void {
    const { verb, resource, userAgent } = call;
    const key = JSON.stringify([verb, resource, userAgent, code]);
    const before = this.#counts.get(key)?.count ?? 0;
    this.#counts.set(key, { verb, resource, userAgent, code, count: before + 1 });
  }

  calls(): readonly CallCount[] {
    return [...this.#counts.values()];
  }

  /** Calls that changed something (creates, updates, patches, deletes), optionally of one user agent only. */
  writes(userAgent?: string): number {
    return this.calls()
      .filter((one) => writeVerbs.has(one.verb) && one.code > 0 && one.code < 400)
      .filter((one) => userAgent === undefined || one.userAgent.includes(userAgent))
      .reduce((sum, one) => sum + one.count, 0);
  }

  reset(): void {
    this.#counts.clear();
  }
}
