/**
 * The one funnel through which everything reaches a storage node: a list of words, a deadline, and an answer that says
 * what the caller may assume. Transports (this host, ssh, HTTP to a simulation) implement it; nobody else starts a
 * process.
 */
import type { CallContext } from '../engine/ports.ts';
import type { NodeRef } from '../domain/topology.ts';

/** One command. There is no shell anywhere: each word reaches the program as it stands here. */
export interface Command {
  /** The program and its arguments; at least one word. */
  readonly argv: readonly string[];
  /** Milliseconds after which the node itself ends the command and everything that it started. */
  readonly deadlineMs: number;
  /**
   * Commands of one lane run one after another on their node, also when the runner that sent an earlier one is gone: the
   * node itself holds a lock for as long as anything that the command started is alive. The deadline counts the wait.
   */
  readonly lane?: string;
  /**
   * It leaves a process behind on purpose, such as the client of a mount. That one does not hold the lane: the command does,
   * until its own end or its deadline. So whoever comes next has to look for a straggler.
   */
  readonly daemon?: true;
}

/** The command ran to its end. Output is bounded: what exceeds the bound is cut off at its end. */
export interface Exited {
  readonly kind: 'exited';
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command has provably not run, and will not. */
export interface NotStarted {
  readonly kind: 'not-started';
  /**
   * `unreachable`: no connection to the node. `no-such-program`: the node answered that it has no such program.
   * `refused`: the other end would not take the command (credentials, malformed). `aborted`: the caller's signal had
   * fired before anything was sent, or this process did not lead any more.
   */
  readonly cause: 'unreachable' | 'no-such-program' | 'refused' | 'aborted';
  readonly reason: string;
}

/** No answer: deadline passed, connection lost, or the caller's signal fired. It may be running still. */
export interface Lost {
  readonly kind: 'lost';
  readonly reason: string;
}

export type CommandResult = Exited | NotStarted | Lost;

/** What every runner answers when `mayAct` says no. */
export const notLeading: NotStarted = {
  kind: 'not-started',
  cause: 'aborted',
  reason: 'this process does not lead any more',
};

export interface Permitted {
  /**
   * Asked in the moment in which a command goes out, which may be long after `run` was called: for a process may stand
   * still while it waits for a lane or a connection, for longer than its lease. Default: it always may.
   */
  readonly mayAct?: () => boolean;
}

/**
 * Runs commands on nodes. Implementations never throw for anything that a node, a network or a program can do; close
 * the program's stdin, set LC_ALL=C, bound its output, and enforce the deadline where the program runs.
 */
export interface CommandRunner {
  run(node: NodeRef, command: Command, context: CallContext): Promise<CommandResult>;
}

/** The most that is kept of each output stream, in characters. An XML answer about 2,000 volumes fits. */
export const outputLimit = 16 * 1024 * 1024;
