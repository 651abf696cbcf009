import type { Readiness } from './ops-server.ts';

type Role = Readiness['role'];

/**
 * What this replica is doing, for probes, metrics and the admin API.
 *
 *     starting --stands for election--> standby --elected--> starting --engine and caches ready--> leader
 *        any --signal, lost lease--> stopping
 *
 * A standby is ready: a rollout may count on it, because it takes over when the leader goes.
 */
export class Status {
  #role: Role = 'starting';
  #reasons: readonly string[] = ['the process is starting'];
  #checks: () => readonly string[] = () => [];

  get role(): Role {
    return this.#role;
  }

  /** Not ready, for `reason`. */
  starting(reason: string): void {
    this.#become('starting', [reason]);
  }

  standby(): void {
    this.#become('standby', []);
  }

  /** Ready as long as `checks` finds nothing missing. */
  leading(checks: () => readonly string[]): void {
    this.#checks = checks;
    this.#become('leader', []);
  }

  stopping(reason: string): void {
    this.#role = 'stopping';
    this.#reasons = [`stopping: ${reason}`];
  }

  readiness(): Readiness {
    const reasons = [...this.#reasons, ...(this.#role === 'leader' ? this.#checks() : [])];
    return { ready: reasons.length === 0, role: this.#role, reasons };
  }

  /** Nothing comes after stopping, whatever was still on its way. */
  #become(role: Role, reasons: readonly string[]): void {
    if (this.#role !== 'stopping') {
      this.#role = role;
      this.#reasons = reasons;
    }
  }
}
