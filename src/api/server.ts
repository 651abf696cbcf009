import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fastify, type FastifyInstance } from 'fastify';
import { ZodError, type z } from 'zod';
import { messageOf } from '../domain/error-message.ts';
import { describeIssues } from '../domain/schema.ts';
import { AdminError, type AdminFailureCode } from './admin-error.ts';
import type { Admin } from './admin.ts';
import { answerInLines } from './answer-lines.ts';
import { capacityQuery } from './capacity.ts';
import { stateQuery } from './placement-state.ts';
import { addGrowthRoute } from './growth-routes.ts';
import { addNodeRoutes } from './node-routes.ts';
import { addRecoveryRoutes } from './recovery-routes.ts';
import type { ProgressView } from './topology-plan.ts';
import { volumePlanQuery } from './volume-plan.ts';

/** What sun_path holds on Linux, less its terminating zero. */
const longestSocketPath = 107;

const statusOf: Readonly<Record<AdminFailureCode, number>> = {
  invalid: 400,
  'not-found': 404,
  starting: 503,
  unavailable: 503,
  failed: 500,
};

export interface AdminServer {
  close(): Promise<void>;
}

/**
 * Serves `admin` on a UNIX socket that only this user may open: whoever may is the administrator, so there is no other
 * authentication. A socket that a dead process left is replaced; throws when a living one has it.
 */
export async function startAdminServer(socket: string, admin: Admin): Promise<AdminServer> {
  if (Buffer.byteLength(socket) > longestSocketPath) {
    throw new Error(
      `admin socket: expected a path of at most ${longestSocketPath} bytes, got ${Buffer.byteLength(socket)} (${socket})`,
    );
  }
  await mkdir(dirname(socket), { recursive: true, mode: 0o700 });
  if (await answers(socket)) {
    throw new Error(`admin socket: another brickyard is running on ${socket}`);
  }
  const app = adminApp(admin);
  // Made inside a folder of mode 0700 and moved when its own mode is right: at no moment can somebody else open it.
  const nursery = await mkdtemp(join(dirname(socket), '.s'));
  try {
    const newborn = join(nursery, basename(socket).slice(0, 8));
    await app.listen({ path: newborn });
    await chmod(newborn, 0o600);
    await rename(newborn, socket);
  } finally {
    await rm(nursery, { recursive: true, force: true });
  }
  return {
    close: async () => {
      await rm(socket, { force: true });
      await app.close();
    },
  };
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

function failureOf(error: unknown): { readonly code: AdminFailureCode; readonly message: string } {
  if (error instanceof AdminError) {
    return { code: error.code, message: error.message };
  }
  if (error instanceof ZodError) {
    return { code: 'failed', message: error.message };
  }
  const { statusCode } = error as { statusCode?: unknown };
  const message = messageOf(error);
  return { code: typeof statusCode === 'number' && statusCode < 500 ? 'invalid' : 'failed', message };
}

function queryOf<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    throw new AdminError('invalid', describeIssues(parsed.error));
  }
  return parsed.data;
}

/** The routes. */
function adminApp(admin: Admin): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit: 16 * 1024 * 1024, forceCloseConnections: true });
  app.setErrorHandler(async (error, _request, reply) => {
    const failure = failureOf(error);
    return reply.code(statusOf[failure.code]).send({ error: failure });
  });
  app.get('/v1/version', () => admin.version());
  app.get('/v1/topology', () => admin.topology());
  app.get('/v1/volumes', async () => ({ volumes: await admin.volumes() }));
  app.get<{ Querystring: { key?: string } }>('/v1/volume', (request) => admin.volume(request.query.key ?? ''));
  app.post('/v1/volume/plan', (request) => admin.planVolume(queryOf(volumePlanQuery, request.body)));
  app.post('/v1/capacity', (request) => admin.capacity(queryOf(capacityQuery, request.body)));
  app.post('/v1/topology/state', (request) => admin.setState(queryOf(stateQuery, request.body)));
  app.post('/v1/topology/plan', (request) => admin.planTopology(request.body));
  app.post('/v1/topology/apply', async (request, reply) => {
    // Answers 400 before the first line goes out when the file is wrong; later problems are lines.
    await admin.planTopology(request.body);
    await answerInLines<ProgressView>(reply, { failureOf }, (tell, signal) =>
      admin.applyTopology(request.body, tell, signal),
    );
  });
  addGrowthRoute(app, admin, { failureOf, queryOf });
  addNodeRoutes(app, admin, { failureOf, queryOf });
  addRecoveryRoutes(app, admin, { failureOf, queryOf });
  return app;
}
