/**
 * Runs commands on nodes that live in another process, by HTTP. A command is sent once: only an error that proves that
 * nothing was sent counts as not started, everything else as lost.
 */
import { Agent } from 'node:http';
import { create, isAxiosError } from 'axios';
import type { NodeRef } from '../domain/topology.ts';
import type { CallContext } from '../engine/ports.ts';
import { outputLimit, type Command, type CommandResult, type CommandRunner } from './runner.ts';
import { commandPath, commandResult } from './wire.ts';

export interface HttpRunnerOptions {
  /** Such as `http://127.0.0.1:7070`. */
  readonly url: string;
  /** Bearer token. Never logged. */
  readonly token: string;
  /** Connections kept open at most. */
  readonly connections?: number;
}

export interface HttpRunner extends CommandRunner {
  /** Lets go of idle connections. */
  close(): void;
}

/** The other end enforces the deadline; this much later (milliseconds) the answer is given up. */
const grace = 5_000;

/** Errors of name resolution and of connecting: no byte of the request has left. */
const notSent: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

export function createHttpRunner({ url, token, connections = 64 }: HttpRunnerOptions): HttpRunner {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const client = create({
    baseURL: url,
    httpAgent: agent,
    proxy: false,
    maxRedirects: 0,
    maxContentLength: 4 * outputLimit,
    headers: { authorization: `Bearer ${token}` },
    validateStatus: () => true,
  });
  return {
    async run(node: NodeRef, command: Command, { signal }: CallContext): Promise<CommandResult> {
      if (signal.aborted) {
        return { kind: 'not-started', cause: 'aborted', reason: 'the caller gave up' };
      }
      const { id, manage, storage } = node;
      const body = { node: { id, manage, storage }, argv: command.argv, deadlineMs: command.deadlineMs };
      try {
        const { status, data } = await client.post<unknown>(commandPath, body, {
          signal,
          timeout: command.deadlineMs + grace,
        });
        return resultOf(status, data);
      } catch (error) {
        return resultOfError(error, signal);
      }
    },
    close: () => agent.destroy(),
  };
}

function resultOf(status: number, data: unknown): CommandResult {
  if (status >= 400 && status < 500) {
    return { kind: 'not-started', cause: 'refused', reason: `the nodes' server answered ${status}: ${detailOf(data)}` };
  }
  const result = commandResult.safeParse(data);
  return status === 200 && result.success
    ? result.data
    : { kind: 'lost', reason: `the nodes' server answered ${status} and no result: ${detailOf(data)}` };
}

function resultOfError(error: unknown, signal: AbortSignal): CommandResult {
  if (!isAxiosError(error)) {
    throw error;
  }
  if (signal.aborted) {
    return { kind: 'lost', reason: 'the caller gave up' };
  }
  const { code = 'no code' } = error;
  return notSent.has(code)
    ? { kind: 'not-started', cause: 'unreachable', reason: `no connection to the nodes' server (${code})` }
    : { kind: 'lost', reason: `no answer from the nodes' server (${code})` };
}

const detailOf = (data: unknown): string => (JSON.stringify(data) ?? '').slice(0, 300);
