/** One verb's work on one node: runs its commands in turn and knows what may be assumed when one gets no answer. */
import { failed, unknown, waiting, type Setback } from '../domain/outcome.ts';
import type { Log } from '../domain/log.ts';
import type { NodeRef } from '../domain/topology.ts';
import type { CallContext } from '../engine/ports.ts';
import { problemOf, type DiagnosedRefusal } from './errors.ts';
import { ReportError } from './json.ts';
import type { Command, CommandResult, CommandRunner, Exited } from './runner.ts';
import { readAnswer, type Answer, type BodyReader } from './xml/answer.ts';

/** What every verb needs beside its arguments. */
export interface Tools {
  readonly runner: CommandRunner;
  readonly log: Log;
}

/** Gluster did it, gluster refused, or there is no telling. */
export type Reply<T> =
  | { readonly kind: 'success'; readonly value: T }
  | { readonly kind: 'refused'; readonly refusal: DiagnosedRefusal }
  | Setback;

export class Errand {
  readonly node: NodeRef;
  readonly #tools: Tools;
  readonly #context: CallContext;
  readonly #lane: string | undefined;
  #begun = false;

  /** `lane`: what the commands change, so that the node runs them one after another with any other errand's about it. */
  constructor(tools: Tools, node: NodeRef, context: CallContext, lane?: string) {
    this.node = node;
    this.#lane = lane;
    this.#tools = tools;
    this.#context = context;
  }

  /** Whether the caller wants no more of it. */
  get aborted(): boolean {
    return this.#context.signal.aborted;
  }

  /** Runs one command to its end, whatever its exit code; else the setback that ends the verb. */
  async run(command: Command): Promise<Exited | Setback> {
    const result = this.aborted
      ? ({ kind: 'not-started', cause: 'aborted', reason: 'the caller gave up' } as const)
      : await this.#tools.runner.run(this.node, this.#inLane(command), this.#context);
    if (result.kind === 'exited') {
      this.#begun = true;
      if (result.exitCode !== 0) {
        this.#tools.log.debug({ node: this.node.id, argv: command.argv, exitCode: result.exitCode }, 'command failed');
      }
      return result;
    }
    const setback = this.#setbackOf(result, command);
    this.#begun = true;
    this.#tools.log.warn({ node: this.node.id, argv: command.argv, result: result.kind }, setback.reason);
    return setback;
  }

  /** Runs a command of gluster's that answers in XML. */
  async ask<T>(command: Command, body: BodyReader<T>): Promise<Reply<T>> {
    return this.answer(command, (exited) => readAnswer(exited, body));
  }

  /** Runs a command of gluster's and has its answer read by `read`. */
  async answer<T>(command: Command, read: (exited: Exited) => Answer<T>): Promise<Reply<T>> {
    const exited = await this.run(command);
    if (exited.kind !== 'exited') {
      return exited;
    }
    const answer = read(exited);
    switch (answer.kind) {
      case 'success':
        return { kind: 'success', value: answer.value };
      case 'refused':
        return { kind: 'refused', refusal: problemOf(answer.refusal) };
      case 'unreadable':
        // It ran, but whether it did as asked cannot be read from this.
        return unknown(`${this.node.id}: ${describe(command)}: ${answer.reason}`);
    }
  }

  /** A failure of a command that ran, in its own words. */
  failure(command: Command, { exitCode, stderr, stdout }: Exited): Setback {
    const words = (stderr.trim() || stdout.trim()).slice(-400);
    return failed(`${this.node.id}: ${describe(command)}: exit code ${exitCode}: ${words}`);
  }

  /** Reads a report; a report that cannot be read ends the verb. */
  read<T>(parse: () => T): { readonly kind: 'read'; readonly value: T } | Setback {
    try {
      return { kind: 'read', value: parse() };
    } catch (error) {
      if (error instanceof ReportError) {
        return failed(`${this.node.id}: ${error.message}`);
      }
      throw error;
    }
  }

  #inLane(command: Command): Command {
    return this.#lane === undefined ? command : { ...command, lane: this.#lane };
  }

  #setbackOf(result: Exclude<CommandResult, Exited>, command: Command): Setback {
    const reason = `${this.node.id}: ${describe(command)}: ${result.reason}`;
    if (result.kind === 'lost') {
      return unknown(reason);
    }
    switch (result.cause) {
      case 'unreachable':
        return waiting({ what: 'node', name: this.node.id }, reason);
      case 'aborted':
        return this.#begun ? unknown(reason) : failed(reason);
      case 'no-such-program':
      case 'refused':
        return failed(reason);
    }
  }
}

/** The words that tell one command from another, without flags: `gluster volume create vol_x`. */
function describe({ argv }: Command): string {
  return argv
    .filter((word) => !word.startsWith('-'))
    .slice(0, 4)
    .join(' ');
}
