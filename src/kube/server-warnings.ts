import type { Log } from '../domain/log.ts';
import { header } from './answer.ts';
import type { IncomingAnswer } from './transport.ts';

/** Texts that are remembered at most: a server that puts a changing number into each must not fill our memory. */
const remembered = 500;

/** Logs each `Warning: 299 - "text"` once: it is how an API server speaks of deprecated and ignored fields. */
export class ServerWarnings {
  readonly #log: Log;
  readonly #seen = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  note(answer: IncomingAnswer): void {
    for (const warning of warningsIn(header(answer, 'warning') ?? '')) {
      if (!this.#seen.has(warning) && this.#seen.size < remembered) {
        this.#seen.add(warning);
        this.#log.warn({ warning }, 'the Kubernetes API warns');
      }
    }
  }
}

function warningsIn(value: string): readonly string[] {
  const quoted = value.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g);
  return [...quoted].map((match) => (match[1] ?? '').replace(/\\(.)/g, '$1'));
}
