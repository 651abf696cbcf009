/** The agent's HTTPS server. See src/agent/protocol/messages.ts for its calls. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fastify } from 'fastify';
import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
import { messageOf } from '../../domain/error-message.ts';
import type { Log } from '../../domain/log.ts';
import type { NodeId } from '../../domain/names.ts';
import { describeIssues } from '../../domain/schema.ts';
import type { CredentialSource } from '../credentials.ts';
import {
  operationRequest,
  operationsPath,
  readinessPath,
  sessionPath,
  type OperationRequest,
  type ReadinessAnswer,
  type RefusalCode,
  type SessionAnswer,
} from '../protocol/messages.ts';
import { expectController } from './guard.ts';
import type { Operation, Operations, Submission } from './operations.ts';
import { Refusal } from './refusal.ts';
import { serverTls, followRotation } from './tls.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly node: NodeId;
  /** A new UUID for each start of the agent. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly credentials: CredentialSource;
  /** Milliseconds between two looks for rotated certificates. */
  readonly lookEveryMs: number;
  /** Milliseconds after which a call that takes long is answered "running". */
  readonly pollMs: number;
  readonly operations: Operations;
  /** Throws Refusal. */
  readonly submissionOf: (request: OperationRequest) => Submission;
  /** Throws Refusal while nothing new may begin. */
  readonly expectOpen: () => void;
  readonly ready: () => boolean;
  readonly readiness: (signal: AbortSignal) => Promise<ReadinessAnswer>;
}

export interface AgentServer {
  /** `https://127.0.0.1:24017` */
  readonly url: string;
  /** Ends connections; what is being answered is answered first, unless `abort` fires. */
  close(abort: AbortSignal): Promise<void>;
}

/** Bytes of a request's body at most: a volume of 10,000 bricks fits. */
const bodyLimit = 4 * 1024 * 1024;
/** Refusals that belong to an agent's life, and are asked for again: nobody has to look into them. */
const ordinary: ReadonlySet<RefusalCode> = new Set(['not-ready', 'stopping', 'other-instance', 'late']);
/** Calls that anybody may make. */
const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Throws CredentialsError when there are no certificates, and Error when it cannot listen. */
export async function startServer(options: ServerOptions): Promise<AgentServer> {
  const { clock, credentials, host, port } = options;
  const app = fastify({
    https: serverTls(await credentials.current()),
    http2: false,
    bodyLimit,
    // Clients keep connections; one that reuses them must not often meet their end half-way.
    keepAliveTimeout: 120_000,
    requestTimeout: 30_000,
    forceCloseConnections: true,
  });
  const answering = new Set<FastifyRequest>();
  app.addHook('onRequest', async (request) => {
    answering.add(request);
    if (!probes.has(request.url)) {
      expectController(request.raw, clock);
    }
  });
  app.addHook('onResponse', async (request) => void answering.delete(request));
  app.addHook('onRequestAbort', async (request) => void answering.delete(request));
  app.setErrorHandler((error, request, reply) => answerError(options, error, request, reply));
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: 'malformed', message: 'expected a call of this protocol' }),
  );
  const stopFollowing = followRotation(app, options);
  addCalls(app, options);
  let url: string;
  try {
    url = await app.listen({ host, port });
  } catch (error) {
    await stopFollowing();
    throw error;
  }
  return {
    url,
    close: async (abort) => {
      await stopFollowing();
      while (answering.size > 0 && !abort.aborted) {
        await clock.sleep(20);
      }
      await app.close();
    },
  };
}

function addCalls(app: FastifyInstance, options: ServerOptions): void {
  const { operations, clock, node, instance } = options;
  app.get('/healthz', async (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', async (_request, reply) => {
    const ready = options.ready();
    return reply
      .code(ready ? 200 : 503)
      .type('text/plain')
      .send(ready ? 'ready\n' : 'not ready\n');
  });
  app.get(sessionPath, async (): Promise<SessionAnswer> => ({ node, instance, clock: clock.monotonic() }));
  app.get(readinessPath, (_request, reply) => options.readiness(gone(reply)));
  app.post(operationsPath, async (request, reply) => {
    const operation = takeOn(options, request.body);
    const answer = await firstAnswer(options, operation, gone(reply));
    return reply.code(answer.state === 'finished' ? 200 : 202).send(answer);
  });
  app.delete(`${operationsPath}/:operation`, async (request, reply) => {
    const { operation } = z.object({ operation: z.uuid() }).parse(request.params);
    operations.cancel(operation, 'the caller gave up');
    return reply.code(204).send();
  });
}

function takeOn({ operations, instance, submissionOf, expectOpen }: ServerOptions, body: unknown): Operation {
  const request = operationRequest.parse(body);
  const submission = submissionOf(request);
  const known = operations.find(submission);
  if (known !== undefined) {
    return known;
  }
  if (request.instance !== instance) {
    throw new Refusal('other-instance', 'the agent has been restarted since the session began');
  }
  expectOpen();
  return operations.submit(submission);
}

type Answer = { readonly state: 'finished'; readonly outcome: unknown } | { readonly state: 'running' };

async function firstAnswer({ clock, pollMs }: ServerOptions, { ended }: Operation, left: AbortSignal): Promise<Answer> {
  const over = new AbortController();
  const running = clock
    .sleep(pollMs, AbortSignal.any([left, over.signal]))
    .catch(() => undefined)
    .then((): Answer => ({ state: 'running' }));
  try {
    return await Promise.race([ended.then((outcome): Answer => ({ state: 'finished', outcome })), running]);
  } finally {
    over.abort();
  }
}

/** Fires when the caller's connection has ended, or the answer is complete. */
function gone({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController();
  raw.once('close', () => left.abort());
  return left.signal;
}

function answerError(
  { log }: ServerOptions,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const refusal = refusalOf(error);
  if (refusal !== undefined) {
    const level = ordinary.has(refusal.code) ? 'debug' : 'warn';
    log[level]({ remote: request.ip, call: request.url, refusal: refusal.code }, `refused: ${refusal.message}`);
    return reply.code(refusal.status).send({ error: refusal.code, message: refusal.message });
  }
  log.error({ err: error, call: request.url }, 'a call failed');
  return reply.code(500).send({ error: 'malformed', message: messageOf(error) });
}

/** Fastify's own errors about a body come with a status of 4xx. */
const badRequest = z.object({ statusCode: z.int().min(400).max(499), message: z.string() });

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) {
    return error;
  }
  if (error instanceof z.ZodError) {
    return new Refusal('malformed', describeIssues(error));
  }
  const bad = badRequest.safeParse(error);
  return bad.success ? new Refusal('malformed', bad.data.message) : undefined;
}
