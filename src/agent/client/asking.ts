/**
 * One operation, asked of an agent until there is an answer.
 *
 * The id stays the same over all tries, so whatever became of an earlier one, the work is done once. What may be said when
 * there is no answer depends on one thing: whether any try can have reached the agent. If none can, the node is waited for;
 * else it is `unknown`.
 */
import { randomUUID } from 'node:crypto';
import pRetry from 'p-retry';
import { z } from 'zod';
import type { Clock, Random } from '../../domain/clock.ts';
import { messageOf } from '../../domain/error-message.ts';
import type { Log } from '../../domain/log.ts';
import { failed, rejected, unknown, waiting, type Setback } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { CallContext } from '../../engine/ports.ts';
import { notLeading } from '../../gluster/runner.ts';
import { CredentialsError } from '../credentials.ts';
import { decodeOutcome } from '../protocol/outcome.ts';
import { operationAnswer, refusalAnswer, validityMs, type RefusalCode } from '../protocol/messages.ts';
import { verbs, type ArgumentsOf, type OutcomeOf, type Verb } from '../protocol/verbs.ts';
import type { Link, Session } from './link.ts';
import { LinkError, withRenewal } from './problems.ts';

export interface AskingParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** This client's own id, for all of its operations. */
  readonly sender: string;
  /** Milliseconds without any sign of the agent after which it is waited for no longer. */
  readonly silenceMs: number;
  /** Milliseconds that the agent takes to answer "running", and a good deal more. */
  readonly answerMs: number;
  /** May anything be asked at this very moment? */
  readonly mayAct: () => boolean;
}

/** Asks again, by the same id. */
class AskAgain extends Error {
  override readonly name = 'AskAgain';
  readonly pauseMs: number;

  constructor(reason: string, pauseMs: number) {
    super(reason);
    this.pauseMs = pauseMs;
  }
}

const shortestPause = 100;
const longestPause = 3_000;

export class Asking<V extends Verb> {
  readonly #parts: AskingParts;
  readonly #link: Link;
  readonly #node: NodeRef;
  readonly #verb: V;
  readonly #signal: AbortSignal;
  readonly #operation = randomUUID();
  readonly #body: Readonly<Record<string, unknown>>;
  readonly #deadline: number;
  /** When the agent last gave a sign of life. */
  #heard: number;
  /** A try can have reached the agent, and it has not said that it did not take it on. */
  #mayHaveBegun = false;

