/** Commands on the node that the plugin runs on, and what may be assumed when one gets no answer. */
import type { Log } from '../../domain/log.ts';
import { failed, unknown, type Setback } from '../../domain/outcome.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { Command, CommandResult, CommandRunner, Exited } from '../../gluster/runner.ts';
import type { CallContext } from './api.ts';
import { MountTableError } from './mountinfo.ts';

export interface HostTools {
  readonly runner: CommandRunner;
  readonly log: Log;
  readonly node: NodeRef;
  /** What was said already, of what is said once. */
  readonly said: Set<string>;
}

/** What a look found. */
export interface Found<T> {
  readonly kind: 'found';
  readonly value: T;
}

export const found = <T>(value: T): Found<T> => ({ kind: 'found', value });

export class Host {
  readonly #tools: HostTools;
  readonly #context: CallContext;
  readonly #lane: string | undefined;
  #begun = false;

  /** `lane`: the directory that the commands are about, so that those of a plugin that was killed come to their end first. */
  constructor(tools: HostTools, context: CallContext, lane?: string) {
    this.#tools = tools;
    this.#context = context;
    this.#lane = lane;
  }

  warn(fields: object, message: string): void {
    this.#tools.log.warn(fields, message);
  }

  warnOnce(fields: object, message: string): void {
    if (!this.#tools.said.has(message)) {
      this.#tools.said.add(message);
      this.warn(fields, message);
    }
  }

  /** Runs one command to its end, whatever its exit code; else the setback that ends the work. */
  async run(command: Command): Promise<Exited | Setback> {
    const result = await this.#result(command);
    if (result.kind === 'exited') {
      return result;
    }
    const setback = this.#setbackOf(result, command);
    this.#tools.log.warn({ argv: command.argv, result: result.kind }, setback.reason);
    return setback;
  }

  /** `undefined`: it may go on. A failure that `forgiven` knows means that what the command is for is so already. */
  async step(command: Command, forgiven: (exited: Exited) => boolean = () => false): Promise<Setback | undefined> {
    const exited = await this.run(command);
    if (exited.kind !== 'exited') {
      return exited;
    }
    return exited.exitCode === 0 || forgiven(exited) ? undefined : this.failure(command, exited);
  }

  /** Runs a look that must succeed, and reads what it printed. */
  async look<T>(command: Command, parse: (text: string) => T): Promise<Found<T> | Setback> {
    const exited = await this.run(command);
    if (exited.kind !== 'exited') {
      return exited;
    }
    if (exited.exitCode !== 0) {
      return this.failure(command, exited);
    }
    try {
      return found(parse(exited.stdout));
    } catch (error) {
      if (error instanceof MountTableError) {
        return failed(error.message);
      }
      throw error;
    }
  }

  /** Asks what may hang for ever, outside of the lane: a process that is stuck in there must not keep anybody waiting. */
  async probe(command: Command): Promise<CommandResult> {
    return this.#tools.runner.run(this.#tools.node, command, this.#context);
  }

  /** A failure of a command that ran, in its own words. */
  failure(command: Command, { exitCode, stderr, stdout }: Exited): Setback {
    const words = (stderr.trim() || stdout.trim()).slice(-400);
    return failed(`${describe(command)}: exit code ${exitCode}: ${words}`);
  }

  async #result(command: Command): Promise<CommandResult> {
    const { signal } = this.#context;
    const laned = this.#lane === undefined ? command : { ...command, lane: this.#lane };
    const result: CommandResult = signal.aborted
      ? { kind: 'not-started', cause: 'aborted', reason: 'the caller gave up' }
      : await this.#tools.runner.run(this.#tools.node, laned, this.#context);
    this.#begun ||= result.kind !== 'not-started';
    return result;
  }

  #setbackOf(result: Exclude<CommandResult, Exited>, command: Command): Setback {
    const reason = `${describe(command)}: ${result.reason}`;
    const open = result.kind === 'lost' || (result.cause === 'aborted' && this.#begun);
    return open ? unknown(reason) : failed(reason);
  }
}

/** Without flags, so that a message names the program and what it was about. */
const describe = ({ argv }: Command): string =>
  argv
    .filter((word) => !word.startsWith('-'))
    .slice(0, 6)
    .join(' ');
