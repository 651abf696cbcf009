import { Readable } from 'node:stream';
import { Pool, ProxyAgent, type Dispatcher } from 'undici';
import type { Credentials, CredentialSource } from './credentials.ts';
import { KubeError } from './errors.ts';

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, without the server's own prefix. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /**
   * Asked in the moment in which a request with a body goes out, which may be long after `send` was called: credentials are
   * read and a connection is waited for meanwhile. Throws when it may not go any more; then nothing of it was sent.
   */
  readonly lastCheck?: () => void;
  readonly signal: AbortSignal;
}

export type IncomingAnswer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

interface Connections {
  readonly id: string;
  readonly dispatcher: Dispatcher;
}

/** Below the 90 s after which the API server closes an idle connection, so that we are the first to let go. */
const keepAliveMs = 60_000;
/** As client-go: shorter than the idle time-outs of cloud load balancers. */
const tcpKeepAliveMs = 30_000;
const connectMs = 10_000;

/**
 * One pool of kept-alive HTTP/1.1 connections to the API server. The pool is replaced when the credentials that its
 * connections were made with have rotated; what is under way on the old one may end there. A 401 is answered by reading
 * the credentials anew and asking once more: the server has not looked at the request, so that is safe for writes too.
 */
export class Transport {
  readonly #credentials: CredentialSource;
  readonly #connections: number;
  #pool: Connections | undefined;
  #closed = false;

  /** `connections`: most sockets at one time. Each running watch holds one. */
  constructor(credentials: CredentialSource, connections: number) {
    this.#credentials = credentials;
    this.#connections = connections;
  }

  /** Another pool with the same credentials. */
  sibling(connections: number): Transport {
    return new Transport(this.#credentials, connections);
  }

  /** Resolves when the headers are there. The caller must read the body to its end or destroy it. */
  async send(request: OutgoingRequest): Promise<IncomingAnswer> {
    const credentials = await this.#credentials.current();
    const answer = await this.#sendAs(credentials, request);
    if (answer.statusCode !== 401) {
      return answer;
    }
    const renewed = await this.#credentials.renewed(credentials);
    if (renewed === credentials) {
      return answer;
    }
    await discard(answer);
    return this.#sendAs(renewed, request);
  }

  /** Breaks every connection. Later calls are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.dispatcher.destroy(new KubeError('the client has been closed', { kind: 'aborted' }));
  }

  #sendAs(credentials: Credentials, request: OutgoingRequest): Promise<IncomingAnswer> {
    if (this.#closed) {
      throw new KubeError('the client has been closed', { kind: 'aborted', unsent: true });
    }
    return this.#poolFor(credentials).dispatcher.request({
      origin: credentials.origin,
      method: request.method,
      path: credentials.prefix + request.path,
      headers: { ...request.headers, ...credentials.headers, ...lengthOf(request) },
      body: bodyOf(request),
      signal: request.signal,
    });
  }

  #poolFor(credentials: Credentials): Connections {
    if (this.#pool?.id !== credentials.connectionId) {
      // Ends by itself when its last request has ended. How it ends is nobody's concern any more.
      this.#pool?.dispatcher.close().catch(() => undefined);
      this.#pool = { id: credentials.connectionId, dispatcher: connect(credentials, this.#connections) };
    }
    return this.#pool;
  }
}

function connect(credentials: Credentials, connections: number): Dispatcher {
  const { origin, proxy, tls } = credentials;
  const socket = { ...tls, keepAlive: true, keepAliveInitialDelay: tcpKeepAliveMs, timeout: connectMs };
  const options = {
    connections,
    // Watches need a connection each anyway, and one lost frame would stall all calls on a shared one.
    allowH2: false,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    // Deadlines are the caller's, and a watch may be silent for long.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxy === undefined) {
    return new Pool(origin, { ...options, connect: socket });
  }
  if (!/^https?:/.test(proxy)) {
    const scheme = proxy.split(':', 1)[0] ?? '';
    throw new KubeError(`kubeconfig: proxy-url: expected http or https, got ${JSON.stringify(scheme)}`, {
      kind: 'setup',
      unsent: true,
    });
  }
  return new ProxyAgent({ ...options, uri: proxy, requestTls: socket });
}

const lengthOf = ({ body }: OutgoingRequest): Readonly<Record<string, string>> =>
  body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };

/** Undici reads it when it has a connection, and sends the headers together with the first piece. */
function bodyOf({ body, lastCheck }: OutgoingRequest): Readable | string | null {
  if (body === undefined || lastCheck === undefined) {
    return body ?? null;
  }
  async function* pieces(text: string, check: () => void): AsyncGenerator<Buffer> {
    check();
    yield Buffer.from(text);
  }
  return Readable.from(pieces(body, lastCheck), { objectMode: false });
}

async function discard(answer: IncomingAnswer): Promise<void> {
  try {
    await answer.body.arrayBuffer();
  } catch {
    // The body of a refusal: nobody wants it, and its connection is not our concern.
  }
}
