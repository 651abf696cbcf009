import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { create as createHttp, isAxiosError, type AxiosInstance } from 'axios';
import pRetry from 'p-retry';
import type { z } from 'zod';
import { AdminError, adminFailure } from './admin-error.ts';
import { topologyAnswer, versionView, volumesAnswer, type Admin } from './admin.ts';
import { capacityView } from './capacity.ts';
import { stateView } from './placement-state.ts';
import { growthLine } from './growth.ts';
import { nodesAnswer } from './nodes.ts';
import type { OutcomeView } from './outcome-view.ts';
import { remoteRecovery } from './remote-recovery.ts';
import { applyLine, planView } from './topology-plan.ts';
import { volumeView } from './views.ts';
import { volumePlanView } from './volume-plan.ts';

/** Milliseconds. Every answer but that of apply comes from memory. */
const answerDeadline = 10_000;

/** No server listens on the socket: it has never run, or has gone. */
export class NoServerError extends Error {
  override readonly name = 'NoServerError';
}

const connectionRefused = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK']);

/** Asks the server at `socket`. Every call throws NoServerError when nobody is there, AdminError for its refusals. */
export function remoteAdmin(socket: string): Admin {
  const http = createHttp({ socketPath: socket, baseURL: 'http://brickyard', proxy: false, maxRedirects: 0 });

  /** A call that may be repeated: the server may be starting, or the connection may break. */
  const ask = <S extends z.ZodType>(schema: S, path: string, body?: unknown): Promise<z.output<S>> =>
    pRetry(
      async () => {
        const { data } = await http.request<unknown>({
          url: path,
          method: body === undefined ? 'GET' : 'POST',
          data: body,
          timeout: answerDeadline,
        });
        return schema.parse(data);
      },
      { retries: 15, minTimeout: 100, maxTimeout: 1000, shouldRetry: ({ error }) => mayPass(error) },
    ).catch(async (error: unknown) => {
      throw await translate(error, socket);
    });

  return {
    version: () => ask(versionView, '/v1/version'),
    topology: () => ask(topologyAnswer, '/v1/topology'),
    planTopology: (document) => ask(planView, '/v1/topology/plan', document),
    volumes: async () => (await ask(volumesAnswer, '/v1/volumes')).volumes,
    volume: (key) => ask(volumeView, `/v1/volume?key=${encodeURIComponent(key)}`),
    planVolume: (query) => ask(volumePlanView, '/v1/volume/plan', query),
    capacity: (query) => ask(capacityView, '/v1/capacity', query),
    // May be repeated: it is idempotent.
    setState: (query) => ask(stateView, '/v1/topology/state', query),
    applyTopology: (document, onProgress, signal) => {
      const request = { path: '/v1/topology/apply', body: document, line: applyLine };
      return follow(http, request, onProgress, signal, socket);
    },
    growVolume: (query, onProgress, signal) => {
      const request = { path: '/v1/volume/grow', body: query, line: growthLine };
      return follow(http, request, onProgress, signal, socket);
    },
    nodes: {
      list: async () => (await ask(nodesAnswer, '/v1/nodes')).nodes,
      planAdd: (query) => ask(planView, '/v1/node/plan-add', query),
      add: (query, onProgress, signal) =>
        follow(http, { path: '/v1/node/add', body: query, line: applyLine }, onProgress, signal, socket),
      planRemove: (query) => ask(planView, '/v1/node/plan-remove', query),
      remove: (query, onProgress, signal) =>
        follow(http, { path: '/v1/node/remove', body: query, line: applyLine }, onProgress, signal, socket),
    },
    recovery: remoteRecovery(http, (error) => translate(error, socket)),
  };
}

type Line<P> =
  | { readonly type: 'progress'; readonly progress: P }
  | { readonly type: 'result'; readonly outcome: OutcomeView };

/** An answer in lines, read to its result. Not retried by itself: it is idempotent, but a person watches, and should say whether to go on. */
async function follow<P>(
  http: AxiosInstance,
  { path, body, line }: { readonly path: string; readonly body: unknown; readonly line: z.ZodType<Line<P>> },
  onProgress: (progress: P) => void,
  signal: AbortSignal,
  socket: string,
): Promise<OutcomeView> {
  try {
    const { data } = await http.post<Readable>(path, body, { responseType: 'stream', signal });
    for await (const text of createInterface({ input: data })) {
      const read = line.parse(JSON.parse(text));
      if (read.type === 'result') {
        return read.outcome;
      }
      onProgress(read.progress);
    }
  } catch (error) {
    throw await translate(error, socket);
  }
  return { kind: 'unknown', reason: 'the server went away before it said how it ended; run the same command again' };
}

function mayPass(error: unknown): boolean {
  if (!isAxiosError<unknown>(error)) {
    return false;
  }
  if (error.response === undefined) {
    return !connectionRefused.has(error.code ?? '') && error.code !== 'ECONNABORTED';
  }
  return adminFailure.safeParse(error.response.data).data?.error.code === 'starting';
}

async function translate(error: unknown, socket: string): Promise<Error> {
  if (!isAxiosError<unknown>(error)) {
    return error instanceof Error ? error : new Error(String(error));
  }
  if (error.response === undefined) {
    return connectionRefused.has(error.code ?? '')
      ? new NoServerError(`no server listens on ${socket}`)
      : new AdminError('failed', `the server on ${socket} does not answer: ${error.message}`, { cause: error });
  }
  const body: unknown = error.response.data;
  const failure = adminFailure.safeParse(isStream(body) ? await readJson(body) : body);
  return failure.success
    ? new AdminError(failure.data.error.code, failure.data.error.message)
    : new AdminError('failed', `the server on ${socket} answered ${error.response.status}`);
}

function isStream(body: unknown): body is Readable {
  return typeof body === 'object' && body !== null && 'pipe' in body;
}

async function readJson(stream: Readable): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
