/** From a handler to what the gRPC library calls. */
import { status, type handleUnaryCall, type ServerUnaryCall } from '@grpc/grpc-js';
import type { Log } from '../../domain/log.ts';
import { asRefusal } from '../services/refusal.ts';
import type { Handler } from './handler.ts';

/** Longer text does not fit into the header that carries it. */
const longestDetails = 2000;

/** Calls `handler` with a signal that fires with the call or with `ending`. Requests are never logged: they hold secrets. */
export function unary(name: string, handler: Handler, ending: AbortSignal, log: Log): handleUnaryCall<unknown, object> {
  return (call, respond) => {
    const gone = goneSignal(call);
    handler(call.request, { signal: AbortSignal.any([gone, ending]) }).then(
      (answer) => respond(null, answer),
      (error: unknown) => {
        const refusal = asRefusal(error);
        if (refusal === undefined) {
          log.error({ err: error, call: name }, 'a call failed');
        }
        const { code, message } = refusal ?? {
          code: status.INTERNAL,
          message: `${name} failed; the plugin's log says why`,
        };
        respond({ code, details: message.slice(0, longestDetails) });
      },
    );
  };
}

function goneSignal(call: ServerUnaryCall<unknown, object>): AbortSignal {
  const gone = new AbortController();
  call.once('cancelled', () => gone.abort(new Error('the caller has gone')));
  return gone.signal;
}
