import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { IncomingAnswer } from './transport.ts';

/** Reading the parts of an HTTP answer. */

const unzip = promisify(gunzip);

/** The whole body: parsed JSON, or text when it is none. Rejects with whatever broke the connection. */
export async function readBody(answer: IncomingAnswer): Promise<unknown> {
  const received = Buffer.from(await answer.body.arrayBuffer());
  const plain = header(answer, 'content-encoding') === 'gzip' ? await unzip(received) : received;
  const text = plain.toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Milliseconds that `Retry-After` asks for, in its form as seconds (the only one that API servers use). */
export function retryAfterMs(answer: IncomingAnswer): number | undefined {
  const value = header(answer, 'retry-after');
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}

/** A header of an answer; several of one name are joined. */
export function header(answer: IncomingAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
