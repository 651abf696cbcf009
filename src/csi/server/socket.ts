/** A gRPC server on a UNIX socket. */
import { chmod } from 'node:fs/promises';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Clock } from '../../domain/clock.ts';
import { messageOf } from '../../domain/error-message.ts';
import type { Log } from '../../domain/log.ts';
import { definitions } from '../protocol/definitions.ts';
import type { HostPath } from '../protocol/grammar.ts';
import type { Handler, Handlers, ServiceName } from './handler.ts';
import { kindOf, makeRoom } from './socket-file.ts';
import { unary } from './unary.ts';

export interface SocketOptions {
  readonly path: HostPath;
  readonly services: { readonly [Name in ServiceName]?: Handlers<Name> };
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds between two looks whether the socket is still there. Default 5,000. */
  readonly lookEveryMs?: number;
}

export interface GrpcSocket {
  /** Takes no more calls; what is being answered may end, and is told to when `abort` fires. The file goes. */
  close(abort: AbortSignal): Promise<void>;
}

/**
 * Listens at `path`, for its owner alone, where a dead process may have left a socket. A socket that somebody takes away
 * (a folder that is cleaned) is made again. Throws Error when it cannot listen.
 */
export async function openSocket(options: SocketOptions): Promise<GrpcSocket> {
  const { log } = options;
  const ending = new AbortController();
  const server = new Server({ 'grpc.enable_channelz': 0 });
  for (const [name, handlers] of Object.entries(options.services)) {
    const wrapped = Object.entries(handlers as Record<string, Handler>).map(([method, handler]) => {
      return [method, unary(method, handler, ending.signal, log)] as const;
    });
    server.addService(definitions[name as ServiceName], Object.fromEntries(wrapped));
  }
  await listen(server, options.path);
  const stop = new AbortController();
  const kept = keep(server, options, stop.signal);
  return {
    close: async (abort) => {
      stop.abort();
      await kept;
      const end = (): void => ending.abort(new Error('the plugin is stopping'));
      abort.addEventListener('abort', end, { once: true });
      if (abort.aborted) {
        end();
      }
      await shutDown(server);
      abort.removeEventListener('abort', end);
    },
  };
}

async function listen(server: Server, path: HostPath): Promise<void> {
  await makeRoom(path);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) {
        resolve();
      } else {
        reject(new Error(`cannot listen at ${path}: ${error.message}`, { cause: error }));
      }
    });
  });
  await chmod(path, 0o600);
}

async function keep(server: Server, options: SocketOptions, stop: AbortSignal): Promise<void> {
  const { path, clock, log, lookEveryMs = 5_000 } = options;
  for (;;) {
    try {
      await clock.sleep(lookEveryMs, stop);
    } catch {
      return;
    }
    try {
      if ((await kindOf(path)) === 'nothing') {
        log.warn({ path }, 'the socket has been taken away: making it again');
        // First the old one: when it closes, it removes what is at its path.
        server.unbind(`unix:${path}`);
        await listen(server, path);
      }
    } catch (error) {
      log.error({ path, reason: messageOf(error) }, 'the socket could not be made again');
    }
  }
}

function shutDown(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.tryShutdown((error) => {
      if (error === undefined) {
        resolve();
      } else {
        reject(error);
      }
    });
  });
}
