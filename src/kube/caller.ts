import pRetry from 'p-retry';
import type { Clock, Random } from '../domain/clock.ts';
import { readBody, retryAfterMs } from './answer.ts';
import type { RawRequest } from './api.ts';
import { abortedError, withDeadline } from './deadline.ts';
import { errorFromAnswer, isTooManyRequests, isTransient, KubeError, toKubeError } from './errors.ts';
import type { ServerWarnings } from './server-warnings.ts';
import type { TokenBucket } from './token-bucket.ts';
import type { IncomingAnswer, Transport } from './transport.ts';

/** One call as metrics see it. */
export interface CallReport {
  /** Kubernetes' word: get, list, watch, create, update, patch, delete. */
  readonly verb: string;
  /** `persistentvolumes`, `persistentvolumeclaims/status`; `raw` for calls by path. */
  readonly resource: string;
  /** HTTP status; 0 when no answer came. */
  readonly code: number;
  /** From sending to the end of the answer (of a watch: to its beginning), in milliseconds. */
  readonly ms: number;
  readonly bucket: string;
}

export interface CallObserver {
  /** Called after every single try. Must not throw. */
  called(report: CallReport): void;
}

export interface CallerOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly warnings: ServerWarnings;
  readonly bucket: TokenBucket;
  readonly bucketName: string;
  readonly userAgent: string;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly observer: CallObserver | undefined;
  readonly mayWrite: () => boolean;
}

interface Call extends RawRequest {
  readonly verb: string;
  readonly what: string;
}

interface Opening {
  readonly what: string;
  readonly path: string;
  /** Ends the stream. */
  readonly signal: AbortSignal;
  /** Ends the waiting for a token. */
  readonly callerSignal: AbortSignal | undefined;
}

/** The first pause before a repetition; each further one is twice as long. */
const firstPauseMs = 250;
/** Who asks for more than this gets the error back: the caller's own queue waits better. */
const longestPauseMs = 30_000;

/**
 * Makes one call as it should be made: token first, deadline, answer read whole, errors as KubeError, what may safely
 * be repeated repeated. Reads are repeated after every transient failure. Writes only when the server cannot have
 * looked at them: 429, or a connection that never came about.
 */
export class Caller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  /** Resolves with the parsed body. Rejects with KubeError. */
  async call(call: Call): Promise<unknown> {
    const write = call.method !== 'GET';
    try {
      return await pRetry(() => this.#attempt(call), {
        retries: this.#options.retries,
        // The pauses are ours (see #pause), because they must follow the injected clock and Retry-After.
        minTimeout: 0,
        shouldRetry: ({ error, attemptNumber }) => this.#pause(toKubeError(error), write, attemptNumber, call.signal),
      });
    } catch (error) {
      throw toKubeError(error).during(`${call.verb} ${call.what} ${call.path}`, write);
    }
  }

  /** Opens a stream. The caller reads its body; an answer other than 200 becomes a KubeError. */
  async open(opening: Opening): Promise<IncomingAnswer> {
    await this.#take(opening.callerSignal);
    const started = this.#options.clock.monotonic();
    let code = 0;
    try {
      const { path, signal } = opening;
      const answer = await this.#options.transport.send({ method: 'GET', path, signal, headers: this.#headers(false) });
      code = answer.statusCode;
      this.#options.warnings.note(answer);
      if (code !== 200) {
        throw errorFromAnswer(code, await readBody(answer), retryAfterMs(answer));
      }
      return answer;
    } finally {
      this.#report('watch', opening.what, code, started);
    }
  }

  async #attempt(call: Call): Promise<unknown> {
    await this.#take(call.signal);
    if (call.method !== 'GET') {
      this.#expectLeading();
    }
    const started = this.#options.clock.monotonic();
    let code = 0;
    try {
      const timeoutMs = call.timeoutMs ?? this.#options.timeoutMs;
      return await withDeadline(this.#options.clock, timeoutMs, call.signal, async (signal) => {
        const answer = await this.#options.transport.send({
          method: call.method,
          path: call.path,
          headers: this.#headers(true, call),
          body: call.body === undefined ? undefined : JSON.stringify(call.body),
          ...(call.method === 'GET' ? {} : { lastCheck: () => this.#expectLeading() }),
          signal,
        });
        code = answer.statusCode;
        this.#options.warnings.note(answer);
        const body = await readBody(answer);
        if (code < 200 || code > 299) {
          throw errorFromAnswer(code, body, retryAfterMs(answer));
        }
        return body;
      });
    } finally {
      this.#report(call.verb, call.what, code, started);
    }
  }

  #expectLeading(): void {
    if (!this.#options.mayWrite()) {
      throw new KubeError('this process does not lead any more', {
        kind: 'aborted',
        reason: 'NotLeading',
        unsent: true,
      });
    }
  }

  async #take(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#options.bucket.take(signal);
    } catch (error) {
      throw signal?.aborted === true ? abortedError(signal, true) : error;
    }
  }

  /** Whether to try again; if so, after having waited. */
  async #pause(error: KubeError, write: boolean, attempt: number, signal: AbortSignal | undefined): Promise<boolean> {
    const repeatable = isTooManyRequests(error) || (isTransient(error) && (!write || error.unsent));
    const asked = error.retryAfterMs ?? 0;
    if (!repeatable || asked > longestPauseMs) {
      return false;
    }
    const own = firstPauseMs * 2 ** (attempt - 1) * (0.5 + this.#options.random());
    try {
      // Jitter on top of what was asked for, or everybody who was sent away comes back at the same moment.
      await this.#options.clock.sleep(asked + own, signal);
      return true;
    } catch (reason) {
      throw signal?.aborted === true ? abortedError(signal, true) : toKubeError(reason);
    }
  }

  #headers(buffered: boolean, call?: Call): Record<string, string> {
    return {
      accept: 'application/json',
      'user-agent': this.#options.userAgent,
      // A stream is not compressed: an event would wait in the compressor until the next ones fill its block.
      ...(buffered && { 'accept-encoding': 'gzip' }),
      ...(call?.body !== undefined && { 'content-type': call.contentType ?? 'application/json' }),
    };
  }

  #report(verb: string, resource: string, code: number, started: number): void {
    const ms = this.#options.clock.monotonic() - started;
    this.#options.observer?.called({ verb, resource, code, ms, bucket: this.#options.bucketName });
  }
}
