import type { Server, ServerOptions as TlsOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../domain/clock.ts';
import type { Log } from '../../domain/log.ts';
import type { Credentials, CredentialSource } from '../credentials.ts';

/**
 * A certificate is asked for and checked, but connections without a good one are not cut: the guard answers them, and
 * probes need none.
 */
export function serverTls(credentials: Credentials): TlsOptions {
  return {
    ...secureContext(credentials),
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: 10_000,
    // A caller whose cable is cut never says that it has gone.
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  };
}

const secureContext = ({ cert, key, ca }: Credentials) => ({ cert, key, ca, minVersion: 'TLSv1.3' as const });

/**
 * New connections are made with the certificates that lie in the folder now. Older ones live on: whatever they are in the
 * middle of is finished, and with its answer their callers are asked to connect anew. Returns the way to stop looking.
 */
export function followRotation(
  app: FastifyInstance,
  options: {
    readonly clock: Clock;
    readonly log: Log;
    readonly credentials: CredentialSource;
    readonly lookEveryMs: number;
  },
): () => Promise<void> {
  const { clock, log, credentials, lookEveryMs } = options;
  const server = app.server as Server;
  const madeWith = new WeakMap<Socket, Credentials>();
  let used: Credentials | undefined;
  server.on('secureConnection', (socket: Socket) => {
    if (used !== undefined) {
      madeWith.set(socket, used);
    }
  });
  app.addHook('onSend', async (request, reply) => {
    if (madeWith.get(request.raw.socket) !== used) {
      reply.header('connection', 'close');
    }
  });
  const stop = new AbortController();
  const look = async (): Promise<void> => {
    try {
      const found = await credentials.look();
      if (found !== used) {
        server.setSecureContext(secureContext(found));
        used = found;
      }
    } catch (error) {
      log.warn({ err: error }, 'rotated certificates cannot be used; the last ones are used on');
    }
  };
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await look();
      await clock.sleep(lookEveryMs, stop.signal).catch(() => undefined);
    }
  };
  const looping = loop();
  return async () => {
    stop.abort();
    await looping;
  };
}
