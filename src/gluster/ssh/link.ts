/**
 * The way to one node: none, one connection under way that all callers wait for, or one open connection that all share.
 * It is opened when somebody needs it. After a failure everybody gets the same answer for a while without another try,
 * because some hosts lock out who fails too often.
 */
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { patience, words, type Patience } from '../patience.ts';
import type { CommandResult } from '../runner.ts';
import { connect, type ConnectOptions } from './connect.ts';
import { refused, type ConnectFailure } from './connect-failure.ts';
import { Connection } from './connection.ts';
import { shellLine, type LoginPlace } from './shell-line.ts';

export interface LinkOptions extends ConnectOptions {
  readonly host: string;
  readonly place: LoginPlace;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds after a failure in which nothing is tried. */
const rest = { unreachable: 1_000, refused: 5_000 } as const;

export class Link {
  readonly #options: LinkOptions;
  #connection: Connection | undefined;
  #attempt: Promise<Connection | ConnectFailure> | undefined;
  #failed: { readonly failure: ConnectFailure; readonly until: number } | undefined;
  readonly #closed = new AbortController();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Runs what a shell makes of `line`. */
  async execute(line: string, caller: Patience): Promise<CommandResult> {
    for (;;) {
      const found = await Promise.race([this.#connected(), caller.over]);
      if (typeof found === 'string') {
        return found === 'aborted'
          ? { kind: 'not-started', cause: 'aborted', reason: words.aborted }
          : { kind: 'not-started', cause: 'unreachable', reason: `${words.deadline} before there was a connection` };
      }
      if (!(found instanceof Connection)) {
        return { kind: 'not-started', cause: found.cause, reason: found.reason };
      }
      const result = await found.execute(line, caller);
      if (result.kind !== 'unsent') {
        return result;
      }
      this.#forget(found);
    }
  }

  /** For good. What is under way is lost. */
  close(): void {
    this.#closed.abort();
    this.#connection?.close();
  }

  async #connected(): Promise<Connection | ConnectFailure> {
    if (this.#closed.signal.aborted) {
      return refused('the ssh connections of this process are closed');
    }
    if (this.#connection !== undefined) {
      return this.#connection;
    }
    if (this.#failed !== undefined && this.#options.clock.monotonic() < this.#failed.until) {
      return this.#failed.failure;
    }
    this.#attempt ??= this.#connect().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  async #connect(): Promise<Connection | ConnectFailure> {
    const { host, clock, log } = this.#options;
    const begun = clock.monotonic();
    const open = await connect(host, this.#options);
    if (open.kind === 'failure') {
      return this.#rest(open);
    }
    const connection = new Connection(open, clock);
    const failure = await this.#tried(connection);
    if (failure !== undefined) {
      return this.#rest(failure);
    }
    log.info({ host, ms: Math.round(clock.monotonic() - begun) }, 'ssh connection opened');
    this.#connection = connection;
    connection.onClose(() => {
      if (!this.#closed.signal.aborted) {
        log.warn({ host }, 'ssh connection lost');
      }
      this.#forget(connection);
    });
    if (this.#closed.signal.aborted) {
      connection.close();
    }
    return connection;
  }

  #rest(failure: ConnectFailure): ConnectFailure {
    const { host, clock, log } = this.#options;
    this.#failed = { failure, until: clock.monotonic() + rest[failure.cause] };
    const fields = { host, cause: failure.cause };
    if (failure.alarming) {
      log.error(fields, failure.reason);
    } else {
      log.warn(fields, failure.reason);
    }
    return failure;
  }

  #forget(connection: Connection): void {
    if (this.#connection === connection) {
      this.#connection = undefined;
    }
  }

  /**
   * Whether words arrive there as they are, before any that matter: a login may have a shell of another kind or none, a
   * forced command, start-up files that print, or no right to use sudo. Closes the connection when not.
   */
  async #tried(connection: Connection): Promise<ConnectFailure | undefined> {
    const { clock, place, user, host } = this.#options;
    const line = shellLine({ argv: ['printf', '%s', trialWord], deadlineMs: trialMs }, place);
    const wait = patience(clock, trialMs, this.#closed.signal);
    const result = await connection.execute(line, wait);
    wait.release();
    if (result.kind === 'exited' && result.exitCode === 0 && result.stdout === trialWord) {
      return undefined;
    }
    connection.close();
    if (result.kind === 'unsent' || result.kind === 'lost') {
      const why = result.kind === 'lost' ? result.reason : 'the connection was lost';
      return {
        kind: 'failure',
        cause: 'unreachable',
        reason: `${host}: a trial command had no end: ${why}`,
        alarming: false,
      };
    }
    const got =
      result.kind === 'exited'
        ? `exit code ${result.exitCode}, ${JSON.stringify(`${result.stdout}${result.stderr}`.slice(0, 400))}`
        : result.reason;
    return refused(
      `${host}: expected a login of ${user} with a POSIX shell that prints nothing of its own` +
        `${place.sudo ? ' and with sudo without password' : ''}; a trial command gave ${got}`,
    );
  }
}

const trialWord = String.raw`it's "$HOME" \ * ~ ! # &`;
const trialMs = 10_000;
