import { stringify } from 'yaml';

import { messageOf } from '../../../domain/error-message.ts';
import { ApiError } from '../errors.ts';
import type { ServerResponse } from 'node:http';
import type { Json } from '../json.ts';

/** Writes a whole answer. `text` is JSON; with `yaml` it goes out as YAML. */
export function send(response: ServerResponse, code: number, text: string, yaml = false): void {
  const body = yaml ? stringify(JSON.parse(text)) : `${text}\n`;
  response.writeHead(code, {
    'Content-Type': response.getHeader('Content-Type') ?? (yaml ? 'application/yaml' : 'application/json'),
    'Cache-Control': 'no-cache, private',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

export function sendJson(response: ServerResponse, code: number, value: Json): void {
  send(response, code, JSON.stringify(value));
}

/** For health and for paths that are nobody's: those are not JSON on the real server either. */
export function sendText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' });
  response.end(text);
}

/** Answers with the error's Status; what is no ApiError is a defect of ours and becomes a 500. */
export function sendError(response: ServerResponse, error: unknown): void {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError(500, 'InternalError', `Internal error occurred: ${messageOf(error)}`);
  if (known.retryAfter !== undefined) {
    response.setHeader('Retry-After', String(known.retryAfter));
  }
  sendJson(response, known.code, known.status());
}

/** One Warning header a text. */
export function addWarnings(response: ServerResponse, warnings: readonly string[]): void {
  const texts = [...new Set(warnings)].map((text) => `299 - "${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`);
  if (texts.length > 0) {
    response.setHeader('Warning', texts);
  }
}
