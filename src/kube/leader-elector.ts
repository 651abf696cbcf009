import type { Clock, Random } from '../domain/clock.ts';
import type { Log } from '../domain/log.ts';
import type { CallOptions, KubeApi } from './api.ts';
import { isAlreadyExists, isConflict, isNotFound, toKubeError } from './errors.ts';
import { claimedBy, heldUntil, isHeld, observe, released, type ObservedLease } from './lease-record.ts';
import { leases, type Lease, type LeaseSpec } from './resources.ts';

export interface LeaderElectorOptions {
  /** A client that nothing else uses (`KubeClient.isolated`), without retries: no work can then delay a renewal. */
  readonly api: Pick<KubeApi, 'get' | 'create' | 'replace'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Who we are: different for each process, restarts included (host name and a random part). */
  readonly identity: string;
  /** How long others wait after our last renewal before they take over. Whole seconds. Default 15,000. */
  readonly leaseDurationMs?: number;
  /** How long we try to renew before we give up leading. Default 10,000. */
  readonly renewDeadlineMs?: number;
  /** Pause between tries to renew. Who waits looks four times as often. Default 2,000. */
  readonly retryPeriodMs?: number;
  /** Called once, when this process has become leader. */
  readonly onElected: () => void;
  /** Called at most once, when it has stopped being leader otherwise than by `stop`. */
  readonly onLost: (reason: string) => void;
  /** Called when somebody else (or nobody: '') is seen to lead. */
  readonly onLeader?: (identity: string) => void;
}

type Phase = 'new' | 'waiting' | 'leading' | 'ended';

/** Pauses are up to this much longer than the retry period. Small, so that a takeover after a release is quick. */
const jitter = 0.2;
/** How often who waits looks within a retry period: a look is one read, and a takeover after a release begins with it. */
const looks = 4;

