/** The sandbox's own paths, for other processes: /sandbox/faults, /sandbox/watches, /sandbox/stats, /sandbox/compact. */
import { z } from 'zod';

import { badRequest, methodNotAllowed } from '../errors.ts';
import { faultShape } from '../faults/faults.ts';
import { sendJson, sendText } from './answer.ts';
import { parseJson } from './body.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '../json.ts';
import type { Faults } from '../faults/faults.ts';
import type { Stats } from '../faults/stats.ts';

const watchOrder = z.strictObject({
  do: z.enum(['drop', 'freeze']),
  match: faultShape.shape.match,
});

/**
 * GET, POST and DELETE /sandbox/faults; POST /sandbox/watches `{do: drop|freeze, match}`; POST /sandbox/compact;
 * GET and DELETE /sandbox/stats. Throws ApiError 400 naming the field when a body is not well formed.
 */
export function admin(
  parts: { readonly faults: Faults; readonly stats: Stats },
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  body: Buffer,
): void {
  const { faults, stats } = parts;
  switch (`${request.method ?? ''} ${path}`) {
    case 'GET /sandbox/faults':
      sendJson(response, 200, { faults: faults.list() as unknown as JsonObject[] });
      return;
    case 'POST /sandbox/faults':
      sendJson(response, 201, { id: faults.add(parsed(faultShape, body)) });
      return;
    case 'DELETE /sandbox/faults':
      faults.clear();
      sendJson(response, 200, {});
      return;
    case 'GET /sandbox/watches':
      sendJson(response, 200, { watches: faults.openWatches() as unknown as JsonObject[] });
      return;
    case 'POST /sandbox/watches': {
      const order = parsed(watchOrder, body);
      const hit = order.do === 'drop' ? faults.dropWatches(order.match) : faults.freezeWatches(order.match);
      sendJson(response, 200, { hit });
      return;
    }
    case 'POST /sandbox/compact':
      faults.compact();
      sendJson(response, 200, {});
      return;
    case 'GET /sandbox/stats':
      sendJson(response, 200, { calls: stats.calls() as unknown as JsonObject[] });
      return;
    case 'DELETE /sandbox/stats':
      stats.reset();
      sendJson(response, 200, {});
      return;
    default:
      if (/^\/sandbox\/(?:faults|watches|compact|stats)$/.test(path)) {
        throw methodNotAllowed();
      }
      sendText(response, 404, '404 page not found\n');
  }
}

function parsed<T>(shape: z.ZodType<T>, body: Buffer): T {
  const read = shape.safeParse(parseJson(body));
  if (!read.success) {
    const issue = read.error.issues[0];
    throw badRequest(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  return read.data;
}
