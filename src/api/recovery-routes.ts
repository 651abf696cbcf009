/** Routes of answers that take their time: lines of JSON, any number of `progress`, then a `result` or a `failure`. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Admin } from './admin.ts';
import { adminFailure } from './admin-error.ts';
import { adoptQuery, forgetQuery, lookProgress, rebuildQuery, type Watch } from './recovery.ts';

export const recoveryLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), progress: lookProgress }),
  z.object({ type: z.literal('result'), result: z.unknown() }),
  z.object({ type: z.literal('failure'), failure: adminFailure.shape.error }),
]);
type RecoveryLine = z.infer<typeof recoveryLine>;

export interface RouteTools {
  readonly failureOf: (error: unknown) => z.infer<typeof adminFailure>['error'];
  /** Throws AdminError when the body is not what the schema says. */
  readonly queryOf: <S extends z.ZodType>(schema: S, body: unknown) => z.output<S>;
}

export function addRecoveryRoutes(
  app: FastifyInstance,
  { recovery }: Pick<Admin, 'recovery'>,
  tools: RouteTools,
): void {
  const { queryOf } = tools;
  app.post('/v1/recovery/survey', (_request, reply) => stream(reply, tools, (watch) => recovery.survey(watch)));
  app.post('/v1/recovery/gluster-volumes', (_request, reply) =>
    stream(reply, tools, (watch) => recovery.glusterVolumes(watch)),
  );
  app.post('/v1/recovery/rebuild', async ({ body }, reply) => {
    const query = queryOf(rebuildQuery, body);
    await stream(reply, tools, (watch) => recovery.rebuild(query, watch));
  });
  app.post('/v1/recovery/adopt', async ({ body }, reply) => {
    const query = queryOf(adoptQuery, body);
    await stream(reply, tools, (watch) => recovery.adopt(query, watch));
  });
  app.post('/v1/recovery/forget', async ({ body }, reply) => {
    const query = queryOf(forgetQuery, body);
    await stream(reply, tools, (watch) => recovery.forget(query, watch));
  });
}

async function stream(
  reply: FastifyReply,
  { failureOf }: RouteTools,
  work: (watch: Watch) => Promise<unknown>,
): Promise<void> {
  const gone = new AbortController();
  reply.raw.on('close', () => gone.abort(new Error('the caller has gone')));
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const write = (line: RecoveryLine): void => void reply.raw.write(`${JSON.stringify(line)}\n`);
  try {
    const onProgress: Watch['onProgress'] = (progress) => write({ type: 'progress', progress });
    write({ type: 'result', result: await work({ signal: gone.signal, onProgress }) });
  } catch (error) {
    write({ type: 'failure', failure: failureOf(error) });
  }
  reply.raw.end();
}
