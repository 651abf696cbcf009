import { createInterface } from 'node:readline/promises';
import type { Io } from './io.ts';

/** The process's own streams and environment. */
export function processIo(): Io {
  // `brickyard volume list | head` closes the pipe when it has seen enough. That is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      throw error;
    }
    process.exit(0);
  });
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    confirm: async (question) => {
      const terminal = createInterface({ input: process.stdin, output: process.stderr });
      try {
        const answer = await terminal.question(`${question} [y/N] `);
        return /^y(?:es)?$/i.test(answer.trim());
      } finally {
        terminal.close();
      }
    },
    environment: process.env,
  };
}