  constructor(
    parts: AskingParts,
    link: Link,
    call: { readonly node: NodeRef; readonly verb: V; readonly args: ArgumentsOf<V>; readonly sequence: number },
    { signal }: CallContext,
  ) {
    const { id, manage, storage } = call.node;
    this.#parts = parts;
    this.#link = link;
    this.#node = call.node;
    this.#verb = call.verb;
    this.#signal = signal;
    this.#body = {
      operation: this.#operation,
      sender: { id: parts.sender, sequence: call.sequence },
      verb: call.verb,
      node: { id, manage, storage },
      arguments: call.args,
    };
    this.#heard = parts.clock.monotonic();
    this.#deadline = this.#heard + verbs[call.verb].deadlineMs;
  }

  /** Never throws for anything that an agent or a network can do. */
  async outcome(): Promise<OutcomeOf<V>> {
    try {
      return await pRetry(() => this.#try(), {
        retries: Number.POSITIVE_INFINITY,
        // The pauses are made on the injected clock, below.
        minTimeout: 0,
        maxTimeout: 0,
        signal: this.#signal,
        shouldRetry: ({ error }) => error instanceof AskAgain && !this.#isOver(),
        onFailedAttempt: ({ error, attemptNumber }) => this.#pause(error, attemptNumber),
      });
    } catch (error) {
      if (this.#signal.aborted) {
        return this.#calledOff() as OutcomeOf<V>;
      }
      if (error instanceof AskAgain) {
        return this.#nobody(error.message) as OutcomeOf<V>;
      }
      throw error;
    }
  }

  async #try(): Promise<OutcomeOf<V>> {
    const session = await this.#session();
    if ('kind' in session) {
      return session as OutcomeOf<V>;
    }
    for (;;) {
      // Not earlier: a process can stand still while it waits for a session. From here on the request itself says until
      // when it is good.
      if (!this.#parts.mayAct()) {
        return this.#notDone(failed(this.#said(`${this.#verb}: ${notLeading.reason}`))) as OutcomeOf<V>;
      }
      const before = this.#mayHaveBegun;
      // From here on, whatever happens: a caller who gives up now does not know what became of it.
      this.#mayHaveBegun = true;
      const { status, data } = await this.#send(session, before);
      this.#heard = this.#parts.clock.monotonic();
      const answer = operationAnswer.safeParse(data);
      if (!answer.success || status >= 300) {
        this.#mayHaveBegun = before;
        return this.#refused(status, data);
      }
      if (answer.data.state === 'finished') {
        return this.#finished(answer.data.outcome);
      }
      if (this.#isOver()) {
        throw new AskAgain(this.#said(`${this.#verb} is still running`), 0);
      }
    }
  }

  async #session(): Promise<Session | Setback> {
    try {
      const session = await this.#link.session();
      this.#heard = this.#parts.clock.monotonic();
      return session;
    } catch (error) {
      if (!(error instanceof LinkError || error instanceof CredentialsError)) {
        throw error;
      }
      if (this.#mayHaveBegun) {
        throw new AskAgain(messageOf(error), longestPause);
      }
      return this.#waiting(messageOf(error));
    }
  }

  async #send(session: Session, before: boolean): Promise<{ readonly status: number; readonly data: unknown }> {
    const { clock, answerMs } = this.#parts;
    const now = clock.monotonic();
    const expires = session.agentTime(now + Math.min(validityMs, Math.max(0, this.#deadline - now)));
    try {
      return await this.#link.post({ ...this.#body, instance: session.instance, expires }, this.#signal, answerMs);
    } catch (error) {
      this.#link.forgetSession();
      if (!(error instanceof LinkError)) {
        throw error;
      }
      this.#mayHaveBegun = before || !error.notSent;
      throw new AskAgain(error.message, shortestPause);
    }
  }

  #finished(json: unknown): OutcomeOf<V> {
    try {
      return decodeOutcome(this.#verb, json);
    } catch (error) {
      if (!(error instanceof z.ZodError)) {
        throw error;
      }
      const what = `${this.#verb}: the agent's answer cannot be read (another version?): ${z.prettifyError(error)}`;
      return unknown(this.#said(what)) as OutcomeOf<V>;
    }
  }

  #refused(status: number, data: unknown): OutcomeOf<V> {
    const refusal = refusalAnswer.safeParse(data);
    if (!refusal.success) {
      const said = (JSON.stringify(data) ?? '').slice(0, 300);
      throw new AskAgain(this.#said(`${this.#verb}: the agent answered ${status}: ${said}`), longestPause);
    }
    return this.#setbackOf(refusal.data.error, this.#said(withRenewal(refusal.data.message))) as OutcomeOf<V>;
  }

  #setbackOf(code: RefusalCode, reason: string): Setback {
    switch (code) {
      case 'device':
        return this.#notDone(rejected(reason));
      case 'malformed':
        return this.#notDone(failed(`${reason} (do controller and agent have the same version?)`));
      case 'overtaken':
      case 'cancelled':
        return this.#notDone(failed(reason));
      case 'reused':
        return unknown(reason);
      case 'identity':
      case 'wrong-node':
        this.#link.forgetSession();
        return this.#notDone(this.#waiting(reason));
      case 'other-instance':
      case 'late':
        this.#link.forgetSession();
        throw new AskAgain(reason, shortestPause);
      case 'busy':
        throw new AskAgain(reason, longestPause);
      case 'not-ready':
      case 'stopping':
        if (this.#mayHaveBegun) {
          throw new AskAgain(reason, longestPause);
        }
        return this.#waiting(reason);
    }
  }

  /** What is over without having been done, if an earlier try was not taken on either. */
  #notDone(setback: Setback): Setback {
    return this.#mayHaveBegun ? unknown(setback.reason) : setback;
  }

  #waiting(reason: string): Setback {
    return waiting({ what: 'node', name: this.#node.id }, reason);
  }

  #nobody(reason: string): Setback {
    return this.#mayHaveBegun
      ? unknown(`${reason}; ${this.#verb} may have been done, or may be under way`)
      : this.#waiting(reason);
  }

  #calledOff(): Setback {
    if (!this.#mayHaveBegun) {
      return failed(this.#said('the caller gave up'));
    }
    // Not waited for: whoever gave up wants to go on. What has not arrived yet will then not begin.
    this.#link.cancel(this.#operation).catch((error: unknown) => {
      this.#parts.log.debug({ node: this.#node.id, err: error }, 'an operation could not be called off');
    });
    return unknown(this.#said(`${this.#verb}: the caller gave up`));
  }

  #isOver(): boolean {
    const now = this.#parts.clock.monotonic();
    return now >= this.#deadline || now - this.#heard >= this.#parts.silenceMs;
  }

  async #pause(error: Error, attempt: number): Promise<void> {
    if (!(error instanceof AskAgain)) {
      return;
    }
    const { clock, random, log } = this.#parts;
    log.debug({ node: this.#node.id, verb: this.#verb, attempt }, `asking again: ${error.message}`);
    const grown = Math.min(longestPause, error.pauseMs * 2 ** Math.min(attempt - 1, 10));
    await clock.sleep(grown * (0.5 + random() / 2), this.#signal);
  }

  #said(what: string): string {
    return `${this.#node.id}: ${what}`;
  }
}
