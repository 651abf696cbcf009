import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../../../src/cli/system-clock.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { KubeClient, type KubeClientOptions } from '../../../src/kube/client.ts';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Parsed JSON, `undefined` when there was no body. */
  readonly body: unknown;
}

export type Handler = (request: Seen, response: ServerResponse) => void | Promise<void>;

export interface TestServer {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** Connections that have ever been made. */
  readonly connections: () => number;
  /** Breaks every connection with a reset. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
}

/** A real HTTP server on a loopback port, gone when the test is over. */
export async function startServer(handler: Handler, tls?: ServerOptions, port = 0): Promise<TestServer> {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    void (async () => {
      const call = await readRequest(request);
      seen.push(call);
      await handler(call, response);
    })();
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    if (server.listening) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
  };
  onTestFinished(close);
  const scheme = tls === undefined ? 'http' : 'https';
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    connections: () => connections,
    reset: () => sockets.forEach((socket) => socket.resetAndDestroy()),
    close,
  };
}

async function readRequest(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
}

export function json(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export function status(response: ServerResponse, code: number, reason: string, message = reason): void {
  json(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
}

export function kubeConfigFor(url: string, user: object = { name: 'user' }, cluster: object = {}): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'test', server: url, ...cluster }],
    users: [{ name: 'user', ...user }],
    contexts: [{ name: 'test', cluster: 'test', user: 'user' }],
    currentContext: 'test',
  });
  return config;
}

/** A client of that server on the real clock, closed when the test is over. */
export function clientFor(url: string, options: Partial<KubeClientOptions> = {}): KubeClient {
  const client = new KubeClient({
    kubeConfig: () => kubeConfigFor(url),
    clock: systemClock,
    random: () => 0,
    log: silentLog,
    version: '1.2.3',
    buckets: { default: { qps: 10_000, burst: 10_000 } },
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

/** A claim as the server would send it. */
export function claimJson(name: string, resourceVersion: string, extra: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      resourceVersion,
      managedFields: [{ manager: 'kubectl' }],
    },
    spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
    status: { phase: 'Pending' },
    ...extra,
  };
}
