import type { Readable } from 'node:stream';
import { outputLimit } from './runner.ts';

/** Keeps what fits under the limit and reads on, so that the program never waits for a reader. Answers what was kept. */
export function collect(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  let kept = 0;
  stream.on('data', (chunk: Buffer) => {
    const part = chunk.subarray(0, outputLimit - kept);
    if (part.length > 0) {
      chunks.push(part);
      kept += part.length;
    }
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
