/** Requests to an agent as somebody who does not use the client may make them. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { request, type RequestOptions } from 'node:https';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { operationsPath, sessionAnswer, sessionPath } from '../../../src/agent/protocol/messages.ts';

export interface RawAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What a caller shows, and the name that it expects. */
export interface Caller {
  /** Folder of tls.crt and tls.key; absent: shows nothing. */
  readonly shows?: string;
  /** Folder of ca.crt. */
  readonly believes: string;
  readonly options?: RequestOptions;
}

export function ask(
  url: string,
  { shows, believes, options }: Caller,
  call: { readonly method: string; readonly path: string; readonly body?: unknown },
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const text = call.body === undefined ? undefined : JSON.stringify(call.body);
    const sent = request(
      new URL(call.path, url),
      {
        method: call.method,
        agent: false,
        servername: 'node-1.agent.brickyard',
        ca: readFileSync(join(believes, 'ca.crt')),
        ...(shows === undefined
          ? {}
          : { cert: readFileSync(join(shows, 'tls.crt')), key: readFileSync(join(shows, 'tls.key')) }),
        ...(text === undefined ? {} : { headers: { 'content-type': 'application/json' } }),
        ...options,
      },
      (response) => {
        let said = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (said += part));
        response.on('end', () => {
          const json = response.headers['content-type']?.startsWith('application/json') === true;
          resolve({ status: response.statusCode ?? 0, body: json ? (JSON.parse(said) as unknown) : said });
        });
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

/** A request for an operation, with everything right unless `change` says otherwise. */
export async function operationFor(
  url: string,
  caller: Caller,
  change: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const { body } = await ask(url, caller, { method: 'GET', path: sessionPath });
  const { instance, clock } = sessionAnswer.parse(body);
  return {
    operation: randomUUID(),
    sender: { id: randomUUID(), sequence: 1 },
    instance,
    expires: clock + 10_000,
    node: { id: 'node-1', manage: 'm', storage: 's' },
    verb: 'startVolume',
    arguments: ['vol_a'],
    ...change,
  };
}

export const post = (url: string, caller: Caller, body: unknown): Promise<RawAnswer> =>
  ask(url, caller, { method: 'POST', path: operationsPath, body });

export const refusalOf = ({ body }: RawAnswer): string => z.object({ error: z.string() }).parse(body).error;

/** The certificate (PEM) that the agent shows to a new connection. */
export async function shown({ url }: { readonly url: string }): Promise<string> {
  const socket = connect({
    port: Number(new URL(url).port),
    host: '127.0.0.1',
    servername: 'node-1.agent.brickyard',
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate()?.toString() ?? '';
  socket.destroy();
  return certificate;
}
