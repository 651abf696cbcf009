import { fastify } from 'fastify';
import type { Registry } from 'prom-client';

/** May traffic and rollouts count on this replica? A standby may be counted on: it takes over when the leader goes. */
export interface Readiness {
  readonly ready: boolean;
  readonly role: 'starting' | 'standby' | 'leader' | 'stopping';
  /** What is missing, in words; empty when ready. */
  readonly reasons: readonly string[];
}

export interface OpsServer {
  /** `http://127.0.0.1:9808` */
  readonly url: string;
  close(): Promise<void>;
}

export interface OpsServerOptions {
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  readonly registry: Pick<Registry, 'metrics' | 'contentType'>;
  readonly readiness: () => Readiness;
}

/**
 * Serves what operators and probes read. `/healthz` says only that the event loop turns: a slow API server or a dead
 * storage node is no reason to restart the process.
 */
export async function startOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  // A scrape or probe that is under way at shutdown must not hold the process up.
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.get('/healthz', async (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', async (_request, reply) => {
    const readiness = options.readiness();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(options.registry.contentType).send(await options.registry.metrics()),
  );
  const url = await app.listen({ host: options.address, port: options.port });
  return { url, close: () => app.close() };
}
