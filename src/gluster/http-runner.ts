/**
 * Runs commands on nodes that live in another process, by HTTP. A command is sent once: only an error that proves that
 * nothing was sent counts as not started, everything else as lost.
 */
import { Readable } from 'node:stream';
import { Pool } from 'undici';
import type { NodeRef } from '../domain/topology.ts';
import type { CallContext } from '../engine/ports.ts';
import { notLeading, type Command, type CommandResult, type CommandRunner, type Permitted } from './runner.ts';
import { commandPath, commandResult } from './wire.ts';

export interface HttpRunnerOptions extends Permitted {
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

/** The command has not been sent, because this process may not act any more. */
class NotLeading extends Error {
  override readonly name = 'NotLeading';
}

export function createHttpRunner({ url, token, connections = 64, mayAct = () => true }: HttpRunnerOptions): HttpRunner {
  const pool = new Pool(url, { connections });
  /** Read when there is a connection; the headers go out with the first piece. */
  async function* pieces(text: string): AsyncGenerator<Buffer> {
    if (!mayAct()) {
      throw new NotLeading(notLeading.reason);
    }
    yield Buffer.from(text);
  }
  return {
    async run(node: NodeRef, command: Command, { signal }: CallContext): Promise<CommandResult> {
      if (signal.aborted) {
        return { kind: 'not-started', cause: 'aborted', reason: 'the caller gave up' };
      }
      const { id, manage, storage } = node;
      const text = JSON.stringify({
        node: { id, manage, storage },
        argv: command.argv,
        deadlineMs: command.deadlineMs,
      });
      const longest = command.deadlineMs + grace;
      try {
        const { statusCode, body } = await pool.request({
          method: 'POST',
          path: commandPath,
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            'content-length': String(Buffer.byteLength(text)),
          },
          body: Readable.from(pieces(text), { objectMode: false }),
          signal,
          headersTimeout: longest,
          bodyTimeout: longest,
        });
        return resultOf(statusCode, parsed(await body.text()));
      } catch (error) {
        return resultOfError(error, signal);
      }
    },
    close: () => void pool.destroy(),
  };
}

/** Text that is no JSON stays what it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
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
  if (error instanceof NotLeading) {
    return notLeading;
  }
  if (signal.aborted) {
    return { kind: 'lost', reason: 'the caller gave up' };
  }
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no code';
  return notSent.has(code)
    ? { kind: 'not-started', cause: 'unreachable', reason: `no connection to the nodes' server (${code})` }
    : { kind: 'lost', reason: `no answer from the nodes' server (${code})` };
}

const detailOf = (data: unknown): string => (JSON.stringify(data) ?? '').slice(0, 300);
