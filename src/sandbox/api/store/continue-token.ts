import { z } from 'zod';

import { badRequest } from '../errors.ts';

/** Where a paged list goes on: after `start`, as of version `revision` (or as of now, when that is -1). */
export type ContinueToken = { readonly revision: number; readonly start: string };

const shape = z.object({ v: z.literal('meta.k8s.io/v1'), rv: z.number().int(), start: z.string() });

/** Opaque to clients; the same inside as the real one's. */
export function writeContinueToken(token: ContinueToken): string {
  const text = JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: `${token.start}\u0000` });
  return Buffer.from(text).toString('base64url');
}

/** Throws ApiError 400 when the text is none of ours. */
export function readContinueToken(text: string): ContinueToken {
  try {
    const parsed = shape.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return { revision: parsed.rv, start: parsed.start.endsWith('\u0000') ? parsed.start.slice(0, -1) : parsed.start };
  } catch {
    throw badRequest('continue key is not valid: illegal continue token');
  }
}
