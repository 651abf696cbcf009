/**
 * The way to one node: none, one connection under way that all callers wait for, or one open connection that all share.
 * It is opened when somebody needs it. After a failure everybody gets the same answer for a while without another try,
 * because some hosts lock out who fails too often.
 */
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import { patience, words, type Patience } from '../patience.ts';
import { notLeading, type Command, type CommandResult, type NotStarted, type Permitted } from '../runner.ts';
import { connect, type ConnectOptions } from './connect.ts';
import { refused, type ConnectFailure } from './connect-failure.ts';
import { Connection, type Executed } from './connection.ts';
import { NodeUptime, uptimeArgv } from './node-uptime.ts';
import { lateCode, shellLine, shellLineUntil, type LoginPlace } from './shell-line.ts';

export interface LinkOptions extends ConnectOptions, Required<Permitted> {
  readonly host: string;
  readonly place: LoginPlace;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds after a failure in which nothing is tried. */
const rest = { unreachable: 1_000, refused: 5_000 } as const;

/** A connection that has been tried, and the clock at its other end. */
interface Way {
  readonly connection: Connection;
  readonly uptime: NodeUptime;
}

export class Link {
  readonly #options: LinkOptions;
  #way: Way | undefined;
  #attempt: Promise<Way | ConnectFailure> | undefined;
  #failed: { readonly failure: ConnectFailure; readonly until: number } | undefined;
  readonly #closed = new AbortController();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  async execute(command: Command, caller: Patience): Promise<CommandResult> {
    for (;;) {
      const found = await Promise.race([this.#connected(), caller.over]);
      if (typeof found === 'string') {
        return notConnected(found);
      }
      if ('kind' in found) {
        return { kind: 'not-started', cause: found.cause, reason: found.reason };
      }
      const result = await this.#executeOn(found, command, caller);
      if (result.kind !== 'unsent') {
        return result;
      }
      this.#forget(found);
    }
  }

  async #executeOn({ connection, uptime }: Way, command: Command, caller: Patience): Promise<Executed> {
    const unknown = await Promise.race([uptime.unknown(), caller.over]);
    if (typeof unknown === 'string') {
      return notConnected(unknown);
    }
    if (unknown !== undefined) {
      return unknown.kind === 'unsent' || unknown.kind === 'not-started'
        ? unknown
        : { kind: 'not-started', cause: 'unreachable', reason: `the node did not tell its uptime: ${told(unknown)}` };
    }
    const { mayAct, place } = this.#options;
    const line = (): string | NotStarted => {
      const latest = uptime.latest();
      // Forgotten in this very moment, because another command came too late.
      return latest === undefined ? tooLate : mayAct() ? shellLineUntil(latest, command, place) : notLeading;
    };
    const result = await connection.execute(line, caller);
    if (result.kind === 'exited' && result.exitCode === lateCode && result.stdout === '' && result.stderr === '') {
      uptime.forget();
      return tooLate;
    }
    return result;
  }

  /** For good. What is under way is lost. */
  close(): void {
    this.#closed.abort();
    this.#way?.connection.close();
  }

  async #connected(): Promise<Way | ConnectFailure> {
    if (this.#closed.signal.aborted) {
      return refused('the ssh connections of this process are closed');
    }
    if (this.#way !== undefined) {
      return this.#way;
    }
    if (this.#failed !== undefined && this.#options.clock.monotonic() < this.#failed.until) {
      return this.#failed.failure;
    }
    this.#attempt ??= this.#connect().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  async #connect(): Promise<Way | ConnectFailure> {
    const { host, clock, log } = this.#options;
    const begun = clock.monotonic();
    const open = await connect(host, this.#options);
    if (open.kind === 'failure') {
      return this.#rest(open);
    }
    const connection = new Connection(open, clock);
    const uptime = new NodeUptime(clock, () => this.#ownCommand(connection, uptimeArgv));
    const failure = await this.#tried(connection, uptime);
    if (failure !== undefined) {
      connection.close();
      return this.#rest(failure);
    }
    const way: Way = { connection, uptime };
    log.info({ host, ms: Math.round(clock.monotonic() - begun) }, 'ssh connection opened');
    this.#way = way;
    connection.onClose(() => {
      if (!this.#closed.signal.aborted) {
        log.warn({ host }, 'ssh connection lost');
      }
      this.#forget(way);
    });
    if (this.#closed.signal.aborted) {
      connection.close();
    }
    return way;
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

  #forget(way: Way): void {
    if (this.#way === way) {
      this.#way = undefined;
    }
  }

  /** One that changes nothing, so that nobody has to lead for it. */
  async #ownCommand(connection: Connection, argv: readonly string[]): Promise<Executed> {
    const { clock, place } = this.#options;
    const wait = patience(clock, trialMs, this.#closed.signal);
    const result = await connection.execute(() => shellLine({ argv, deadlineMs: trialMs }, place), wait);
    wait.release();
    return result;
  }

  /**
   * Whether words arrive there as they are, before any that matter: a login may have a shell of another kind or none, a
   * forced command, start-up files that print, or no right to use sudo. And whether its clock can be read.
   */
  async #tried(connection: Connection, uptime: NodeUptime): Promise<ConnectFailure | undefined> {
    const { place, user, host } = this.#options;
    const trial = await this.#ownCommand(connection, ['printf', '%s', trialWord]);
    const passed = trial.kind === 'exited' && trial.exitCode === 0 && trial.stdout === trialWord;
    const bad = passed ? await uptime.unknown() : trial;
    if (bad === undefined) {
      return undefined;
    }
    if (bad.kind === 'unsent' || bad.kind === 'lost') {
      const reason = `${host}: a trial command had no end: ${told(bad)}`;
      return { kind: 'failure', cause: 'unreachable', reason, alarming: false };
    }
    if (passed) {
      return refused(`${host}: expected a node that tells its uptime, got ${told(bad)}`);
    }
    return refused(
      `${host}: expected a login of ${user} with a POSIX shell that prints nothing of its own` +
        `${place.sudo ? ' and with sudo without password' : ''}; a trial command gave ${told(bad)}`,
    );
  }
}

const trialWord = String.raw`it's "$HOME" \ * ~ ! # &`;
const trialMs = 10_000;

/** How a command of our own ended. */
function told(executed: Executed): string {
  switch (executed.kind) {
    case 'exited':
      return `exit code ${executed.exitCode}, ${JSON.stringify(`${executed.stdout}${executed.stderr}`.slice(0, 400))}`;
    case 'unsent':
      return 'the connection was lost';
    case 'lost':
    case 'not-started':
      return executed.reason;
  }
}

const notConnected = (why: 'deadline' | 'aborted'): NotStarted =>
  why === 'aborted'
    ? { kind: 'not-started', cause: 'aborted', reason: words.aborted }
    : { kind: 'not-started', cause: 'unreachable', reason: `${words.deadline} before there was a connection` };

const tooLate: NotStarted = {
  kind: 'not-started',
  cause: 'unreachable',
  reason: 'it came to the node too late, and was not begun there',
};
