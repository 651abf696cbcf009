/** The way to one node's agent: one pool of kept connections, made anew when our certificates are. */
import { X509Certificate } from 'node:crypto';
import { Agent } from 'node:https';
import type { PeerCertificate } from 'node:tls';
import { create, type AxiosInstance, type AxiosResponse } from 'axios';
import type { Clock } from '../../domain/clock.ts';
import type { NodeRef } from '../../domain/topology.ts';
import type { Credentials, CredentialSource } from '../credentials.ts';
import { agentIdentity, describeIdentity, hasIdentity } from '../identity.ts';
import { operationsPath, refusalAnswer, sessionAnswer, sessionPath, type SessionAnswer } from '../protocol/messages.ts';
import { LinkError, linkError, withRenewal, wrongIdentityCode, type Place } from './problems.ts';

export interface LinkOptions {
  readonly node: NodeRef;
  readonly port: number;
  readonly certDir: string;
  readonly credentials: CredentialSource;
  readonly clock: Clock;
  /** Milliseconds in which an agent that can be reached has answered who it is. */
  readonly greetingMs: number;
}

/** A life of the agent, and how its clock stands to ours. */
export interface Session {
  readonly instance: string;
  /** The earliest that the agent's clock can show when ours shows `monotonic`. */
  agentTime(monotonic: number): number;
}

interface Pool {
  readonly client: AxiosInstance;
  readonly agent: Agent;
  readonly madeWith: Credentials;
  users: number;
}

/** Milliseconds for which a session is taken to be still so: an agent that has gone is found out by a greeting, quickly. */
const sessionAge = 15_000;
/** Bytes of an answer at most: that about a pool of 2,000 volumes fits many times. */
const answerLimit = 64 * 1024 * 1024;

export class Link {
  readonly #options: LinkOptions;
  readonly #place: Place;
  #pool: Pool | undefined;
  #session: { readonly session: Session; readonly at: number } | undefined;
  #greeting: Promise<Session> | undefined;

  constructor(options: LinkOptions) {
    const { node, port, certDir } = options;
    this.#options = options;
    this.#place = { node, certDir, address: `${node.manage.includes(':') ? `[${node.manage}]` : node.manage}:${port}` };
  }

  get address(): string {
    return this.#place.address;
  }

  /** Who answers there now. Throws LinkError and CredentialsError; nothing has been asked of it then. */
  async session(): Promise<Session> {
    const now = this.#options.clock.monotonic();
    if (this.#session !== undefined && now - this.#session.at < sessionAge) {
      return this.#session.session;
    }
    this.#greeting ??= this.#greet().finally(() => {
      this.#greeting = undefined;
    });
    return this.#greeting;
  }

  /** The next call finds out anew who answers. */
  forgetSession(): void {
    this.#session = undefined;
  }

  /** An answer of the agent's that was none of its usual ones proves all the same that it is there. */
  async post(body: unknown, signal: AbortSignal, timeout: number): Promise<AxiosResponse<unknown>> {
    return this.#exchange((client) => client.post<unknown>(operationsPath, body, { signal, timeout }));
  }

  async get(path: string, signal: AbortSignal, timeout: number): Promise<AxiosResponse<unknown>> {
    return this.#exchange((client) => client.get<unknown>(path, { signal, timeout }));
  }

  /** Calls an operation off. */
  async cancel(operation: string): Promise<void> {
    const timeout = this.#options.greetingMs;
    await this.#exchange((client) => client.delete(`${operationsPath}/${operation}`, { timeout }));
  }

  close(): void {
    this.#pool?.agent.destroy();
    this.#pool = undefined;
  }

  async #greet(): Promise<Session> {
    const { clock, node, greetingMs } = this.#options;
    const ask = async (): Promise<SessionAnswer> => {
      const { status, data } = await this.#exchange((client) =>
        client.get<unknown>(sessionPath, { timeout: greetingMs }),
      );
      return this.#greeted(status, data);
    };
    let answer: SessionAnswer;
    try {
      answer = await ask();
    } catch (error) {
      const again = error instanceof LinkError && (error.stale || error.identity);
      if (!again) {
        throw error;
      }
      // It had ended a kept connection, or one side's certificates were rotated a moment ago.
      await this.#options.credentials.look();
      answer = await ask();
    }
    if (answer.node !== node.id) {
      throw new LinkError(`${node.id}: expected its agent at ${this.address}, got that of ${answer.node}`, {
        notSent: true,
      });
    }
    const at = clock.monotonic();
    const session: Session = {
      instance: answer.instance,
      agentTime: (monotonic) => answer.clock + (monotonic - at),
    };
    this.#session = { session, at };
    return session;
  }

  #greeted(status: number, data: unknown): SessionAnswer {
    const parsed = sessionAnswer.safeParse(data);
    if (status === 200 && parsed.success) {
      return parsed.data;
    }
    const refusal = refusalAnswer.safeParse(data);
    const said = refusal.success ? withRenewal(refusal.data.message) : (JSON.stringify(data) ?? '').slice(0, 300);
    throw new LinkError(`${this.#options.node.id}: the agent at ${this.address} answered ${status}: ${said}`, {
      notSent: true,
      identity: status === 403,
    });
  }

  async #exchange<T>(call: (client: AxiosInstance) => Promise<T>): Promise<T> {
    const pool = this.#poolFor(await this.#options.credentials.current());
    pool.users += 1;
    try {
      return await call(pool.client);
    } catch (error) {
      throw linkError(error, this.#place);
    } finally {
      pool.users -= 1;
      this.#retire(pool);
    }
  }

  #poolFor(credentials: Credentials): Pool {
    const old = this.#pool;
    if (old?.madeWith === credentials) {
      return old;
    }
    const agent = this.#agentWith(credentials);
    const client = create({
      baseURL: `https://${this.address}`,
      httpsAgent: agent,
      proxy: false,
      maxRedirects: 0,
      maxContentLength: answerLimit,
      validateStatus: () => true,
    });
    this.#pool = { client, agent, madeWith: credentials, users: 0 };
    if (old !== undefined) {
      this.#retire(old);
    }
    return this.#pool;
  }

  /** Connections of an earlier certificate are ended when the last one that uses them has its answer. */
  #retire(pool: Pool): void {
    if (pool !== this.#pool && pool.users === 0) {
      pool.agent.destroy();
    }
  }

  #agentWith({ cert, key, ca }: Credentials): Agent {
    const identity = agentIdentity(this.#options.node.id);
    return new Agent({
      keepAlive: true,
      keepAliveMsecs: 30_000,
      maxSockets: 128,
      // What a session was begun with is not asked again when it is resumed.
      maxCachedSessions: 0,
      cert,
      key,
      ca,
      minVersion: 'TLSv1.3',
      servername: identity,
      checkServerIdentity: (_host, peer) => identityProblem(peer, identity),
    });
  }
}

function identityProblem({ raw }: PeerCertificate, identity: string): Error | undefined {
  const certificate = new X509Certificate(raw);
  if (hasIdentity(certificate, identity)) {
    return undefined;
  }
  const message = `expected a certificate with DNS name ${identity}, got ${describeIdentity(certificate)}`;
  return Object.assign(new Error(message), { code: wrongIdentityCode });
}
