/** Answers that take their time: any number of lines of progress, then one that says how it ended, each of them JSON. */
import type { FastifyReply } from 'fastify';
import type { OutcomeView } from './outcome-view.ts';
import type { RouteTools } from './recovery-routes.ts';

/** Runs `task` and writes what it tells. Its signal fires when the caller goes. */
export async function answerInLines<P>(
  reply: FastifyReply,
  { failureOf }: Pick<RouteTools, 'failureOf'>,
  task: (tell: (progress: P) => void, signal: AbortSignal) => Promise<OutcomeView>,
): Promise<void> {
  const gone = new AbortController();
  reply.raw.on('close', () => gone.abort(new Error('the caller has gone')));
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const write = (line: object): void => void reply.raw.write(`${JSON.stringify(line)}\n`);
  try {
    write({ type: 'result', outcome: await task((progress) => write({ type: 'progress', progress }), gone.signal) });
  } catch (error) {
    write({ type: 'result', outcome: { kind: 'failed', reason: failureOf(error).message } });
  }
  reply.raw.end();
}
