/** The route that makes a volume larger: it takes its time, so it answers in lines of JSON. */
import type { FastifyInstance } from 'fastify';
import type { Admin } from './admin.ts';
import { growthQuery, type GrowthLine } from './growth.ts';
import type { RouteTools } from './recovery-routes.ts';

export function addGrowthRoute(
  app: FastifyInstance,
  admin: Pick<Admin, 'growVolume' | 'volume'>,
  { failureOf, queryOf }: RouteTools,
): void {
  app.post('/v1/volume/grow', async ({ body }, reply) => {
    const query = queryOf(growthQuery, body);
    // Answers 404 before the first line goes out when there is no such volume; later problems are lines.
    await admin.volume(query.volume);
    const gone = new AbortController();
    reply.raw.on('close', () => gone.abort(new Error('the caller has gone')));
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson' });
    const write = (line: GrowthLine): void => void reply.raw.write(`${JSON.stringify(line)}\n`);
    try {
      const tell = (progress: Extract<GrowthLine, { type: 'progress' }>['progress']): void =>
        write({ type: 'progress', progress });
      write({ type: 'result', outcome: await admin.growVolume(query, tell, gone.signal) });
    } catch (error) {
      write({ type: 'result', outcome: { kind: 'failed', reason: failureOf(error).message } });
    }
    reply.raw.end();
  });
}
