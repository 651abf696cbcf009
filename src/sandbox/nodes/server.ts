/**
 * Simulated storage nodes behind HTTP: they live in this process and outlive every controller that talks to them.
 *
 * | call | what |
 * |---|---|
 * | POST /v1/commands | runs one command, answers with its result |
 * | POST /v1/nodes | adds a node |
 * | POST /v1/faults | adds a fault, answers with its id |
 * | GET /v1/faults, DELETE /v1/faults, DELETE /v1/faults/ID | shows, clears, ends faults |
 * | GET /v1/state | everything that stands on the nodes |
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';
import { describeIssues } from '../../domain/schema.ts';
import { faultSpec } from '../../gluster/simulated/faults.ts';
import type { Simulation } from '../../gluster/simulated/simulation.ts';
import { simulatedNodeSpec } from '../../gluster/simulated/topology.ts';
import { commandPath, commandRequest } from '../../gluster/wire.ts';

export interface NodesServerOptions {
  readonly simulation: Simulation;
  /** What callers must send as bearer token. */
  readonly token: string;
  /** Loopback address to listen on. */
  readonly host?: string;
  /** Default: any free one. */
  readonly port?: number;
}

export interface NodesServer {
  readonly url: string;
  /** Ends commands under way as lost, and closes. */
  close(): Promise<void>;
}

export async function startNodesServer(options: NodesServerOptions): Promise<NodesServer> {
  const { simulation, token, host = '127.0.0.1', port = 0 } = options;
  const stopping = new AbortController();
  // No time-out on idle connections: a client that reuses one must not meet its end half-way.
  const server = fastify({ keepAliveTimeout: 0, bodyLimit: 4 * 1024 * 1024, forceCloseConnections: true });
  server.addHook('onRequest', async (request, reply) => {
    if (!sameText(request.headers.authorization ?? '', `Bearer ${token}`)) {
      return reply.code(401).send({ message: 'expected the bearer token of the simulated nodes' });
    }
    return undefined;
  });
  server.setErrorHandler((error, _request, reply) => answerError(error, reply));
  server.post(commandPath, (request) => {
    const { node, argv, deadlineMs } = commandRequest.parse(request.body);
    return simulation.runner.run(node, { argv, deadlineMs }, { signal: stopping.signal });
  });
  addSteering(server, simulation);
  const url = await server.listen({ host, port });
  return {
    url,
    close: async () => {
      stopping.abort(new Error('the simulated nodes are shutting down'));
      await server.close();
    },
  };
}

/** The calls that no controller makes: people, tests and the sandbox itself do. */
function addSteering(server: FastifyInstance, simulation: Simulation): void {
  server.get('/v1/state', async () => simulation.inspect());
  server.post('/v1/nodes', async (request, reply) => {
    simulation.addNode(simulatedNodeSpec.parse(request.body));
    return reply.code(201).send({});
  });
  server.get('/v1/faults', async () => simulation.faults.list());
  server.post('/v1/faults', async (request, reply) =>
    reply.code(201).send({ id: simulation.faults.add(faultSpec.parse(request.body)) }),
  );
  server.delete('/v1/faults', async (_request, reply) => {
    simulation.faults.clear();
    return reply.code(204).send();
  });
  server.delete('/v1/faults/:id', async (request, reply) => {
    const { id } = z.object({ id: z.coerce.number().int() }).parse(request.params);
    return simulation.faults.remove(id)
      ? reply.code(204).send()
      : reply.code(404).send({ message: `no fault ${id} stands` });
  });
}

function answerError(error: unknown, reply: FastifyReply): FastifyReply {
  if (error instanceof z.ZodError) {
    return reply.code(400).send({ message: describeIssues(error) });
  }
  if (error instanceof RangeError || error instanceof SyntaxError) {
    return reply.code(400).send({ message: error.message });
  }
  const status = z.object({ statusCode: z.int().min(400).max(499), message: z.string() }).safeParse(error);
  return status.success
    ? reply.code(status.data.statusCode).send({ message: status.data.message })
    : reply.code(500).send({ message: error instanceof Error ? error.message : 'unknown error' });
}

/** Compares without telling by its time how much of the token was right. */
function sameText(got: string, want: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(got), digest(want));
}
