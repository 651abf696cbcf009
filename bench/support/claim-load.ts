import { performance } from 'node:perf_hooks';
import type { ClaimServer } from './claim-server.ts';
import { quantile } from './report.ts';

/**
 * Keeps `atOnce` claims under way until `count` have been made, and times each: the time from create to bound is then
 * the work's and not a queue's.
 */
export class ClaimLoad {
  readonly #server: ClaimServer;
  readonly #count: number;
  readonly #atOnce: number;
  readonly #created = new Map<string, number>();
  readonly #times: number[] = [];
  #made = 0;
  #goal = 0;
  #reached: () => void = () => undefined;

  constructor(server: ClaimServer, count: number, atOnce: number) {
    this.#server = server;
    this.#count = count;
    this.#atOnce = atOnce;
  }

  /** Returns the way to stop. */
  async start(): Promise<() => void> {
    const stop = await this.#server.onBound((name) => this.#isBound(name));
    for (let each = 0; each < this.#atOnce; each += 1) {
      this.#create();
    }
    return stop;
  }

  get bound(): number {
    return this.#times.length;
  }

  /** Resolves when that many are bound. */
  async reach(goal: number): Promise<void> {
    this.#goal = goal;
    if (this.bound < goal) {
      await new Promise<void>((resolve) => {
        this.#reached = resolve;
      });
    }
  }

  /** From create to bound, in whole milliseconds. */
  quantile(part: number): number {
    return Math.round(this.#times.length === 0 ? 0 : quantile(this.#times, part));
  }

  #isBound(name: string): void {
    const created = this.#created.get(name);
    if (created === undefined) {
      return;
    }
    this.#created.delete(name);
    this.#times.push(performance.now() - created);
    this.#create();
    if (this.bound >= this.#goal) {
      this.#reached();
    }
  }

  #create(): void {
    if (this.#made >= this.#count) {
      return;
    }
    this.#made += 1;
    const name = `claim-${this.#made}`;
    this.#created.set(name, performance.now());
    this.#server.create(name);
  }
}
