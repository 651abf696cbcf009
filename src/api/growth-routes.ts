/** The route that makes a volume larger: it takes its time, so it answers in lines of JSON. */
import type { FastifyInstance } from 'fastify';
import type { Admin } from './admin.ts';
import { answerInLines } from './answer-lines.ts';
import { growthQuery, type GrowthProgressView } from './growth.ts';
import type { RouteTools } from './recovery-routes.ts';

export function addGrowthRoute(
  app: FastifyInstance,
  admin: Pick<Admin, 'growVolume' | 'volume'>,
  tools: RouteTools,
): void {
  app.post('/v1/volume/grow', async ({ body }, reply) => {
    const query = tools.queryOf(growthQuery, body);
    // Answers 404 before the first line goes out when there is no such volume; later problems are lines.
    await admin.volume(query.volume);
    await answerInLines<GrowthProgressView>(reply, tools, (tell, signal) => admin.growVolume(query, tell, signal));
  });
}
