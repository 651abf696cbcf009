import type { FastifyInstance } from 'fastify';
import type { Admin } from './admin.ts';
import { answerInLines } from './answer-lines.ts';
import { newNodeQuery, nodeQuery } from './nodes.ts';
import type { RouteTools } from './recovery-routes.ts';
import type { ProgressView } from './topology-plan.ts';

export function addNodeRoutes(app: FastifyInstance, { nodes }: Pick<Admin, 'nodes'>, tools: RouteTools): void {
  const { queryOf } = tools;
  app.get('/v1/nodes', async () => ({ nodes: await nodes.list() }));
  app.post('/v1/node/plan-add', ({ body }) => nodes.planAdd(queryOf(newNodeQuery, body)));
  app.post('/v1/node/plan-remove', ({ body }) => nodes.planRemove(queryOf(nodeQuery, body)));
  // A wrong wish is answered 400 or 404 before the first line goes out; later problems are lines.
  app.post('/v1/node/add', async ({ body }, reply) => {
    const query = queryOf(newNodeQuery, body);
    await nodes.planAdd(query);
    await answerInLines<ProgressView>(reply, tools, (tell, signal) => nodes.add(query, tell, signal));
  });
  app.post('/v1/node/remove', async ({ body }, reply) => {
    const query = queryOf(nodeQuery, body);
    await nodes.planRemove(query);
    await answerInLines<ProgressView>(reply, tools, (tell, signal) => nodes.remove(query, tell, signal));
  });
}
