import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { exitCode, type ExitCode } from '../exit-codes.ts';

/**
 * How the process comes to its end.
 *
 *     running --signal, lost lease, failure--> draining --all closed--> over
 *                                                 |
 *                                                 +--grace over, second signal--> aborting --all closed--> over
 *
 * running:  work is taken.
 * draining: no new work; what runs may finish. Closers run one after another, the last opened first.
 * aborting: what runs is aborted. What then still does not close within `abortGrace` is left behind: every step can be
 *           carried on by the next start, so leaving it is safe; hanging is not.
 * A third signal ends the process on the spot, for the same reason.
 */
export type Stage = 'running' | 'draining' | 'aborting' | 'over';

/** Milliseconds. Under `npm run` one Ctrl-C arrives twice: from the terminal, and forwarded by npm. */
const oneKeypress = 300;

/** Closes one thing. Should end early when `abort` fires. */
export type Close = (abort: AbortSignal) => Promise<void>;

export interface LifecycleOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds from draining to aborting. */
  readonly grace: number;
  /** Milliseconds from aborting to leaving things behind. */
  readonly abortGrace: number;
  /** Ends the process without further ado. */
  readonly kill: (code: ExitCode) => void;
}

export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #closers: { readonly name: string; readonly close: Close }[] = [];
  readonly #drain = new AbortController();
  readonly #abort = new AbortController();
  readonly #finished = Promise.withResolvers<ExitCode>();
  #stage: Stage = 'running';
  #signals = 0;
  #lastSignal: number | undefined;
  #code: ExitCode = exitCode.done;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  get stage(): Stage {
    return this.#stage;
  }

  /** Fires when no new work may be taken. */
  get draining(): AbortSignal {
    return this.#drain.signal;
  }

  /** Fires when running work must end. */
  get aborting(): AbortSignal {
    return this.#abort.signal;
  }

  /** What the process should end with. Resolves when everything is closed or left behind. */
  get finished(): Promise<ExitCode> {
    return this.#finished.promise;
  }

  /** Registers what must be closed at the end. The last one registered closes first. */
  onClose(name: string, close: Close): void {
    this.#closers.push({ name, close });
  }

  /** SIGTERM or SIGINT: the first drains, the second aborts, the third kills. */
  signal(name: string): void {
    const now = this.#options.clock.monotonic();
    if (this.#lastSignal !== undefined && now - this.#lastSignal < oneKeypress) {
      return;
    }
    this.#lastSignal = now;
    this.#signals += 1;
    if (this.#signals >= 3) {
      this.#options.log.warn({ signal: name }, 'third signal: ending at once');
      this.#options.kill(exitCode.failed);
      return;
    }
    if (this.#signals === 2) {
      this.#beginAbort(`second signal (${name})`);
    }
    this.stop(name, exitCode.done);
  }

  /** Begins to drain, for `reason`; the process will end with `code`. Later calls can only make the code worse. */
  stop(reason: string, code: ExitCode): void {
    this.#code = this.#code === exitCode.done ? code : this.#code;
    if (this.#stage !== 'running') {
      return;
    }
    this.#stage = 'draining';
    this.#options.log.info({ reason, graceMs: this.#options.grace }, 'stopping: no new work, running steps may finish');
    this.#drain.abort(new Error(`stopping: ${reason}`));
    void this.#close();
  }

  #beginAbort(reason: string): void {
    if (this.#stage === 'aborting' || this.#stage === 'over') {
      return;
    }
    if (this.#stage === 'draining') {
      this.#stage = 'aborting';
    }
    this.#code = exitCode.failed;
    this.#options.log.warn({ reason }, 'aborting what still runs');
    this.#abort.abort(new Error(`aborted: ${reason}`));
  }

  async #close(): Promise<void> {
    const { clock, grace, abortGrace, log } = this.#options;
    const timers = new AbortController();
    const limit = async (): Promise<'left behind'> => {
      await Promise.race([clock.sleep(grace, timers.signal), aborted(this.#abort.signal)]);
      this.#beginAbort(`not finished within ${grace} ms`);
      await clock.sleep(abortGrace, timers.signal);
      return 'left behind';
    };
    const limited = limit();
    // Once everything is closed the timers are cancelled, and nobody waits for this promise any more.
    limited.catch(() => undefined);
    const end = await Promise.race([this.#closeAll(), limited]);
    timers.abort(new Error('closed'));
    if (end === 'left behind') {
      log.error({ abortGraceMs: abortGrace }, 'some parts did not close; leaving them behind');
      this.#code = exitCode.failed;
    } else if (end.length > 0) {
      log.error({ err: new AggregateError(end, `${end.length} part(s) failed to close`) }, 'stopped with errors');
      this.#code = exitCode.failed;
    } else {
      log.info({}, 'stopped');
    }
    this.#stage = 'over';
    this.#finished.resolve(this.#code);
  }

  /** Closes everything, last opened first, whatever fails; returns what failed. */
  async #closeAll(): Promise<unknown[]> {
    const errors: unknown[] = [];
    for (let closer = this.#closers.pop(); closer !== undefined; closer = this.#closers.pop()) {
      try {
        this.#options.log.debug({ part: closer.name }, 'closing');
        await closer.close(this.#abort.signal);
      } catch (error) {
        errors.push(new Error(`${closer.name} failed to close`, { cause: error }));
      }
    }
    return errors;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}