/**
 * Leadership by a Lease of coordination.k8s.io/v1, by client-go's rules.
 *
 *     new --start--> waiting --took the lease--> leading --lost it, or stop--> ended
 *                     |                                                          ^
 *                     +--stop-----------------------------------------------------+
 *
 * - waiting: the lease is looked at four times a retry period, and at the moment when it runs out, and taken when nobody holds
 *   it: the record names nobody, or it has not been seen to change for its duration, *by our own monotonic clock*. Wall
 *   clocks, ours or the holder's, play no part, so a clock that jumps neither prolongs nor ends anybody's term.
 * - leading: renewed every retry period. Our term ends `renewDeadline` after the beginning of the last renewal that
 *   succeeded. Others wait `leaseDuration` from a later moment, so between the two nobody leads, and what we began just
 *   before the end has that time to finish. `isLeader` looks at the clock itself: even if this process stood still
 *   for a minute and no timer has fired yet, it says no. A renewal that succeeds after the end changes nothing.
 * - ended: for good. A process that has lost the lease never leads again, since parts of it may still believe in the old
 *   term. It is expected to exit and to be started anew.
 *
 * Every write carries the resourceVersion that was read (or creates), so of two who take the lease at the same time one
 * gets a conflict. A write whose answer was lost is no success; the next look at the lease tells.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #log: Log;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  readonly #ended = new AbortController();
  #phase: Phase = 'new';
  #observed: ObservedLease | undefined;
  /** Monotonic end of our term; in the past when we have none. */
  #termEnds = Number.NEGATIVE_INFINITY;
  #loop: Promise<void> | undefined;

  /** Throws RangeError for times that leave no room: leaseDuration > renewDeadline > 1.2 x retryPeriod > 0. */
  constructor(options: LeaderElectorOptions) {
    const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
    if (!(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > retryPeriodMs * (1 + jitter) && retryPeriodMs > 0)) {
      throw new RangeError(
        'leader election: expected leaseDuration > renewDeadline > 1.2 x retryPeriod > 0, ' +
          `got ${leaseDurationMs}, ${renewDeadlineMs} and ${retryPeriodMs} ms`,
      );
    }
    if (leaseDurationMs % 1000 !== 0) {
      throw new RangeError(`leader election: expected whole seconds of leaseDuration, got ${leaseDurationMs} ms`);
    }
    if (options.identity === '') {
      throw new RangeError('leader election: expected an identity, got an empty one');
    }
    this.#options = options;
    this.#leaseDurationMs = leaseDurationMs;
    this.#renewDeadlineMs = renewDeadlineMs;
    this.#retryPeriodMs = retryPeriodMs;
    this.#log = options.log.child({ lease: `${options.namespace}/${options.name}`, identity: options.identity });
  }

  /** Whether this process may act as leader at this very moment. */
  isLeader(): boolean {
    return this.#phase === 'leading' && this.#options.clock.monotonic() < this.#termEnds;
  }

  /** Who holds the lease as far as we have seen; '' when nobody does. */
  leader(): string {
    return this.#observed?.lease.spec.holderIdentity ?? '';
  }

  /** Begins to stand for election. Has no effect the second time. */
  start(): void {
    if (this.#phase === 'new') {
      this.#phase = 'waiting';
      this.#loop = this.#run();
    }
  }

  /**
   * Stops standing, and gives the lease back if we have it, so that another process takes over within seconds. To be
   * called when all work has ended: until then the lease goes on being renewed. Does not call `onLost`.
   */
  async stop(): Promise<void> {
    const led = this.isLeader();
    this.#phase = 'ended';
    this.#ended.abort(new Error('the leader elector was stopped'));
    await this.#loop;
    if (led) {
      await this.#release();
    }
  }

  async #run(): Promise<void> {
    while (this.#phase === 'waiting' || this.#phase === 'leading') {
      await this.#turnWithinTerm();
      if (this.#phase === 'leading' && !this.isLeader()) {
        this.#lose('it could not be renewed in time');
      }
      await this.#pause();
    }
  }

  /** Ends with our term at the latest, so that a call which hangs cannot keep the loss of the lease from being seen. */
  async #turnWithinTerm(): Promise<void> {
    if (this.#phase !== 'leading') {
      return this.#turn();
    }
    const timer = new AbortController();
    const left = Math.max(0, this.#termEnds - this.#options.clock.monotonic());
    const termOver = this.#options.clock.sleep(left, timer.signal).catch(() => undefined);
    await Promise.race([this.#turn(), termOver]);
    timer.abort();
  }

  /** One look at the lease, or one renewal. Never rejects. */
  async #turn(): Promise<void> {
    const began = this.#options.clock.monotonic();
    try {
      if (await this.#takeOrRenew()) {
        this.#extend(began);
      }
    } catch (error) {
      if (!this.#ended.signal.aborted) {
        this.#log.warn(
          { err: toKubeError(error).message, phase: this.#phase },
          'the lease could not be read or written',
        );
      }
    }
  }

  /** The lease is ours, by a write that was begun at `began`. */
  #extend(began: number): void {
    const termEnds = began + this.#renewDeadlineMs;
    const now = this.#options.clock.monotonic();
    const inTerm = this.#phase === 'waiting' || this.isLeader();
    if (now >= termEnds || !inTerm) {
      // The answer came too late: somebody else may be counting from before it. `#run` sees that the term is over.
      return;
    }
    this.#termEnds = termEnds;
    if (this.#phase === 'waiting') {
      this.#phase = 'leading';
      this.#log.info({}, 'became leader');
      this.#call(this.#options.onElected);
    }
  }

  #lose(reason: string): void {
    this.#phase = 'ended';
    this.#ended.abort(new Error('leadership was lost'));
    this.#log.error({ reason }, 'lost leadership');
    this.#call(() => this.#options.onLost(reason));
  }

  /** Until the next turn, or the end of the term, ours or that of who leads, if that comes first. */
  async #pause(): Promise<void> {
    const { clock, random } = this.#options;
    const leads = this.#phase === 'leading';
    const pauseMs = (leads ? this.#retryPeriodMs : this.#retryPeriodMs / looks) * (1 + jitter * random());
    const untilEnd = (leads ? this.#termEnds : this.#theirTermEnds()) - clock.monotonic();
    // An end that has passed brings no look the sooner: a server that is away must not be asked without a pause.
    const nextMs = untilEnd > 0 || leads ? Math.max(0, Math.min(pauseMs, untilEnd)) : pauseMs;
    // Rejects only when ended.
    await clock.sleep(nextMs, this.#ended.signal).catch(() => undefined);
  }

  /** When we may take the lease, if it does not change before; in the past when nobody holds it. */
  #theirTermEnds(): number {
    return this.#observed === undefined ? Number.NEGATIVE_INFINITY : heldUntil(this.#observed, this.#leaseDurationMs);
  }

  /** True when a write of ours has succeeded. Rejects with KubeError. */
  async #takeOrRenew(): Promise<boolean> {
    const known = this.#observed?.lease;
    if (this.#phase === 'leading' && known?.spec.holderIdentity === this.#options.identity) {
      // The short way: one call, safe because of its resourceVersion.
      if (await this.#write(known)) {
        return true;
      }
    }
    const found = await this.#options.api.get(leases, this.#name(), this.#callOptions());
    if (found !== undefined) {
      this.#see(found);
    }
    if (found === undefined) {
      return this.#phase === 'leading' ? this.#goneWhileLeading() : this.#create();
    }
    const ours = found.spec.holderIdentity === this.#options.identity;
    if (!ours && this.#phase === 'leading') {
      this.#lose(`it is held by ${JSON.stringify(found.spec.holderIdentity)} now`);
      return false;
    }
    if (!ours && this.#observed !== undefined && isHeld(this.#observed, this.#leaseDurationMs, this.#options.clock)) {
      return false;
    }
    return this.#write(found);
  }

  /** Somebody deleted the Lease. Another process may have taken a new one and lost it again: our term is over. */
  #goneWhileLeading(): boolean {
    this.#lose('the Lease object has been deleted');
    return false;
  }

  async #create(): Promise<boolean> {
    const { namespace, name, identity, clock } = this.#options;
    const spec = claimedBy(identity, this.#leaseDurationMs, clock.now(), undefined);
    try {
      const body = { metadata: { namespace, name }, spec };
      this.#see(await this.#options.api.create(leases, body, this.#callOptions()));
      return true;
    } catch (error) {
      return refusedBecause(error, isAlreadyExists);
    }
  }

  /** False when the lease has changed since it was read, or is gone. */
  async #write(old: Lease): Promise<boolean> {
    const spec = claimedBy(this.#options.identity, this.#leaseDurationMs, this.#options.clock.now(), old.spec);
    try {
      this.#see(await this.#put(old, spec, this.#callOptions()));
      return true;
    } catch (error) {
      return refusedBecause(error, isConflict, isNotFound);
    }
  }

  #put(old: Lease, spec: LeaseSpec, options: CallOptions): Promise<Lease> {
    const { namespace, name } = this.#options;
    const metadata = { namespace, name, resourceVersion: old.metadata.resourceVersion };
    return this.#options.api.replace(leases, this.#name(), { metadata, spec }, options);
  }

  async #release(): Promise<void> {
    // Our signal has aborted by now.
    const options = { timeoutMs: this.#callOptions().timeoutMs };
    try {
      // Read first: a renewal that was cut short by `stop` may have moved the resourceVersion.
      const lease = await this.#options.api.get(leases, this.#name(), options);
      if (lease?.spec.holderIdentity === this.#options.identity) {
        this.#see(await this.#put(lease, released(this.#options.clock.now(), lease.spec), options));
        this.#log.info({}, 'gave the lease back');
      }
    } catch (error) {
      // Others take over when it has expired.
      this.#log.warn({ err: toKubeError(error).message }, 'the lease could not be given back');
    }
  }

  #see(lease: Lease): void {
    const before = this.leader();
    this.#observed = observe(this.#observed, lease, this.#options.clock);
    const after = this.leader();
    if (after !== before) {
      this.#log.info({ leader: after }, after === '' ? 'nobody leads' : 'a leader was seen');
      this.#call(() => this.#options.onLeader?.(after));
    }
  }

  #name(): { readonly namespace: string; readonly name: string } {
    return { namespace: this.#options.namespace, name: this.#options.name };
  }

  /** A call that hangs leaves time for two more within the deadline, and none outlasts our term. */
  #callOptions(): { readonly timeoutMs: number; readonly signal: AbortSignal } {
    const third = Math.ceil(this.#renewDeadlineMs / 3);
    const left = this.#phase === 'leading' ? this.#termEnds - this.#options.clock.monotonic() : third;
    return { timeoutMs: Math.max(1, Math.min(third, left)), signal: this.#ended.signal };
  }

  /** A callback that throws must not end the renewals. */
  #call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#log.error({ err: error }, 'a callback of the leader election failed');
    }
  }
}

function refusedBecause(error: unknown, ...expected: readonly ((error: unknown) => boolean)[]): false {
  if (expected.some((predicate) => predicate(error))) {
    return false;
  }
  throw error;
}
