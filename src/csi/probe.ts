/** Asks a plugin how it is, over its socket. */
import { credentials, makeGenericClientConstructor, status, type ServiceError } from '@grpc/grpc-js';
import { z } from 'zod';
import { definitions } from './protocol/definitions.ts';
import type { HostPath } from './protocol/grammar.ts';

const probeAnswer = z.object({ ready: z.object({ value: z.boolean() }).nullish() });

/**
 * Resolves with whether it is ready. Rejects with Error when it does not answer by `deadline` (milliseconds since
 * 1970), or with an error.
 */
export async function probe(socket: HostPath, deadline: number): Promise<boolean> {
  const { Probe: method } = definitions.identity;
  if (method === undefined) {
    throw new TypeError('expected a method Probe');
  }
  const Client = makeGenericClientConstructor({}, 'Probe');
  // A proxy that the environment names is not for sockets of this machine.
  const client = new Client(`unix:${socket}`, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
  try {
    const answer = await new Promise<unknown>((resolve, reject) => {
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        {},
        { deadline },
        (error: ServiceError | null, value?: unknown) => {
          if (error === null) {
            resolve(value);
          } else {
            reject(new Error(`${socket}: ${status[error.code]}: ${error.details}`, { cause: error }));
          }
        },
      );
    });
    // Who does not say is ready.
    return probeAnswer.parse(answer).ready?.value ?? true;
  } finally {
    client.close();
  }
}
